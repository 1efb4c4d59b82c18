"""Workbooks (XLSX): every sheet with rows, its first row naming the columns. Read in a child process."""

from typing import Any

from localft.data.readers.sandbox import parse
from localft.data.rows import Row, excerpt, refuse_twin_columns

# A spreadsheet keeps 15 digits of a number.
_EXACT = 10**15


def read_workbook(content: bytes, name: str) -> list[tuple[str, list[Row], list[str]]]:
    """The sheets of a workbook that have rows: the name of each, its rows, and what one should know about it.

    `number` of a row is its row in the sheet. An error, and a formula whose result is not in the file, set a row aside.

    Raises:
        UserError: it is damaged or protected, a sheet has two columns of one name, or reading takes too much.
    """
    sheets: dict[str, list[dict[str, Any]]] = {}
    for record in parse("workbook", content, name, dict[str, Any]):
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
