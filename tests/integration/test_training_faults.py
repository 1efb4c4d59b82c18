"""What can go wrong in a run: full memory, a lost card, a checkpoint that is not restored, a kill at any moment."""

import os
import signal
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from localft import jobs
from localft.jobs import JobState
from localft.jobs.control import start_again
from localft.models.base_model import BaseModel
from localft.store import files
from localft.training.runs import Run, open_run, read_metrics
from tests import faults
from tests.forked_jobs import Nursery
from tests.integration.run_weights import same, weights_of
from tests.job_help import wait_for
from tests.kill_and_resume import kill_and_resume
from tests.sample_projects import make_project, prepare

pytestmark = [
    pytest.mark.skipif(os.name == "nt", reason="forks children from a preloaded parent"),
    pytest.mark.usefixtures("one_thread"),
]


def losses(run: Run) -> dict[int, float]:
    return dict(read_metrics(run).loss)


def warnings(run: Run) -> list[str]:
    events = files.read_lines(run.folder / "events.jsonl")[0]
    return [event["message"] for event in events if event["kind"] == "warning"]


def test_out_of_memory_goes_on_by_itself_with_the_same_batch(nursery: Nursery, base: BaseModel) -> None:
    project = make_project(train=24)
    settings = {"epochs": 2, "dropout": 0, "batch_size": 4, "micro_batch_size": 4, "patience": 0}
    undisturbed, folder = (prepare(project, base, checkpoint_seconds=0.0, **settings) for _ in range(2))
    nursery.finish(undisturbed)
    child = nursery.start(folder, fault=faults.out_of_memory)
    child.join(120)
    assert child.exitcode == 86, "a status that means: it goes on in another process"
    # The fault is in the first process only; the next one, with half as much at once, is as it always is.
    *_, view = jobs.follow(folder)
    run, control = open_run(project, folder.name), open_run(project, undisturbed.name)
    assert view.state is JobState.FINISHED, view.sentence
    assert any("with 2 of the 4 examples" in warning and "the batch stays" in warning for warning in warnings(run))
    assert losses(run).keys() == losses(control).keys()
    assert losses(run) == pytest.approx(losses(control), rel=1e-3)
    resumed = [event["step"] for event in files.read_lines(folder / "events.jsonl")[0] if event["kind"] == "resumed"]
    assert resumed == [2], "it goes on from the last checkpoint"


def test_memory_that_ends_while_the_base_is_loaded_changes_nothing_of_the_run(
    nursery: Nursery, base: BaseModel
) -> None:
    """No smaller micro-batch makes room for the base model."""
    project = make_project(train=24)
    folder = prepare(project, base, epochs=1, batch_size=4, micro_batch_size=4)
    nursery.finish(folder, fault=faults.no_room_for_the_base)
    view = open_run(project).job
    assert view.state is JobState.FAILED
    assert "ran out while model was loaded, before anything was learned" in view.sentence
    assert not (folder / "relief.json").exists()
    nursery.finish(folder)
    assert open_run(project).job.state is JobState.FINISHED


def test_killed_by_linux_to_gain_memory_it_goes_on_with_less_at_once(nursery: Nursery, base: BaseModel) -> None:
    """The guard of a job (localft.jobs.guarding) sees it and starts the job again as here."""
    project = make_project(train=24)
    settings = {"epochs": 2, "dropout": 0, "batch_size": 4, "micro_batch_size": 4, "patience": 0}
    undisturbed, folder = (prepare(project, base, checkpoint_seconds=0.0, **settings) for _ in range(2))
    nursery.finish(undisturbed)
    nursery.finish(folder, fault=faults.killed_in_a_step)
    start_again(folder, memory_ran_out=True)
    *_, view = jobs.follow(folder)
    run, control = open_run(project, folder.name), open_run(project, undisturbed.name)
    assert view.state is JobState.FINISHED, view.sentence
    assert warnings(run) == [
        "The memory ran out, and Linux has ended the process. It goes on from the last checkpoint with 2 of the 4 "
        "examples of a batch at once instead of 4; the batch stays as it was."
    ]
    assert losses(run).keys() == losses(control).keys()
    assert losses(run) == pytest.approx(losses(control), rel=1e-3)


def test_killed_by_linux_while_the_base_is_loaded_it_says_so(nursery: Nursery, base: BaseModel) -> None:
    """No smaller micro-batch makes room for the base model."""
    folder = prepare(make_project(train=24), base, epochs=1, batch_size=4, micro_batch_size=4)
    nursery.finish(folder, fault=faults.killed_while_the_base_is_loaded)
    start_again(folder, memory_ran_out=True)
    *_, view = jobs.follow(folder)
    assert view.state is JobState.FAILED
    assert "The memory of this computer ran out while model was loaded" in view.sentence
    assert not (folder / "relief.json").exists()


def test_memory_that_ends_with_the_sample_answers_costs_nothing_but_them(nursery: Nursery, base: BaseModel) -> None:
    """Fewer examples at once would leave them no more room."""
    project = make_project(train=24)
    settings = {"epochs": 2, "dropout": 0, "batch_size": 4, "micro_batch_size": 4, "patience": 0}
    undisturbed, folder = (prepare(project, base, **settings) for _ in range(2))
    nursery.finish(undisturbed)
    nursery.finish(folder, fault=faults.no_room_for_answers)
    run, control = open_run(project, folder.name), open_run(project, undisturbed.name)
    assert run.job.state is JobState.FINISHED, run.job.sentence
    assert not (folder / "relief.json").exists()
    assert [warning for warning in warnings(run) if "sample answers" in warning] == [
        "There was no memory for the sample answers, so they are left out; the training goes on."
    ]
    assert losses(run) == losses(control)
    assert read_metrics(control).samples and not read_metrics(run).samples


def test_a_lost_card_is_tried_once_more(nursery: Nursery, base: BaseModel) -> None:
    project = make_project(train=24)
    undisturbed, folder = (prepare(project, base, epochs=1, checkpoint_seconds=0.0) for _ in range(2))
    nursery.finish(undisturbed)
    nursery.finish(folder, fault=faults.lost_card)
    *_, view = jobs.follow(folder)
    assert view.state is JobState.FINISHED, view.sentence
    run, control = open_run(project, folder.name), open_run(project, undisturbed.name)
    assert any("graphics card was lost" in warning for warning in warnings(run))
    assert same(weights_of(run), weights_of(control))


def test_a_stop_while_it_starts_again_is_a_stop(nursery: Nursery, base: BaseModel) -> None:
    project = make_project(train=24)
    folder = prepare(project, base, epochs=4, checkpoint_seconds=0.0)
    child = nursery.start(folder, fault=faults.lost_card)
    wait_for(lambda: bool(warnings(open_run(project))))
    jobs.request_stop(folder)
    child.join(60)
    *_, view = jobs.follow(folder)
    assert view.state is JobState.STOPPED, view.sentence


def test_a_run_that_is_halted_goes_on_and_does_not_count_the_pause(nursery: Nursery, base: BaseModel) -> None:
    """As when the computer sleeps: the rate and the time left stay those of the work."""
    project = make_project(train=24)
    undisturbed, folder = (prepare(project, base, epochs=6, checkpoint_seconds=0.0) for _ in range(2))
    nursery.finish(undisturbed)
    child = nursery.start(folder, fault=faults.five_seconds_are_long)
    wait_for(lambda: len(read_metrics(open_run(project, folder.name)).loss) >= 3)
    assert child.pid is not None
    os.kill(child.pid, signal.SIGSTOP)
    time.sleep(9)
    os.kill(child.pid, signal.SIGCONT)
    child.join(60)
    run, control = open_run(project, folder.name), open_run(project, undisturbed.name)
    assert run.job.state is JobState.FINISHED, run.job.sentence
    told = [warning for warning in warnings(run) if "slept, or the run was halted" in warning]
    assert len(told) == 1, warnings(run)
    assert same(weights_of(run), weights_of(control))
    points = [event for event in files.read_lines(folder / "events.jsonl")[0] if event["kind"] == "progress"]
    assert run.job.result is not None
    span = datetime.fromisoformat(points[-1]["time"]) - datetime.fromisoformat(points[0]["time"])
    assert run.job.result.value["seconds"] < span.total_seconds() - 8


def stopped_run(nursery: Nursery, base: BaseModel, **settings: Any) -> Path:
    """A run that was stopped after its third step."""
    project = make_project(train=24)
    folder = prepare(project, base, epochs=3, **settings)
    child = nursery.start(folder)
    wait_for(lambda: len(read_metrics(open_run(project)).loss) >= 3)
    jobs.request_stop(folder)
    child.join(60)
    return folder


@pytest.mark.parametrize(
    ("fault", "what"),
    [
        (faults.other_random_numbers, "the random numbers"),
        (faults.fresh_adapters, "the weights"),
        (faults.another_optimiser, "the optimiser"),
        (faults.another_rate, "the learning rate"),
        (faults.another_order, "the examples that come next"),
    ],
)
def test_a_checkpoint_that_is_not_restored_exactly_is_refused(
    nursery: Nursery, base: BaseModel, fault: Callable[[], None], what: str
) -> None:
    folder = stopped_run(nursery, base, dropout=0.1)
    nursery.finish(folder, fault=fault)
    view = jobs.read(folder)
    assert view.state is JobState.FAILED
    assert f"was not restored exactly: {what}." in view.sentence
    nursery.finish(folder)
    assert jobs.read(folder).state is JobState.FINISHED, "nothing was lost"


@pytest.mark.parametrize(
    ("method", "what"), [("qlora", "its adapter is unchanged"), ("full", "its weights are those of the base model")]
)
def test_a_run_that_has_changed_no_weight_at_its_end_has_learned_nothing(
    nursery: Nursery, base: BaseModel, method: str, what: str
) -> None:
    project = make_project(train=24)
    folder = prepare(project, base, method=method, epochs=1)
    nursery.finish(folder, fault=faults.nothing_is_learned)
    run = open_run(project)
    assert run.job.state is JobState.FAILED
    assert f"The run learned nothing: {what}." in run.job.sentence
    assert not run.has_weights


def test_a_termination_signal_is_a_stop(nursery: Nursery, base: BaseModel) -> None:
    """As a system sends it that shuts down."""
    project = make_project(train=24)
    undisturbed, folder = (prepare(project, base, epochs=4, dropout=0.1) for _ in range(2))
    nursery.finish(undisturbed)
    child = nursery.start(folder)
    wait_for(lambda: len(read_metrics(open_run(project, folder.name)).loss) >= 3)
    child.terminate()
    child.join(60)
    assert child.exitcode == 130
    stopped = open_run(project, folder.name)
    assert stopped.job.state is JobState.STOPPED, stopped.job.sentence
    assert stopped.has_weights
    nursery.finish(folder)
    run, control = open_run(project, folder.name), open_run(project, undisturbed.name)
    assert run.job.state is JobState.FINISHED, run.job.sentence
    assert same(weights_of(run), weights_of(control))


@pytest.mark.timeout(600)
def test_killed_fifty_times_it_ends_with_the_same_bits(nursery: Nursery, base: BaseModel) -> None:
    report = kill_and_resume(nursery, make_project(train=32), base, kills=50)
    assert report.kills == 50
    assert report.resumed > 10, "most kills have to come after the first checkpoint"
