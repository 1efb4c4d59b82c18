"""What an XLSX file says of its cells beside their values: errors, formulas without a result, formats, merged ones."""

import html
import importlib
import posixpath
import re
import zipfile
from collections.abc import Iterator
from typing import IO, Any

from localft.data.readers.parsers.number_formats import BUILT_IN

WORKBOOK, RELATIONS, STYLES = "xl/workbook.xml", "xl/_rels/workbook.xml.rels", "xl/styles.xml"
# Formats in which nothing is to be followed, compared in lower case.
_NO_FORMAT = {"general", "@", ""}
_ID = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
_STRICT_ID = "{http://purl.oclc.org/ooxml/officeDocument/relationships}id"
_VALUE = re.compile(rb"<(?:\w+:)?v\b[^>]*(?<!/)>([^<]*)<")
_FORMULA = re.compile(rb"<(?:\w+:)?f\b")
_MERGED = re.compile(rb"""<(?:\w+:)?mergeCell\b[^>]*?\bref=["']([A-Z]{1,3})([0-9]{1,7}):[A-Z]{1,3}([0-9]{1,7})["']""")
_LONGEST_TAG = 300
_CHUNK = 1 << 20


def is_followed(names: list[str]) -> bool:
    """Whether what an archive holds is a workbook whose formats are read: XLSX."""
    return {WORKBOOK, RELATIONS} <= set(names)


def sheets_in(parts: zipfile.ZipFile) -> dict[str, str]:
    """The names of the sheets with those of their files."""
    targets = {
        str(one.get("Id")): posixpath.normpath(posixpath.join("/xl", str(one.get("Target")))).lstrip("/")
        for one in _tree(parts.read(RELATIONS)).iter("{*}Relationship")
    }
    sheets = _tree(parts.read(WORKBOOK)).iter("{*}sheet")
    return {str(one.get("name")): targets.get(str(one.get(_ID) or one.get(_STRICT_ID)), "") for one in sheets}


def formats_in(parts: zipfile.ZipFile) -> list[str | None]:
    """The formats of numbers by the numbers of the styles of cells, None for those that have none of their own."""
    if STYLES not in parts.NameToInfo:
        return []
    styles = _tree(parts.read(STYLES))
    own = {str(one.get("numFmtId")): str(one.get("formatCode") or "") for one in styles.iter("{*}numFmt")}
    ids = [str(one.get("numFmtId") or "0") for one in styles.iterfind("{*}cellXfs/{*}xf")]
    codes = [own.get(number) or BUILT_IN.get(int(number) if number.isdecimal() else 0, "") for number in ids]
    return [None if code.strip().lower() in _NO_FORMAT else code for code in codes]


def merged_in(sheet: IO[bytes]) -> Iterator[tuple[int, int, int]]:
    """(column from 0, first row, last row) of the merged cells of more than one row; rows count from 1."""
    rest = b""
    while block := sheet.read(_CHUNK):
        rest += block
        end = max(0, len(rest) - _LONGEST_TAG)
        if b"mergeCell" in rest:
            for found in _MERGED.finditer(rest):
                end = max(end, found.end())
                if found[2] != found[3]:
                    yield column_of(found[1]), int(found[2]), int(found[3])
        rest = rest[end:]


def fault_of(kind: bytes, inside: bytes) -> str | None:
    """The error of a cell, "" for a formula whose result is not in the file, None where nothing is wrong."""
    if kind == b"e":
        return value_of(inside) or "of no name"
    is_formula = bool(_FORMULA.search(inside))
    return "" if is_formula and not value_of(inside) and kind not in {b"str", b"inlineStr"} else None


def value_of(inside: bytes) -> str:
    """The value in a cell, as it is written."""
    found = _VALUE.search(inside)
    return html.unescape(found[1].decode("utf-8", errors="replace")) if found else ""


def letters(column: int) -> str:
    """A column from 0 as spreadsheets call it: A, B, … Z, AA."""
    name = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        name = chr(65 + rest) + name
    return name


def column_of(name: bytes) -> int:
    """A column from 0 by its letters."""
    number = 0
    for letter in name:
        number = number * 26 + letter - 64
    return number - 1


def _tree(content: bytes) -> Any:
    # Compiled and without types.
    etree: Any = importlib.import_module("lxml.etree")
    return etree.fromstring(content, etree.XMLParser(resolve_entities=False, no_network=True))
