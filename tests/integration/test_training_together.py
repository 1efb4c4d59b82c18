"""Two processes, as `accelerate launch` starts them, learn what one does: the same losses, step by step."""

import os
from pathlib import Path

import pytest

from localft import jobs
from localft.jobs import JobOrder, JobState
from localft.models.base_model import BaseModel
from localft.store import files
from localft.training.runs import open_run, read_metrics
from tests.forked_jobs import Nursery
from tests.job_help import wait_for
from tests.sample_projects import make_project, prepare

pytestmark = [
    pytest.mark.skipif(os.name == "nt", reason="forks children from a preloaded parent"),
    pytest.mark.usefixtures("one_thread"),
]


def launch(folder: Path) -> None:
    """Start a prepared run as `localft train --cards 2` does, on a computer without cards."""
    order = JobOrder.load(folder / "job.json")
    (folder / "job.json").unlink()
    jobs.start(folder, order.model_copy(update={"processes": 2}))


@pytest.mark.parametrize(("method", "pairs", "at_once"), [("qlora", False, 1), ("full", False, 8), ("lora", True, 1)])
def test_two_processes_learn_what_one_does(
    nursery: Nursery, base: BaseModel, method: str, pairs: bool, at_once: int
) -> None:
    """Also where one of them alone would learn from a whole batch at once."""
    project = make_project(pairs=pairs)
    # A small rate, since Adam makes whole steps of what rounding leaves where a gradient is zero.
    own = {"learning_rate": 5e-4, "batch_size": 8, "micro_batch_size": at_once}
    alone, together = (prepare(project, base, method=method, epochs=2, **own) for _ in range(2))
    nursery.finish(alone)
    launch(together)
    *_, view = jobs.follow(together)
    assert view.state is JobState.FINISHED, (view.sentence, (together / "worker.log").read_text()[-3_000:])
    one, two = (open_run(project, folder.name) for folder in (alone, together))
    assert one.job.result is not None and one.job.result.value["processes"] == 1
    assert two.job.result is not None and two.job.result.value["processes"] == 2
    for name in ("loss", "validation_loss"):
        expected, found = (dict(getattr(read_metrics(run), name)) for run in (one, two))
        assert found == pytest.approx(expected, rel=2e-3)
        first = sorted(expected)[: 2 if name == "loss" else 1]
        assert [found[step] for step in first] == pytest.approx([expected[step] for step in first], rel=1e-6)
    kept = [{path.name for path in (folder / "weights").iterdir()} for folder in (alone, together)]
    assert kept[0] == kept[1]
    assert not list(together.glob(".helper-*")), "the second process has left nothing"
    steps = [event["step"] for event in files.read_lines(together / "events.jsonl")[0] if event["kind"] == "metrics"]
    assert len(steps) == len(set(steps)), "one of them speaks for both"


def test_a_stop_is_heard_by_all_and_all_go_on(base: BaseModel) -> None:
    project = make_project()
    folder = prepare(project, base, epochs=12, batch_size=8, micro_batch_size=1, evaluations_per_epoch=1)
    launch(folder)
    wait_for(lambda: bool(read_metrics(open_run(project, folder.name)).loss), 120)
    jobs.request_stop(folder)
    *_, view = jobs.follow(folder)
    assert view.state is JobState.STOPPED, view.sentence
    # Together they go on from there.
    jobs.resume(folder)
    *_, view = jobs.follow(folder)
    assert view.state is JobState.FINISHED, view.sentence
    assert any(event["kind"] == "resumed" for event in files.read_lines(folder / "events.jsonl")[0])
    assert not list(folder.glob(".helper-*"))
