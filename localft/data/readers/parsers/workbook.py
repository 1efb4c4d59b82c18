"""Workbooks (XLSX, XLSB, XLS, ODS) by calamine: every row of every sheet, with what is wrong with it.

XLSX is read some rows at a time, whatever its size; the others are held whole.
"""

import datetime
import math
import zipfile
from collections.abc import Iterable, Iterator
from typing import Any, BinaryIO

from localft.data.readers.parsers.cells import formats_in, is_followed, letters, merged_in, sheets_in
from localft.data.readers.parsers.child import Refused
from localft.data.readers.parsers.number_formats import Shown
from localft.data.readers.parsers.sheets import MOST_COLUMNS, Book, SheetRow

# Longer ones are written with an exponent, as spreadsheets write them.
_LONGEST_WHOLE = 1e21
# What is held whole may be so large, and what is not; what shrinks more than any table is made to harm.
_MOST_HELD, _MOST_BYTES = 1 << 30, 32 << 30
_MOST_SHRUNK, _SHRUNK_FROM = 200, 256 << 20
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
# (column, first row, last row)
_Merged = tuple[int, int, int]


def records(content: BinaryIO, spool: BinaryIO) -> Iterator[dict[str, Any]]:
    """Each row that is not empty, then what is to be told of the workbook.

    A row has its sheet, its number from 1, its cells, and what is wrong with it. A merged cell counts for each of its
    rows. Sheets that are hidden are left out where others have rows. A number is the text that the sheet shows of it,
    where its format is one that is followed; in what is no XLSX no format is.

    Raises:
        Refused: the file cannot be read.
    """
    import python_calamine

    try:
        begins = content.read(4)
        content.seek(0)
        if begins.startswith(b"PK"):
            yield from _of_archive(content, spool)
            return
        if _ENCRYPTED in content.read():
            raise Refused("is protected by a password", "Save a copy without the password and try again.")
        yield from _of_whole(content)
    except python_calamine.PasswordError as error:
        raise Refused("is protected by a password", "Save a copy without the password and try again.") from error
    except (MemoryError, ImportError, Refused):
        raise
    except Exception as error:
        raise Refused(f"cannot be read as a workbook ({type(error).__name__}: {str(error)[:150]})") from error


def _of_archive(content: BinaryIO, spool: BinaryIO) -> Iterator[dict[str, Any]]:
    with zipfile.ZipFile(content) as parts:
        size = sum(part.file_size for part in parts.infolist())
        packed = sum(part.compress_size for part in parts.infolist())
        most = _MOST_BYTES if is_followed(parts.namelist()) else _MOST_HELD
        if size > most:
            raise Refused(f"holds more than {most >> 20:,} MB")
        if size > _SHRUNK_FROM and size > _MOST_SHRUNK * packed:
            raise Refused(f"unpacks to more than {_MOST_SHRUNK} times its size")
        if is_followed(parts.namelist()):
            yield from _by_rows(parts, spool)
            return
    yield from _of_whole(content)


def _by_rows(parts: zipfile.ZipFile, spool: BinaryIO) -> Iterator[dict[str, Any]]:
    """The rows of XLSX."""
    book, paths, codes = Book(parts, spool), sheets_in(parts), formats_in(parts)
    hidden: list[str] = []
    formats: list[dict[str, Any]] = []
    found = False
    for name, is_hidden in _sheets(book.about()):
        if is_hidden and found:
            hidden.append(name)
            continue
        path = paths.get(name, "")
        with parts.open(path) as sheet:
            merged = [*merged_in(sheet)]
        shown = Shown(codes)
        for record in _told(book.rows(name, path, codes), merged, shown):
            found = True
            yield {"sheet": name, **record}
        formats.append({"sheet": name, **shown.told()})
    yield {"hidden": hidden, "formats": formats, "is_followed": True}


def _of_whole(content: BinaryIO) -> Iterator[dict[str, Any]]:
    """The rows of what calamine has to hold."""
    import python_calamine

    content.seek(0)
    hidden: list[str] = []
    found = False
    with python_calamine.CalamineWorkbook.from_filelike(content) as book:
        for name, is_hidden in _sheets(book.sheets_metadata):
            if is_hidden and found:
                hidden.append(name)
                continue
            sheet = book.get_sheet_by_name(name)
            if sheet.total_width > MOST_COLUMNS:
                raise Refused(f"has {sheet.total_width:,} columns in the sheet {name!r}")
            merged = [(first[1], first[0] + 1, last[0] + 1) for first, last in sheet.merged_cell_ranges or []]
            values = enumerate(sheet.to_python(skip_empty_area=False), start=1)
            for record in _told((SheetRow(number, values=cells) for number, cells in values), merged, Shown([])):
                found = True
                yield {"sheet": name, **record}
    yield {"hidden": hidden, "is_followed": False}


def _sheets(about: Iterable[Any]) -> list[tuple[str, bool]]:
    """The sheets of cells by their names, the hidden ones last: whether each is hidden."""
    import python_calamine

    tables = [one for one in about if one.typ is python_calamine.SheetTypeEnum.WorkSheet]
    visible = python_calamine.SheetVisibleEnum.Visible
    return sorted(((one.name, one.visible is not visible) for one in tables), key=lambda sheet: sheet[1])


def _told(rows: Iterable[SheetRow], merged: list[_Merged], shown: Shown) -> Iterator[dict[str, Any]]:
    """The rows that are not empty, as records."""
    starts: dict[int, list[tuple[int, int]]] = {}
    for column, first, last in merged:
        starts.setdefault(first, []).append((column, last))
    # By column: the last row, the style, the value and what it is without a format.
    going: dict[int, tuple[int, int | None, Any, Any]] = {}
    for row in rows:
        plain = [_plain(value) for value in row.values]
        going = {column: one for column, one in going.items() if one[0] >= row.number}
        if row.wrong or any(value != "" for value in row.values):
            cells = shown.cells(row.styles, row.values, plain)
            above = {column: shown.cell(column, style, *value) for column, (_, style, *value) in going.items()}
            cells += [None] * (max(above, default=-1) + 1 - len(cells))
            yield _record(row.number - 1, cells, row.wrong, above)
        for column, last in starts.get(row.number, ()):
            value = (row.values[column], plain[column]) if column < len(plain) else ("", None)
            going[column] = (last, row.styles.get(column), *value)


def _record(number: int, cells: list[Any], wrong: dict[int, str], above: dict[int, Any]) -> dict[str, Any]:
    filled = [above.get(column) if cell is None else cell for column, cell in enumerate(cells)]
    problem = kind = ""
    for column, error in wrong.items():
        if error:
            problem, kind = f"the cell {letters(column)}{number + 1} holds the error {error}", "error in a cell"
            filled += [None] * (column + 1 - len(filled))
            filled[column] = error
        else:
            problem = (
                f"the result of the formula in {letters(column)}{number + 1} is not in the file; open and save it once"
            )
            kind = "formula without a result"
    for column, value in enumerate(filled):
        if isinstance(value, float) and not math.isfinite(value):
            problem, kind = (
                f"the cell {letters(column)}{number + 1} holds a number that is too large",
                "error in a cell",
            )
            filled[column] = str(value)
    while filled and filled[-1] is None:
        filled.pop()
    return {
        "number": number + 1,
        "cells": filled,
        "problem": problem,
        "kind": kind,
        "merged": any(cells[column] is None and value is not None for column, value in above.items()),
    }


def _plain(value: Any) -> Any:
    """A value as JSON has it: dates in ISO 8601, whole numbers without a decimal point, None where nothing is."""
    if value == "" or value is None:
        return None
    if isinstance(value, datetime.datetime):
        midnight = value.time() == datetime.time()
        return value.date().isoformat() if midnight else value.isoformat(sep=" ")
    if isinstance(value, datetime.date | datetime.time):
        return value.isoformat()
    if isinstance(value, datetime.timedelta):
        return _hours(value)
    if isinstance(value, float) and value.is_integer() and abs(value) < _LONGEST_WHOLE:
        return int(value)
    return value if isinstance(value, str | bool | int | float) else str(value)


def _hours(duration: datetime.timedelta) -> str:
    """A duration as spreadsheets show it: 30:00:00, and not days and hours."""
    seconds = abs(duration) // datetime.timedelta(seconds=1)
    sign = "-" if duration < datetime.timedelta() else ""
    rest = f"{abs(duration).microseconds:06}".rstrip("0")
    return f"{sign}{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}{f'.{rest}' if rest else ''}"
