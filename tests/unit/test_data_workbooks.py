"""Workbooks of every kind: numbers, dates, errors, merged cells, hidden and damaged sheets."""

import base64
import datetime
import io
import re
import zipfile
import zlib
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from localft.data.making.reading import ReadResult, read_files
from localft.data.readers.parsers.cells import letters
from localft.errors import UserError

HEADER = ["prompt", "answer"]
COMPOUND = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(500)
# A workbook as Excel wrote it before 2007: five rows in the sheet "Fragen".
OLD = (
    r"c-rk)O=uHA6#izj+a{qusZE7e2%%ur+9Kk`OB<Eio>Hn8e-Jb=i<Y*Vu&tDM&}z*|1i_QyrBDxEs$Tp-4~iELLPZaPAf$TqBq(@D"
    r"v%Yydi*1e2fCei2E&Jxpn{Q^`&di&g-8YLZ#kmI^OIU+`1W<NDs9RwZbcei51XS)gQuWdx-Hwk9g;0<tvd+NM#@F?74&{6=LBoCh"
    r"1xer&-6xR4aMm*8HN*k-Atj^_eIx~Llcfpm?A0cgr&+eLyvNLEEcdbH8p}T77R7NaCWgEBs#Sbc>*TT~$aWuboeyl;jW)cJtN7w|"
    r";c^Y^w?|Xs8>}FvH((w#p+lx++A`maI|u{E2))T<@4!G2QJU;|e0So&H!rH6$9;Qk?E+-~vD#k$2YZkvajpG^rUNr@PH~VFXi@Ld"
    r"-9R3+Q)f)8ghAezgKlu=?CeBtij<T!Ic?ejfC8Jc=BPCpFOg!Mn@F3s0ZgCGj+<1TN##lA&B?Ib{&~BItlBObIgA=eX3)%f3kOq#"
    r"`Yhf3`Zk#!Nt|TM413|eNVZD9;oy?2L6w`}wFl;Qv)sw@GPk;g^$wO%TIrN_jkGCcaF#h&xU`G<*~563*tSC7PI}?Xp~tbp=fn=u"
    r"7lxM3M;G2F=FmwmwhYym*DQKOkGOSH;z`0wh1zsJvTXlt0}5&p<-4Qamd#j}AxCIo>E`6<2*no__=5SG;tS>n6kn^r*O)KI@`4st"
    r"qkpy4<p(P81I#xRKfwH$YG1Fw*O_0Z_&Ve`JbbA!->AShm@gNHp#>@DK5xH9wWO=GIsZZ!K79D_;lqayA3kafp^n?~SSXKrhB}1T"
    r"tN%L7beH|#B>ycABTLs5eN-NVMX8N^RqJOn4B@pU)>+5<Unp^edbcr#H2X1D_4=icGO_Y`)?G33_d=-J{>#<)`H%bm33H(4Q2"
)
OPEN = """<?xml version="1.0"?><office:document-content
xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0"
xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0"
xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"><office:body><office:spreadsheet>
<table:table table:name="Blatt">{}</table:table></office:spreadsheet></office:body></office:document-content>"""


def workbook(rows: list[list[Any]], change: Callable[[Any], None] = lambda book: None) -> bytes:
    book = openpyxl.Workbook()
    for row in rows:
        book.worksheets[0].append(row)
    change(book)
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


def altered(content: bytes, change: Callable[[bytes], bytes], name: str = "xl/worksheets/sheet1.xml") -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as new:
        for entry in old.namelist():
            new.writestr(entry, change(old.read(entry)) if entry == name else old.read(entry))
    return made.getvalue()


def open_document(*rows: list[str]) -> bytes:
    cells = ("".join(f"<table:table-cell {cell}</table:table-cell>" for cell in row) for row in rows)
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as made:
        made.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        made.writestr("content.xml", OPEN.format("".join(f"<table:table-row>{row}</table:table-row>" for row in cells)))
        made.writestr("META-INF/manifest.xml", "<x/>")
    return content.getvalue()


def text_cell(text: str) -> str:
    return f'office:value-type="string"><text:p>{text}</text:p>'


def read(folder: Path, content: bytes, name: str = "data.xlsx") -> ReadResult:
    path = folder / name
    path.write_bytes(content)
    return read_files([path])


def answers(found: ReadResult) -> list[str]:
    return [one.answer for one in found.examples]


def test_a_workbook_of_the_old_kind(tmp_path: Path) -> None:
    found = read(tmp_path, zlib.decompress(base64.b85decode("".join(OLD))), "old.xls")
    assert answers(found) == ["eins ü", "12.5", "2024-01-02", "true"]
    assert found.examples[0].row == 2


def test_an_open_document(tmp_path: Path) -> None:
    number = 'office:value-type="float" office:value="1234.5"><text:p>1.234,50</text:p>'
    day = 'office:value-type="date" office:date-value="2024-01-02"><text:p>2.1.24</text:p>'
    content = open_document(
        list(map(text_cell, HEADER)), [text_cell("one"), text_cell("eins")], [text_cell("n"), number],
        [text_cell("d"), day],
    )  # fmt: skip
    assert answers(read(tmp_path, content, "data.ods")) == ["eins", "1234.5", "2024-01-02"]


def test_a_wrong_dimension_loses_no_row(tmp_path: Path) -> None:
    rows = [HEADER, *([f"question {number}", f"answer {number}"] for number in range(20))]
    for wrong in (b"A1", b"A1:B2", b"A1:XFD1048576"):
        change = partial(re.sub, b'ref="[^"]*"', b'ref="%s"' % wrong, count=1)
        content = altered(workbook(rows), change)
        assert len(answers(read(tmp_path, content))) == 20


def test_cells_without_their_names_are_counted(tmp_path: Path) -> None:
    content = workbook([HEADER, ["one", "eins"], ["bad", "#N/A"]])
    found = read(tmp_path, altered(content, partial(re.sub, rb' r="[A-Z]*\d+"', b"")))
    assert answers(found) == ["eins"]
    assert found.set_aside[0].reason == "the cell B3 holds the error #N/A"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.1, "0.1"),
        (1 / 3, "0.3333333333333333"),
        (123456789012345, "123456789012345"),
        (-0.0000001, "-1e-07"),
        (1e300, "1e+300"),
        (datetime.date(1900, 3, 1), "1900-03-01"),
        (datetime.datetime.fromisoformat("2024-02-29T23:59:59"), "2024-02-29 23:59:59"),
        (datetime.time(0, 0, 1), "00:00:01"),
        (False, "false"),
        ("0012", "0012"),
        ("1e5", "1e5"),
        ("=not a formula", "=not a formula"),
        ("line\nbreak", "line\nbreak"),
        ("a_x000D_b", "a\rb"),
    ],
)
def test_values_are_kept(value: Any, text: str, tmp_path: Path) -> None:
    def as_text(book: Any) -> None:
        if isinstance(value, str):
            book.worksheets[0]["B2"].data_type = "s"

    assert answers(read(tmp_path, workbook([HEADER, ["what?", value]], as_text))) == [text]


def test_a_formula_counts_by_its_last_result(tmp_path: Path) -> None:
    content = workbook([HEADER, ["sum", "=1+1"]])
    known = altered(content, partial(re.sub, rb"<v></v>|<v ?/>", b"<v>25</v>"))
    assert answers(read(tmp_path, known)) == ["25"]


def test_merged_cells_count_for_each_row_and_that_is_said(tmp_path: Path) -> None:
    rows = [["prompt", "answer"], ["one", "same"], ["two", None], ["three", None], ["four", "own"]]
    found = read(tmp_path, workbook(rows, lambda book: book.worksheets[0].merge_cells("B2:B4")))
    assert answers(found) == ["same", "same", "same", "own"]
    assert found.notes == ["data.xlsx, sheet Sheet has merged cells: each counts for all of its rows."]


def test_which_sheets_were_read_is_said(tmp_path: Path) -> None:
    def more(book: Any) -> None:
        book.create_sheet("Second").append(HEADER)
        book["Second"].append(["two", "zwei"])
        book.create_sheet("Lists").append(["a"])
        book["Lists"].sheet_state = "hidden"

    found = read(tmp_path, workbook([HEADER, ["one", "eins"]], more))
    assert answers(found) == ["eins", "zwei"]
    assert found.notes[0] == "data.xlsx: read the sheets Sheet, Second, without the hidden Lists."


def test_a_workbook_of_hidden_sheets_only_is_read(tmp_path: Path) -> None:
    content = workbook([HEADER, ["one", "eins"]])
    hidden = altered(content, lambda xml: xml.replace(b'state="visible"', b'state="hidden"'), "xl/workbook.xml")
    assert answers(read(tmp_path, hidden)) == ["eins"]


@pytest.mark.parametrize(
    ("cell", "says"),
    [("XFD1048576", "16,384 columns"), ("B1048576", None), ("ZZZ9999999", "columns")],
)
def test_a_cell_far_away_costs_no_memory(cell: str, says: str | None, tmp_path: Path) -> None:
    content = altered(workbook([HEADER, ["one", "eins"]]), lambda xml: xml.replace(b'r="B2"', f'r="{cell}"'.encode()))
    path = tmp_path / "far.xlsx"
    path.write_bytes(content)
    with pytest.raises(UserError, match=says or "No row of"):
        read_files([path])


@pytest.mark.parametrize(
    ("content", "name", "says"),
    [
        (COMPOUND + "EncryptedPackage".encode("utf-16-le"), "a.xlsx", "protected by a password"),
        (COMPOUND + "Workbook\0".encode("utf-16-le"), "a.xls", "cannot be read"),
        (COMPOUND, "a.xls", "an old Office document"),
        (zlib.decompress(base64.b85decode("".join(OLD)))[:2_000], "a.xls", "cannot be read|broke off|old Office"),
    ],
)
def test_what_cannot_be_read_is_a_sentence(content: bytes, name: str, says: str, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=says) as caught:
        read(tmp_path, content, name)
    assert caught.value.hint


@pytest.mark.parametrize(("column", "name"), [(0, "A"), (25, "Z"), (26, "AA"), (701, "ZZ"), (702, "AAA")])
def test_columns_have_their_letters(column: int, name: str) -> None:
    assert letters(column) == name


def test_many_rows_are_read(tmp_path: Path) -> None:
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet("Many")
    sheet.append(HEADER)
    for number in range(20_000):
        sheet.append([f"question {number}", 1_000 + number / 8])
    content = io.BytesIO()
    book.save(content)
    found = read(tmp_path, content.getvalue())
    assert len(found.examples) == 20_000
    assert found.examples[-1].answer == str(1_000 + 19_999 / 8)


@pytest.mark.parametrize(
    ("above", "told"), [([["Our FAQ"]], "“Our FAQ”"), ([["Our FAQ"], [], [None, "2026"]], "“Our FAQ”, “2026”")]
)
def test_a_title_above_the_names_of_the_columns_is_passed_over_and_told(
    tmp_path: Path, above: list[list[Any]], told: str
) -> None:
    found = read(tmp_path, workbook([*above, ["no", *HEADER], [1, "q", "an answer"], [2, "r", "another"]]))
    assert [(one.row, one.answer) for one in found.examples] == [
        (len(above) + 2, "an answer"),
        (len(above) + 3, "another"),
    ]
    assert found.notes[0] == f"data.xlsx, sheet Sheet: what stands above the names of the columns is left out: {told}."


def test_a_row_of_one_cell_above_other_data_is_no_title(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    path.write_bytes(workbook([["text"], ["one"], ["two", "three"]]))
    found = read_files([path])
    assert [one.text for one in found.examples] == ["one"]
    assert [one.kind for one in found.set_aside] == ["wrong number of cells"]
