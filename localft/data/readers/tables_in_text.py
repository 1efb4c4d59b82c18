"""Documents that are one table of questions and answers, as people keep them in Word and on pages."""

import re

from localft.data.shapes.detecting import detect
from localft.data.shapes.rows import Found, Row

_RULE = re.compile(r"\|(?: :?-{3,}:? \|)+")


def table_in(text: str, name: str) -> Found | None:
    """The rows of the only thing in a document but headings, by their lines; None where it is no such table.

    Its first row has to name columns that are recognised. A cell with a line of its own for "|" makes it none.
    """
    lines = [(number, line.strip()) for number, line in enumerate(text.split("\n"), start=1)]
    told = [(number, line) for number, line in lines if line and not line.startswith("#")]
    if len(told) < 3 or not _RULE.fullmatch(told[1][1]):
        return None
    rows = [(number, _cells(line)) for number, line in told]
    header = rows[0][1]
    layout = detect(header)
    if layout is None or "answer" not in layout.columns or len(set(header)) < len(header):
        return None
    if any(len(cells) != len(header) for _, cells in rows):
        return None
    note = f"{name} is a table; line breaks within its cells are spaces here."
    return Found([Row(number, dict(zip(header, cells, strict=True))) for number, cells in rows[2:]], [note])


def _cells(line: str) -> list[str]:
    """The cells of a line of a table; none of another line."""
    if not (line.startswith("|") and line.endswith("|") and len(line) > 1):
        return []
    return [cell.strip() for cell in re.split(r"(?<!\\)\|", line[1:-1])]
