"""Large text files, read a block at a time; what is read of them is the same as of small ones."""

import codecs
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import BinaryIO

from localft.data.readers.csv_file import csv_rows
from localft.data.readers.encoding import Line, decoded
from localft.data.readers.guessing import Guess, guess
from localft.data.readers.jsonl import LARGEST_LINE, line_row
from localft.data.shapes.rows import Row, excerpt
from localft.data.working import Tell, quiet

_BLOCK = 4 << 20
# No character takes more bytes, so a longer line has too many of them.
_BYTES_A_CHARACTER = 4
_ROWS_A_PART = 2_000
_LINES_A_REPORT = 10_000


@dataclass(frozen=True)
class LineBlock:
    """Some lines of a file of JSON lines, of which the first is number `first` in the file."""

    first: int
    content: bytes
    encoding: str

    def __iter__(self) -> Iterator[Row]:
        for number, raw in enumerate(self.content.split(b"\n"), start=self.first):
            row = line_row(number, decoded(raw, self.encoding), raw)
            if row is not None:
                yield row


@dataclass(frozen=True)
class LongLine:
    """A line that is too long to be read: its number and its start."""

    number: int
    start: bytes

    def __iter__(self) -> Iterator[Row]:
        problem = f"longer than {LARGEST_LINE // 1_000_000} MB"
        yield Row(self.number, None, problem, "too long", excerpt(self.start))


@dataclass(frozen=True)
class LineRows:
    """The rows of a large file of JSON lines; `encoding` is that of each line."""

    path: Path
    encoding: str

    def __iter__(self) -> Iterator[Row]:
        for part, _ in self.parts():
            yield from part

    def parts(self) -> Iterator[tuple[Iterable[Row], float]]:
        """(whole lines, the share of the file up to them)."""
        size, number, rest = self.path.stat().st_size, 1, b""
        with self.path.open("rb") as file:
            _skip_mark(file)
            while block := file.read(_BLOCK):
                whole, feed, after = block.rpartition(b"\n")
                if not feed:
                    rest += block
                    if len(rest) > _BYTES_A_CHARACTER * LARGEST_LINE:
                        yield LongLine(number, rest[:1000]), file.tell() / size
                        rest, number = _after_line(file), number + 1
                    continue
                content = rest + whole
                yield LineBlock(number, content, self.encoding), file.tell() / size
                number += content.count(b"\n") + 1
                rest = after
        if rest:
            yield LineBlock(number, rest, self.encoding), 1.0


@dataclass(frozen=True)
class FileLines:
    """The lines of a large text, each decoded by itself."""

    path: Path
    encoding: str
    name: str = ""
    tell: Tell = quiet

    def __iter__(self) -> Iterator[Line]:
        with self.path.open("rb") as file:
            yield from _told(_lines(file, self.encoding), file, self.name, self.tell)


@dataclass(frozen=True)
class CsvRows:
    """The rows of a large table of cells; `encoding` is that of each line.

    Who goes through all of them, and not by parts, is told how far that is.
    """

    path: Path
    name: str
    delimiter: str | None
    encoding: str
    has_header: bool = True
    tell: Tell = quiet

    def __iter__(self) -> Iterator[Row]:
        with self.path.open("rb") as file:
            lines = _told(_lines(file, self.encoding), file, self.name, self.tell)
            yield from csv_rows(lines, self.name, self.delimiter, self.has_header)

    def parts(self) -> Iterator[tuple[Iterable[Row], float]]:
        """(some rows, the share of the file up to them)."""
        size = self.path.stat().st_size
        with self.path.open("rb") as file:
            rows = csv_rows(_lines(file, self.encoding), self.name, self.delimiter, self.has_header)
            while part := list(islice(rows, _ROWS_A_PART)):
                yield part, file.tell() / size


def guess_of(path: Path) -> Guess | None:
    """The encoding of a large text, None where it is UTF-8, damaged UTF-8, or cannot be told."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    with path.open("rb") as file:
        marked = file.read(len(codecs.BOM_UTF8)) == codecs.BOM_UTF8
        file.seek(0)
        try:
            while block := file.read(_BLOCK):
                decoder.decode(block)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            file.seek(0)
            return None if marked else guess(file)
    return None


def _lines(file: BinaryIO, encoding: str) -> Iterator[Line]:
    _skip_mark(file)
    ended = True
    # Not by iterating over the file, which then no longer tells where it is.
    for raw in iter(file.readline, b""):
        ended = raw.endswith(b"\n")
        line = raw.removesuffix(b"\n")
        yield decoded(line, encoding), line
    if ended:
        # As splitting a text at its line feeds leaves it.
        yield "", b""


def _told(lines: Iterable[Line], file: BinaryIO, name: str, tell: Tell) -> Iterator[Line]:
    """The lines of a file; on the way it is told how far one is."""
    size = Path(file.name).stat().st_size
    for number, line in enumerate(lines):
        if number % _LINES_A_REPORT == 0:
            tell(f"Looking through {name}", file.tell(), size, "bytes")
        yield line


def _skip_mark(file: BinaryIO) -> None:
    if file.read(len(codecs.BOM_UTF8)) != codecs.BOM_UTF8:
        file.seek(0)


def _after_line(file: BinaryIO) -> bytes:
    """Read on to the end of a line; what follows it in the last block."""
    while block := file.read(_BLOCK):
        _, feed, after = block.partition(b"\n")
        if feed:
            return after
    return b""
