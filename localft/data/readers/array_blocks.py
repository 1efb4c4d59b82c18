"""The array of a large JSON file as rows, read value by value."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from localft.data.readers.json_file import (
    EXAMPLE,
    arrays_of_splits,
    is_for_all,
    of_split,
    splits_note,
    told_beside,
    value_row,
    with_beside,
)
from localft.data.readers.json_text import LongArray
from localft.data.shapes.rows import Row
from localft.data.shapes.values import parse_json

_BLOCK = 4 << 20


@dataclass(frozen=True)
class ArrayBlock:
    """Some values of an array as their texts, of which the first is number `first`; `beside` it is said for all."""

    first: int
    texts: list[str]
    beside: dict[str, Any] = field(default_factory=dict)

    def __iter__(self) -> Iterator[Row]:
        for number, text in enumerate(self.texts, start=self.first):
            yield with_beside(value_row(number, parse_json(text, refuse_twins=False)), self.beside)


@dataclass(frozen=True)
class ArrayRows:
    """The rows of a large JSON file that is an array, or an object with one; what is said for all is `beside` it.

    The first row has the number `first`.
    """

    array: LongArray
    beside: dict[str, Any] = field(default_factory=dict)
    first: int = 1

    def __iter__(self) -> Iterator[Row]:
        for part, _ in self.parts():
            yield from part

    def parts(self) -> Iterator[tuple["ArrayBlock", float]]:
        """(some rows, the share of the file up to them).

        Raises:
            UserError: it is not JSON, or not UTF-8: what of a broken array is whole cannot be told.
        """
        first, waiting, size = self.first, [], 0
        for value, share in self.array.texts():
            waiting.append(value)
            size += len(value)
            if size >= _BLOCK:
                yield ArrayBlock(first, waiting, self.beside), share
                first, waiting, size = first + len(waiting), [], 0
        yield ArrayBlock(first, waiting, self.beside), 1.0


@dataclass(frozen=True)
class SplitRows:
    """The rows of an object with an array for each split, one after the other."""

    arrays: tuple[ArrayRows, ...]

    def __iter__(self) -> Iterator[Row]:
        for part, _ in self.parts():
            yield from part

    def parts(self) -> Iterator[tuple["ArrayBlock", float]]:
        """As those of `ArrayRows`; the numbers go on from one array to the next."""
        first = 1
        for rows in self.arrays:
            for block, share in replace(rows, first=first).parts():
                yield block, share
                first = block.first + len(block.texts)


def wrapped_rows(outline: dict[str, Any], name: str) -> tuple[ArrayRows | SplitRows, list[str]] | None:
    """The rows of an object that wraps the only array of objects in it, or one for each split, and what is to be told.

    None where it holds none, or several of another kind, or is an example itself.
    """
    arrays = {field: item for field, item in outline.items() if _has_objects(item)}
    splits = arrays_of_splits(outline, _has_objects)
    if not splits and (len(arrays) != 1 or EXAMPLE & outline.keys()):
        return None
    kept = {
        field: [*item] if isinstance(item, LongArray) else item
        for field, item in outline.items()
        if is_for_all(field) and field not in arrays
    }
    left_out = [field for field in outline if field not in arrays and not is_for_all(field)]
    told = [*splits_note(splits, name), *told_beside(left_out, name)]
    if splits:
        return SplitRows(tuple(ArrayRows(arrays[field], {**kept, **of_split(field)}) for field in splits)), told
    ((_, array),) = arrays.items()
    return ArrayRows(array, kept), told


def _has_objects(value: Any) -> bool:
    return isinstance(value, LongArray) and next((text for text, _ in value.texts()), "").startswith("{")
