"""Workbooks and archives: every sheet and file is read, what is odd is told, and nothing harms the program."""

import datetime
import io
import json
import random
import zipfile
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from localft.data.making.reading import ReadResult, read_files
from localft.data.readers import opening
from localft.data.readers.archive import files_in
from localft.errors import UserError

HEADER = ["prompt", "answer"]


def workbook(*sheets: list[list[Any]]) -> bytes:
    book = openpyxl.Workbook()
    for number, rows in enumerate(sheets):
        sheet = book.worksheets[0] if number == 0 else book.create_sheet(f"Sheet {number + 1}")
        for row in rows:
            sheet.append(row)
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


def archive(files: dict[str, bytes], compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", compression) as made:
        for name, value in files.items():
            made.writestr(name, value)
    return content.getvalue()


def read(folder: Path, content: bytes, name: str = "data.xlsx", **more: Any) -> ReadResult:
    path = folder / name
    path.write_bytes(content)
    return read_files([path], **more)


def lines(count: int = 3, word: str = "question") -> bytes:
    return "\n".join(json.dumps({"prompt": f"{word} {n}", "answer": f"answer {n}"}) for n in range(count)).encode()


def test_a_workbook_is_read(tmp_path: Path) -> None:
    found = read(tmp_path, workbook([HEADER, ["one", "eins"], [None, None], ["two", "zwei"]]))
    assert [(one.prompt[0].content, one.answer, one.source, one.row) for one in found.examples] == [
        ("one", "eins", "data.xlsx", 2),
        ("two", "zwei", "data.xlsx", 4),
    ]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (datetime.datetime.fromisoformat("2024-01-02T03:04:05"), "2024-01-02 03:04:05"),
        (datetime.date(2024, 1, 2), "2024-01-02"),
        (datetime.time(3, 4), "03:04:00"),
        (datetime.timedelta(hours=30), "30:00:00"),
        (12, "12"),
        (12.0, "12"),
        (12.5, "12.5"),
        (True, "true"),
        ("  007 ", "  007 "),
        ("'=1+1", "'=1+1"),
    ],
)
def test_values_become_text(value: Any, text: str, tmp_path: Path) -> None:
    assert read(tmp_path, workbook([HEADER, ["what?", value]])).examples[0].answer == text


def test_every_sheet_with_rows_is_read(tmp_path: Path) -> None:
    found = read(tmp_path, workbook([HEADER, ["one", "eins"]], [], [["question", "answer"], ["two", "zwei"]]))
    assert [one.source for one in found.examples] == ["data.xlsx, sheet Sheet", "data.xlsx, sheet Sheet 3"]
    assert len(found.sources) == 2


def test_what_has_no_value_is_set_aside_with_its_cell(tmp_path: Path) -> None:
    rows = [HEADER, ["good", "gut"], ["sum", "=1+1"], ["wrong", "#DIV/0!"], ["more", "x", "y"], ["only"], ["n", 10**17]]
    content = workbook(rows)
    found = read(tmp_path, content)
    assert [one.answer for one in found.examples] == ["gut", str(10**17)]
    aside = {row.row: (row.kind, row.reason) for row in found.set_aside}
    assert aside[3] == (
        "formula without a result",
        "the result of the formula in B3 is not in the file; open and save it once",
    )
    assert aside[4] == ("error in a cell", "the cell B4 holds the error #DIV/0!")
    assert aside[5][0] == "wrong number of cells"
    assert aside[6][0] == "empty content"
    assert any("only 15" in note for note in found.notes)


@pytest.mark.parametrize("name", ["data.csv", "data.jsonl", "data"])
def test_a_workbook_by_another_name_is_a_workbook(name: str, tmp_path: Path) -> None:
    assert read(tmp_path, workbook([HEADER, ["one", "eins"]]), name).examples[0].answer == "eins"


def test_a_table_that_is_called_a_workbook_is_read_as_what_it_is(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no format that localft knows"):
        read(tmp_path, b"prompt,answer\none,eins\n")
    assert read(tmp_path, lines()).examples[0].answer == "answer 0"


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (workbook(), "has no rows"),
        (workbook([["a", "a"], ["x", "y"]]), "two columns named"),
        (b"\xd0\xcf\x11\xe0" + bytes(600), "protected by a password"),
        (archive({"xl/workbook.xml": b"<x"}), "cannot be read as a workbook"),
        (archive({"[Content_Types].xml": b"<x/>", "ppt/presentation.xml": b"<x/>"}), "Office document"),
        (workbook([HEADER, ["one", "eins"]])[:700], "damaged ZIP archive"),
    ],
)
def test_what_is_no_workbook_is_a_sentence(content: bytes, says: str, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=says) as caught:
        read(tmp_path, content)
    assert caught.value.hint


BILLION = """<?xml version="1.0"?><!DOCTYPE l [<!ENTITY a "ha">{}]><worksheet xmlns=
"http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData><row r="1"><c r="A1" t="inlineStr"><is>
<t>&e9;</t></is></c></row></sheetData></worksheet>"""


def test_an_attack_by_entities_is_refused(tmp_path: Path) -> None:
    entities = '<!ENTITY e0 "&a;&a;">' + "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 10))
    content = io.BytesIO(workbook([HEADER, ["one", "eins"]]))
    with zipfile.ZipFile(content) as whole:
        files = {name: whole.read(name) for name in whole.namelist()}
    files["xl/worksheets/sheet1.xml"] = BILLION.format(entities).encode()
    with pytest.raises(UserError, match="cannot be read as a workbook"):
        read(tmp_path, archive(files))


def test_a_damaged_workbook_is_rows_or_a_sentence(tmp_path: Path) -> None:
    content = workbook([HEADER, *([f"question {n}", f"answer {n}"] for n in range(20))])
    chooser = random.Random(0)
    for _ in range(12):
        bad = bytearray(content)
        for _ in range(chooser.randint(1, 20)):
            bad[chooser.randrange(len(bad))] = chooser.randrange(256)
        try:
            found = read(tmp_path, bytes(bad), strict=False)
        except UserError as error:
            assert error.hint
        else:
            assert len(found.examples) + len(found.set_aside) <= 20


def test_an_archive_is_read_file_by_file(tmp_path: Path) -> None:
    content = archive(
        {
            "good/a.jsonl": lines(2, "first"),
            "b.csv": b"prompt,answer\none,eins\n",
            "c.xlsx": workbook([HEADER, ["two", "zwei"]]),
            "picture.png": b"\x89PNG",
            "__MACOSX/a.jsonl": b"junk",
            ".hidden.jsonl": b"junk",
            "inner.zip": archive({"x.jsonl": lines()}),
            "empty.jsonl": b" ",
        }
    )
    found = read(tmp_path, content, "all.zip")
    assert [(one.source, one.row) for one in found.examples] == [
        ("all.zip/good/a.jsonl", 1),
        ("all.zip/good/a.jsonl", 2),
        ("all.zip/b.csv", 2),
        ("all.zip/c.xlsx", 2),
    ]
    said = " ".join(found.notes)
    for name in ("picture.png", "inner.zip", "empty.jsonl"):
        assert f"all.zip/{name}" in said
    assert "MACOSX" not in said


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (archive({}), "holds no file"),
        (archive({"a.png": b"x"}), "holds no file"),
        (archive({"../../etc/x.png": b"x"}), "holds no file"),
        (archive({"a.jsonl": lines()})[:40], "damaged ZIP archive"),
        (archive({"a.jsonl": b"not json"}), "No row of"),
    ],
)
def test_an_archive_without_use_is_a_sentence(content: bytes, says: str, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=says):
        read(tmp_path, content, "all.zip")


def test_paths_in_an_archive_go_nowhere(tmp_path: Path) -> None:
    read(tmp_path, archive({"../outside.jsonl": lines(), "/abs.jsonl": lines(2, "other")}), "all.zip")
    assert [path.name for path in tmp_path.iterdir()] == ["all.zip"]
    assert not (tmp_path.parent / "outside.jsonl").exists()


def test_a_bomb_is_stopped_while_it_unpacks() -> None:
    bomb = archive({"a.jsonl": bytes(40 << 20)})
    assert len(bomb) < 100_000
    with pytest.raises(UserError, match="holds more than 8 MB"):
        list(files_in(bomb, "bomb.zip", most_bytes=8 << 20))


def test_what_shrinks_too_much_is_refused() -> None:
    with pytest.raises(UserError, match=r"bomb\.zip/a\.jsonl unpacks to more than 200 times its size"):
        list(files_in(archive({"a.jsonl": bytes(70 << 20)}), "bomb.zip"))


def test_other_ways_of_packing_are_refused() -> None:
    with pytest.raises(UserError, match="packed in a way that localft does not read"):
        list(files_in(archive({"a.jsonl": lines()}, zipfile.ZIP_LZMA), "a.zip"))
    assert list(files_in(archive({"a.jsonl": lines()}, zipfile.ZIP_BZIP2), "a.zip"))


def test_many_files_are_refused() -> None:
    with pytest.raises(UserError, match="more than 10,000 files"):
        list(files_in(archive({f"{number}.txt": b"" for number in range(10_001)}, zipfile.ZIP_STORED), "a.zip"))


def test_an_archive_in_an_archive_is_not_opened(tmp_path: Path) -> None:
    content = archive(
        {"a.jsonl": lines(), "b.zip": archive({"c.jsonl": lines(3, "other")}), "d.docx": archive({"x": b"y"})}
    )
    found = read(tmp_path, content, "all.zip")
    assert len(found.examples) == 3
    assert "Left out: all.zip/b.zip is an archive inside an archive." in found.notes
    assert "Left out: all.zip/d.docx is an archive inside an archive." in found.notes


def test_a_protected_archive_is_told(tmp_path: Path) -> None:
    content = bytearray(archive({"a.jsonl": lines()}, zipfile.ZIP_STORED))
    central = content.index(b"PK\x01\x02")
    content[central + 8] |= 1
    with pytest.raises(UserError, match="protected by a password"):
        read(tmp_path, bytes(content), "all.zip")


@given(st.dictionaries(st.text(min_size=1, max_size=12), st.binary(max_size=40), max_size=4), st.binary(max_size=6))
@settings(max_examples=60, deadline=None)
def test_any_archive(files: dict[str, bytes], junk: bytes) -> None:
    from tempfile import TemporaryDirectory

    try:
        content = archive(files)
    except (UnicodeEncodeError, ValueError, IndexError):
        return  # no name that an archive can hold
    with TemporaryDirectory() as folder:
        path = Path(folder) / "any.zip"
        path.write_bytes(content + junk)
        try:
            assert list(opening.open_files(path))
        except UserError as error:
            assert error.message
