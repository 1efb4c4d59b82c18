"""Fixed inputs, each with one thing wrong or odd; what has to come of it stands under its name in `expected.json`."""

from functools import partial

import pyarrow
import pyarrow.ipc

from tests.documents_made import docx, paragraph, pdf, placed, table
from tests.malformed import writers
from tests.malformed.fixed_text import CELLS, LINES, VALUES

File = tuple[str, bytes]
GOOD = [("first question", "first answer"), ("last question", "last answer")]
_ENCODINGS = ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp1252")
WRITERS = {
    ".jsonl": partial(writers.jsonl, plain=True),
    ".json": writers.array,
    ".csv": writers.table,
    ".tsv": partial(writers.table, delimiter="\t"),
}


def _cell(inner: str, kind: str = "n", place: str = "B2") -> bytes:
    odd = writers.row(2, writers.cell("A2", "q"), f'<c r="{place}" t="{kind}">{inner}</c>')
    return writers.workbook(writers.texts(1, *writers.HEADER) + odd + writers.texts(3, "r", "another one"))


def _number(number: str, code: str, style: str = "1") -> bytes:
    odd = writers.row(2, writers.cell("A2", "q"), f'<c r="B2" s="{style}"><v>{number}</v></c>')
    return writers.workbook(writers.texts(1, *writers.HEADER) + odd, styles=writers.styles(code))


# The XML of a cell of a workbook, between good rows.
SHEETS = {
    "number": _cell("<v>12.50</v>"),
    "whole": _cell("<v>120</v>"),
    "small": _cell("<v>1E-7</v>"),
    "huge": _cell("<v>1e400</v>"),
    "no number": _cell("<v>x</v>"),
    "true": _cell("<v>1</v>", "b"),
    "error": _cell("<v>#REF!</v>", "e"),
    "formula": _cell("<f>1+1</f><v>25</v>"),
    "formula without result": _cell("<f>1+1</f>"),
    "formula with error": _cell("<f>1/0</f><v>#DIV/0!</v>", "e"),
    "formula with text": _cell("<f>A1</f><v>text of it</v>", "str"),
    "shared text that is not there": _cell("<v>99</v>", "s"),
    "date": _cell("<v>2024-01-02T03:04:05</v>", "d"),
    "far down": _cell("<v>120</v>", place="B1048576"),
    "far right": _cell("<v>120</v>", place="XFD2"),
    "beyond": _cell("<v>120</v>", place="ZZZZ9"),
    "no place": _cell("<v>120</v>", place=""),
    "row 0": _cell("<v>120</v>", place="B0"),
    "strange kind": _cell("<v>120</v>", "zz"),
    "merged": writers.workbook(
        writers.texts(1, *writers.HEADER) + writers.texts(2, "q", "an answer") + writers.texts(3, "r", ""),
        '<mergeCells count="1"><mergeCell ref="B2:B3"/></mergeCells>',
    ),
    "merged everywhere": writers.workbook(
        writers.texts(1, *writers.HEADER) + writers.texts(2, "q", "an answer"),
        '<mergeCells count="1"><mergeCell ref="A1:XFD1048576"/></mergeCells>',
    ),
    "merged nowhere": writers.workbook(
        writers.texts(1, *writers.HEADER) + writers.texts(2, "q", "an answer"),
        '<mergeCells count="1"><mergeCell ref="x"/></mergeCells>',
    ),
    "no rows": writers.workbook(""),
    "header only": writers.workbook(writers.texts(1, *writers.HEADER)),
    "twin header": writers.workbook(writers.texts(1, "prompt", "prompt") + writers.texts(2, "a", "b")),
    "torn": writers.workbook("<row><c"),
    "entities": writers.workbook("&lol;"),
    "controls": writers.sheet([("q\x07", "an\x00answer _x0041_")]),
    "blank row": writers.workbook(
        writers.texts(1, *writers.HEADER) + writers.row(2) + writers.texts(3, "r", "another one")
    ),
    "percent": _number("0.5", "0 %"),
    "fixed decimals": _number("7.1", "0.00"),
    "currency": _number("-1234.5", '_-* #,##0.00\\ "€"_-;\\-* #,##0.00\\ "€"_-'),
    "fraction": _number("1.5", "# ?/?"),
    "endless format": _number("1.5", "0" * 10_000),
    "torn format": _number("1.5", '"[0.;\\'),
    "unknown style": _number("1.5", "0.00", "77"),
    "huge number with a format": _number("1e300", "0.00"),
    "torn styles": writers.workbook(
        writers.texts(1, *writers.HEADER) + writers.texts(2, "q", "an answer"), styles="<x"
    ),
    "wide": writers.workbook(writers.texts(1, *writers.HEADER) + writers.texts(2, "q", "an answer", "more")),
}

_LINE = b'{"prompt": "q", "answer": "an answer"}\n'
ARCHIVES = {
    "empty": writers.archive({}),
    "one": writers.archive({"a.jsonl": _LINE}),
    "up": writers.archive({"../../a.jsonl": _LINE}),
    "absolute": writers.archive({"/etc/a.jsonl": _LINE}),
    "backslashes": writers.archive({"..\\..\\a.jsonl": _LINE}),
    "drive": writers.archive({"C:\\a.jsonl": _LINE}),
    "hidden": writers.archive({".a.jsonl": _LINE}),
    "mac": writers.archive({"__MACOSX/a.jsonl": b"x", "a.jsonl": _LINE}),
    "archive inside": writers.archive({"a.zip": writers.archive({"b.jsonl": _LINE})}),
    "archive beside": writers.archive({"a.zip": writers.archive({"b.jsonl": _LINE}), "c.jsonl": _LINE}),
    "other files": writers.archive({"a.png": b"\x89PNG", "b.exe": b"MZ"}),
    "bad and good": writers.archive({"a.json": b"{", "b.jsonl": _LINE}),
    "empty file": writers.archive({"a.jsonl": b""}),
    "zeros": writers.archive({"a.jsonl": bytes(70 << 20)}),
    "lzma": writers.archive({"a.jsonl": _LINE}, 14),
    "bzip2": writers.archive({"a.jsonl": _LINE}, 12),
    "cut": writers.archive({"a.jsonl": _LINE})[:60],
    "junk before": b"junk" + writers.archive({"a.jsonl": _LINE}),
    "junk behind": writers.archive({"a.jsonl": _LINE}) + b"junk",
    "only the mark": b"PK\x03\x04",
    "only the end": b"PK\x05\x06" + bytes(18),
    "twice the name": writers.archive({"a.jsonl": _LINE, "A.jsonl": _LINE}),
    "workbook": writers.archive({"a.xlsx": writers.sheet([("q", "an answer")])}),
    "text": writers.archive({"a.txt": b"Some text to learn."}),
    "document": writers.archive({"a.docx": docx(paragraph("Some text to learn."))}),
    "folder": writers.archive({"folder/": b""}),
    "nul name": writers.archive({"a.jsonl": _LINE, "b.jsonl": _LINE}).replace(b"b.jsonl", b"\0.jsonl"),
    "odd name": writers.archive({"a\n\x07.jsonl": _LINE}),
}

DOCUMENTS: dict[str, File] = {
    "text": ("a.txt", b"Some text to learn."),
    "text with nul": ("a.txt", b"Some\0text to learn."),
    "only nul": ("a.txt", bytes(50)),
    "bracket": ("a.txt", b"[1] Some text."),
    "brace": ("a.txt", b"{ Some text."),
    "array in text": ("a.txt", b'["x"]'),
    "windows text": ("a.txt", "Schöne Grüße".encode("cp1252")),
    "blank text": ("a.txt", b" \n\t\n"),
    "markdown": ("a.md", b"# Title\n\nSome text."),
    "only a heading": ("a.md", b"# Title"),
    "open fence": ("a.md", b"```\n# no title"),
    "page": ("a.html", b"<p>Some text"),
    "page of script": ("a.html", b"<script>x()</script>"),
    "page with entities": ("a.html", b"<p>a &lt; b &amp; c &#x110000; &unknown;"),
    "deep page": ("a.html", b"<div>" * 3000 + b"Some text"),
    "broken tags": ("a.html", b"<p <b>Some text</b></i></p>>"),
    "page of another encoding": ("a.html", '<meta charset="utf-16"><p>Some text \xe9'.encode("latin-1")),
    "word": ("a.docx", docx(paragraph("Some text."), table([["a", "b"]]))),
    "empty word": ("a.docx", docx()),
    "torn word": ("a.docx", docx("<w:p><w:r>")),
    "word with entities": ("a.docx", docx("&lol;")),
    "cut word": ("a.docx", docx(paragraph("x"))[:300]),
    "no word": ("a.docx", b"Some text."),
    "word by another name": ("a.csv", docx(paragraph("Some text."))),
    "pdf": ("a.pdf", pdf([placed(["Some text."])])),
    "scan": ("a.pdf", pdf([[]])),
    "locked pdf": ("a.pdf", pdf([placed(["x"])], locked=True)),
    "cut pdf": ("a.pdf", pdf([placed(["Some text."])])[:150]),
    "no pdf": ("a.pdf", b"Some text."),
    "only its mark": ("a.pdf", b"%PDF-1.7"),
    "pdf by another name": ("a.jsonl", pdf([placed(["Some text."])])),
    "without a table": ("a.pdf", pdf([placed(["Some text."])]).replace(b"xref", b"xxxx")),
    "old word": ("a.doc", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600)),
    "picture": ("a.md", b"\x89PNG\r\n\x1a\n" + bytes(40)),
    "gzip": ("a.jsonl", b"\x1f\x8b" + bytes(40)),
    "program": ("a.csv", b"\x7fELF" + bytes(200)),
    "nothing": ("a.jsonl", b""),
    "pickle": ("a.json", b"\x80\x04\x95" + bytes(30)),
}

_PARQUET, _ARROW = writers.parquet(GOOD), writers.arrow(GOOD)
COLUMNS: dict[str, File] = {
    "parquet": ("a.parquet", _PARQUET),
    "snappy": ("a.parquet", writers.parquet(GOOD, "snappy")),
    "cut parquet": ("a.parquet", _PARQUET[:-20]),
    "half a parquet": ("a.parquet", _PARQUET[: len(_PARQUET) // 2]),
    "only its mark": ("a.parquet", b"PAR1"),
    "no parquet": ("a.parquet", b"prompt,answer\n"),
    "zeros inside": ("a.parquet", _PARQUET[:40] + bytes(40) + _PARQUET[80:]),
    "arrow": ("a.arrow", _ARROW),
    "stream": ("a.arrow", writers.arrow(GOOD, pyarrow.ipc.new_stream)),
    "cut arrow": ("a.arrow", _ARROW[:-30]),
    "only the mark of arrow": ("a.arrow", b"ARROW1"),
    "no arrow": ("a.arrow", b"x" * 40),
    "by another name": ("a.csv", _PARQUET),
}


def inputs() -> dict[str, File]:
    """All of them by their names."""
    text = [("question", "Grüße aus Köln, schön war es"), ("another question", "another answer")]
    first, last = writers.jsonl(GOOD).split(b"\n")
    found = {f"line: {name}": ("a.jsonl", b"\n".join([first, line, last])) for name, line in LINES.items()}
    found |= {f"JSON: {name}": ("a.json", value) for name, value in VALUES.items()}
    found |= {f"CSV: {name}": ("a.csv", cells.encode()) for name, cells in CELLS.items()}
    found |= {f"workbook: {name}": ("a.xlsx", content) for name, content in SHEETS.items()}
    found |= {f"archive: {name}": ("a.zip", content) for name, content in ARCHIVES.items()}
    found |= {f"document: {name}": file for name, file in DOCUMENTS.items()}
    found |= {f"columns: {name}": file for name, file in COLUMNS.items()}
    for encoding in _ENCODINGS:
        for suffix, write in WRITERS.items():
            content = write(text).decode().encode(encoding, errors="replace")
            found[f"{encoding}: {suffix}"] = (f"a{suffix}", content)
        found[f"{encoding}: .txt"] = ("a.txt", text[0][1].encode(encoding, errors="replace"))
    return found
