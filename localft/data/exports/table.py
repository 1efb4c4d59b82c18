"""Examples as a table: question and answer in columns where all are that simple, else conversations in one."""

import csv
import io
import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal, NamedTuple

from localft.data.examples import Example, Message
from localft.data.readers.apostrophes import QUOTED, before_cell, within_cell
from localft.data.readers.csv_file import KEPT_COLUMNS
from localft.data.shapes.placing import PASSAGE
from localft.data.versions import Split
from localft.errors import UserError

# Programs read them in a cell as the end of a line or as another character, or take the file for no text.
# They all begin with one class, which is looked for far sooner than one of two alternatives.
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\ufffe\uffff_](?:(?<!_)|(?<=_)x[0-9A-Fa-f]{4}_)")
_Way = Literal["text", "columns", "pairs", "json"]
_COLUMNS: dict[_Way, tuple[str, ...]] = {
    "text": ("text",),
    "columns": ("system", "prompt", "answer"),
    "pairs": ("system", "prompt", "chosen", "rejected"),
    "json": ("messages", "tools"),
}


class Row(NamedTuple):
    """An example and its split, "" where that is left open; the text of its passage, where that is wanted."""

    split: Split | Literal[""]
    example: Example
    passage: str = ""

    @property
    def kept(self) -> dict[str, str]:
        """What an import reads beside the conversation, "" where there is nothing."""
        one = self.example
        plain = "part" if one.plain == "part" else ""
        texts = (self.split, one.group or "", one.time, one.label or "", one.place, plain)
        return dict(zip(("split", "group", "time", "label", "place", "plain"), texts, strict=True))


@dataclass(frozen=True)
class Table:
    """How examples are written: the columns of what they say, and of what else is kept of any of them.

    `is_text`: as text that a program divides into cells, and perhaps at other places than these.
    """

    way: _Way
    kept: tuple[str, ...]
    has_passages: bool
    is_text: bool

    @cached_property
    def names(self) -> list[str]:
        """What the columns are called."""
        passages = [PASSAGE] if self.has_passages else []
        return [*self.kept, *_COLUMNS[self.way], *passages, QUOTED]

    def cells(self, row: Row) -> list[str]:
        """The cells of an example; none of them is a formula."""
        kept = row.kept
        said = [kept[KEPT_COLUMNS[name]] for name in self.kept] + self._said(row.example)
        # To be read beside the example: it is no part of it.
        said += [_CONTROLS.sub(" ", row.passage)] if self.has_passages else []
        inside = [within_cell(cell) for cell in said] if self.is_text else said
        safe = [before_cell(cell) for cell in inside]
        quoted = "" if safe == said else " ".join(_quoted(self.names, said, inside, safe))
        return [*safe, quoted]

    def _said(self, example: Example) -> list[str]:
        if self.way == "text":
            return [example.text]
        if self.way == "json":
            return [_as_json([turn(message) for message in example.messages]), _as_json(list(example.tools))]
        *before, asked, answered = example.messages
        worse = [example.rejected] if self.way == "pairs" else []
        return [before[0].content if before else "", asked.content, answered.content, *worse]

    @staticmethod
    def line(cells: Sequence[str]) -> bytes:
        """A line of a CSV file."""
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerow(cells)
        return text.getvalue().encode()


def table_of(rows: Iterable[Row], has_passages: bool = False, is_text: bool = True) -> Table:
    """The table that all these examples fit into; `has_passages`: with a column of them; `is_text`: as in `Table`.

    Raises:
        UserError: there is none.
    """
    total = texts = pairs = 0
    simple, controls = True, False
    kept: set[str] = set()
    for row in rows:
        total += 1
        texts += bool(row.example.plain)
        pairs += bool(row.example.rejected)
        simple = simple and _is_simple(row.example)
        found = row.kept
        controls = controls or any(map(_CONTROLS.search, (row.example.text, *found.values())))
        kept |= {name for name, value in found.items() if value}
    if texts and (texts < total or controls):
        raise UserError("Such plain text does not fit into a table.", "Choose jsonl.")
    if controls:
        raise UserError("A group, label or place with control characters does not fit into a table.", "Choose jsonl.")
    if pairs and not (simple and pairs == total):
        raise UserError("Such examples with a worse answer too do not fit into a table.", "Choose jsonl.")
    way: _Way = "text" if texts else "pairs" if pairs else "columns" if simple else "json"
    return Table(way, tuple(name for name, field in KEPT_COLUMNS.items() if field in kept), has_passages, is_text)


def turn(message: Message) -> dict[str, Any]:
    """A turn as OpenAI has it."""
    return {**message.as_chat(), **({} if message.learn else {"weight": 0})}


def _quoted(names: Iterable[str], said: list[str], inside: list[str], safe: list[str]) -> Iterator[str]:
    """The names of the cells with an apostrophe before them, and, with a star, of those with others in them."""
    for name, cell, within, before in zip(names, said, inside, safe, strict=False):
        if before != within:
            yield name
        if within != cell:
            yield f"{name}*"


def _is_simple(example: Example) -> bool:
    roles = [message.role for message in example.messages]
    plain = all(message.learn and not message.tool_calls and not message.name for message in example.messages)
    # In JSON they are escapes.
    texts = [*(message.content for message in example.messages), example.rejected]
    return (
        roles in (["user", "assistant"], ["system", "user", "assistant"])
        and plain
        and not example.tools
        and not any(map(_CONTROLS.search, texts))
    )


def _as_json(value: list[Any]) -> str:
    return _escaped(json.dumps(value, ensure_ascii=False)) if value else ""


def _escaped(text: str) -> str:
    """JSON without the characters and marks that a workbook cannot hold as they are."""
    return _CONTROLS.sub(lambda found: f"\\u{ord(found[0][0]):04x}{found[0][1:]}", text)
