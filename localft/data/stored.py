"""Examples that lie in a file and are read when they are asked for: more of them than memory holds."""

from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import accumulate
from pathlib import Path
from typing import Any, TypeVar, overload

import numpy
import numpy.typing as npt
import pydantic

from localft.data.examples import Example
from localft.errors import UserError

Positions = npt.NDArray[numpy.int64]
Change = Callable[[Example], Example]
T = TypeVar("T")

_BLOCK = 4 << 20


def read_example(line: bytes, path: Path, number: int | Callable[[], int]) -> Example:
    """The example in a line, from 1, of a file that localft wrote; which line it is can be worked out if it is damaged.

    Raises:
        UserError: it is none any more.
    """
    try:
        return Example.model_validate_json(line)
    except pydantic.ValidationError as error:
        raise UserError(
            f"The file {path} is damaged: line {number() if callable(number) else number} is no example.",
            "Versions never change; import the data again.",
        ) from error


class StoredExamples(Sequence[Example]):
    """Lines of a file of JSON lines: those that begin at `starts` and are `lengths` bytes long.

    `owner` is kept as long as the examples are: something that removes the file when nobody needs it any more.
    `change` is done to each of them when it is read. What was worked out about all of them can be `remembered`.
    """

    def __init__(
        self, path: Path, starts: Positions, lengths: Positions, owner: object = None, change: Change | None = None
    ) -> None:
        self.path = path
        self._starts, self._lengths = starts, lengths
        self._owner, self._change = owner, change
        self.remembered: object = None

    @classmethod
    def of_file(cls, path: Path, owner: object = None) -> "StoredExamples":
        """All lines of a file, which is there as long as its `owner`.

        Raises:
            OSError: it cannot be read.
        """
        ends, offset = [], 0
        with path.open("rb") as file:
            while block := file.read(_BLOCK):
                ends.append(numpy.flatnonzero(numpy.frombuffer(block, dtype=numpy.uint8) == ord("\n")) + offset + 1)
                offset += len(block)
        every = numpy.concatenate(ends) if ends else numpy.empty(0, dtype=numpy.int64)
        if offset and (not len(every) or every[-1] != offset):
            every = numpy.append(every, offset)
        starts = numpy.concatenate([[0], every[:-1]]).astype(numpy.int64) if len(every) else every
        return cls(path, starts, every - starts, owner)

    def __getstate__(self) -> dict[str, Any]:
        # Another process borrows the file.
        return {**self.__dict__, "_owner": None, "remembered": None}

    def __len__(self) -> int:
        return len(self._starts)

    @property
    def size(self) -> int:
        """How many bytes the lines take."""
        return int(self._lengths.sum())

    @overload
    def __getitem__(self, index: int) -> Example: ...
    @overload
    def __getitem__(self, index: slice) -> "StoredExamples": ...
    def __getitem__(self, index: int | slice) -> "Example | StoredExamples":
        if isinstance(index, slice):
            return self._with(self._starts[index], self._lengths[index])
        if not -len(self) <= index < len(self):
            raise IndexError(index)
        return next(iter(self[index : index + 1 or None]))

    def __iter__(self) -> Iterator[Example]:
        for number, line in enumerate(self._lines()):
            example = self._example(number, line)
            yield self._change(example) if self._change else example

    def _example(self, index: int, line: bytes) -> Example:
        return read_example(line, self.path, partial(self._number, index))

    def _number(self, index: int) -> int:
        """The number of a line in its file, from 1."""
        with self.path.open("rb") as file:
            return file.read(int(self._starts[index])).count(b"\n") + 1

    def lines(self) -> Iterator[bytes]:
        """A line for each, with its line feed, as `line_of` makes it."""
        return map(line_of, self) if self._change else self._lines()

    def _lines(self) -> Iterator[bytes]:
        with self.path.open("rb") as file:
            at = 0
            for start, length in zip(self._starts.tolist(), self._lengths.tolist(), strict=True):
                if start != at:
                    file.seek(start)
                yield file.read(length)
                at = start + length

    def select(self, positions: "Sequence[int] | Positions") -> "StoredExamples":
        """Those at these positions, in this order."""
        chosen = numpy.asarray(positions, dtype=numpy.int64)
        return self._with(self._starts[chosen], self._lengths[chosen])

    def changed(self, change: Change) -> "StoredExamples":
        """The same with a change to each, after those made before; it has to be picklable.

        It leaves alone what was remembered of all.
        """
        both = partial(_both, self._change, change) if self._change else change
        changed = StoredExamples(self.path, self._starts, self._lengths, self._owner, both)
        changed.remembered = self.remembered
        return changed

    def _with(self, starts: Positions, lengths: Positions) -> "StoredExamples":
        return StoredExamples(self.path, starts, lengths, self._owner, self._change)

    def parts(self, most_bytes: int) -> Iterator["StoredExamples"]:
        """All of them in parts of about so many bytes, each of which can be given to another process."""
        borders = numpy.cumsum(self._lengths) // most_bytes
        cuts = numpy.flatnonzero(numpy.diff(borders)) + 1
        for first, last in zip([0, *cuts.tolist()], [*cuts.tolist(), len(self)], strict=True):
            if last > first:
                yield self[first:last]


class Chain(Sequence[Example]):
    """Examples of several parts, one part after the other; those that lie in files are read when they are asked for."""

    def __init__(self, parts: Sequence[Sequence[Example]]) -> None:
        self.parts = [part for part in parts if len(part)]
        self._ends = list(accumulate(map(len, self.parts)))

    def __len__(self) -> int:
        return self._ends[-1] if self._ends else 0

    @overload
    def __getitem__(self, index: int) -> Example: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Example]: ...
    def __getitem__(self, index: int | slice) -> "Example | Sequence[Example]":
        if isinstance(index, slice):
            return [self[position] for position in range(*index.indices(len(self)))]
        place = index + len(self) if index < 0 else index
        if not 0 <= place < len(self):
            raise IndexError(index)
        number = bisect_right(self._ends, place)
        return self.parts[number][place - (self._ends[number - 1] if number else 0)]

    def __iter__(self) -> Iterator[Example]:
        for part in self.parts:
            yield from part

    def lines(self) -> Iterator[bytes]:
        """A line for each, with its line feed."""
        for part in self.parts:
            yield from lines_of(part)


def chain(*parts: Sequence[Example]) -> Sequence[Example]:
    """The examples of all parts, one part after the other; in memory where all of them are."""
    if any(isinstance(part, StoredExamples | Chain) for part in parts):
        return Chain(parts)
    return [example for part in parts for example in part]


def lines_of(examples: Sequence[Example]) -> Iterator[bytes]:
    """The line by which each example is kept in a file."""
    return examples.lines() if isinstance(examples, StoredExamples | Chain) else map(line_of, examples)


def _both(first: Change, second: Change, example: Example) -> Example:
    return second(first(example))


def line_of(example: Example) -> bytes:
    """The line of JSON by which an example is kept in a file."""
    return example.model_dump_json(exclude_defaults=True).encode() + b"\n"


@overload
def select(items: Sequence[Example], positions: "Sequence[int] | Positions") -> Sequence[Example]: ...
@overload
def select(items: Sequence[T], positions: "Sequence[int] | Positions") -> Sequence[T]: ...
def select(items: Sequence[Any], positions: "Sequence[int] | Positions") -> Sequence[Any]:
    """The items at these positions, in this order."""
    if isinstance(items, StoredExamples):
        return items.select(positions)
    return [items[position] for position in positions]


def changed(examples: Sequence[Example], change: Change) -> Sequence[Example]:
    """The examples with a change to each; it has to be picklable, and to leave alone what was remembered of all."""
    return examples.changed(change) if isinstance(examples, StoredExamples) else [change(one) for one in examples]
