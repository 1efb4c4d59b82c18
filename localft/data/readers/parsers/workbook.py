"""Workbooks (XLSX, XLSB, XLS, ODS) by calamine: every row of every sheet, with what is wrong with it."""

import datetime
import io
import math
import zipfile
from collections.abc import Iterator
from typing import Any

from localft.data.readers.parsers.cells import Faults, faults_of, letters
from localft.data.readers.parsers.child import Refused
from localft.data.readers.parsers.number_formats import Shown

_MOST_COLUMNS = 1_000
_MOST_CELLS = 20_000_000
# Longer ones are written with an exponent, as spreadsheets write them.
_LONGEST_WHOLE = 1e21
_MOST_BYTES = 1 << 30
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")


def records(content: bytes) -> Iterator[dict[str, Any]]:
    """Each row that is not empty, then what is to be told of the workbook.

    A row has its sheet, its number from 1, its cells, and what is wrong with it. A merged cell counts for each of its
    rows. Sheets that are hidden are left out where others have rows. A number is the text that the sheet shows of it,
    where its format is one that is followed; in what is no XLSX no format is.

    Raises:
        Refused: the file cannot be read.
    """
    import python_calamine

    if _ENCRYPTED in content:
        raise Refused("is protected by a password", "Save a copy without the password and try again.")
    try:
        faults = _faults(content)
        with python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(content)) as book:
            yield from _told(book, faults)
    except python_calamine.PasswordError as error:
        raise Refused("is protected by a password", "Save a copy without the password and try again.") from error
    except (MemoryError, ImportError, Refused):
        raise
    except Exception as error:
        raise Refused(f"cannot be read as a workbook ({type(error).__name__}: {str(error)[:150]})") from error


def _faults(content: bytes) -> dict[str, Faults]:
    """What calamine does not tell of a workbook that is an archive of XML, by sheet."""
    if not content.startswith(b"PK"):
        return {}
    with zipfile.ZipFile(io.BytesIO(content)) as parts:
        if sum(part.file_size for part in parts.infolist()) > _MOST_BYTES:
            raise Refused(f"holds more than {_MOST_BYTES >> 20:,} MB")
        found = faults_of(parts)
    for sheet, faults in found.items():
        if faults.width > _MOST_COLUMNS:
            raise Refused(f"has {faults.width:,} columns in the sheet {sheet!r}")
        if faults.width * faults.height > _MOST_CELLS:
            raise Refused(f"has cells up to row {faults.height:,} in the sheet {sheet!r}, too many to read")
    return found


def _told(book: Any, faults: dict[str, Faults]) -> Iterator[dict[str, Any]]:
    import python_calamine

    hidden: list[str] = []
    formats: list[dict[str, Any]] = []
    found = False
    for about in sorted(book.sheets_metadata, key=lambda about: about.visible != about.visible.Visible):
        if about.typ is not python_calamine.SheetTypeEnum.WorkSheet:
            continue
        if about.visible is not python_calamine.SheetVisibleEnum.Visible and found:
            hidden.append(about.name)
            continue
        of_sheet = faults.get(about.name, Faults())
        shown = Shown(of_sheet.codes, of_sheet.styles)
        for record in _rows(book.get_sheet_by_name(about.name), of_sheet, shown):
            found = True
            yield {"sheet": about.name, **record}
        formats.append({"sheet": about.name, **shown.told()})
    yield {"hidden": hidden, "formats": formats, "is_followed": bool(faults)}


def _rows(sheet: Any, faults: Faults, shown: Shown) -> Iterator[dict[str, Any]]:
    if sheet.total_width > _MOST_COLUMNS:
        raise Refused(f"has {sheet.total_width:,} columns in the sheet {sheet.name!r}")
    merged = {
        (row, first[1]): first
        for first, last in sheet.merged_cell_ranges or []
        for row in range(first[0] + 1, min(last[0], sheet.total_height) + 1)
    }
    rows = sheet.to_python(skip_empty_area=False)
    for number, values in enumerate(rows):
        wrong = faults.cells.get(number, {})
        if wrong or any(value != "" for value in values):
            cells = shown.cells(number, values, [_plain(value) for value in values])
            yield _record(number, cells, wrong, _above(rows, merged, shown, number, len(values)))


def _above(
    rows: Any, merged: dict[tuple[int, int], tuple[int, int]], shown: Shown, number: int, width: int
) -> dict[int, Any]:
    """The values of merged cells that began in an earlier row, by column."""
    starts = ((column, merged.get((number, column))) for column in range(width)) if merged else ()
    return {
        column: shown.cell(*start, rows[start[0]][start[1]], _plain(rows[start[0]][start[1]]))
        for column, start in starts
        if start is not None
    }


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
