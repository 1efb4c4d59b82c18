"""The array of a large JSON file as rows, read value by value."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from localft.data.readers.json_file import EXAMPLE, is_for_all, value_row, with_beside
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
    """The rows of a large JSON file that is an array, or an object with one; what is said for all is `beside` it."""

    array: LongArray
    beside: dict[str, Any] = field(default_factory=dict)

    def __iter__(self) -> Iterator[Row]:
        for part, _ in self.parts():
            yield from part

    def parts(self) -> Iterator[tuple["ArrayBlock", float]]:
        """(some rows, the share of the file up to them).

        Raises:
            UserError: it is not JSON, or not UTF-8: what of a broken array is whole cannot be told.
        """
        first, waiting, size = 1, [], 0
        for value, share in self.array.texts():
            waiting.append(value)
            size += len(value)
            if size >= _BLOCK:
                yield ArrayBlock(first, waiting, self.beside), share
                first, waiting, size = first + len(waiting), [], 0
        yield ArrayBlock(first, waiting, self.beside), 1.0


def wrapped_rows(outline: dict[str, Any]) -> tuple[ArrayRows, list[str]] | None:
    """The rows of an object that wraps the only array of objects in it, and the names of what is left out beside it.

    None where it holds none or several, or is an example itself.
    """
    arrays = {name: item for name, item in outline.items() if isinstance(item, LongArray) and _has_objects(item)}
    if len(arrays) != 1 or EXAMPLE & outline.keys():
        return None
    ((wrapping, array),) = arrays.items()
    kept = {
        name: [*item] if isinstance(item, LongArray) else item
        for name, item in outline.items()
        if is_for_all(name) and name != wrapping
    }
    return ArrayRows(array, kept), [name for name in outline if name != wrapping and not is_for_all(name)]


def _has_objects(array: LongArray) -> bool:
    return next((text for text, _ in array.texts()), "").startswith("{")
