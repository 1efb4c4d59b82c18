"""A large JSON file that is an array, read value by value."""

import codecs
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from localft.data.readers.json_file import UNREADABLE, value_row
from localft.data.shapes.rows import Row
from localft.data.shapes.values import parse_json
from localft.errors import UserError

_BLOCK = 4 << 20
# "-Infinity", or a letter that is written as the numbers of two halves.
_LONGEST_WORD = 16
_SPACE = " \t\n\r"


@dataclass(frozen=True)
class ArrayBlock:
    """Some values of an array as their texts, of which the first is number `first`."""

    first: int
    texts: list[str]

    def __iter__(self) -> Iterator[Row]:
        for number, text in enumerate(self.texts, start=self.first):
            yield value_row(number, parse_json(text, refuse_twins=False))


@dataclass(frozen=True)
class ArrayRows:
    """The rows of a large JSON file in UTF-8 that is an array."""

    path: Path
    name: str

    def __iter__(self) -> Iterator[Row]:
        for part, _ in self.parts():
            yield from part

    def parts(self) -> Iterator[tuple[Iterable[Row], float]]:
        """(some rows, the share of the file up to them).

        Raises:
            UserError: it is not JSON, or not UTF-8: what of a broken array is whole cannot be told.
        """
        text = _Text(self.path, self.name)
        first, waiting, size = 1, [], 0
        for value in text.values():
            waiting.append(value)
            size += len(value)
            if size >= _BLOCK:
                yield ArrayBlock(first, waiting), text.share
                first, waiting, size = first + len(waiting), [], 0
        yield ArrayBlock(first, waiting), 1.0


class _Text:
    """The text of a file from the present value on."""

    def __init__(self, path: Path, name: str) -> None:
        self._path, self._name = path, name
        self._held, self._at = "", 0
        # Lines that are not held any more.
        self._lines = 0
        self.share = 0.0

    def values(self) -> Iterator[str]:
        """The texts of the values between the brackets."""
        blocks = self._blocks()
        if self._next(blocks) != "[":
            raise self._fault("an array begins with [")
        self._at += 1
        if self._next(blocks) != "]":
            yield self._value(blocks)
            while (sign := self._next(blocks)) == ",":
                self._at += 1
                self._next(blocks)
                yield self._value(blocks)
            if sign != "]":
                raise self._fault("not JSON: a comma or ] is missing" if sign else "not JSON: it ends within the array")
        self._at += 1
        if self._next(blocks):
            raise self._fault("not JSON: something follows the array")

    def _next(self, blocks: Iterator[str]) -> str:
        """The next character that is no space, "" at the end."""
        while True:
            while self._at < len(self._held) and self._held[self._at] in _SPACE:
                self._at += 1
            if self._at < len(self._held) or not self._more(blocks):
                return self._held[self._at : self._at + 1]

    def _value(self, blocks: Iterator[str]) -> str:
        while True:
            try:
                _, end = _DECODER.raw_decode(self._held, self._at)
            except RecursionError as error:
                raise self._fault("nested too deeply") from error
            except json.JSONDecodeError as error:
                if self._is_whole_before(error) or not self._more(blocks):
                    reason = error.msg.removesuffix(" at").removesuffix(" starting")
                    raise self._fault(f"not JSON: {reason}", error.pos) from error
                continue
            # A number might go on in the next block.
            if end < len(self._held) or not self._more(blocks):
                value, self._at = self._held[self._at : end], end
                return value

    def _is_whole_before(self, error: json.JSONDecodeError) -> bool:
        """Whether what follows cannot mend an error: it is neither in a text without an end nor near the end."""
        return not error.msg.startswith("Unterminated") and error.pos < len(self._held) - _LONGEST_WORD

    def _more(self, blocks: Iterator[str]) -> bool:
        block = next(blocks, "")
        self._lines += self._held.count("\n", 0, self._at)
        self._held, self._at = self._held[self._at :] + block, 0
        return bool(block)

    def _blocks(self) -> Iterator[str]:
        decoder, size = codecs.getincrementaldecoder("utf-8-sig")(), self._path.stat().st_size
        with self._path.open("rb") as file:
            while block := file.read(_BLOCK):
                try:
                    text = decoder.decode(block)
                except UnicodeDecodeError as error:
                    line = self._lines + self._held.count("\n") + block.count(b"\n", 0, error.start) + 1
                    raise UserError(
                        f"{self._name}, line {line}: bytes that are not UTF-8.", "Save the file as UTF-8."
                    ) from error
                self.share = file.tell() / size
                if text:
                    yield text

    def _fault(self, reason: str, position: int | None = None) -> UserError:
        place = self._at if position is None else position
        line = self._lines + self._held.count("\n", 0, place) + 1
        return UserError(f"{self._name}, line {line} cannot be read: {reason}.", UNREADABLE)


def _spelled(number: str) -> Any:
    return number


# Where a value ends is all that counts here: numbers stay as they are spelled, however long.
_DECODER = json.JSONDecoder(parse_int=_spelled, parse_float=_spelled)
