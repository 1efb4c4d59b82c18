"""Files to examples: every row becomes an example, or is set aside with its place and the reason."""

import itertools
import os
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from localft.data.chats import ChatChoice, find_voice, missing_voice
from localft.data.column_template import nearest
from localft.data.conversation import BadRow
from localft.data.examples import Example
from localft.data.mapping import check_mapping, mapped, named_columns
from localft.data.readers.opening import open_files
from localft.data.rows import Contents, Row, excerpt
from localft.data.shapes import TALKS, Layout, Shape, convert, detect
from localft.data.values import BadValue, to_text
from localft.data.versions import SourceFile
from localft.errors import UserError

# An answer of one character is more often a slip than an answer, unless many rows answer so: then they are labels.
SHORTEST_ANSWER = 2
DUPLICATE = "exact duplicate"
_LABELS_FROM = 0.1


@dataclass(frozen=True)
class SetAside:
    """A row that is not used: its file and row (or line) from 1, the reason in words, its start, the kind of fault."""

    source: str
    row: int
    reason: str
    text: str
    kind: str = ""


@dataclass(frozen=True)
class ReadResult:
    """What was found in the files.

    `shape` is the shape of all rows (or "several shapes"), with the `reason` why it was recognised; `columns` are the
    names that occur, `samples` the first rows as they are in the file; `notes` say how a file was read where that is
    not obvious. `speakers` of chats are counted by their messages; one of them has to be the assistant's `voice`.
    """

    shape: Shape
    reason: str
    columns: list[str]
    examples: list[Example]
    set_aside: list[SetAside]
    sources: list[SourceFile] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    samples: list[dict[str, str]] = field(default_factory=list)
    speakers: dict[str, int] = field(default_factory=dict)
    voice: str = ""

    @property
    def lacks_voice(self) -> bool:
        """Whether a chat waits for somebody to say who of its speakers is the assistant."""
        return bool(self.speakers) and not self.voice

    @property
    def kinds(self) -> dict[str, int]:
        """How many rows were set aside for each kind of fault, the commonest first."""
        return dict(Counter(row.kind for row in self.set_aside).most_common())


def read_files(
    paths: Sequence[Path | str],
    mapping: Mapping[str, str] | None = None,
    strict: bool = True,
    known: Sequence[Example] = (),
    chat: ChatChoice | None = None,
) -> ReadResult:
    """Read JSONL, JSON, CSV, XLSX and Parquet files, archives of them, and exports of chats, mixed as one likes.

    `mapping` says which column holds which field of an example (prompt, answer, system, context, messages), for all
    files, where the names are not recognised, or by what template (`prompt_template` and the like) one is made of
    several; examples of one `group` are never divided. `known` are examples that are
    there already: the files' duplicates of them are set aside. `chat` says whose voice is the assistant's in chats
    between people, for all files.

    Raises:
        UserError: a file cannot be read, the mapping is wrong, nobody in the chats has that voice, or (with `strict`)
            no row is usable or a chat has no voice for the assistant.
    """
    if not paths:
        raise UserError("No file was named.", "Name at least one file with examples.")
    check_mapping(mapping or {})
    gathering = _Gathering(dict(mapping or {}), known, chat or ChatChoice())
    files = [Path(path).expanduser() for path in paths]
    taken = {example.source for example in known}
    for path, name in zip(files, _names(files, taken), strict=True):
        for contents in open_files(path, name, gathering.chat):
            gathering.add(contents)
    result = gathering.result()
    if strict and (result.lacks_voice or not result.examples):
        raise no_rows(result)
    return result


def _names(files: Sequence[Path], taken: Collection[str]) -> list[str]:
    """What to call each file: its name, or its path where names are equal; broken characters made good.

    A name that known examples come from already gets a number.
    """
    names = Counter(file.name for file in files)
    shown = (file.name if names[file.name] == 1 else str(file) for file in files)
    readable = [os.fsencode(name).decode("utf-8", errors="replace") for name in shown]
    return [_free(name, taken) for name in readable]


def _free(name: str, taken: Collection[str]) -> str:
    numbered = (f"{name} ({number})" for number in itertools.count(2))
    return next(candidate for candidate in itertools.chain([name], numbered) if candidate not in taken)


def no_rows(result: ReadResult) -> UserError:
    """The sentence for files without a usable row: the commonest reasons, and what would help."""
    names = _listed([source.name for source in result.sources], 5)
    if result.lacks_voice:
        return missing_voice(None, result.speakers, names)
    if result.shape is Shape.UNKNOWN and result.columns and "no known shape" in result.kinds:
        return UserError(
            f"{names} has no columns that localft recognises; it has: {_listed(result.columns, 12)}.",
            "Say which column is which: --map prompt=COLUMN --map answer=COLUMN, or make the prompt of several with "
            "--template; in the app it stands below the file.",
        )
    if not result.set_aside:
        return UserError(f"{names} has no rows.", "Choose a file with examples in it.")
    advice = "Correct the file and try again."
    if list(result.kinds) == ["not JSON"]:
        advice = 'Each line has to be a JSON object of its own, such as {"prompt": "…", "completion": "…"}.'
    return UserError(f"No row of {names} can be used: {set_aside_reasons(result)}.", advice)


def set_aside_reasons(result: ReadResult) -> str:
    """The commonest reasons why rows were set aside, each with its count and its first row."""
    first = {row.kind: row for row in reversed(result.set_aside)}
    return "; ".join(
        f"{count:,} x {kind} (first in {_place(first[kind], result)}: {first[kind].reason.removeprefix(f'{kind}: ')})"
        for kind, count in list(result.kinds.items())[:3]
    )


def _place(row: SetAside, result: ReadResult) -> str:
    return f"row {row.row} of {row.source}" if len(result.sources) > 1 else f"row {row.row}"


def _listed(names: Sequence[str], most: int) -> str:
    """The first names, each in reasonable length."""
    shown = ", ".join(excerpt(name[:60]) for name in names[:most])
    return f"{shown} and {len(names) - most:,} more" if len(names) > most else shown


class _Gathering:
    """Collects the examples of several files, so that duplicates are found across them."""

    def __init__(self, mapping: dict[str, str], known: Sequence[Example], chat: ChatChoice) -> None:
        self.mapping = mapping
        self.chat = chat
        self.known = known
        self.examples: list[tuple[Example, Layout]] = []
        self.set_aside: list[SetAside] = []
        self.sources: list[SourceFile] = []
        self.notes: list[str] = []
        self.samples: list[dict[str, str]] = []
        self.columns: dict[str, None] = {}
        self.speakers: Counter[str] = Counter()
        self.layouts: list[Layout] = []
        self._seen = {_content(example): example for example in known}
        self._known: dict[tuple[str, ...], Layout | None] = {}

    def add(self, contents: Contents) -> None:
        """Convert the rows of one file."""
        name = contents.name
        shapes: Counter[Shape] = Counter()
        for row in contents.rows:
            if row.values is not None and contents.layout is None:
                self.columns.update(dict.fromkeys(str(column) for column in row.values))
                if len(self.samples) < 5:
                    self.samples.append({str(key): excerpt(value) for key, value in row.values.items()})
            try:
                layout, example = self._convert(row, name, contents.layout)
            except BadRow as error:
                self._put_aside(name, row, error.kind, str(error))
            except BadValue as error:
                self._put_aside(name, row, "not text", str(error))
            except RecursionError:
                self._put_aside(name, row, "not text", "nested too deeply")
            else:
                self._keep(example, row, layout)
                shapes[layout.shape] += 1
        shape = shapes.most_common(1)[0][0] if shapes else Shape.UNKNOWN
        self.notes += [note for note in contents.notes if note not in self.notes]
        self.speakers.update(contents.speakers)
        self.layouts += [contents.layout] if contents.layout else []
        self.sources.append(
            SourceFile(
                name=name,
                bytes=contents.bytes,
                sha256=contents.sha256,
                shape=str(contents.layout.shape if contents.layout else shape),
                mapping=dict(self.mapping) if contents.layout is None else {},
                voice=contents.voice,
                gap_hours=self.chat.gap_hours if contents.voice else None,
                branches=self.chat.branches if contents.layout and contents.layout.shape is Shape.OPENASSISTANT else "",
            )
        )

    def _check_columns(self) -> None:
        """Every column that was named has to occur, or the name is a slip."""
        missing = [column for column in named_columns(self.mapping) if column not in self.columns]
        if missing and self.columns:
            names = _listed([source.name for source in self.sources], 5)
            hint = f"{nearest(missing[0], self.columns)} The columns are: {_listed(list(self.columns), 12)}."
            raise UserError(f"{names} has no column {missing[0]!r}.", hint.strip())

    def _convert(self, row: Row, name: str, known: Layout | None) -> tuple[Layout, Example]:
        if row.values is None:
            raise BadRow(row.kind, row.problem)
        if known is not None:
            return known, convert(row.values, known, name, row.number)
        layout = self._layout(tuple(str(column) for column in row.values))
        if layout is None:
            raise BadRow(
                "no known shape", f"no known shape: it has {', '.join(map(str, row.values))[:120] or 'no fields'}"
            )
        for needed in ("messages", "prompt", "answer"):
            column = self.mapping.get(needed)
            if column is not None and column not in row.values:
                raise BadRow("missing column", f"it has no column {column!r}")
        return layout, convert(row.values, layout, name, row.number)

    def _layout(self, columns: tuple[str, ...]) -> Layout | None:
        if columns not in self._known:
            self._known[columns] = mapped(self.mapping, columns) if self.mapping else detect(columns)
        return self._known[columns]

    def _keep(self, example: Example, row: Row, layout: Layout) -> None:
        twin = self._seen.setdefault(_content(example), example)
        if twin is not example:
            where = f"row {twin.row}" if twin.source == example.source else f"row {twin.row} of {twin.source}"
            self._put_aside(example.source, row, DUPLICATE, f"an {DUPLICATE} of {where}")
            return
        self.examples.append((example, layout))

    def _put_aside(self, name: str, row: Row, kind: str, reason: str) -> None:
        text = row.text if row.values is None else _shown(row.values)
        self.set_aside.append(SetAside(name, row.number, reason, text, kind))

    def result(self) -> ReadResult:
        """The examples without very short answers, and everything known about the files.

        Raises:
            UserError: a column or a voice was named that does not occur.
        """
        self._check_columns()
        voice = self._voice()
        are_labels = _short_answers_are_labels([*self.known, *(example for example, _ in self.examples)])
        short = [not are_labels and layout.shape not in TALKS and _is_short(one) for one, layout in self.examples]
        kept = [pair for pair, is_short in zip(self.examples, short, strict=True) if not is_short]
        aside = [_short_answer(one) for (one, _), is_short in zip(self.examples, short, strict=True) if is_short]
        order = {source.name: number for number, source in enumerate(self.sources)}
        everything = sorted([*self.set_aside, *aside], key=lambda one: (order[one.source], one.row))
        shape, reason = _shape_of_all([layout for _, layout in kept] or self.layouts)
        examples = [example for example, _ in kept]
        return ReadResult(
            shape, reason, list(self.columns), examples, everything, self.sources, self.notes, self.samples,
            dict(self.speakers.most_common()), voice,
        )  # fmt: skip

    def _voice(self) -> str:
        """The assistant's voice as the chats spell it, "" where none was chosen."""
        wanted = self.chat.voice
        if wanted is None:
            return ""
        names = _listed([source.name for source in self.sources], 5)
        if not self.speakers:
            raise UserError(
                f"{names} holds no chat between people, so there is no voice to choose.", "Leave --voice out."
            )
        voice = find_voice(wanted, list(self.speakers))
        if voice is None:
            raise missing_voice(wanted, dict(self.speakers.most_common()), names)
        return voice


def _content(example: Example) -> str:
    return example.model_dump_json(include={"messages", "tools", "rejected"})


def _shape_of_all(layouts: list[Layout]) -> tuple[Shape, str]:
    counts = Counter((layout.shape, layout.reason) for layout in layouts).most_common()
    shapes = {shape for (shape, _), _ in counts}
    if not shapes:
        return Shape.UNKNOWN, "no usable row has columns that localft knows"
    if len(shapes) == 1:
        return counts[0][0]
    return Shape.MIXED, "; ".join(f"{count:,} {'row' if count == 1 else 'rows'}: {why}" for (_, why), count in counts)


def _short_answer(one: Example) -> SetAside:
    question = excerpt(one.prompt[-1].content)
    return SetAside(one.source, one.row, f"a very short answer: {one.answer.strip()!r}", question, "very short answer")


def _shown(values: Mapping[str, Any]) -> str:
    try:
        return excerpt(to_text({str(key): value for key, value in values.items()}))
    except BadValue:
        return excerpt(repr(values)[:1000])


def _is_short(one: Example) -> bool:
    return len(one.answer.strip()) < SHORTEST_ANSWER and not one.messages[-1].tool_calls


def _short_answers_are_labels(examples: list[Example]) -> bool:
    """Where a tenth of all answers are so short, they are meant."""
    short = sum(map(_is_short, examples))
    return short > 1 and short >= _LABELS_FROM * len(examples)
