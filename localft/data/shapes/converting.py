"""Rows to examples, a part of a file at a time; what cannot be used is set aside with its place and the reason."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from localft.data.examples import Example
from localft.data.shapes.conversation import BadRow
from localft.data.shapes.detecting import Layout, Shape, convert, detect, spoken, unread_time
from localft.data.shapes.mapping import mapped
from localft.data.shapes.rows import READ_OF_EXCERPT, Row, excerpt
from localft.data.shapes.values import BadValue, is_missing, start_of
from localft.data.stored import line_of

# An answer of one character is more often a slip than an answer, unless many rows answer so: then they are labels.
SHORTEST_ANSWER = 2
_SAMPLES = 5
_DIGEST = 16


@dataclass(frozen=True)
class SetAside:
    """A row that is not used: its file and row (or line) from 1, the reason in words, its start, the kind of fault."""

    source: str
    row: int
    reason: str
    text: str
    kind: str = ""


@dataclass(frozen=True)
class Part:
    """Some rows of a file: what the file is called, and the layout of its rows where its format says it."""

    rows: Iterable[Row]
    name: str
    layout: Layout | None = None


@dataclass(frozen=True)
class UnreadTimes:
    """How many rows are examples without the time that their file names, as it cannot be read; the first such row."""

    count: int
    row: int
    text: str

    @staticmethod
    def together(first: "UnreadTimes | None", later: "UnreadTimes | None") -> "UnreadTimes | None":
        """Those of two parts of a file."""
        return replace(first, count=first.count + later.count) if first and later else first or later


@dataclass
class Converted:
    """What became of the rows of a part, those that are examples in their order.

    Of each example: its row, what of it counts when two are compared (as a digest), the split that its file names,
    whether its answer is very short, its layout (a position in `layouts`), how the row looks in a list, and the
    example, or where that is `packed` its line.
    """

    columns: dict[str, None] = field(default_factory=dict)
    samples: list[dict[str, str]] = field(default_factory=list)
    aside: list[SetAside] = field(default_factory=list)
    unread_times: UnreadTimes | None = None
    layouts: list[Layout] = field(default_factory=list)
    numbers: list[int] = field(default_factory=list)
    digests: list[bytes] = field(default_factory=list)
    named: list[str] = field(default_factory=list)
    short: list[bool] = field(default_factory=list)
    layout_of: list[int] = field(default_factory=list)
    shown: list[str] = field(default_factory=list)
    examples: list[Example] = field(default_factory=list)
    lines: list[bytes] = field(default_factory=list)

    def packed(self) -> "Converted":
        """The same with lines of JSON for examples, to be written to a file."""
        return replace(self, examples=[], lines=[line_of(example) for example in self.examples])


class Converter:
    """Makes examples of rows; `mapping` says which column holds which field where a person has said it."""

    def __init__(self, mapping: Mapping[str, str]) -> None:
        self.mapping = dict(mapping)
        self._known: dict[tuple[str, ...], Layout | None] = {}
        self._spoken: dict[tuple[int, str], Layout] = {}

    def convert(self, part: Part) -> Converted:
        """Convert the rows of a part."""
        made = Converted()
        places: dict[int, int] = {}
        for row in part.rows:
            if row.values is not None and part.layout is None:
                made.columns.update(dict.fromkeys(str(column) for column in row.values))
                if len(made.samples) < _SAMPLES:
                    made.samples.append({str(key): excerpt(value) for key, value in row.values.items()})
            try:
                layout, example = self._example(row, part)
            except BadRow as error:
                made.aside.append(_aside(part.name, row, error.kind, str(error)))
            except BadValue as error:
                made.aside.append(_aside(part.name, row, "not text", str(error)))
            except RecursionError:
                made.aside.append(_aside(part.name, row, "not text", "nested too deeply"))
            else:
                if id(layout) not in places:
                    places[id(layout)] = len(made.layouts)
                    made.layouts.append(layout)
                text = unread_time(row.values or {}, layout, example)
                if text:
                    found = UnreadTimes(1, row.number, excerpt(text))
                    made.unread_times = UnreadTimes.together(made.unread_times, found)
                made.examples.append(example)
                made.numbers.append(row.number)
                made.digests.append(content_digest(example))
                made.named.append(example.named_split)
                made.short.append(is_short(example))
                made.layout_of.append(places[id(layout)])
                made.shown.append(_shown(row.values or {}))
        return made

    def _example(self, row: Row, part: Part) -> tuple[Layout, Example]:
        if row.values is None:
            raise BadRow(row.kind, row.problem)
        if part.layout is not None:
            return part.layout, convert(row.values, part.layout, part.name, row.number)
        layout = self._layout(tuple(str(column) for column in row.values))
        layout = self._without_pair(layout, row.values)
        if layout is None:
            raise BadRow(
                "no known shape", f"no known shape: it has {', '.join(map(str, row.values))[:120] or 'no fields'}"
            )
        for needed in ("messages", "prompt", "answer", "text"):
            column = self.mapping.get(needed)
            if column is not None and column not in row.values:
                raise BadRow("missing column", f"it has no column {column!r}")
        found = spoken(layout, row.values)
        if found is not layout:
            # One for all such rows: what a row is like is told by its layout.
            layout = self._spoken.setdefault((id(layout), found.reason), found)
        return layout, convert(row.values, layout, part.name, row.number)

    def _without_pair(self, layout: Layout | None, values: Mapping[str, Any]) -> Layout | None:
        """The layout of the conversation in a row that has columns for a pair of answers, and no pair in them."""
        if layout is None or layout.shape is not Shape.PREFERENCE or self.mapping:
            return layout
        pair = {layout.columns["answer"], layout.columns["rejected"]}
        if not is_missing(values.get(layout.columns["rejected"])):
            return layout
        other = self._layout(tuple(column for column in map(str, values) if column not in pair))
        return other if other is not None and "messages" in other.columns else layout

    def _layout(self, columns: tuple[str, ...]) -> Layout | None:
        if columns not in self._known:
            self._known[columns] = mapped(self.mapping, columns) if self.mapping else detect(columns)
        return self._known[columns]


def content_digest(example: Example) -> bytes:
    """What two examples have in common that are exact duplicates of each other."""
    content = example.model_dump_json(include={"messages", "tools", "rejected"})
    return hashlib.blake2b(content.encode(), digest_size=_DIGEST).digest()


def is_short(one: Example) -> bool:
    """Whether an answer is so short that it may be a slip."""
    return len(one.answer.strip()) < SHORTEST_ANSWER and not one.messages[-1].tool_calls and not one.plain


def _aside(name: str, row: Row, kind: str, reason: str) -> SetAside:
    text = row.text if row.values is None else _shown(row.values)
    return SetAside(name, row.number, reason, text, kind)


def _shown(values: Mapping[str, Any]) -> str:
    try:
        return excerpt(start_of(values, READ_OF_EXCERPT))
    except BadValue:
        return excerpt(repr(values)[:1000])
