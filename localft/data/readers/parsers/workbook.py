"""Workbooks (XLSX): every row of every sheet, with what is wrong with it."""

import datetime
import io
from collections.abc import Iterator
from typing import Any

from localft.data.readers.parsers.child import Refused

_MOST_COLUMNS = 1_000


def records(content: bytes) -> Iterator[dict[str, Any]]:
    """Each row that is not empty, with its sheet, its number, its cells, and what is wrong with it.

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
