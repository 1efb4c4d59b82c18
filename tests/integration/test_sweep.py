"""A whole sweep by real `localft` processes: killed in the middle, stopped, gone on with, and compared."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from localft import jobs
from localft.cli.main import main
from localft.jobs import JobState
from localft.models.base_model import BaseModel
from localft.planning.recipe import TrainingSettings
from localft.store.projects import Project
from localft.training.metrics import metrics_of
from localft.training.sweeps import Sweep, open_sweep
from tests.job_help import end_now, wait_for
from tests.sample_projects import make_project

pytestmark = pytest.mark.skipif(os.name == "nt", reason="sends the signals of a terminal")
_LONG = 240
# Long enough to be met in the middle, and without a checkpoint that would make going on a matter of chance.
_OPTIONS = ["--ranks", "2,4", "--learning-rates", "1e-3,1e-2", "--epochs", "12", "--patience", "0", "--yes"]


@pytest.fixture
def project() -> Iterator[Project]:
    made = make_project()
    yield made
    for view in jobs.active():
        jobs.kill(view.folder, grace_seconds=0)


def start_cli(*arguments: str) -> "subprocess.Popen[str]":
    words = [sys.executable, "-m", "localft", *arguments, "--json"]
    return subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def folders(project: Project) -> list[Path]:
    """The runs whose jobs have been queued."""
    return sorted(path.parent for path in project.runs.glob("*/process.json"))


def learns(folder: Path) -> bool:
    return bool(metrics_of(folder).loss)


def states(sweep: Sweep) -> list[JobState]:
    return [run.job.state for run in sweep.runs]


@pytest.mark.timeout(600)
def test_killed_and_stopped_in_the_middle_all_runs_of_a_sweep_end(project: Project, base: BaseModel) -> None:
    following = start_cli("sweep", project.slug, "--base-model", base.reference, *_OPTIONS)
    wait_for(lambda: len(folders(project)) == 4, _LONG)
    first, second, *_ = folders(project)
    wait_for(lambda: learns(first), _LONG)
    waiting = [run.job.state for run in open_sweep(project).runs[1:]]
    assert waiting == [JobState.QUEUED] * 3
    end_now(first)
    wait_for(lambda: learns(second), _LONG)
    assert open_sweep(project).runs[0].job.state is JobState.INTERRUPTED, "the next one takes its turn"
    following.send_signal(signal.SIGINT)
    out, err = following.communicate(timeout=_LONG)
    assert following.returncode == 130, err
    assert f"`localft resume {project.slug}` goes on" in err
    assert "4 runs, one after the other: rank 2 and 4 with learning rate 0.001 and 0.01; about " in err
    assert json.loads(out)["comparison"]["trials"][2]["state"] == "stopped"
    assert states(open_sweep(project)) == [JobState.INTERRUPTED, *[JobState.STOPPED] * 3]
    assert not jobs.active()
    resumed = start_cli("resume", project.slug)
    out, err = resumed.communicate(timeout=_LONG)
    assert resumed.returncode == 0, err
    _check(project, json.loads(out))


def _check(project: Project, value: dict[str, Any]) -> None:
    sweep = open_sweep(project)
    assert states(sweep) == [JobState.FINISHED] * 4
    settings: list[TrainingSettings] = [run.recipe.settings for run in sweep.runs]
    assert [(one.rank, one.alpha, one.learning_rate) for one in settings] == [
        (2, 4, 1e-3), (2, 4, 1e-2), (4, 8, 1e-3), (4, 8, 1e-2),
    ]  # fmt: skip
    trials = value["comparison"]["trials"]
    assert value["sweep"] == sweep.id
    assert [trial["run"] for trial in trials] == [run.id for run in sweep.runs]
    losses = []
    for run, trial in zip(sweep.runs, trials, strict=True):
        assert run.job.result is not None and run.has_weights
        told = run.job.result.value
        assert trial["validation_loss"] == pytest.approx(told["best_validation_loss"])
        assert (trial["step"], trial["seconds"]) == (told["best_step"], told["seconds"])
        losses.append(told["best_validation_loss"])
    assert value["comparison"]["best"] == trials[losses.index(min(losses))]["run"]
    assert [trial["best"] for trial in trials].count(True) == 1
    assert f"The smallest validation loss is {min(losses):.3f}" in value["comparison"]["sentence"]


def test_nothing_is_started_unasked_or_wrong(
    project: Project, base: BaseModel, capsys: pytest.CaptureFixture[str]
) -> None:
    usual = ["sweep", project.slug, "--base-model", base.reference]
    for arguments, status, sentence in (
        ([], 1, "Nothing was started, since nobody can be asked."),
        (["--yes", "--ranks", "8,many"], 1, '"many" is not a whole number.'),
        (["--yes", "--ranks", "8,16,32,64,128"], 1, "5 ranks with 3 learning rates are 15 runs"),
        (["--yes", "--rank", "8", "--learning-rate", "1e-3"], 1, "One run alone compares nothing."),
        (["--yes", "--rank", "8", "--ranks", "8,16"], 2, "--rank and --ranks exclude each other"),
        (["--compare"], 1, "has no sweep yet"),
    ):
        assert main([*usual, *arguments]) == status
        err = capsys.readouterr().err
        assert sentence in err and "Traceback" not in err
    assert not list(project.runs.glob("*"))
