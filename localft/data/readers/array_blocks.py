"""A large JSON file that is an array, or an object that wraps one, read value by value."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from localft.data.readers.json_file import EXAMPLE, is_for_all, may_wrap, value_row, with_beside
from localft.data.readers.json_text import JsonText
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
    """The rows of a large JSON file in UTF-8 that is an array, or an object with one in the field `wrapped` (from 0).

    What is said once for all of them is `beside` it.
    """

    path: Path
    name: str
    wrapped: int | None = None
    beside: dict[str, Any] = field(default_factory=dict)

    def __iter__(self) -> Iterator[Row]:
        for part, _ in self.parts():
            yield from part

    def parts(self) -> Iterator[tuple["ArrayBlock", float]]:
        """(some rows, the share of the file up to them).

        Raises:
            UserError: it is not JSON, or not UTF-8: what of a broken array is whole cannot be told.
        """
        text = JsonText(self.path, self.name, _BLOCK)
        first, waiting, size = 1, [], 0
        for value in text.values() if self.wrapped is None else _values_of_field(text, self.wrapped):
            waiting.append(value)
            size += len(value)
            if size >= _BLOCK:
                yield ArrayBlock(first, waiting, self.beside), text.share
                first, waiting, size = first + len(waiting), [], 0
        yield ArrayBlock(first, waiting, self.beside), 1.0


def wrapped_rows(path: Path, name: str) -> tuple[ArrayRows, list[str]] | None:
    """The rows of an object that wraps the only array of objects in it, and the names of what is left out beside it.

    None where it holds none or several, is an example itself, or has a field that is too long to be held.

    Raises:
        UserError: it is not JSON, or not UTF-8.
    """
    arrays: list[int] = []
    kept: dict[str, Any] = {}
    names: list[str] = []
    for number, (called, item) in enumerate(JsonText(path, name, _BLOCK).fields()):
        if item is None or called in names:
            return None
        names.append(called)
        if not isinstance(item, str):
            first, whole = next(item, ""), []
            if first.startswith("{") and may_wrap(called):
                arrays.append(number)
            else:
                whole = [first] if first else []
            # The others have to be gone through all the same.
            whole += [text for text in item if is_for_all(called)]
            item = f"[{','.join(whole)}]"
        if is_for_all(called) and number not in arrays:
            kept[called] = parse_json(item, refuse_twins=False)
    if len(arrays) != 1 or EXAMPLE & set(names):
        return None
    left_out = [called for number, called in enumerate(names) if number != arrays[0] and not is_for_all(called)]
    return ArrayRows(path, name, arrays[0], kept), left_out


def _values_of_field(text: JsonText, wanted: int) -> Iterator[str]:
    for number, (_, item) in enumerate(text.fields()):
        if number == wanted and item is not None and not isinstance(item, str):
            yield from item
            return
