"""Runs: one execution of a recipe each, in a folder that is also its job's."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from localft import jobs
from localft.advice import Advice
from localft.data.splits.golden import refuse_learning_golden
from localft.data.versions import list_versions, shared_system_prompt
from localft.errors import UserError
from localft.hardware import Hardware, read_hardware
from localft.jobs import JobOrder, JobView
from localft.models.base_model import BaseModel
from localft.models.chat_format import ChatFormat
from localft.models.download import model_folder
from localft.models.find import find_model
from localft.models.templates import chat_format_for
from localft.planning.plan import Plan
from localft.planning.recipe import Recipe
from localft.planning.telling import refusal
from localft.store import files
from localft.store.projects import Listing, Project, list_folders, open_one_of
from localft.training.checkpoints import WEIGHTS, published
from localft.training.metrics import Metrics, metrics_of
from localft.training.relief import forget_relief

WORKER = "localft.training.worker"
_FEWER_CARDS = Advice("Ask for fewer with --cards.", "Ask for fewer, in Settings.")


@dataclass(frozen=True)
class Run:
    """A run as its folder tells it."""

    folder: Path
    recipe: Recipe
    plan: Plan | None
    base_model: BaseModel
    job: JobView

    @property
    def id(self) -> str:
        return self.folder.name

    @property
    def chat_format(self) -> ChatFormat:
        """What turns messages into tokens for this run, in training and ever after."""
        return ChatFormat.load(self.folder / "chat_format.json")

    @property
    def sweep(self) -> str | None:
        """The sweep that this run is one of; None for a run of its own."""
        sweep = self.job.order.settings.get("sweep")
        return sweep if isinstance(sweep, str) else None

    @property
    def has_weights(self) -> bool:
        """Whether there is something to evaluate, chat with and export."""
        return published(self.folder / WEIGHTS) is not None


def refuse_missing_cards(cards: int, hardware: Hardware, instead: str = _FEWER_CARDS) -> None:
    """Refuse to learn on more graphics cards than there are; `instead` says what else to do.

    Raises:
        UserError: there are fewer, or it is Windows, where several cannot learn together.
    """
    if cards > 1 and hardware.system == "Windows":
        raise UserError(
            "On Windows several graphics cards cannot learn together: NVIDIA's library for that does not exist there.",
            Advice("Ask for one card with --cards.", "Ask for one card, in Settings."),
        )
    there = len(hardware.gpus)
    if cards > max(1, there):
        raise UserError(
            f"{cards} graphics cards are asked for, and this computer has {there or 'none'} that CUDA can use.",
            instead,
        )


def start_run(
    project: Project,
    recipe: Recipe,
    plan: Plan,
    *,
    even_if_too_large: bool = False,
    checkpoint_seconds: float = 180.0,
) -> Run:
    """Write the run's records and queue its job, on as many cards as its plan is for.

    A checkpoint is written at each validation, and in between whenever `checkpoint_seconds` have passed since the last.

    Raises:
        UserError: the plan says that it does not fit (unless `even_if_too_large`), the base model is not downloaded, or
            it has no chat template that could be used, or the examples ask golden questions.
    """
    if not even_if_too_large:
        refuse_too_large(plan)
    refuse_learning_golden(project, recipe.dataset)
    folder, order = prepare_run(project, recipe, plan, checkpoint_seconds)
    jobs.start(folder, order)
    return _load(folder)


def resume_run(run: Run) -> JobView:
    """Let a stopped, failed or interrupted run go on from what it saved, with as much at once as it was planned.

    Raises:
        UserError: it is still running, or has finished; or cards that it learns on together are no longer there.
    """
    if run.job.order.processes > 1:
        # How many there are is part of a run: each has its own random numbers in what is saved.
        instead = "This run learns on all of them: make them available again and resume, or start a new run."
        refuse_missing_cards(run.job.order.processes, read_hardware(), instead)
    if run.job.state.resumable:
        forget_relief(run.folder)
    return jobs.resume(run.folder)


def refuse_too_large(plan: Plan) -> None:
    """Refuse a run that would not fit.

    Raises:
        UserError: its plan says so.
    """
    if plan.fits == "no":
        raise UserError(*refusal(plan))


def prepare_run(
    project: Project, recipe: Recipe, plan: Plan, checkpoint_seconds: float, **own: Any
) -> tuple[Path, JobOrder]:
    """Write the records of a new run, all or none; return its folder and the order that starts it.

    `own` goes into the settings of the order.
    """
    base_model = find_model(recipe.base_model, recipe.revision)
    model_folder(base_model)
    chat_format = chat_format_for(base_model, recipe.settings.thinking, recipe.settings.chat_template)
    folder = project.runs / files.new_id()
    records = {"recipe": recipe, "plan": plan, "base_model": base_model, "chat_format": chat_format}
    with files.all_or_nothing(folder):
        for name, record in records.items():
            record.save(folder / f"{name}.json")
    order = JobOrder(
        worker=WORKER,
        title=f"Training {base_model.name}",
        project=project.slug,
        # A process for each card that learns.
        processes=plan.cards,
        created_at=files.now(),
        settings={"project": project.slug, "checkpoint_seconds": checkpoint_seconds, **own},
    )
    return folder, order


def usual_system_prompt(project: Project, run: Run | None) -> str:
    """What a run's model was always told first; without a run what the next one will be told, since it learns from the
    newest examples. "" where they differ.
    """
    if run is not None:
        return shared_system_prompt(project, run.recipe.dataset)
    versions = list_versions(project).items
    return shared_system_prompt(project, versions[0].id if versions else None)


def list_runs(project: Project) -> Listing[Run]:
    """All runs of a project, newest first."""
    return list_folders(project.runs, _load)


def versions_in_use(project: Project) -> set[str]:
    """The ids of the dataset versions that runs were trained on."""
    return {run.recipe.dataset for run in list_runs(project).items}


def open_run(project: Project, run_id: str | None = None) -> Run:
    """Open a run, the newest without `run_id`.

    Raises:
        UserError: there is none, or its records cannot be read.
    """
    begin = Advice(f"Train first: `localft train {project.slug}`.", "Train first.")
    return open_one_of(project, "run", project.runs, _load, run_id, begin)


def run_weights(run: Run) -> Path:
    """The folder with the run's best weights: an adapter (PEFT's layout) or a full model, safetensors either way.

    Raises:
        UserError: there are none yet.
    """
    weights = published(run.folder / WEIGHTS)
    if weights is None:
        raise UserError(
            f"The run {run.id} has no weights yet: it is {run.job.state.value}.", "Let it finish, or resume it."
        )
    return weights


def read_metrics(run: Run) -> Metrics:
    """Read what a run has measured so far: losses, rates, memory, answers."""
    return metrics_of(run.folder)


def _load(folder: Path) -> Run:
    plan = Plan.load(folder / "plan.json") if (folder / "plan.json").exists() else None
    return Run(
        folder,
        Recipe.load(folder / "recipe.json"),
        plan,
        BaseModel.load(folder / "base_model.json"),
        jobs.read(folder),
    )
