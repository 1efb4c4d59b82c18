"""Golden questions: what a person wants answered, kept out of a chat or written by hand, with the wanted answers."""

import itertools
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from localft import words
from localft.advice import Advice
from localft.data.examples import Example, Message
from localft.data.readers.opening import open_file
from localft.data.shapes.conversation import BadRow
from localft.data.shapes.detecting import convert, detect
from localft.data.shapes.rows import Row
from localft.data.shapes.values import BadValue
from localft.data.splits.asking import Asked, ask, asked_text, means_something, sole_question
from localft.data.splits.splitting import differ_in_system_only
from localft.data.stored import select
from localft.data.texts.containing import holding, says_enough
from localft.data.texts.forewords import without_forewords
from localft.data.texts.near import near_groups
from localft.data.texts.normalising import normalise, words_in
from localft.data.texts.runs import SURE_FORM_SHARE, Texts
from localft.data.versions import SPLITS, Split, list_versions, open_split, put_together
from localft.data.working import Tell, quiet
from localft.errors import UserError
from localft.store.projects import Project

Splits = Mapping[Split, Sequence[Example]]
# Fewer examples than these have no form in common.
_FEWEST_OF_FORM = 50


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
            Advice(
                f"Write some with `localft data golden add {project.slug}`, or put them into {_a_line(project)}",
                f"Write some in Data, keep some in Chat, or put them into {_a_line(project)}",
            ),
        )
    examples: dict[str, Example] = {}
    for row in open_file(project.golden).rows:
        example = golden_of(row, project.golden)
        examples.setdefault(example.model_dump_json(include={"messages", "tools"}), example)
    return list(examples.values())


def _a_line(project: Project) -> str:
    return f'{project.golden}, one on each line: {{"prompt": "the question", "answer": "the answer you want"}}.'


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
            Advice(
                f"Or take the last change of the file back: localft data golden undo {project.slug}",
                "Or take the last change of the golden questions back, in Data.",
                f"{error.hint} ",
            ),
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
            Advice(
                f"`localft data restore {project.slug} {dataset}` makes a version without, which is trained on then.",
                "“Use again”, beside the versions in Data, makes a version without, which is trained on then.",
            ),
        )


def refuse_golden_system(project: Project, system_prompt: str | None) -> None:
    """Refuse a system text that would be given to examples and asks a golden question.

    Raises:
        UserError: it does, or the golden questions cannot be read.
    """
    if not system_prompt or not system_prompt.strip():
        return
    turns = (Message(role="system", content=system_prompt), Message(role="assistant", content=""))
    if golden_among([Example(messages=turns)], never_learned(project)):
        raise UserError(
            "This system prompt holds one of the golden questions, which are never learned.",
            "Write another one, or take that question out of the golden ones first.",
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

    A question also counts where it is a turn of a conversation, where words stand around it that ask nothing ("Please
    answer the question:"), and, if it is long enough, where a longer text holds it word for word. Where many examples
    differ in the system text only ("Summarise."), it belongs to what is asked.
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
    yield from _near(questions.texts, asked.texts, tell)
    said = {number: words_in(sole) for number, sole in _sole_questions(golden)}
    bare = {number: without_forewords(one) for number, one in said.items()}
    shorter = {number: one for number, one in bare.items() if one != said[number]}
    if shorter and not asked.with_system:
        yield from _asked_bare(asked, shorter)
    yield from _asked_within(asked, bare, tell)
    yield from _held(asked, golden, bare)
    yield from _in_system_texts(asked, bare)


def _sole_questions(golden: Sequence[Example]) -> Iterator[tuple[int, str]]:
    """(question, what it asks) of those that need nothing before them."""
    for number, question in enumerate(golden):
        sole = sole_question(question)
        if sole is not None:
            yield number, sole


def _near(questions: Texts, texts: Texts, tell: Tell) -> Iterator[tuple[int, int]]:
    """(question, position) of the texts that say nearly the same."""
    both = Texts()
    both.join(questions)
    both.join(texts)
    for group in near_groups(both, tell):
        numbers = [position for position in group if position < len(questions)]
        yield from itertools.product(numbers, (position - len(questions) for position in group[len(numbers) :]))


def _asked_bare(asked: Asked, bare: Mapping[int, str]) -> Iterator[tuple[int, int]]:
    """(question, example) where a question has forewords and the example asks it without any."""
    wanted = Texts(bare.values())
    numbers: dict[bytes, list[int]] = {}
    for number, digest in zip(bare, wanted.each_digest(), strict=True):
        numbers.setdefault(digest, []).append(number)
    for position, digest in enumerate(asked.texts.each_digest()):
        for number in numbers.get(digest, ()):
            yield number, position


def _asked_within(asked: Asked, bare: Mapping[int, str], tell: Tell) -> Iterator[tuple[int, int]]:
    """(question, example) where a question is one turn of a conversation, or stands there with forewords."""
    wanted = {number: said for number, said in bare.items() if means_something(said)}
    numbers = list(wanted)
    for place, turn in _near(Texts(wanted.values()), asked.turns, tell) if wanted else ():
        yield numbers[place], asked.turns_of[turn]


def _held(asked: Asked, golden: Sequence[Example], bare: Mapping[int, str]) -> Iterator[tuple[int, int]]:
    """(question, example) where what a user says, or plain text, holds a question of enough words among other words.

    What very many examples hold is a form that they are asked in.
    """
    wanted: dict[int, str] = {}
    for number, question in enumerate(golden):
        said = normalise(asked_text(question, asked.with_system))
        said = said if asked.with_system else bare.get(number, said)
        if says_enough(said):
            wanted[number] = said
    numbers = list(wanted)
    found: dict[int, set[int]] = {number: set() for number in numbers}
    for place, position in holding(asked.texts, list(wanted.values())):
        number = numbers[place]
        # In a conversation an answer could say it; what its user says is looked at turn by turn.
        if number not in bare or not asked.are_conversations[position]:
            found[number].add(position)
    for place, turn in holding(asked.turns, list(wanted.values())):
        found[numbers[place]].add(asked.turns_of[turn])
    most = max(_FEWEST_OF_FORM, SURE_FORM_SHARE * len(asked))
    for number, positions in found.items():
        if len(positions) <= most:
            yield from ((number, position) for position in positions)


def _in_system_texts(asked: Asked, bare: Mapping[int, str]) -> Iterator[tuple[int, int]]:
    """(question, example) where the system text of an example is a question, or holds one of enough words.

    Also where it is that of all examples: nothing that only stands around what is asked says a whole golden question.
    """
    wanted = {number: said for number, said in bare.items() if means_something(said)}
    if not wanted or not len(asked.systems):
        return
    long = [number for number, said in wanted.items() if says_enough(said)]
    found: dict[int, set[int]] = {}
    for place, system in holding(asked.systems, [wanted[number] for number in long]):
        found.setdefault(system, set()).add(long[place])
    by_digest = dict(zip(Texts(wanted.values()).each_digest(), wanted, strict=True))
    for system, digest in enumerate(asked.systems.each_digest()):
        if digest in by_digest:
            found.setdefault(system, set()).add(by_digest[digest])
    for position, number in enumerate(asked.system_of if found else ()):
        for question in found.get(number - 1, ()):
            yield question, position
