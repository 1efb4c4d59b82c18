"""Sweeps as the folders of their runs tell them: which belong together, how they compare, what is said of it."""

from dataclasses import replace
from pathlib import Path

import pytest

from localft import jobs
from localft.errors import UserError
from localft.hardware import read_hardware
from localft.jobs import JobState
from localft.jobs.records import JobResult
from localft.models.find import find_model
from localft.planning.proposals import plan_recipe
from localft.planning.proposing import propose
from localft.planning.sweep import SweepPlan, plan_sweep
from localft.store import files
from localft.store.projects import Project
from localft.training import sweeps
from localft.training.runs import list_runs
from localft.training.sweeps import Comparison, Sweep, compare, open_sweep, resume_sweep, start_sweep, stop_sweep
from tests.sample_projects import make_project, prepare


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """The folders whose jobs would have been queued, in their order; no process is started."""
    folders: list[Path] = []
    monkeypatch.setattr(jobs, "resume", folders.append)
    return folders


def planned(project: Project, ranks: tuple[int, ...] = (8, 16), rates: tuple[float, ...] = (1e-3, 2e-3)) -> SweepPlan:
    base, hardware = find_model("starter"), read_hardware()
    version = next(project.datasets.iterdir()).name
    proposal = plan_recipe(project, base, propose(project, version, base, hardware), hardware)
    return plan_sweep(proposal, hardware, ranks, rates)


def measured(folder: Path, *losses: float, outcome: str = "finished") -> None:
    """Let a run have measured these validation losses, the base model's first, and have ended."""
    for step, loss in enumerate(losses):
        files.append_line(folder / "events.jsonl", {"kind": "validation", "step": 10 * step, "loss": loss})
    result = JobResult(outcome=outcome, message="Ended.", finished_at=files.now(), value={"seconds": 12.5})
    result.save(folder / "result.json")


def compared(project: Project, losses: dict[int, tuple[float, ...]]) -> Comparison:
    """The comparison of a new sweep of four in which these runs, by number, have measured these losses."""
    sweep = start_sweep(project, planned(project).proposals)
    for number, values in losses.items():
        measured(sweep.runs[number].folder, *values)
    return compare(project, open_sweep(project))


@pytest.mark.usefixtures("started")
def test_the_runs_of_a_sweep_know_each_other() -> None:
    project = make_project()
    alone = prepare(project, find_model("starter"))
    first = start_sweep(project, planned(project).proposals)
    second = start_sweep(project, planned(project, (4, 8), (1e-3,)).proposals)
    assert [(run.recipe.settings.rank, run.recipe.settings.learning_rate) for run in first.runs] == [
        (8, 1e-3),
        (8, 2e-3),
        (16, 1e-3),
        (16, 2e-3),
    ]
    assert [run.job.order.title for run in second.runs] == [
        "Training starter, run 1 of 2",
        "Training starter, run 2 of 2",
    ]
    assert open_sweep(project).id == second.id
    assert open_sweep(project, first.id) == first
    assert [run.sweep for run in list_runs(project).items if run.id == alone.name] == [None]
    with pytest.raises(UserError, match="no sweep yet"):
        open_sweep(make_project("Other"))


def test_all_runs_are_written_before_the_first_is_queued(started: list[Path]) -> None:
    project = make_project()
    sweep = start_sweep(project, planned(project).proposals)
    assert started == [run.folder for run in sweep.runs]
    assert {run.job.state for run in sweep.runs} == {JobState.NEW}, "what was never queued can be, later"
    assert sweep.resumable and not sweep.alive


def test_where_one_run_cannot_be_written_none_stays(started: list[Path], monkeypatch: pytest.MonkeyPatch) -> None:
    project, calls = make_project(), []
    real = sweeps.prepare_run

    def full_disk(*given: object, **own: object) -> object:
        calls.append(given)
        if len(calls) == 3:
            raise OSError(28, "No space left on device")
        return real(*given, **own)  # ty: ignore[invalid-argument-type]

    monkeypatch.setattr(sweeps, "prepare_run", full_disk)
    with pytest.raises(OSError, match="No space left"):
        start_sweep(project, planned(project).proposals)
    assert not started and not list(project.runs.glob("*"))


def test_what_does_not_fit_is_refused_as_a_whole(started: list[Path]) -> None:
    project = make_project()
    good, large = planned(project, (8, 16), (1e-3,)).proposals
    more = {"total_bytes": large.plan.device_bytes + 1, "fits": "no", "advice": ()}
    large = replace(large, plan=large.plan.model_copy(update=more))
    with pytest.raises(UserError, match="This run needs"):
        start_sweep(project, [good, large])
    assert not started and not list_runs(project).items
    assert len(start_sweep(project, [good, large], even_if_too_large=True).runs) == 2


def test_resuming_leaves_alone_what_has_finished(started: list[Path]) -> None:
    project = make_project()
    folders = [run.folder for run in start_sweep(project, planned(project).proposals).runs]
    started.clear()
    measured(folders[0], 2.0, 1.0)
    measured(folders[1], 2.0, 1.0, outcome="stopped")
    resume_sweep(open_sweep(project))
    assert started == folders[1:]


@pytest.mark.usefixtures("started")
def test_stopping_asks_the_living_ones_the_last_first(monkeypatch: pytest.MonkeyPatch) -> None:
    project, asked = make_project(), []
    sweep = start_sweep(project, planned(project).proposals)
    monkeypatch.setattr(jobs, "request_stop", asked.append)
    stop_sweep(sweep)
    assert asked == [], "none of them waits or runs"
    alive = [replace(run, job=replace(run.job, state=JobState.QUEUED)) for run in sweep.runs[1:]]
    stop_sweep(Sweep(sweep.id, (sweep.runs[0], *alive)))
    assert asked == [run.folder for run in reversed(alive)]


@pytest.mark.usefixtures("started")
def test_the_smallest_loss_is_best_and_what_is_close_is_called_so() -> None:
    comparison = compared(make_project(), {0: (3, 1.2, 1.015), 1: (3, 1.4), 2: (3, 1.0, 1.1), 3: (0.5, 1.3)})
    assert [trial.word for trial in comparison.trials] == ["about equal", "", "best", ""]
    best = comparison.trials[2]
    assert (best.run, best.validation_loss, best.step, best.seconds) == (comparison.best, 1.0, 10, 12.5)
    assert comparison.sentence == (
        "The smallest validation loss is 1.000, with rank 16 and learning rate 0.001. "
        "Within 2 % of it, which is no difference to rely on: rank 8 and learning rate 0.001. "
        "The smaller rank is the cheaper choice. "
        "It is the smallest learning rate and the largest rank that was tried: better ones may lie beyond. "
        "The losses are means over 8 validation examples; how good the answers are, an evaluation tells."
    )


@pytest.mark.usefixtures("started")
def test_the_best_of_runs_that_learned_nothing_is_called_no_better_than_the_base_model() -> None:
    comparison = compared(make_project(), {number: (3.0, 3.2 + number / 10, 2.98 + number / 10) for number in range(4)})
    assert comparison.trials[0].best
    assert (
        "That is no better than the base model, whose loss is 3.000: none of them has learned anything yet."
        in comparison.sentence
    )


@pytest.mark.usefixtures("started")
def test_before_all_have_ended_the_best_is_so_far() -> None:
    comparison = compared(make_project(), {1: (3.0, 2.0)})
    assert comparison.trials[1].best
    assert "smallest validation loss so far is 2.000" in comparison.sentence
    assert "3 runs have not finished." in comparison.sentence
    assert "beyond" not in comparison.sentence, "the others may still be better"


@pytest.mark.usefixtures("started")
def test_without_a_validation_there_is_no_best() -> None:
    project = make_project()
    comparison = compared(project, {0: (3.0,)})
    assert comparison.best is None
    assert comparison.sentence == "Nothing is measured yet. 3 runs have not finished."


@pytest.mark.usefixtures("started")
def test_runs_that_broke_are_counted_and_never_the_best() -> None:
    project = make_project()
    sweep = start_sweep(project, planned(project).proposals)
    measured(sweep.runs[0].folder, 3.0, float("nan"), outcome="failed")
    measured(sweep.runs[1].folder, 3.0, outcome="failed")
    for run in sweep.runs[2:]:
        measured(run.folder, 3.0, 2.5)
    comparison = compare(project, open_sweep(project))
    assert comparison.best == sweep.runs[2].id
    assert "2 runs failed." in comparison.sentence
    assert "so far" not in comparison.sentence
