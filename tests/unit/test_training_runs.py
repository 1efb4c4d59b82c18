"""Runs as their folders tell them: listed, opened, measured; resumed parts replace what they repeat."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from localft.data.making.history import restore
from localft.data.making.importing import import_files
from localft.data.splits.golden import refuse_learning_golden
from localft.data.versions import load_split, open_version
from localft.errors import UserError
from localft.hardware import read_hardware
from localft.jobs import JobOrder, JobResult, JobState
from localft.models.find import find_model
from localft.planning.plan import Plan
from localft.store import files
from localft.store.projects import Project, create_project, open_project
from localft.training import runs
from localft.training.metrics import metrics_of
from localft.training.progress import RunProgress, is_no_better
from localft.training.relief import after_out_of_memory, relieved
from localft.training.runs import list_runs, open_run, resume_run, run_weights, start_run
from tests.sample_projects import make_project, prepare


def write_run(project: Project) -> Path:
    """The records of a run that nobody has started."""
    return prepare(project, find_model("starter"))


def test_a_run_carries_everything_that_repeats_it() -> None:
    project = make_project()
    folder = write_run(project)
    run = open_run(project)
    assert run.folder == folder
    assert run.job.state is JobState.NEW
    assert run.recipe.base_model == "starter"
    assert run.plan is not None
    assert run.plan.batch_size == run.recipe.settings.batch_size
    assert run.chat_format.stop_tokens
    assert not run.has_weights
    with pytest.raises(UserError, match="no weights yet"):
        run_weights(run)


def test_runs_are_listed_newest_first_beside_broken_ones() -> None:
    project = make_project()
    folders = [write_run(project) for _ in range(2)]
    (project.runs / "broken").mkdir()
    listing = list_runs(open_project(project.slug))
    assert [run.folder for run in listing.items] == folders[::-1]
    assert [broken.path.name for broken in listing.broken] == ["broken"]


def test_missing_runs_are_told_with_what_to_do() -> None:
    project = make_project()
    with pytest.raises(UserError, match="no run yet") as caught:
        open_run(project)
    assert "localft train" in caught.value.hint
    write_run(project)
    for name in ("unknown", "../tickets", ""):
        with pytest.raises(UserError):
            open_run(project, name)


def test_a_plan_that_does_not_fit_is_not_started() -> None:
    project = make_project()
    folder = write_run(project)
    run = open_run(project)
    assert run.plan is not None
    more = {"total_bytes": run.plan.device_bytes + 1, "fits": "no", "advice": ("Choose less.",)}
    too_large = run.plan.model_copy(update=more)
    with pytest.raises(UserError, match="This run needs") as caught:
        start_run(project, run.recipe, too_large)
    assert caught.value.hint == "Choose less."
    assert [one.folder for one in list_runs(project).items] == [folder]


def test_what_has_become_a_golden_question_is_not_learned(tmp_path: Path) -> None:
    project, file = create_project("Tickets"), tmp_path / "tickets.jsonl"
    rows = [{"prompt": f"Ticket {number}?", "answer": f"Answer {number}."} for number in range(40)]
    file.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    import_files(project, [file])
    folder = write_run(project)
    run = open_run(project)
    assert run.plan is not None
    taught = load_split(project, run.recipe.dataset, "train")[3]
    row = {"messages": [message.as_chat() for message in taught.messages]}
    project.golden.write_text(json.dumps(row) + "\n", encoding="utf-8")
    with pytest.raises(UserError, match="1 training example asks a golden question") as caught:
        start_run(project, run.recipe, run.plan)
    assert f"localft data restore {project.slug} {run.recipe.dataset}" in caught.value.hint
    assert [one.folder for one in list_runs(project).items] == [folder]
    restored, _ = restore(project, open_version(project, run.recipe.dataset))
    refuse_learning_golden(project, restored.id)


def test_a_run_on_several_cards_is_not_resumed_without_them(monkeypatch: pytest.MonkeyPatch) -> None:
    project = make_project()
    folder = write_run(project)
    JobOrder.load(folder / "job.json").model_copy(update={"processes": 3}).save(folder / "job.json")
    monkeypatch.setattr(runs, "read_hardware", lambda: replace(read_hardware(), gpus=(), system="Linux"))
    with pytest.raises(UserError, match="3 graphics cards are asked for"):
        resume_run(open_run(project))
    assert open_run(project).job.state is JobState.NEW


def test_a_resumed_run_takes_its_relief_back_and_one_that_cannot_be_does_not(monkeypatch: pytest.MonkeyPatch) -> None:
    project = make_project()
    folder = write_run(project)
    plan = Plan.load(folder / "plan.json").model_copy(update={"micro_batch_size": 4, "accumulation": 2})
    plan.save(folder / "plan.json")
    after_out_of_memory(folder, plan)
    monkeypatch.setattr(runs.jobs, "resume", lambda folder: None)
    JobResult(outcome="finished", message="Done.", finished_at=files.now()).save(folder / "result.json")
    resume_run(open_run(project))
    assert relieved(folder, plan).micro_batch_size == 2
    (folder / "result.json").unlink()
    resume_run(open_run(project))
    assert relieved(folder, plan).micro_batch_size == 4


def test_measurements_are_read_in_order_and_a_resumed_part_replaces_what_it_repeats(tmp_path: Path) -> None:
    def event(kind: str, **values: object) -> None:
        files.append_line(tmp_path / "events.jsonl", {"kind": kind, **values})

    event("validation", step=0, loss=5.0)
    for step in range(1, 6):
        event("metrics", step=step, loss=6.0 - step, learning_rate=1e-3, tokens_per_second=10.0, memory_bytes=7)
    event("validation", step=4, loss=1.0)
    event("samples", step=4, items=[{"prompt": "p", "expected": "e", "answer": "lost"}])
    event("warning", message="Mind this.")
    event("warning", message="Mind this.")
    event("resumed", step=2)
    event("metrics", step=3, loss=3.5, learning_rate=1e-3)
    event("validation", step=3, loss=2.0)
    event("samples", step=3, items=[{"prompt": "p", "expected": "e", "answer": "a"}])
    metrics = metrics_of(tmp_path)
    assert metrics.loss == [(1, 5.0), (2, 4.0), (3, 3.5)]
    assert metrics.validation_loss == [(0, 5.0), (3, 2.0)]
    assert metrics.best_step == 3
    assert metrics.best_validation_loss == 2.0
    assert [sample.answer for sample in metrics.samples[3]] == ["a"]
    assert 4 not in metrics.samples
    assert metrics.warnings == ["Mind this."]
    assert metrics.memory_bytes == [(1, 7.0), (2, 7.0)]


def test_the_base_model_is_never_the_best_step(tmp_path: Path) -> None:
    files.append_line(tmp_path / "events.jsonl", {"kind": "validation", "step": 0, "loss": 1.0})
    assert metrics_of(tmp_path).best_step is None
    files.append_line(tmp_path / "events.jsonl", {"kind": "validation", "step": 8, "loss": 2.0})
    assert metrics_of(tmp_path).best_step == 8


def test_patience_counts_validations_without_a_better_one() -> None:
    progress = RunProgress()
    for step, loss in ((0, 9.0), (5, 3.0), (10, 2.0), (15, 2.5), (20, 2.0)):
        progress = progress.after_validation(step, loss)
    assert (progress.first_validation_loss, progress.best_validation_loss, progress.best_step) == (9.0, 2.0, 10)
    assert progress.without_improvement == 2
    assert progress.patience_is_over(2)
    assert not progress.patience_is_over(3)
    assert not progress.patience_is_over(0)
    assert not progress.after_validation(25, 1.9).patience_is_over(2)


def test_learning_by_heart_is_validation_up_and_training_down() -> None:
    best = RunProgress().after_point(1.2).after_point(0.8).after_validation(10, 2.0)
    assert best.loss_at_best == pytest.approx(1.0)

    def later(loss: float | None, *validations: float) -> RunProgress:
        progress = best
        for number, validation in enumerate(validations):
            progress = progress.after_point(loss) if loss is not None else progress
            progress = progress.after_validation(11 + number, validation)
        return progress

    assert later(0.5, 2.1, 2.2).is_overfitting
    assert not later(1.4, 2.1, 2.2).is_overfitting, "training does not fall"
    assert not later(0.5, 2.1).is_overfitting, "once is chance"
    assert not later(0.5, 2.1, 1.9).is_overfitting
    assert not later(None, 2.1, 2.2).is_overfitting
    assert not later(0.995, 2.1, 2.2).is_overfitting, "training has hardly fallen"
    assert not later(0.5, 2.000001, 2.000002).is_overfitting, "rounding is no rise"
    one_easy_step = later(1.4, 2.1).after_point(0.2).after_point(1.9).after_validation(12, 2.2)
    assert not one_easy_step.is_overfitting, "the mean between validations counts, not a single step"


@pytest.mark.parametrize(
    ("best", "first", "told"),
    [(6.25, 6.25, True), (6.2, 6.25, True), (7.0, 6.25, True), (6.1, 6.25, False), (None, 6.25, False)],
)
def test_a_run_that_does_not_lower_the_validation_loss_has_learned_nothing(
    best: float | None, first: float, told: bool
) -> None:
    assert is_no_better(best, first) == is_no_better(best, first, preferred=0.5) == told
    assert not is_no_better(best, None)
    assert not is_no_better(best, first, preferred=0.8), "of pairs it has learned which to prefer"
