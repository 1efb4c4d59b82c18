"""The sheets of an XLSX file, some rows at a time: each time a small workbook of these rows, read by calamine.

So neither a sheet nor the texts that all sheets share are ever in memory as a whole, and one library tells what a cell
holds. Elements are found in the bytes, as calamine finds them, since people have files that are no strict XML.
"""

import functools
import io
import re
import zipfile
from array import array
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import IO, Any

from localft.data.readers.parsers.cells import RELATIONS, STYLES, WORKBOOK, column_of, fault_of, letters, value_of
from localft.data.readers.parsers.child import Refused

MOST_COLUMNS = 1_000
_TEXTS = "xl/sharedStrings.xml"
_TORN = "cannot be read as a workbook (a sheet ends too early)"
_CHUNK, _LONGEST_TAG = 1 << 20, 1_000
_LONGEST_ELEMENT = 64 << 20
# In bytes of their XML.
_ROWS_AT_ONCE = 4 << 20
_NAMESPACE = b'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
_ROW = re.compile(rb"<(?:\w+:)?row\b([^>]*?)(?:/>|>(.*?)</(?:\w+:)?row\s*>)", re.DOTALL)
_TEXT = re.compile(rb"<(?:\w+:)?si\b[^>]*?(?:/>|>.*?</(?:\w+:)?si\s*>)", re.DOTALL)
# In the order in which the attributes mostly stand; then all others, and what is in it.
_CELL = re.compile(
    rb"""<(?:\w+:)?c\b(?: r="([A-Z]{1,9})([1-9][0-9]{0,6})")?(?: s="([0-9]{1,6})")?(?: t="(\w+)")?([^>]*?)"""
    rb"(?:/>|>(.*?)</(?:\w+:)?c\s*>)",
    re.DOTALL,
)
_PLACE = re.compile(rb"""\br\s*=\s*["'](?:([A-Z]{1,9})([1-9][0-9]{0,6})["'])?""")
_CELL_BEGINS = re.compile(rb"<(?:\w+:)?c\b")
_NUMBER = re.compile(rb"""\br\s*=\s*["']([0-9]{1,7})["']""")
_STYLE = re.compile(rb"""\bs\s*=\s*["']([0-9]{1,6})["']""")
_KIND = re.compile(rb"""\bt\s*=\s*["'](\w+)["']""")
_END = re.compile(rb"</(?:\w+:)?sheetData\s*>|<(?:\w+:)?sheetData\s*/>")


@dataclass
class SheetRow:
    """A row of a sheet: its number from 1, what is wrong with its cells by column, and their styles, if of a format.

    `values` are those of its cells, from the first column on, once they are read.
    """

    number: int
    wrong: dict[int, str] = field(default_factory=dict)
    styles: dict[int, int] = field(default_factory=dict)
    values: list[Any] = field(default_factory=list)


class Texts:
    """The texts that the cells of all sheets share, as their XML, put by in a file."""

    def __init__(self, parts: zipfile.ZipFile, spool: IO[bytes]) -> None:
        self._spool, self._starts = spool, array("Q", [0])
        path = next((name for name in parts.namelist() if name.lower() == _TEXTS.lower()), None)
        if path is None:
            return
        with parts.open(path) as file:
            for found in _elements(file, _TEXT, b"si"):
                self._starts.append(self._starts[-1] + spool.write(found[0]))

    def of(self, numbers: list[int]) -> list[bytes]:
        """The XML of some of them.

        Raises:
            Refused: there is no such text.
        """
        found: dict[int, bytes] = {}
        for number in sorted(numbers):
            if number >= len(self._starts) - 1:
                raise Refused("is damaged: cells refer to texts that are not there")
            self._spool.seek(self._starts[number])
            found[number] = self._spool.read(self._starts[number + 1] - self._starts[number])
        return [found[number] for number in numbers]


class Part:
    """Some rows of a sheet on their way into a workbook of their own, in which they are numbered from 1."""

    def __init__(self, codes: list[str | None]) -> None:
        self.rows: list[SheetRow] = []
        self.size = 0
        self.texts: dict[int, int] = {}
        self._codes = codes
        self._xml: list[bytes] = []

    def add(self, number: int, column: int, style: bytes, kind: bytes, inside: bytes) -> None:
        """Add a cell; cells come in their order."""
        if not self.rows or self.rows[-1].number != number:
            self.rows.append(SheetRow(number))
            self._xml.append(b'%b<row r="%d">' % (b"</row>" if self._xml else b"", len(self.rows)))
        row = self.rows[-1]
        error = fault_of(kind, inside)
        if error is not None:
            row.wrong[column] = error
        place = int(style or b"0")
        if place < len(self._codes) and self._codes[place]:
            row.styles[column] = place
        if kind == b"s" and (text := value_of(inside).strip()):
            if not text.isdecimal():
                raise Refused("is damaged: a cell does not say which text it holds")
            inside = b"<v>%d</v>" % self.texts.setdefault(int(text), len(self.texts))
        attributes = (b' s="%b"' % style if style else b"") + (b' t="%b"' % kind if kind else b"")
        made = b'<c r="%b%d"%b>%b</c>' % (_letters(column), len(self.rows), attributes, inside)
        self._xml.append(made)
        self.size += len(made)

    def xml(self) -> bytes:
        """The rows as a sheet."""
        rows = b"".join(self._xml) + (b"</row>" if self._xml else b"")
        return b"<worksheet %b><sheetData>%b</sheetData></worksheet>" % (_NAMESPACE, rows)


class Book:
    """An XLSX file, of which some rows are read at a time; its texts are put by in the spool."""

    def __init__(self, parts: zipfile.ZipFile, spool: IO[bytes]) -> None:
        self._parts = parts
        names = ("[Content_Types].xml", "_rels/.rels", WORKBOOK, RELATIONS, STYLES)
        self._kept = {name: parts.read(name) for name in names if name in parts.NameToInfo}
        self._texts = Texts(parts, spool)

    def about(self) -> Any:
        """What calamine tells of the sheets."""
        with self._opened({}) as book:
            return book.sheets_metadata

    def rows(self, name: str, path: str, codes: list[str | None]) -> Iterator[SheetRow]:
        """The rows of a sheet in their order, but for those without a cell.

        Raises:
            Refused: it is damaged, or too wide.
        """
        with self._parts.open(path) as file:
            for part in _parts(file, name, codes):
                texts = b"".join(self._texts.of([*part.texts]))
                files = {path: part.xml(), _TEXTS: b"<sst %b>%b</sst>" % (_NAMESPACE, texts)}
                with self._opened(files) as book:
                    values = book.get_sheet_by_name(name).to_python(skip_empty_area=False)
                for place, row in enumerate(part.rows):
                    row.values = values[place] if place < len(values) else []
                    yield row

    def _opened(self, files: dict[str, bytes]) -> Any:
        import python_calamine

        content = io.BytesIO()
        with zipfile.ZipFile(content, "w") as made:
            for name, value in (self._kept | files).items():
                made.writestr(name, value)
        content.seek(0)
        return python_calamine.CalamineWorkbook.from_filelike(content)


def _parts(sheet: IO[bytes], name: str, codes: list[str | None]) -> Iterator[Part]:
    part, number = Part(codes), 0
    for found in _elements(sheet, _ROW, b"row", _END):
        told = _NUMBER.search(found[1])
        number, column = int(told[1]) if told else number + 1, -1
        within = found[2] or b""
        cells = [*_CELL.finditer(within)]
        if len(cells) != len(_CELL_BEGINS.findall(within)):
            raise Refused(f"is damaged: in row {number:,} of the sheet {name!r} a cell does not end")
        for cell in cells:
            letter, row, style, kind, more, inside = cell.groups()
            if more.strip():
                at, with_style, of_kind = _PLACE.search(more), _STYLE.search(more), _KIND.search(more)
                if at and not at[1]:
                    raise Refused(
                        f"is damaged: in row {number:,} of the sheet {name!r} a cell does not say where it is"
                    )
                letter, row = (at[1], at[2]) if at else (letter, row)
                style, kind = style or (with_style and with_style[1]), kind or (of_kind and of_kind[1])
            number, column = (int(row), _column(letter)) if letter else (number, column + 1)
            if column >= MOST_COLUMNS:
                raise Refused(f"has {column + 1:,} columns in the sheet {name!r}")
            part.add(number, column, style or b"", kind or b"", inside or b"")
        if part.size >= _ROWS_AT_ONCE:
            yield part
            part = Part(codes)
    if part.rows:
        yield part


def _elements(
    file: IO[bytes], element: re.Pattern[bytes], name: bytes, until: re.Pattern[bytes] | None = None
) -> Iterator[re.Match[bytes]]:
    """The elements of one name in a file, up to the end of what holds them, which has to be there.

    Raises:
        Refused: one of them is too long, or the file ends too early.
    """
    held, begins = b"", re.compile(rb"<(?:\w+:)?%b\b" % name)
    while block := file.read(_CHUNK):
        held += block
        end = 0
        for found in element.finditer(held):
            if begins.search(found[0], 1):
                raise Refused(_TORN)
            yield found
            end = found.end()
        rest = held[end:]
        begun = begins.search(rest)
        last = until.search(rest) if until is not None else None
        if last is not None:
            if begun is not None and begun.start() < last.start():
                raise Refused(_TORN)
            return
        held = rest[begun.start() :] if begun else rest[-_LONGEST_TAG:]
        if len(held) > _LONGEST_ELEMENT:
            raise Refused(f"has a cell or a row of more than {_LONGEST_ELEMENT >> 20} MB")
    if until is not None:
        raise Refused(_TORN)


# The same few columns again and again.
_column = functools.lru_cache(maxsize=2_000)(column_of)


@functools.lru_cache(maxsize=2_000)
def _letters(column: int) -> bytes:
    return letters(column).encode("ascii")
