"""Golden questions: what a person wants answered, kept out of a chat or written by hand, with the wanted answers."""

import itertools
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from localft import words
from localft.data.examples import Example
from localft.data.readers.opening import open_file
from localft.data.shapes.conversation import BadRow
from localft.data.shapes.detecting import convert, detect
from localft.data.shapes.rows import Row
from localft.data.shapes.values import BadValue
from localft.data.splits.asking import Asked, ask, turn_digest
from localft.data.splits.splitting import differ_in_system_only
from localft.data.stored import select
from localft.data.texts.near import near_groups
from localft.data.texts.normalising import normalise
from localft.data.texts.runs import Texts
from localft.data.versions import SPLITS, Split, list_versions, open_split, put_together
from localft.data.working import Tell, quiet
from localft.errors import UserError
from localft.store.projects import Project

Splits = Mapping[Split, Sequence[Example]]
# Shorter turns, in bytes, mean what the conversation makes of them: "And then?".
_SHORTEST_LATER = 12


def has_golden(project: Project) -> bool:
    """Whether a project has golden questions; a file with nothing in it holds none."""
    return project.golden.exists() and bool(project.golden.read_bytes().strip())


def read_golden(project: Project) -> list[Example]:
    """Read the golden questions of a project, each only once; a line may have any shape that imports know.

    Raises:
        UserError: there are none, or a line cannot be used. Leaving it out silently would not be what was written down.
    """
    if not has_golden(project):
        raise UserError(
            f"The project {project.name} has no golden questions yet.",
            f"Write some in Data or with `localft data golden add {project.slug}`, keep some in Chat, or put them into "
            f'{project.golden}, one on each line: {{"prompt": "the question", "answer": "the answer you want"}}.',
        )
    examples: dict[str, Example] = {}
    for row in open_file(project.golden).rows:
        example = golden_of(row, project.golden)
        examples.setdefault(example.model_dump_json(include={"messages", "tools"}), example)
    return list(examples.values())


def never_learned(project: Project) -> list[Example]:
    """The golden questions of a project, none where it has none: whoever adds to training holds them out.

    Raises:
        UserError: they cannot be read, so that nobody knows what must not be learned.
    """
    if not has_golden(project):
        return []
    try:
        return read_golden(project)
    except UserError as error:
        raise UserError(
            f"{error.message} Nothing was changed: localft cannot tell which examples must never be learned.",
            f"{error.hint} Or take the last change of the file back: localft data golden undo {project.slug}",
        ) from error


def leave_out_golden(splits: Splits, golden: Sequence[Example]) -> tuple[Splits, int]:
    """The splits without the training examples that ask golden questions, and how many those were.

    Raises:
        UserError: nothing would be left to learn.
    """
    everything = put_together([splits[name] for name in SPLITS]) if golden else []
    learned = {position for position in golden_among(everything, golden) if position < len(splits["train"])}
    if not learned:
        return splits, 0
    left = [position for position in range(len(splits["train"])) if position not in learned]
    if not left:
        raise UserError(
            "All of its training examples ask golden questions, which are never learned.",
            "Take some questions out of the golden ones first, or use another version.",
        )
    return {**splits, "train": select(splits["train"], left)}, len(learned)


def refuse_learning_golden(project: Project, dataset: str) -> None:
    """Refuse to learn from a version that teaches what has become a golden question since it was made.

    Raises:
        UserError: it does, or the golden questions cannot be read.
    """
    golden = never_learned(project)
    count = len(golden_among(open_split(project, dataset, "train"), golden)) if golden else 0
    if count:
        asks = "asks a golden question" if count == 1 else "ask golden questions"
        raise UserError(
            f"{words.counted(count, 'training example')} {asks}, which are never learned.",
            f"`localft data restore {project.slug} {dataset}` makes a version without, which is trained on then.",
        )


def told_left_out(count: int) -> str:
    """That so many examples were held out of training, for the end of a note."""
    return f"{words.counted(count, 'example')} left out of training: golden questions are never learned"


def golden_of(row: Row, path: Path) -> Example:
    """The question of a row in a file of golden questions.

    Raises:
        UserError: it is none, or cannot be read.
    """
    try:
        if row.values is None:
            raise BadRow(row.kind, row.problem)
        layout = detect(row.values)
        if layout is None:
            raise BadRow("no known shape", "it has neither messages nor a prompt with its answer")
        question = convert(row.values, layout, path.name, row.number)
        if question.plain:
            raise BadRow("no known shape", "it is text without a question")
        return question
    except (BadRow, BadValue) as error:
        raise UserError(
            f"Line {row.number} of {path} is no golden question: {error}.", "Correct it, or delete the line."
        ) from error


def count_learned(project: Project, dataset: str, questions: list[Example]) -> int:
    """How many of the questions a run on this dataset has been trained on, word for word or nearly so."""
    if dataset not in {version.id for version in list_versions(project).items}:
        return 0
    asked = _ask_as_needed(open_split(project, dataset, "train"))
    return len({question for question, _ in _matches(asked, questions)})


def golden_among(examples: Sequence[Example], golden: Sequence[Example], tell: Tell = quiet) -> list[int]:
    """Positions of the examples that ask what a golden question asks, word for word or nearly so.

    A question also counts where it comes later in a conversation, then word for word only. Where many examples differ
    in the system text only ("Summarise."), it belongs to what is asked.
    """
    return golden_in(_ask_as_needed(examples, tell), golden, tell) if golden else []


def golden_in(asked: Asked, golden: Sequence[Example], tell: Tell = quiet) -> list[int]:
    """As `golden_among`, where it is known what the examples ask: with the system text, or without."""
    return sorted({position for _, position in _matches(asked, golden, tell)})


def _ask_as_needed(examples: Sequence[Example], tell: Tell = quiet) -> Asked:
    """What examples ask; few that share a prompt tell nothing about what the system text is for."""
    asked = ask(examples, tell=tell)
    if not differ_in_system_only(asked):
        return asked
    fully = ask(examples, with_system=True, tell=tell)
    return asked if differ_in_system_only(fully) else fully


def _matches(asked: Asked, golden: Sequence[Example], tell: Tell = quiet) -> Iterator[tuple[int, int]]:
    """(question, example): which question each example asks; one may be named more than once."""
    questions = ask(golden, asked.with_system)
    keys: dict[bytes, list[int]] = {}
    for number, key in enumerate(questions.short_keys()):
        keys.setdefault(key, []).append(number)
    for position, key in itertools.chain(enumerate(asked.short_keys()), asked.earlier_keys()):
        for number in keys.get(key, ()):
            yield number, position
    yield from _asked_later(asked, golden)
    texts = Texts()
    texts.join(questions.texts)
    texts.join(asked.texts)
    for group in near_groups(texts, tell):
        numbers = [position for position in group if position < len(golden)]
        yield from itertools.product(numbers, (position - len(golden) for position in group[len(numbers) :]))


def _asked_later(asked: Asked, golden: Sequence[Example]) -> Iterator[tuple[int, int]]:
    """(question, example) where a question that needs nothing before it is asked in the midst of a conversation."""
    keys: dict[bytes, list[int]] = {}
    for number, question in enumerate(golden):
        turns = [message for message in question.messages if message.role != "system"]
        if [turn.role for turn in turns] == ["user", "assistant"]:
            asks = turns[0].content
            if len(normalise(asks).encode()) >= _SHORTEST_LATER:
                keys.setdefault(turn_digest(asks)[:16], []).append(number)
    for position, key in asked.later_keys():
        for number in keys.get(key, ()):
            yield number, position
