"""A JSON file of any size, read value by value: each value as its text."""

import codecs
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from localft.data.readers.json_file import UNREADABLE
from localft.errors import UserError

# "-Infinity", or a letter that is written as the numbers of two halves.
_LONGEST_WORD = 16
_LONGEST_FIELD = 64_000_000
_SPACE = " \t\n\r"


class JsonText:
    """The text of a file from the present value on, of which about a `block` of bytes is held."""

    def __init__(self, path: Path, name: str, block: int) -> None:
        self._path, self._name, self._block = path, name, block
        self._held, self._at = "", 0
        # Lines that are not held any more.
        self._lines = 0
        self.share = 0.0

    def values(self) -> Iterator[str]:
        """The texts of the values between the brackets."""
        blocks = self._blocks()
        if self._next(blocks) != "[":
            raise self._fault("an array begins with [")
        yield from self._array(blocks)
        if self._next(blocks):
            raise self._fault("not JSON: something follows the array")

    def fields(self) -> Iterator[tuple[str, Iterator[str] | str | None]]:
        """Each field of the object that the file is: its name, and its text or the texts of the values of an array.

        The values are to be taken before the next field is. None stands for a text that is too long to be held, and
        nothing comes behind it.
        """
        blocks = self._blocks()
        if self._next(blocks) != "{":
            raise self._fault("an object begins with {")
        self._at += 1
        sign = self._next(blocks)
        while sign != "}":
            if sign != '"':
                raise self._fault("not JSON: Expecting property name enclosed in double quotes")
            name = json.loads(self._value(blocks))
            if self._next(blocks) != ":":
                raise self._fault("not JSON: Expecting ':' delimiter")
            self._at += 1
            if self._next(blocks) == "[":
                values = self._array(blocks)
                yield name, values
                # Whoever wanted only some of them.
                for _ in values:
                    pass
            else:
                text = self._text(blocks, _LONGEST_FIELD)
                yield name, text
                if text is None:
                    return
            sign = self._next(blocks)
            if sign == ",":
                self._at += 1
                sign = self._next(blocks) if self._next(blocks) != "}" else ""
            elif sign != "}":
                raise self._fault(
                    "not JSON: a comma or } is missing" if sign else "not JSON: it ends within the object"
                )
        self._at += 1
        if self._next(blocks):
            raise self._fault("not JSON: something follows the object")

    def _array(self, blocks: Iterator[str]) -> Iterator[str]:
        """The values of the array that begins here, up to behind its end."""
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

    def _next(self, blocks: Iterator[str]) -> str:
        """The next character that is no space, "" at the end."""
        while True:
            while self._at < len(self._held) and self._held[self._at] in _SPACE:
                self._at += 1
            if self._at < len(self._held) or not self._more(blocks):
                return self._held[self._at : self._at + 1]

    def _value(self, blocks: Iterator[str]) -> str:
        text = self._text(blocks, None)
        if text is None:
            raise RuntimeError("a value without a limit has a text")
        return text

    def _text(self, blocks: Iterator[str], most: int | None) -> str | None:
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
                if self._is_whole_before(error) or not self._more(blocks, max(1, len(self._held) - self._at)):
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

    def _more(self, blocks: Iterator[str], least: int = 1) -> bool:
        """Read on, at least so many characters if there are so many; whether there were any."""
        read: list[str] = []
        while sum(map(len, read)) < least and (block := next(blocks, "")):
            read.append(block)
        self._lines += self._held.count("\n", 0, self._at)
        self._held, self._at = "".join([self._held[self._at :], *read]), 0
        return bool(read)

    def _blocks(self) -> Iterator[str]:
        decoder, size = codecs.getincrementaldecoder("utf-8-sig")(), self._path.stat().st_size
        with self._path.open("rb") as file:
            block = b"-"
            while block:
                block = file.read(self._block)
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
