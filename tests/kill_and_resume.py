"""Runs that are killed at random moments, during saves too, have to end with the bits of one that was not.

python -m tests.kill_and_resume 1000     every night; about a second a kill
"""

import os
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from localft.jobs import JobState
from localft.models.base_model import BaseModel
from localft.store import files
from localft.store.projects import Project
from localft.training.runs import Run, open_run, read_metrics
from tests.forked_jobs import Nursery
from tests.integration.run_weights import same, weights_of
from tests.sample_projects import make_base_model, make_project, prepare

_SETTINGS: dict[str, Any] = {"epochs": 3, "dropout": 0.1, "batch_size": 4, "micro_batch_size": 2}


@dataclass
class Report:
    """How many kills there were in how many runs, and how often one of these went on from a checkpoint."""

    kills: int = 0
    runs: int = 0
    resumed: int = 0


def kill_and_resume(nursery: Nursery, project: Project, base: BaseModel, kills: int) -> Report:
    """Kill runs `kills` times in all, and compare each with one that nothing has disturbed.

    Raises:
        AssertionError: a run did not end, or ended with other weights or losses.
    """
    undisturbed = prepare(project, base, **_SETTINGS)
    nursery.finish(undisturbed)
    control = open_run(project, undisturbed.name)
    report = Report()
    while report.kills < kills:
        # With a checkpoint after every step, many kills hit a save.
        folder = prepare(project, base, checkpoint_seconds=0.0, **_SETTINGS)
        report.kills += nursery.kill_at_random(folder, min(10, kills - report.kills), most_steps=6, seed=report.runs)
        nursery.finish(folder)
        _compare(open_run(project, folder.name), control)
        events = files.read_lines(folder / "events.jsonl")[0]
        report.resumed += sum(event["kind"] == "resumed" for event in events)
        report.runs += 1
    return report


def _compare(run: Run, control: Run) -> None:
    assert run.job.state is JobState.FINISHED, run.job.sentence
    assert same(weights_of(run), weights_of(control)), run.folder
    ours, theirs = read_metrics(run), read_metrics(control)
    assert ours.loss == theirs.loss, run.folder
    assert ours.validation_loss == theirs.validation_loss, run.folder


def main() -> int:
    """Kill so many times as the command says, 1,000 by default; the exit status is 0 if every run came through."""
    kills = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000
    os.environ["OMP_NUM_THREADS"] = "1"
    with tempfile.TemporaryDirectory() as home:
        os.environ["LOCALFT_HOME"] = home
        base = make_base_model(Path(home) / "model")
        begin = time.monotonic()
        report = kill_and_resume(Nursery(), make_project(train=32), base, kills)
        took = time.monotonic() - begin
    print(
        f"{report.kills:,} kills in {report.runs:,} runs, {report.resumed:,} of them resumed from a checkpoint; "
        f"every run ended with the weights and losses of the undisturbed one; {took:.0f} s"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
