"""Workbooks (XLSX): every sheet with rows, its first row naming the columns. Read in a child process."""

import datetime
import io
from collections.abc import Iterator
from typing import Any

from localft.data.readers.sandbox import Refused, parse
from localft.data.rows import Row, excerpt, refuse_twin_columns

# A spreadsheet keeps 15 digits of a number.
_EXACT = 10**15
_MOST_COLUMNS = 1_000


def read_workbook(content: bytes, name: str) -> list[tuple[str, list[Row], list[str]]]:
    """The sheets of a workbook that have rows: the name of each, its rows, and what one should know about it.

    `number` of a row is its row in the sheet. An error, and a formula whose result is not in the file, set a row aside.

    Raises:
        UserError: it is damaged or protected, a sheet has two columns of one name, or reading takes too much.
    """
    sheets: dict[str, list[dict[str, Any]]] = {}
    for record in parse("localft.data.readers.workbook", content, name):
        sheets.setdefault(record["sheet"], []).append(record)
    return [(sheet, *_sheet(records, f"{name}, sheet {sheet}")) for sheet, records in sheets.items()]


def _sheet(records: list[dict[str, Any]], name: str) -> tuple[list[Row], list[str]]:
    header = [str(cell).strip() if cell is not None else "" for cell in records[0]["cells"]]
    refuse_twin_columns([cell for cell in header if cell], name)
    rows = [_row(record, header) for record in records[1:]]
    rounded = any(isinstance(cell, int) and abs(cell) >= _EXACT for record in records for cell in record["cells"])
    notes = [f"{name} has numbers of more than 15 digits, of which spreadsheets keep only 15."] if rounded else []
    return rows, notes


def _row(record: dict[str, Any], header: list[str]) -> Row:
    cells, number = record["cells"], record["number"]
    if record["problem"]:
        return Row(number, None, record["problem"], record["kind"], excerpt(" | ".join(map(str, cells))))
    if any(cell is not None for cell in cells[len(header) :]):
        reason = f"{len(cells)} cells where the header has {len(header)}"
        return Row(number, None, reason, "wrong number of cells", excerpt(" | ".join(map(str, cells))))
    values = dict(zip(header, [*cells, *[None] * len(header)], strict=False))
    return Row(number, {column: value for column, value in values.items() if column})


def rows(content: bytes) -> Iterator[dict[str, Any]]:
    """In the child: each row that is not empty, with its sheet, its number, its cells, and what is wrong with it.

    Raises:
        Refused: the file cannot be read.
    """
    import openpyxl

    try:
        formulas, results = (
            openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=only) for only in (False, True)
        )
        for with_formulas in formulas.worksheets:
            pairs = zip(with_formulas.iter_rows(), results[with_formulas.title].iter_rows(), strict=True)
            for number, (written, shown) in enumerate(pairs, start=1):
                if any(cell.value is not None for cell in written):
                    yield _record(with_formulas.title, number, written, shown)
    except (MemoryError, Refused):
        raise
    except Exception as error:
        raise Refused(f"cannot be read as a workbook ({type(error).__name__}: {str(error)[:150]})") from error


def _record(sheet: str, number: int, written: Any, shown: Any) -> dict[str, Any]:
    if len(written) > _MOST_COLUMNS:
        raise Refused(f"has {len(written):,} columns in the sheet {sheet!r}")
    problem = kind = ""
    cells: list[Any] = []
    for formula, result in zip(written, shown, strict=True):
        if result.data_type == "e" or formula.data_type == "e":
            problem, kind = f"the cell {formula.coordinate} holds the error {result.value}", "error in a cell"
        elif formula.data_type == "f" and result.value is None:
            problem = f"the result of the formula in {formula.coordinate} is not in the file; open and save it once"
            kind = "formula without a result"
        cells.append(_plain(result.value))
    while cells and cells[-1] is None:
        cells.pop()
    return {"sheet": sheet, "number": number, "cells": cells, "problem": problem, "kind": kind}


def _plain(value: Any) -> Any:
    """A value as JSON has it: dates in ISO 8601, whole numbers without a decimal point."""
    if isinstance(value, datetime.datetime):
        midnight = value.time() == datetime.time()
        return value.date().isoformat() if midnight else value.isoformat(sep=" ")
    if isinstance(value, datetime.date | datetime.time):
        return value.isoformat()
    if isinstance(value, datetime.timedelta):
        return str(value)
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value if value is None or isinstance(value, str | bool | int | float) else str(value)
