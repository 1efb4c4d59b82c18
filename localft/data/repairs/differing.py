"""What differs between two versions of the data, row by row.

Of each row only its place in the files and a digest are kept, 24 bytes; the rows that differ are read again when they
are asked for.
"""

from abc import ABC, abstractmethod
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any, Generic, Self, TypeVar, overload

import numpy
import numpy.typing as npt

from localft.data.checks.checking import read_rows
from localft.data.checks.finding import Row
from localft.data.checks.stored_rows import rows_at
from localft.data.splits.asking import Column
from localft.data.stored import line_of
from localft.data.versions import SPLITS, DatasetVersion
from localft.data.working import Tell, look_at_all, quiet
from localft.store.projects import Project

Positions = npt.NDArray[numpy.int64]
Pair = tuple[Row, Row]
T = TypeVar("T")
# The number of a row takes so many bits, and the number of its file those above them.
_BITS_OF_ROW = 40


@dataclass(frozen=True)
class Difference:
    """Rows that are only in the later version, only in the earlier one, in both but changed, or moved between splits.

    Of changed and moved rows both are given, the earlier one first.
    """

    added: Sequence[Row]
    removed: Sequence[Row]
    changed: Sequence[Pair]
    moved: Sequence[Pair]

    def __bool__(self) -> bool:
        return bool(self.count)

    @property
    def count(self) -> int:
        """How many rows differ; one that is changed and moved counts twice."""
        return len(self.added) + len(self.removed) + len(self.changed) + len(self.moved)

    @property
    def sentence(self) -> str:
        """The counts in words: "3 deleted, 1 changed"."""
        return told(len(self.added), len(self.removed), len(self.changed), len(self.moved))


def told(added: int, removed: int, changed: int, moved: int) -> str:
    """Counts of rows that differ in words."""
    counts = ((added, "added"), (removed, "deleted"), (changed, "changed"), (moved, "moved to another part"))
    return ", ".join(f"{count:,} {what}" for count, what in counts if count) or "nothing"


def compare_versions(
    project: Project, earlier: DatasetVersion, later: DatasetVersion, tell: Tell = quiet
) -> Difference:
    """What differs between two versions of a project.

    Raises:
        UserError: one of them is damaged.
    """
    return differ(read_rows(project, earlier), read_rows(project, later), tell)


def differ(earlier: Sequence[Row], later: Sequence[Row], tell: Tell = quiet) -> Difference:
    """What differs between two sets of rows. A row is the same one by the file and the row that it came from."""
    before, after = (look_at_all(_Places, rows, tell, "Comparing the versions") for rows in (earlier, later))
    before_keys, after_keys = _keys(before, after)
    before_only = numpy.flatnonzero(~numpy.isin(before_keys, after_keys))
    after_only = numpy.flatnonzero(~numpy.isin(after_keys, before_keys))
    _, old, new = numpy.intersect1d(before_keys, after_keys, return_indices=True)
    in_order = numpy.argsort(new, kind="stable")
    old, new = old[in_order], new[in_order]
    is_changed = _array(before.digests, numpy.uint64)[old] != _array(after.digests, numpy.uint64)[new]
    is_moved = _array(before.splits, numpy.uint8)[old] != _array(after.splits, numpy.uint8)[new]
    return Difference(
        added=_Chosen(later, after_only),
        removed=_Chosen(earlier, before_only),
        changed=_Pairs(_Chosen(earlier, old[is_changed]), _Chosen(later, new[is_changed])),
        moved=_Pairs(_Chosen(earlier, old[is_moved]), _Chosen(later, new[is_moved])),
    )


class _Places:
    """Where rows come from, what they say as a digest, and their splits."""

    def __init__(self) -> None:
        self.sources, self.numbers = Column(), array("q")
        self.digests, self.splits = array("Q"), array("B")

    def look(self, row: Row) -> None:
        """Keep it of a row."""
        self.sources.add(row.example.source)
        self.numbers.append(row.example.row)
        self.digests.append(int.from_bytes(blake2b(line_of(row.example), digest_size=8).digest()))
        self.splits.append(SPLITS.index(row.split))

    def join(self, later: Self) -> None:
        """Keep it of later rows too."""
        self.sources.join(later.sources)
        self.numbers.extend(later.numbers)
        self.digests.extend(later.digests)
        self.splits.extend(later.splits)


def _keys(before: _Places, after: _Places) -> tuple[Positions, Positions]:
    """A number for each row of both: the same for the same row of the same file."""
    both = Column()
    both.join(before.sources)
    both.join(after.sources)
    files = _array(both.codes, numpy.int64) << _BITS_OF_ROW
    count = len(before.numbers)
    return files[:count] + _array(before.numbers, numpy.int64), files[count:] + _array(after.numbers, numpy.int64)


def _array(values: "array[int]", kind: Any) -> npt.NDArray[Any]:
    return numpy.array(values, dtype=kind)


class _Read(Sequence[T], ABC, Generic[T]):
    """What is read each time it is asked for."""

    @abstractmethod
    def at(self, places: Sequence[int]) -> Iterator[T]:
        """What stands at these places, in this order."""

    @overload
    def __getitem__(self, index: int) -> T: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[T]: ...
    def __getitem__(self, index: int | slice) -> "T | Sequence[T]":
        places = range(len(self))[index]
        return list(self.at(places)) if isinstance(places, range) else next(self.at([places]))

    def __iter__(self) -> Iterator[T]:
        return self.at(range(len(self)))


class _Chosen(_Read[Row]):
    """Some of the rows."""

    def __init__(self, rows: Sequence[Row], positions: Positions) -> None:
        self._rows, self._positions = rows, positions

    def __len__(self) -> int:
        return len(self._positions)

    def at(self, places: Sequence[int]) -> Iterator[Row]:
        return rows_at(self._rows, (int(self._positions[place]) for place in places))


class _Pairs(_Read[Pair]):
    """Rows before and after."""

    def __init__(self, before: _Chosen, after: _Chosen) -> None:
        self._before, self._after = before, after

    def __len__(self) -> int:
        return len(self._before)

    def at(self, places: Sequence[int]) -> Iterator[Pair]:
        return zip(self._before.at(places), self._after.at(places), strict=True)
