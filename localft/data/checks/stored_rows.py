"""The rows of a version that is too large to be held in memory."""

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from itertools import accumulate
from typing import overload

from localft.data.checks.finding import Row
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

    @overload
    def __getitem__(self, index: int) -> Row: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Row]: ...
    def __getitem__(self, index: int | slice) -> "Row | Sequence[Row]":
        if isinstance(index, slice):
            return [self[position] for position in range(*index.indices(len(self)))]
        if not 0 <= index < len(self):
            raise IndexError(index)
        number = bisect_right(self._ends, index)
        split, (first, examples) = list(self._splits.items())[number]
        place = index - (self._ends[number - 1] if number else 0)
        return Row(split, first + place, examples[place])

    def __iter__(self) -> Iterator[Row]:
        for split, (first, examples) in self._splits.items():
            for index, example in enumerate(examples, start=first):
                yield Row(split, index, example)

    def parts(self, most_bytes: int) -> Iterator["StoredRows"]:
        """All of them in parts of about so many bytes."""
        for split, (first, examples) in self._splits.items():
            for part in examples.parts(most_bytes):
                yield StoredRows({split: (first, part)})
                first += len(part)
