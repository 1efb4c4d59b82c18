"""What changed between two versions as a person reads it: the counts, and the first rows before and after."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from localft.data.checks.finding import Row
from localft.data.repairs.before_after import before_and_after, said
from localft.data.repairs.differing import Difference

MOST_ROWS = 50
_EXCERPT = 300


@dataclass(frozen=True)
class ChangedRow:
    """A row that differs: how, the file that it came from and where it stands there, and its texts or its parts."""

    what: str
    source: str
    where: str
    before: str
    after: str


@dataclass(frozen=True)
class Summary:
    """A difference in words ("3 deleted, 1 changed"), how many rows it has, and the first of them."""

    sentence: str
    count: int
    rows: tuple[ChangedRow, ...]


def summarise(found: Difference) -> Summary:
    """The summary of a difference; test examples stay sealed in it."""
    return Summary(found.sentence, found.count, tuple(islice(_rows(found), MOST_ROWS)))


def _rows(found: Difference) -> Iterator[ChangedRow]:
    for row in found.removed:
        yield ChangedRow("deleted", *_place(row), said(row)[:_EXCERPT], "")
    for row in found.added:
        yield ChangedRow("added", *_place(row), "", said(row)[:_EXCERPT])
    for earlier, later in found.changed:
        yield ChangedRow("changed", *_place(later), *before_and_after(earlier, later, _EXCERPT))
    for earlier, later in found.moved:
        yield ChangedRow("moved", *_place(later), earlier.split, later.split)


def _place(row: Row) -> tuple[str, str]:
    return row.example.source, row.example.place or f"{row.example.row:,}"
