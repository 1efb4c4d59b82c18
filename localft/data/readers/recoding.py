"""Text of another encoding as a file in UTF-8, for the time of the reading; one bad line need not spoil the others."""

import codecs
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from localft.data.readers.encoding import TORN_TOO, torn_to_utf8
from localft.data.readers.guessing import called
from localft.data.readers.unpacking import Unpacked, write_out
from localft.data.working import Tell, quiet
from localft.errors import UserError

_CHUNK = 1 << 20
_LONGEST_LINE = 64 << 20
# No byte of UTF-8: a line that holds it is set aside by whoever reads it.
_DAMAGED = b"\xff"
# In these what a byte means depends on the lines before it.
_NO_LINES = ("utf-7", "hz", "iso2022")
# In these a line feed is no byte of its own, but a unit that comes right behind a damaged one too.
_WIDE = ("utf-16", "utf-32")


def as_utf8(path: Path, encoding: str, name: str, tell: Tell = quiet, by_line: bool = False) -> Unpacked:
    """A file of another encoding in UTF-8.

    `by_line` keeps a line that this encoding does not have as one that is no UTF-8, where lines can be told.

    Raises:
        UserError: it is damaged, or most lines with letters beyond ASCII are none of this encoding.
        OSError: it cannot be read.
    """
    if by_line and codecs.lookup(encoding).name.startswith(_WIDE):
        parts = _by_unit(path, encoding)
    else:
        parts = _by_line(path, encoding, name) if by_line and _has_lines(encoding) else _whole(path, encoding, name)
    return write_out(parts, path.suffix.lower(), name, path.stat().st_size, tell)


def _has_lines(encoding: str) -> bool:
    return "\n".encode(encoding).endswith(b"\n") and not codecs.lookup(encoding).name.startswith(_NO_LINES)


def _by_unit(path: Path, encoding: str) -> Iterator[bytes]:
    """UTF-16 or UTF-32 in UTF-8 behind a mark; a line in which units are damaged is none."""
    decoder, is_start = codecs.getincrementaldecoder(encoding)(TORN_TOO), True
    yield codecs.BOM_UTF8
    with path.open("rb") as file:
        while True:
            block = file.read(_CHUNK)
            text = decoder.decode(block, final=not block)
            yield torn_to_utf8(text.removeprefix("\ufeff") if is_start else text)
            is_start = is_start and not text
            if not block:
                return


def _whole(path: Path, encoding: str, name: str) -> Iterator[bytes]:
    decoder, line = codecs.getincrementaldecoder(encoding)(), 1
    with path.open("rb") as file:
        while True:
            block, state = file.read(_CHUNK), decoder.getstate()
            try:
                text = decoder.decode(block, final=not block)
            except UnicodeDecodeError as error:
                decoder.setstate(state)
                line += decoder.decode(block[: max(0, error.start - len(state[0]))]).count("\n")
                raise UserError(
                    f"{name}, line {line:,}: damaged {_called(encoding)} text ({error.reason}).",
                    "Save it again, as UTF-8.",
                ) from error
            if not block:
                return
            line += text.count("\n")
            yield text.encode("utf-8")


@dataclass
class _Lines:
    """How many lines were read, how many of them hold more than ASCII and how many of those are damaged."""

    read: int = 0
    beyond: int = 0
    damaged: int = 0
    first: int = 0


def _by_line(path: Path, encoding: str, name: str) -> Iterator[bytes]:
    """The lines in UTF-8 behind a mark, so that nobody guesses an encoding because of the damaged ones."""
    seen, decoder = _Lines(), codecs.getincrementaldecoder(encoding)()
    yield codecs.BOM_UTF8
    is_start = True
    with path.open("rb") as file:
        while block := file.read(_CHUNK):
            # Up to the end of a line, so that no letter is cut but in a line without end.
            block += b"" if block.endswith(b"\n") else file.readline(_LONGEST_LINE)
            part = _part(decoder, block, encoding, seen)
            yield part.removeprefix(codecs.BOM_UTF8) if is_start else part
            is_start = False
        yield _part(decoder, b"", encoding, seen)
    # Where none of them can be read, none is read wrongly; and what is UTF-8 by chance is so seldom.
    if seen.beyond < 2 * seen.damaged < 2 * seen.beyond and not codecs.lookup(encoding).name.startswith("utf-8"):
        raise UserError(
            f"{name} is not {_called(encoding)} text: of {seen.beyond:,} lines with letters beyond ASCII "
            f"{seen.damaged:,} cannot be read so, line {seen.first:,} first.",
            "Name another encoding, or none, so that it is found.",
        )


def _part(decoder: codecs.IncrementalDecoder, block: bytes, encoding: str, seen: _Lines) -> bytes:
    try:
        text = decoder.decode(block, final=not block)
    except UnicodeDecodeError as error:
        decoder.reset()
        # With what was held of a letter.
        return b"".join(_line(line, encoding, seen) for line in bytes(error.object).splitlines(keepends=True))
    seen.read += block.count(b"\n")
    seen.beyond += 0 if block.isascii() else sum(not line.isascii() for line in block.split(b"\n"))
    return text.encode("utf-8")


def _line(line: bytes, encoding: str, seen: _Lines) -> bytes:
    seen.read += line.endswith(b"\n")
    seen.beyond += not line.isascii()
    try:
        return line.decode(encoding).encode("utf-8")
    except UnicodeDecodeError:
        seen.damaged += 1
        seen.first = seen.first or seen.read + (not line.endswith(b"\n"))
        words = line.rstrip(b"\r\n")
        return words.decode(encoding, errors="replace").encode("utf-8") + _DAMAGED + line[len(words) :]


def _called(encoding: str) -> str:
    return encoding[:6].upper() if encoding.startswith("utf") else called(encoding)
