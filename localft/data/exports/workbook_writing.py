"""Tables as workbooks (XLSX): every cell is written as text, so that no program takes one for a formula."""

from collections.abc import Iterable, Sequence
from typing import BinaryIO

from localft.errors import UserError

# What Excel keeps of a cell, and of a sheet.
MOST_CHARACTERS = 32_767
_MOST_ROWS = 1_048_576
_WIDTH = 60


def write_workbook(file: BinaryIO, names: Sequence[str], rows: Iterable[Sequence[str]], title: str) -> None:
    """Write a workbook of one sheet; its first row names the columns and stays in sight. Rows are not held in memory.

    Raises:
        UserError: there are more rows than a sheet has, or a text is longer than a cell.
    """
    from openpyxl import Workbook
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.styles import Alignment, Font

    workbook = Workbook(write_only=True)
    sheet = workbook.create_sheet(title)
    sheet.freeze_panes = "A2"
    wrapped, bold = Alignment(wrap_text=True, vertical="top"), Font(bold=True)
    for column in range(len(names)):
        sheet.column_dimensions[chr(ord("A") + column)].width = _WIDTH if column else _WIDTH / 5

    def append(texts: Sequence[str], font: Font | None = None) -> None:
        cells = []
        for text in texts:
            cell = WriteOnlyCell(sheet, value=text)
            # Told by its first character it would be a formula, or an error such as #N/A.
            cell.data_type = "s"
            cell.alignment = wrapped
            if font is not None:
                cell.font = font
            cells.append(cell if text else None)
        sheet.append(cells)

    append(names, bold)
    try:
        for number, texts in enumerate(rows, start=2):
            _refuse_too_large(number, texts)
            append(texts)
    finally:
        # Also where it ends early: the rows so far wait in a temporary file, which goes with this.
        sheet.close()
    workbook.save(file)


_INSTEAD = "Choose jsonl, or csv."


def _refuse_too_large(number: int, texts: Sequence[str]) -> None:
    if number > _MOST_ROWS:
        raise UserError(f"A sheet holds {_MOST_ROWS:,} rows, and there are more.", _INSTEAD)
    if any(_units(text) > MOST_CHARACTERS for text in texts):
        raise UserError(f"A text is longer than the {MOST_CHARACTERS:,} characters that a cell holds.", _INSTEAD)


def _units(text: str) -> int:
    """The length of a text as Excel counts: characters beyond U+FFFF are two."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le")) // 2
