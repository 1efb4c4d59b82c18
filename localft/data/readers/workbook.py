"""Workbooks: every sheet with rows, its first row naming the columns. Read in a child process."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pydantic

from localft.data.readers.csv_file import as_exported
from localft.data.readers.header import Header, header_note, header_of, numbered
from localft.data.readers.sandbox import Records, parse
from localft.data.shapes.detecting import detect
from localft.data.shapes.rows import Row, excerpt, listed

# A spreadsheet keeps 15 digits of a number.
_EXACT = 10**15
_COLUMNS_NAMED, _MOST_TITLES = 5, 3
# In bytes of what the parser answers.
_PART = 1 << 20
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
"""What Office documents from before 2007 begin with, and those with a password."""
# The stream of a workbook from before 2007, and of one before 1997.
_STREAMS = tuple(name.encode("utf-16-le") for name in ("Workbook\0", "Book\0"))
_OPEN_DOCUMENT = b"application/vnd.oasis.opendocument.spreadsheet"
# What an archive holds that is a workbook.
_BOOKS = {"xl/workbook.xml", "xl/workbook.bin"}


class _Formats(pydantic.BaseModel):
    """What the formats of a sheet have come to, by column: the text of one number, or a format that is not followed."""

    sheet: str
    shown: dict[int, str] = {}
    plain: dict[int, str] = {}
    dates: list[int] = []
    shortened: int = 0


class _Record(pydantic.BaseModel):
    sheet: str = ""
    number: int = 0
    cells: list[str | bool | int | float | None] = []
    problem: str = ""
    kind: str = ""
    merged: bool = False
    hidden: list[str] = []
    formats: list[_Formats] = []
    is_followed: bool = False


def is_workbook(content: bytes, inside: list[str] | None = None) -> bool:
    """Whether a file's contents are a workbook; `inside` are the names in it, where it is an archive."""
    if inside is not None:
        return bool(_BOOKS & set(inside)) or ("mimetype" in inside and _OPEN_DOCUMENT in content[:200])
    return content.startswith(OLE) and any(name in content for name in _STREAMS)


@dataclass(frozen=True)
class SheetRows:
    """The rows of a sheet between two places in what the parser has answered."""

    records: Records[_Record]
    start: int
    end: int
    header: Header

    def __iter__(self) -> Iterator[Row]:
        for part, _ in self.parts():
            yield from part

    def parts(self) -> Iterator[tuple[list[Row], float]]:
        """(some rows, the share of the sheet up to them)."""
        rows: list[Row] = []
        size, before = 0, self.start
        for record, after in self.records.placed(self.start) if self.start < self.end else ():
            rows.append(_row(record, self.header))
            size += after - before
            before = after
            if after >= self.end:
                break
            if size >= _PART:
                yield rows, (after - self.start) / (self.end - self.start)
                rows, size = [], 0
        yield rows, 1.0


@dataclass
class _Sheet:
    """What is known of a sheet after going through its records, of which the `first` are kept.

    `places` are where the first ones end, `end` is where the last one does; `numbers` is the place of the last record
    with a number among them.
    """

    start: int
    first: list[_Record] = field(default_factory=list)
    places: list[int] = field(default_factory=list)
    count: int = 0
    end: int = 0
    width: int = 0
    numbers: int = 0
    is_rounded: bool = False
    is_merged: bool = False

    def add(self, record: _Record, end: int) -> None:
        if len(self.first) < _MOST_TITLES + 2:
            self.first.append(record)
            self.places.append(end)
        numbers = [cell for cell in record.cells if isinstance(cell, int | float) and not isinstance(cell, bool)]
        self.numbers = self.count if numbers else self.numbers
        self.is_rounded |= any(isinstance(cell, int) and abs(cell) >= _EXACT for cell in numbers)
        self.is_merged |= record.merged
        self.width = max(self.width, len(record.cells))
        self.count, self.end = self.count + 1, end


def read_workbook(content: bytes | Path, name: str, has_header: bool = True) -> list[tuple[str, SheetRows, list[str]]]:
    """The sheets of a workbook that have rows: the name of each, its rows, and what one should know about it.

    `number` of a row is its row in the sheet; without a header the columns are called 1, 2 and so on. An error, and a
    formula whose result is not in the file, set a row aside.

    Raises:
        UserError: it is damaged or protected, a sheet has two columns of one name, or reading takes too much.
    """
    sheets: dict[str, _Sheet] = {}
    hidden: list[str] = []
    formats: dict[str, _Formats] | None = None
    records, start = parse("workbook", content, name, _Record), 0
    for record, end in records.placed():
        if record.sheet:
            sheets.setdefault(record.sheet, _Sheet(start)).add(record, end)
        hidden += record.hidden
        if record.is_followed:
            formats = {one.sheet: one for one in record.formats}
        start = end
    found = []
    for called, sheet in sheets.items():
        rows, notes = _rows(
            records, sheet, f"{name}, sheet {excerpt(called)}", has_header, None if formats is None else formats[called]
        )
        found.append((called, rows, notes))
    if found and (len(found) > 1 or hidden):
        found[0][2].insert(0, f"{name}: read {_listed([excerpt(sheet) for sheet in sheets])}{_without(hidden)}.")
    return found


def _rows(
    records: Records[_Record], sheet: _Sheet, name: str, has_header: bool, formats: _Formats | None
) -> tuple[SheetRows, list[str]]:
    """The rows of a sheet, and what one should know of it."""
    titles = _titles(sheet.first) if has_header else []
    named = sheet.first[len(titles)].cells if has_header else []
    header = header_of(named, name) if has_header else numbered(sheet.width)
    rows = SheetRows(records, sheet.places[len(titles)] if has_header else sheet.start, sheet.end, header)
    notes = []
    if titles:
        above = listed([f"“{title}”" for title in titles], _MOST_TITLES)
        notes.append(f"{name}: what stands above the names of the columns is left out: {above}.")
    notes += header_note(rows, name) if has_header else []
    if sheet.is_rounded:
        notes.append(f"{name} has numbers of more than 15 digits, of which spreadsheets keep only 15.")
    if sheet.is_merged:
        notes.append(f"{name} has merged cells: each counts for all of its rows.")
    if formats is not None:
        notes += _told(formats, named, name)
    elif sheet.numbers > len(titles):
        notes.append(
            f"{name}: numbers are taken without their formats (0.5, not 50%); save it as XLSX to have them as shown."
        )
    return rows, notes


def _listed(sheets: list[str]) -> str:
    return f"the sheet{'s' if len(sheets) > 1 else ''} {', '.join(sheets)}"


def _without(hidden: list[str]) -> str:
    return f", without the hidden {', '.join(map(excerpt, hidden))}" if hidden else ""


def _titles(records: list[_Record]) -> list[str]:
    """What stands alone in the first rows, above a row whose names of columns are recognised."""
    titles: list[str] = []
    for record in records[: _MOST_TITLES + 1]:
        cells = [str(cell) for cell in record.cells if cell is not None]
        if len(cells) > 1:
            return titles if detect(cells) is not None else []
        titles += cells
    return []


def _told(formats: _Formats, header: list[str | bool | int | float | None], name: str) -> list[str]:
    """What one should know of the formats of a sheet."""

    def columns(which: Iterable[int], of: Mapping[int, str]) -> str:
        names = {place: str(header[place] or "") if place < len(header) else "" for place in which}
        called = [
            f"{named or f'column {place + 1}'}{f' ({of[place]})' if place in of else ''}"
            for place, named in sorted(names.items())
        ]
        return listed(called, _COLUMNS_NAMED)

    notes = []
    if formats.shown:
        where = columns(formats.shown, formats.shown)
        short = f"; {formats.shortened:,} of them have more digits than it shows" if formats.shortened else ""
        notes.append(f"{name}: numbers are taken as the sheet shows them, with a decimal point, in {where}{short}.")
    if formats.plain:
        where = columns(formats.plain, formats.plain)
        notes.append(f"{name}: numbers of a format that localft does not follow are taken without it, in {where}.")
    if formats.dates:
        notes.append(f"{name}: dates and times are taken as 2024-01-31 and 23:59:00, in {columns(formats.dates, {})}.")
    return notes


def _row(record: _Record, header: Header) -> Row:
    cells, number = record.cells, record.number
    if record.problem:
        return Row(number, None, record.problem, record.kind, excerpt(" | ".join(map(str, cells))))
    if any(cell is not None for cell in cells[len(header.names) :]):
        reason = f"{len(cells)} cells where {header.row} has {len(header.names)}"
        return Row(number, None, reason, "wrong number of cells", excerpt(" | ".join(map(str, cells))))
    filled = [*cells, *[None] * len(header.names)][: len(header.names)]
    return Row(number, as_exported(header.values(filled)))
