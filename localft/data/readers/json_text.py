"""A JSON file of any size, read value by value: each value as its text."""

import codecs
import json
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from localft.data.readers.json_file import UNREADABLE, is_for_all, may_wrap
from localft.data.shapes.values import parse_json
from localft.data.working import Tell, quiet
from localft.errors import UserError

# "-Infinity", or a letter that is written as the numbers of two halves.
_LONGEST_WORD = 16
_LONGEST_FIELD = 64_000_000
# Of what stands beside the arrays of a file, in characters, so much is kept.
_SHORT = 64_000
# Where an export of a whole account has its chats.
_LIST = "list"
_BLOCK = 4 << 20
_SPACE = " \t\n\r"


class JsonText:
    """The text of a file from a place on (in bytes, after so many `lines`), of which about a block is held.

    On the way it is told how far one is.
    """

    def __init__(self, path: Path, name: str, start: int = 0, lines: int = 0, tell: Tell = quiet) -> None:
        self._path, self._name, self._start, self._tell = path, name, start, tell
        self._held, self._at = "", 0
        # What is not held any more.
        self._before, self._lines = start, lines
        self._blocks = self._read()
        self.share = 0.0

    def values(self) -> Iterator[str]:
        """The texts of the values of the array that begins here; if it is the whole file, nothing may follow it."""
        if self._next() != "[":
            raise self._fault("an array begins with [")
        yield from self._array()
        if self._start == 0 and self._next():
            raise self._fault("not JSON: something follows the array")

    def outline(self, holders: Collection[str] = ()) -> dict[str, Any] | None:
        """The object that the file is, but for what is long in it.

        Its arrays are such as are read again when they are asked for, and a long field is None unless it is for all
        rows of a file. A field that is one of the `holders` may be long: an object that lists others, of each of which
        there is the outline. None where a name occurs twice, or a field that has to be held cannot be.

        Raises:
            UserError: it is not JSON, or not UTF-8.
        """
        if self._next() != "{":
            raise self._fault("an object begins with {")
        try:
            found = self._object(lambda name: self._holder() if name in holders else self._field(name))
        except _CannotBeHeldError:
            return None
        if self._next():
            raise self._fault("not JSON: something follows the object")
        return found

    def _holder(self) -> Any:
        """An object in which a field lists others."""
        if self._next() != "{":
            return self._field("")
        return self._object(lambda name: self._listed() if name == _LIST and self._next() == "[" else self._field(name))

    def _listed(self) -> list[Any]:
        return [self._object(self._field) if self._next() == "{" else self._field("") for _ in self._elements()]

    def _object(self, value_of: Callable[[str], Any]) -> dict[str, Any]:
        """The object that begins here; its values are taken by a function of their names."""
        found: dict[str, Any] = {}
        self._at += 1
        sign = self._next()
        while sign != "}":
            if sign != '"':
                raise self._fault("not JSON: Expecting property name enclosed in double quotes")
            name = json.loads(self._value())
            if name in found:
                raise _CannotBeHeldError
            if self._next() != ":":
                raise self._fault("not JSON: Expecting ':' delimiter")
            self._at += 1
            found[name] = value_of(name)
            sign = self._next()
            if sign == ",":
                self._at += 1
                sign = self._next() if self._next() != "}" else ""
            elif sign != "}":
                raise self._fault(
                    "not JSON: a comma or } is missing" if sign else "not JSON: it ends within the object"
                )
        self._at += 1
        return found

    def _field(self, name: str) -> Any:
        """The value that begins here, as `outline` has it."""
        if self._next() == "[" and may_wrap(name):
            array = LongArray(self._path, self._name, self._place(), self._line(), self._tell)
            for _ in self._array():
                pass
            return array
        text = self._text(_LONGEST_FIELD)
        if text is None:
            raise _CannotBeHeldError
        return parse_json(text, refuse_twins=False) if len(text) <= _SHORT or is_for_all(name) else None

    def _array(self) -> Iterator[str]:
        """The texts of the values of the array that begins here, up to behind its end."""
        return (self._value() for _ in self._elements())

    def _elements(self) -> Iterator[None]:
        """Stand before each value of the array that begins here, which is to be taken, and at last behind its end."""
        self._at += 1
        if self._next() != "]":
            yield
            while (sign := self._next()) == ",":
                self._at += 1
                self._next()
                yield
            if sign != "]":
                raise self._fault("not JSON: a comma or ] is missing" if sign else "not JSON: it ends within the array")
        self._at += 1

    def _place(self) -> int:
        """Where this is in the file, in bytes."""
        return self._before + len(self._held[: self._at].encode("utf-8"))

    def _next(self) -> str:
        """The next character that is no space, "" at the end."""
        while True:
            while self._at < len(self._held) and self._held[self._at] in _SPACE:
                self._at += 1
            if self._at < len(self._held) or not self._more():
                return self._held[self._at : self._at + 1]

    def _value(self) -> str:
        text = self._text(None)
        if text is None:
            raise RuntimeError("a value without a limit has a text")
        return text

    def _text(self, most: int | None) -> str | None:
        """The text of the value that begins here, None where it is longer than it may be."""
        while True:
            try:
                _, end = _DECODER.raw_decode(self._held, self._at)
            except RecursionError as error:
                raise self._fault("nested too deeply") from error
            except json.JSONDecodeError as error:
                if most is not None and len(self._held) - self._at > most:
                    return None
                # Twice as much each time: what is decoded again and again is no more than all of it together.
                if self._is_whole_before(error) or not self._more(max(1, len(self._held) - self._at)):
                    reason = error.msg.removesuffix(" at").removesuffix(" starting")
                    raise self._fault(f"not JSON: {reason}", error.pos) from error
                continue
            # A number might go on in the next block.
            if end < len(self._held) or not self._more():
                value, self._at = self._held[self._at : end], end
                return value

    def _is_whole_before(self, error: json.JSONDecodeError) -> bool:
        """Whether what follows cannot mend an error: it is neither in a text without an end nor near the end."""
        return not error.msg.startswith("Unterminated") and error.pos < len(self._held) - _LONGEST_WORD

    def _more(self, least: int = 1) -> bool:
        """Read on, at least so many characters if there are so many; whether there were any."""
        read: list[str] = []
        while sum(map(len, read)) < least and (block := next(self._blocks, "")):
            read.append(block)
        self._lines += self._held.count("\n", 0, self._at)
        self._before = self._place()
        self._held, self._at = "".join([self._held[self._at :], *read]), 0
        return bool(read)

    def _read(self) -> Iterator[str]:
        decoder, size = codecs.getincrementaldecoder("utf-8")(), self._path.stat().st_size
        with self._path.open("rb") as file:
            if self._start == 0 and file.read(len(codecs.BOM_UTF8)) == codecs.BOM_UTF8:
                self._before = len(codecs.BOM_UTF8)
            file.seek(self._before)
            block = b"-"
            while block:
                block = file.read(_BLOCK)
                try:
                    # At the end too: half a letter may stand there.
                    text = decoder.decode(block, final=not block)
                except UnicodeDecodeError as error:
                    line = self._lines + self._held.count("\n") + block.count(b"\n", 0, error.start) + 1
                    raise UserError(
                        f"{self._name}, line {line}: bytes that are not text in its encoding.",
                        "Save the file as UTF-8.",
                    ) from error
                self.share = file.tell() / size
                self._tell(f"Looking through {self._name}", file.tell(), size, "bytes")
                if text:
                    yield text

    def _line(self, position: int | None = None) -> int:
        """How many lines end before this, or before another place in what is held."""
        return self._lines + self._held.count("\n", 0, self._at if position is None else position)

    def _fault(self, reason: str, position: int | None = None) -> UserError:
        return UserError(f"{self._name}, line {self._line(position) + 1} cannot be read: {reason}.", UNREADABLE)


@dataclass(frozen=True)
class LongArray:
    """An array in a JSON file in UTF-8, read each time that it is asked for.

    It begins at the byte `start`, before which so many `lines` end. Who goes through its values, and not through their
    texts, is told how far that is.
    """

    path: Path
    name: str
    start: int = 0
    lines: int = 0
    tell: Tell = quiet

    def __iter__(self) -> Iterator[Any]:
        for text in JsonText(self.path, self.name, self.start, self.lines, self.tell).values():
            yield parse_json(text, refuse_twins=False)

    def texts(self) -> Iterator[tuple[str, float]]:
        """(the text of each value, the share of the file up to it).

        Raises:
            UserError: it is not JSON, or not UTF-8.
        """
        text = JsonText(self.path, self.name, self.start, self.lines)
        for value in text.values():
            yield value, text.share


def is_array(value: Any) -> bool:
    """Whether a value of a JSON file is an array, in memory or not."""
    return isinstance(value, list | LongArray)


class _CannotBeHeldError(Exception):
    """A field is longer than may be held, or a second one has its name."""


def _spelled(number: str) -> Any:
    return number


# Where a value ends is all that counts here: numbers stay as they are spelled, however long.
_DECODER = json.JSONDecoder(parse_int=_spelled, parse_float=_spelled)
