"""Tables in every format that is read, written by hand where a library would refuse what they hold."""

import csv
import io
import json
import re
import zipfile
from collections.abc import Callable, Sequence
from typing import Any
from xml.sax.saxutils import escape

import pyarrow
import pyarrow.ipc
import pyarrow.parquet

Pair = tuple[str, str]
HEADER = ("prompt", "answer")
_SHEET = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_QUOTE = {'"': "&quot;"}
_BOOK_PARTS = {
    "[Content_Types].xml": f'<Types xmlns="{_PACKAGE}/content-types"/>',
    "_rels/.rels": f'<Relationships xmlns="{_PACKAGE}/relationships"><Relationship Id="r" '
    f'Type="{_OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
    "xl/workbook.xml": f'<workbook xmlns="{_SHEET}" xmlns:r="{_OFFICE}"><sheets><sheet name="One" sheetId="1" '
    'r:id="r1"/></sheets></workbook>',
    "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{_PACKAGE}/relationships"><Relationship Id="r1" '
    f'Type="{_OFFICE}/worksheet" Target="worksheets/sheet1.xml"/></Relationships>',
}


def jsonl(pairs: Sequence[Pair], plain: bool = False) -> bytes:
    lines = (json.dumps(dict(zip(HEADER, pair, strict=True)), ensure_ascii=not plain) for pair in pairs)
    return "\n".join(lines).encode("utf-8", errors="surrogatepass")


def array(pairs: Sequence[Pair], indent: int | None = None) -> bytes:
    return json.dumps([dict(zip(HEADER, pair, strict=True)) for pair in pairs], indent=indent).encode()


def wrapped(pairs: Sequence[Pair]) -> bytes:
    return b'{"version": "1", "data": ' + array(pairs) + b"}"


def table(pairs: Sequence[Pair], delimiter: str = ",", end: str = "\n", quoting: Any = csv.QUOTE_ALL) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=delimiter, lineterminator=end, quoting=quoting)
    writer.writerows([HEADER, *pairs])
    return text.getvalue().encode("utf-8", errors="surrogatepass")


def columns(pairs: Sequence[Pair]) -> pyarrow.Table:
    return pyarrow.table({name: [pair[place] for pair in pairs] for place, name in enumerate(HEADER)})


def parquet(pairs: Sequence[Pair], compression: str = "none") -> bytes:
    content = io.BytesIO()
    pyarrow.parquet.write_table(columns(pairs), content, compression=compression)
    return content.getvalue()


def arrow(pairs: Sequence[Pair], make: Callable[..., Any] = pyarrow.ipc.new_file) -> bytes:
    content, whole = io.BytesIO(), columns(pairs)
    with make(content, whole.schema) as writer:
        writer.write_table(whole)
    return content.getvalue()


def archive(files: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", method) as made:
        for name, value in files.items():
            # Without the present time, so that the same input is made again.
            made.writestr(zipfile.ZipInfo(name), value, method)
    return content.getvalue()


def cell(reference: str, text: str) -> str:
    """A cell with a text, what XML cannot hold written as Excel writes it."""
    safe = re.sub(r"_(?=x[0-9A-Fa-f]{4}_)", "_x005F_", text)
    safe = re.sub(r"[\x00-\x08\x0b-\x1f\ufffe\uffff]", lambda found: f"_x{ord(found[0]):04X}_", safe)
    return f'<c r="{reference}" t="inlineStr"><is><t xml:space="preserve">{escape(safe)}</t></is></c>'


def styles(*codes: str) -> str:
    """The part of a workbook that says how numbers look: style 1 has the first of these formats, and so on."""
    formats = "".join(
        f'<numFmt numFmtId="{200 + n}" formatCode="{escape(code, _QUOTE)}"/>' for n, code in enumerate(codes)
    )
    cells = "".join(f'<xf numFmtId="{200 + n}"/>' for n in range(len(codes)))
    formats, cells = f"<numFmts>{formats}</numFmts>", f'<cellXfs><xf numFmtId="0"/>{cells}</cellXfs>'
    return f'<styleSheet xmlns="{_SHEET}">{formats}{cells}</styleSheet>'


def workbook(rows: str, more: str = "", dimension: str = "A1", styles: str = "") -> bytes:
    """A workbook with a sheet of these rows, in its own XML."""
    sheet = f'<worksheet xmlns="{_SHEET}"><dimension ref="{dimension}"/><sheetData>{rows}</sheetData>{more}</worksheet>'
    parts = {**_BOOK_PARTS, "xl/worksheets/sheet1.xml": sheet} | ({"xl/styles.xml": styles} if styles else {})
    return archive({name: part.encode("utf-8", errors="surrogatepass") for name, part in parts.items()})


def row(number: int, *cells: str) -> str:
    return f'<row r="{number}">{"".join(cells)}</row>'


def texts(number: int, *values: str) -> str:
    return row(number, *(cell(f"{chr(65 + place)}{number}", value) for place, value in enumerate(values)))


def sheet(pairs: Sequence[Pair]) -> bytes:
    return workbook("".join(texts(number, *pair) for number, pair in enumerate([HEADER, *pairs], start=1)))
