"""Text and Markdown of any size to the pieces that `pieces` makes of short ones, of which little is held in memory."""

import codecs
import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from localft.data.readers.documents import Sections, between, line_place
from localft.data.readers.pieces import BETWEEN, Span, first_part, joined, row_of, size_of
from localft.data.shapes.rows import Row
from localft.errors import UserError

_BLOCK = 1 << 20
_ROWS_A_PART = 500
# Of a line so much is looked at for a heading.
_LOOKED_AT = 300


@dataclass(frozen=True)
class TextRows:
    """The pieces of a text; `length` is that of all of it in characters, `has_sections` that it has headings."""

    path: Path
    name: str
    encoding: str
    length: int
    has_sections: bool

    def __iter__(self) -> Iterator[Row]:
        for part, _ in self.parts():
            yield from part

    def parts(self) -> Iterator[tuple[Iterable[Row], float]]:
        """(some pieces, the share of the text up to them)."""
        most = size_of(self.length)
        flow = _Flow(_blocks(self.path, self.name, self.encoding), self.has_sections)
        rows: list[Row] = []
        waiting: Row | None = None
        number = 0
        for number, (start, end) in enumerate(joined(flow.paragraphs(most), flow.is_heading, most), start=1):
            if waiting is not None:
                rows.append(waiting)
            if len(rows) == _ROWS_A_PART:
                yield rows, min(1.0, start / self.length)
                rows = []
            waiting = row_of(number, flow.between(start, end), flow.place(start, end), self.name, is_last=False)
            flow.forget(end - 1)
        if waiting is not None and waiting.values is not None:
            rows.append(Row(number, {**waiting.values, "plain": "whole"}))
        yield rows, 1.0


def text_rows(path: Path, name: str, encoding: str, is_markdown: bool) -> TextRows | None:
    """The pieces of a text; None where it cannot be read in an encoding that was only guessed.

    Raises:
        UserError: it is UTF-8 in which some bytes are damaged, or has no words.
    """
    sections = _LineSections()
    length, is_blank = 0, True
    try:
        for block in _blocks(path, name, encoding):
            length += len(block)
            is_blank = is_blank and not block.strip()
            if is_markdown:
                sections.feed(block)
    except UnicodeDecodeError:
        return None
    if is_blank:
        raise UserError(f"{name} has no text.", "Choose a document with text in it.")
    sections.end()
    return TextRows(path, name, encoding, length, is_markdown and bool(sections.found.number))


def _blocks(path: Path, name: str, encoding: str) -> Iterator[str]:
    """The text of a file, with line feeds at the ends of its lines.

    Raises:
        UserError: it is damaged UTF-8.
        UnicodeDecodeError: it is not of another encoding.
    """
    decoder = codecs.getincrementaldecoder("utf-8-sig" if encoding == "utf-8" else encoding)()
    ends = io.IncrementalNewlineDecoder(None, translate=True)
    line = 1
    with path.open("rb") as file:
        while True:
            block = file.read(_BLOCK)
            try:
                text = ends.decode(decoder.decode(block, final=not block), final=not block)
            except UnicodeDecodeError as error:
                if encoding != "utf-8":
                    raise
                line += error.object.count(b"\n", 0, error.start)
                raise UserError(
                    f"{name}, line {line:,}: bytes that are not text in its encoding.", "Save the file as UTF-8."
                ) from error
            line += block.count(b"\n")
            if text:
                yield text
            if not block:
                return


class _LineSections:
    """The sections of a text that comes in blocks, which may end anywhere."""

    def __init__(self) -> None:
        self.found = Sections()
        self._begun, self._length, self._is_seen = "", 0, False

    def feed(self, block: str) -> None:
        *lines, rest = block.split("\n")
        for line in lines:
            self._add(line)
            self.end()
            self.found.go_on(self._length + 1)
            self._begun, self._length, self._is_seen = "", 0, False
        self._add(rest)
        if len(self._begun) == _LOOKED_AT:
            self.end()

    def _add(self, text: str) -> None:
        self._begun += text[: _LOOKED_AT - len(self._begun)]
        self._length += len(text)

    def end(self) -> None:
        """So much has to tell what the present line is."""
        if not self._is_seen:
            self.found.look(self._begun)
        self._is_seen = True


class _Flow:
    """A text that is read on as it is needed; places in it are counted from 0."""

    def __init__(self, blocks: Iterator[str], has_sections: bool) -> None:
        self._blocks = _with_words(blocks)
        self._sections = _LineSections() if has_sections else None
        self._held, self._base, self._is_whole = "", 0, False
        # The next empty lines, and from where on none is known yet.
        self._gap: Span | None = None
        self._looked = 0
        # Line feeds before a place.
        self._counted, self._lines = 0, 0

    def between(self, start: int, end: int) -> str:
        return self._held[start - self._base : end - self._base]

    def is_heading(self, start: int, end: int) -> bool:
        text = self.between(start, end)
        return text.startswith("#") and "\n" not in text

    def place(self, start: int, end: int) -> str:
        """Where a passage stands, as `Document.place` has it; passages are asked for in their order."""
        if self._sections is None:
            first = self._line(start)
            return line_place(first, self._line(max(start, end - 1)))
        first_name = self._section(start)
        return between(first_name, self._section(max(start, end - 1)))

    def _line(self, at: int) -> int:
        self._lines += self._held.count("\n", self._counted - self._base, at - self._base)
        self._counted = at
        return self._lines + 1

    def _section(self, at: int) -> str:
        if self._sections is None:
            return ""
        parts = self._sections.found.parts
        while len(parts) > 1 and parts[1].start <= at:
            parts.popleft()
        return parts[0].name

    def forget(self, before: int) -> None:
        """Nothing before a place is asked for any more."""
        if before - self._base >= _BLOCK:
            self._held, self._base = self._held[before - self._base :], before

    def paragraphs(self, most: int) -> Iterator[Span]:
        """The paragraphs, those that are too long in parts."""
        start = self._after_blanks(0)
        while True:
            gap = self._gap_up_to(start + most)
            if gap is None:
                length, step = first_part(self.between(start, start + most))
                yield start, start + length
                start = self._after_blanks(start + step)
                continue
            if gap[0] > start:
                yield start, gap[0]
            if gap[0] == gap[1]:
                return
            start, self._gap, self._looked = gap[1], None, gap[1]

    def _after_blanks(self, at: int) -> int:
        """The first place from one on that is no blank, or where empty lines begin."""
        while self._gap_up_to(at) is None:
            if not self.between(at, at + 1).isspace():
                return at
            at += 1
        return at

    def _gap_up_to(self, place: int) -> Span | None:
        """The next empty lines where they begin at a place or before it; the end of the text counts as such."""
        while self._gap is None:
            if self._looked > place:
                return None
            found = BETWEEN.search(self._held, self._looked - self._base)
            if found is not None and (found.end() < len(self._held) or self._is_whole):
                self._gap = (self._base + found.start(), self._base + found.end())
            elif self._is_whole:
                end = self._base + len(self._held.rstrip())
                self._gap = (end, end)
            else:
                bare = self._held.rstrip(" \t") if found is None else self._held[: found.start() + 1]
                self._looked = max(self._looked, self._base + len(bare) - bare.endswith("\n"))
                if self._looked <= place:
                    self._read()
        return self._gap if self._gap[0] <= place else None

    def _read(self) -> None:
        block = next(self._blocks, "")
        self._is_whole = not block.strip()
        self._held += block
        if self._sections is not None:
            self._sections.feed(block)
            if self._is_whole:
                self._sections.end()


def _with_words(blocks: Iterator[str]) -> Iterator[str]:
    """A text in blocks that end with a word, but for the blanks at its end."""
    blanks: list[str] = []
    for block in blocks:
        kept = block.rstrip()
        if kept:
            yield "".join([*blanks, kept])
            blanks = []
        blanks.append(block[len(kept) :])
    yield "".join(blanks)
