"""The rows of a version that is too large to be held in memory."""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import accumulate, groupby
from typing import overload

from localft.data.checks.finding import CheckContext, Row
from localft.data.checks.places import Places, places_of_rows
from localft.data.examples import Example
from localft.data.stored import StoredExamples
from localft.data.versions import Split


class StoredRows(Sequence[Row]):
    """The examples of splits as rows, which are read when they are asked for.

    A split may begin with an example that is not its first: then these are a part of the rows.
    """

    def __init__(self, splits: Mapping[Split, tuple[int, StoredExamples]]) -> None:
        self._splits = splits
        self._ends = list(accumulate(len(examples) for _, examples in splits.values()))

    def __len__(self) -> int:
        return self._ends[-1] if self._ends else 0

    @property
    def size(self) -> int:
        """How many bytes the examples take."""
        return sum(examples.size for _, examples in self._splits.values())

    @property
    def splits(self) -> Mapping[Split, StoredExamples]:
        """The examples by their splits."""
        return {split: examples for split, (_, examples) in self._splits.items()}

    @overload
    def __getitem__(self, index: int) -> Row: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Row]: ...
    def __getitem__(self, index: int | slice) -> "Row | Sequence[Row]":
        if isinstance(index, slice):
            return list(self.at(range(*index.indices(len(self)))))
        if not 0 <= index < len(self):
            raise IndexError(index)
        return next(self.at((index,)))

    def __iter__(self) -> Iterator[Row]:
        for split, (first, examples) in self._splits.items():
            for index, example in enumerate(examples, start=first):
                yield Row(split, index, example)

    def at(self, positions: Iterable[int]) -> Iterator[Row]:
        """Those at these positions, in this order; the file of a split is opened once for positions in a row."""
        splits = list(self._splits.items())
        for number, some in groupby(positions, lambda position: bisect_right(self._ends, position)):
            split, (first, examples) = splits[number]
            begin = self._ends[number - 1] if number else 0
            places = [position - begin for position in some]
            for place, example in zip(places, examples.select(places), strict=True):
                yield Row(split, first + place, example)

    def place(self, position: int) -> tuple[Split, int]:
        """The split of the row at a position, and its index there; the example is not read."""
        number = bisect_right(self._ends, position)
        split, (first, _) = list(self._splits.items())[number]
        return split, first + position - (self._ends[number - 1] if number else 0)

    def parts(self, most_bytes: int) -> Iterator["StoredRows"]:
        """All of them in parts of about so many bytes."""
        for split, (first, examples) in self._splits.items():
            for part in examples.parts(most_bytes):
                yield StoredRows({split: (first, part)})
                first += len(part)


def rows_of(splits: Mapping[Split, Sequence[Example]]) -> Sequence[Row]:
    """The examples of splits as rows; in memory where they are."""
    stored = {name: (0, examples) for name, examples in splits.items() if isinstance(examples, StoredExamples)}
    if len(stored) == len(splits):
        return StoredRows(stored)
    return [Row(name, index, example) for name, examples in splits.items() for index, example in enumerate(examples)]


def rows_at(rows: Sequence[Row], positions: Iterable[int]) -> Iterator[Row]:
    """The rows at these positions, in this order."""
    return rows.at(positions) if isinstance(rows, StoredRows) else (rows[position] for position in positions)


def places_at(context: CheckContext, positions: Iterable[int]) -> Places:
    """Where the rows at these positions are."""
    rows = context.rows
    if isinstance(rows, StoredRows):
        return places_of_rows(map(rows.place, positions))
    return places_of_rows((rows[position].split, rows[position].index) for position in positions)
