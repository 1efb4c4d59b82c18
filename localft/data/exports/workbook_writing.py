"""Tables as workbooks (XLSX): every cell is written as text, so that no program takes one for a formula."""

import io
from collections.abc import Sequence

from localft.errors import UserError

# What Excel keeps of a cell, and of a sheet.
MOST_CHARACTERS = 32_767
_MOST_ROWS = 1_048_576
_WIDTH = 60


def write_workbook(rows: Sequence[Sequence[str]], title: str) -> bytes:
    """A workbook of one sheet; the first row names the columns and stays in sight.

    Raises:
        UserError: there are more rows than a sheet has, or a text is longer than a cell.
    """
    if len(rows) > _MOST_ROWS:
        raise UserError(f"A sheet holds {_MOST_ROWS:,} rows, and there are more.", _INSTEAD)
    if any(_units(text) > MOST_CHARACTERS for texts in rows for text in texts):
        raise UserError(f"A text is longer than the {MOST_CHARACTERS:,} characters that a cell holds.", _INSTEAD)
    from openpyxl import Workbook
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.styles import Alignment, Font

    workbook = Workbook(write_only=True)
    sheet = workbook.create_sheet(title)
    sheet.freeze_panes = "A2"
    wrapped, bold = Alignment(wrap_text=True, vertical="top"), Font(bold=True)
    for column in range(len(rows[0])):
        sheet.column_dimensions[chr(ord("A") + column)].width = _WIDTH if column else _WIDTH / 5
    for number, texts in enumerate(rows, start=1):
        cells = []
        for text in texts:
            cell = WriteOnlyCell(sheet, value=text)
            # Told by its first character it would be a formula, or an error such as #N/A.
            cell.data_type = "s"
            cell.alignment = wrapped
            if number == 1:
                cell.font = bold
            cells.append(cell if text else None)
        sheet.append(cells)
    content = io.BytesIO()
    workbook.save(content)
    return content.getvalue()


_INSTEAD = "Choose jsonl, or csv."


def _units(text: str) -> int:
    """The length of a text as Excel counts: characters beyond U+FFFF are two."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le")) // 2
