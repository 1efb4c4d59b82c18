"""What readers hand on: rows, good or bad, each with its place in the file."""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, runtime_checkable

from localft.advice import Advice
from localft.data.shapes.detecting import Layout
from localft.errors import UserError

EXCERPT = 200
READ_OF_EXCERPT = 2 * EXCERPT
"""Of so many characters of a text an excerpt is made: some of them are white space."""


@dataclass(frozen=True)
class Row:
    """One row of a file. `number` counts lines (JSONL, CSV) or rows (JSON, Parquet) from 1.

    `values` maps columns to values; None where the row cannot be read: then `problem` says why, and `text` shows its
    start.
    """

    number: int
    values: dict[str, Any] | None
    problem: str = ""
    kind: str = ""
    text: str = ""


@runtime_checkable
class PartedRows(Protocol):
    """Rows of a large file, read when they are asked for."""

    def __iter__(self) -> Iterator[Row]:
        """The rows, from the first on."""
        ...

    def parts(self) -> Iterator[tuple[Iterable[Row], float]]:
        """(some rows, the share of the file that is read with them); the rows can be given to another process."""
        ...


@dataclass(frozen=True)
class Found:
    """The rows of a file, and what people should know about how it was read.

    `layout` is set where the format says it, whatever the columns are called. `speakers` of a chat are counted by their
    messages; there are rows only once a `voice` among them is the assistant's. The rows may be read from a file that is
    there as long as its `owner` is.
    """

    rows: Collection[Row] | PartedRows
    notes: list[str]
    layout: Layout | None = None
    speakers: dict[str, int] = field(default_factory=dict)
    voice: str = ""
    owner: object = field(default=None, compare=False, repr=False)


@dataclass(frozen=True)
class Contents(Found):
    """What was found in a file, with the name people know it by."""

    name: str = ""
    bytes: int = 0
    sha256: str = ""


def excerpt(value: object) -> str:
    """The start of a value, on one line, fit for every terminal and file."""
    text = value.decode("utf-8", errors="replace") if isinstance(value, bytes) else str(value)
    shown = " ".join(text[:READ_OF_EXCERPT].split())
    if not shown.isprintable():
        shown = "".join(character if character.isprintable() else "\ufffd" for character in shown)
    return shown[: EXCERPT - 1] + "…" if len(shown) > EXCERPT else shown


def listed(names: Sequence[str], most: int) -> str:
    """The first names, each in reasonable length."""
    shown = ", ".join(excerpt(name[:60]) for name in names[:most])
    return f"{shown} and {len(names) - most:,} more" if len(names) > most else shown


def refuse_twin_columns(columns: Iterable[str], name: str, otherwise: Advice | None = None) -> None:
    """Refuse a table with two columns of the same name: one of them would be lost silently.

    Raises:
        UserError: it is such a table; `name` is what its file is called, `otherwise` is added to the advice.
    """
    twins = sorted(column for column, count in Counter(columns).items() if count > 1)
    if twins:
        rename = "Give every column a name of its own."
        advice = otherwise.after(f"{rename} ") if otherwise else rename
        raise UserError(f"{name} has two columns named {twins[0]!r}.", advice)
