"""Apostrophes in a table of text: with one before it, no program takes what a text says for a formula.

Where a cell begins with a sign of a formula, every spreadsheet does. One that divides at another sign than the comma
(German Excel at the semicolon) sees no quotation marks around the cell either, so that what follows such a sign within
the text begins a cell there, and what follows a line break a row (OWASP, CSV injection).
"""

import re

QUOTED = "localft_quoted"
"""In a table that localft exports: the column with the names of the cells in which an apostrophe was put.

It stands before the cell, and before places within it where there is a star after the name. Without it a spreadsheet
would take them for formulas; by it they are read back as they were.
"""

_SIGNS = "=+\\-@＝＋－＠"
# The full-width signs too. Some programs pass over what stands before them.
_START = re.compile(rf"""[\t\r\n]|[ "\t\r\n]*[{_SIGNS}]""")
# No formula goes on with them after its sign: ";-)", "=>", "|---|", "--*". What ends with the text goes on in the file.
_NO_OPERAND = r")\]}>*/,:?~`^&%<|;\r\n"
# What stands before the sign, after which something follows: that alone decides, so that a place is one without the
# apostrophe, and with it. The pattern begins with a class, which is quickly looked for.
_PLACE = re.compile(rf"""[;\t|\r\n][ "]*'*(?=[{_SIGNS}][{_SIGNS} ]*(?:[^{_NO_OPERAND}{_SIGNS} ]|\Z))""")
# A point of a list in Markdown: a spreadsheet finds an unknown name, and nothing in it calls a function, another
# program (|) or another file (! and [). After the text come a quotation mark and the next cell, which such an end
# cannot be joined to. Only a line begins with one, so that no part of it is gone through twice.
_POINT = re.compile(r"[-+][ \t]+[^\W\d][^(|!\[（｜！［\r\n]*(?:[\r\n]|(?<=[\w.?。？…])\Z)")


def before_cell(cell: str) -> str:
    """The cell with an apostrophe before it, where it would be a formula."""
    return f"'{cell}" if _START.match(cell) else cell


def within_cell(cell: str) -> str:
    """The cell with one apostrophe more before each sign that would begin a formula if the text were divided there."""
    return _PLACE.sub(_with_one_more, cell)


def without_apostrophes(cell: str, name: str, quoted: list[str]) -> str:
    """The cell as it was before, in the column of this name; `quoted` is what the column `QUOTED` says."""
    if name in quoted:
        cell = cell.removeprefix("'")
    return _PLACE.sub(_with_one_less, cell) if f"{name}*" in quoted else cell


def _with_one_more(place: re.Match[str]) -> str:
    return place[0] if _is_point(place) else f"{place[0]}'"


def _with_one_less(place: re.Match[str]) -> str:
    return place[0] if _is_point(place) else place[0].removesuffix("'")


def _is_point(place: re.Match[str]) -> bool:
    return place[0].startswith(("\r", "\n")) and _POINT.match(place.string, place.end()) is not None
