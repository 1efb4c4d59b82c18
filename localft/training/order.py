"""What a training job is ordered to do: the records in its folder, and the data they name."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from localft import words
from localft.data.examples import Example
from localft.data.splits.golden import golden_among, has_golden, read_golden
from localft.data.versions import DatasetVersion, load_split, open_version
from localft.errors import UserError
from localft.jobs import JobContext
from localft.models.base_model import BaseModel
from localft.models.chat_format import ChatFormat
from localft.models.download import model_folder
from localft.models.tokens import TextTokenizer
from localft.planning.model_shape import shape_of
from localft.planning.plan import Plan
from localft.planning.proposing import refuse_wrong_objective
from localft.planning.recipe import Recipe, TrainingSettings
from localft.store.projects import Project, open_project
from localft.training.prompt_room import PromptRoom
from localft.training.relief import relieved
from localft.training.rows import Rows, make_pairs, make_rows, refuse_unlearnable
from localft.training.validation import FixedPrompt, choose_prompts


@dataclass(frozen=True)
class Order:
    """The records of a run. `identity` is the hash of everything that a checkpoint depends on."""

    folder: Path
    project: Project
    recipe: Recipe
    plan: Plan
    base_model: BaseModel
    chat_format: ChatFormat
    version: DatasetVersion
    identity: str


@dataclass(frozen=True)
class TrainingData:
    """What is learned, what is held out, and the prompts that are answered again and again, so many at once."""

    train: Rows
    validation: Rows
    prompts: list[FixedPrompt]
    tokenizer: TextTokenizer
    prompts_at_once: int = 1


def read_order(context: JobContext) -> Order:
    """Read the records of the run in the job's folder.

    Raises:
        UserError: a record is missing or damaged, or the project or its data are gone.
    """
    folder = context.folder
    recipe, plan = Recipe.load(folder / "recipe.json"), relieved(folder, Plan.load(folder / "plan.json"))
    base_model = BaseModel.load(folder / "base_model.json")
    chat_format = ChatFormat.load(folder / "chat_format.json")
    project = open_project(str(context.settings["project"]))
    if not (project.datasets / recipe.dataset).is_dir():
        raise UserError(
            f"The examples of this run, version {recipe.dataset}, are no longer in the project.",
            f"Put that folder back into {project.datasets} and resume, or start a new run.",
        )
    version = open_version(project, recipe.dataset)
    parts = (
        # Settings that an older localft did not know are not in its records: its runs stay what they are.
        recipe.settings.model_dump_json(exclude_unset=True),
        # The micro-batch may change between parts of a run, when memory runs out; the batch may not.
        plan.precision,
        version.sha256,
        f"{base_model.reference} {base_model.revision}",
        chat_format.template_hash,
    )
    identity = hashlib.sha256("\n".join(parts).encode()).hexdigest()
    return Order(folder, project, recipe, plan, base_model, chat_format, version, identity)


def read_data(context: JobContext, order: Order) -> TrainingData:
    """Turn the examples into rows, and report what was cut or left out.

    Raises:
        UserError: nothing would be learned, the examples are no pairs, or the chat template refuses an example.
    """
    settings, chat_format = order.recipe.settings, order.chat_format
    refuse_wrong_objective(settings, order.version)
    tokenizer = TextTokenizer(model_folder(order.base_model))

    def rows_of(examples: Sequence[Example]) -> Rows:
        if settings.objective == "dpo":
            return make_pairs(examples, chat_format, tokenizer, settings.max_length)
        return make_rows(examples, chat_format, tokenizer, settings.max_length, settings.learn)

    learned = load_split(order.project, order.version.id, "train")
    golden = _golden(context, order.project)
    warn_of_golden(context, golden, learned)
    train = rows_of(learned)
    refuse_unlearnable(train, _why_left_out(settings))
    held_out = load_split(order.project, order.version.id, "validation")
    validation = rows_of(held_out)
    context.event("data", rows=len(train.rows), cut=train.cut, left_out=train.left_out, learned=train.learned_tokens)
    if train.left_out:
        message = f"{words.counted(train.left_out, 'example')} left out: {_why_left_out(settings)}."
        context.event("warning", message=message)
    room = PromptRoom(settings, order.plan, shape_of(order.base_model), train, tokenizer)
    prompts = choose_prompts([*golden, *held_out], chat_format, tokenizer, room.has)
    return TrainingData(train, validation, prompts, tokenizer, room.at_once(prompts))


def warn_of_golden(context: JobContext, golden: Sequence[Example], train: Sequence[Example]) -> None:
    """Say how many training examples ask golden questions, which were written after the examples were taken in."""
    count = len(golden_among(train, golden))
    if count:
        asks = "asks a golden question" if count == 1 else "ask golden questions"
        message = f"{words.counted(count, 'training example')} {asks}: on these the model will look better than it is."
        context.event("warning", message=message)


def _golden(context: JobContext, project: Project) -> list[Example]:
    """The user's own questions, if there are any that can be read."""
    if not has_golden(project):
        return []
    try:
        return read_golden(project)
    except UserError as error:
        context.event("warning", message=f"The golden questions are not asked: {error.message}")
        return []


def _why_left_out(settings: TrainingSettings) -> str:
    beyond = f"their answers lie beyond {settings.max_length} tokens"
    if settings.objective != "dpo":
        return beyond
    return f"{beyond}, or they have no worse answer, or both answers are the same as far as that"
