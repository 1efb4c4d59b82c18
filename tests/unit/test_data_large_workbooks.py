"""Workbooks of any size: read some rows at a time, each row as if the sheet had been read as a whole."""

import datetime
import io
import re
import tracemalloc
import zipfile
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from localft.data.readers import large
from localft.data.readers import workbook as workbooks
from localft.data.readers.opening import open_files
from localft.data.readers.parsers import cells, sheets, workbook
from localft.data.readers.parsers.child import Refused
from localft.data.shapes.rows import PartedRows

SHEET = "xl/worksheets/sheet1.xml"


def book(rows: int = 40) -> bytes:
    """A workbook with numbers, dates, formats, errors, formulas, merged cells, gaps and a hidden sheet."""
    made = openpyxl.Workbook()
    sheet = made.worksheets[0]
    sheet.append(["prompt", "answer", "score"])
    for number in range(rows):
        sheet.append([f"question {number} <&> “ü”", f"line\nof {number}", number / 8])
        sheet.cell(number + 2, 3).number_format = ("0.00", "0%", "General", "yyyy-mm-dd")[number % 4]
    for number, value in enumerate(
        ["#N/A", "=1+1", True, datetime.datetime.fromisoformat("2024-01-02T03:04"), None, "=2+2"]
    ):
        sheet.cell(rows + 3 + 2 * number, 2).value = value
    for first in (3, 7, 15):
        sheet.merge_cells(start_row=first, end_row=first + 3, start_column=2, end_column=3)
    for title in ("Second", "Hidden"):
        made.create_sheet(title).append(["q", "a"])
        made[title].append(["one", "eins"])
    made["Hidden"].sheet_state = "hidden"
    content = io.BytesIO()
    made.save(content)
    return content.getvalue()


def sharing(content: bytes) -> bytes:
    """The same workbook with its texts in one table, as most programs write them."""
    texts: list[bytes] = []

    def shared(found: re.Match[bytes]) -> bytes:
        texts.append(b"<si>%b</si>" % found[2])
        return b'%bt="s"><v>%d</v></c>' % (found[1], len(texts) - 1)

    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            xml = re.sub(rb'(<c [^>]*?)t="inlineStr"><is>(.*?)</is></c>', shared, old.read(name), flags=re.DOTALL)
            new.writestr(name, xml)
        new.writestr("xl/sharedStrings.xml", b"<sst>%b</sst>" % b"".join(texts))
    return made.getvalue()


def records(content: bytes) -> list[dict[str, Any]]:
    return list(workbook.records(io.BytesIO(content), io.BytesIO()))


@pytest.mark.parametrize("content", [book(), sharing(book())])
def test_rows_are_the_same_however_many_are_read_at_once(content: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = records(content)
    assert sum("number" in record for record in whole) == 48
    assert sum(record.get("merged", False) for record in whole) == 9
    assert whole == records(book())
    for size in (1, 300, 2_000):
        monkeypatch.setattr(sheets, "_ROWS_AT_ONCE", size)
        monkeypatch.setattr(sheets, "_CHUNK", size + 40)
        monkeypatch.setattr(cells, "_CHUNK", size + 400)
        assert records(content) == whole


def test_a_formula_without_a_result_below_all_values_is_told() -> None:
    last = [record for record in records(book()) if record.get("sheet") == "Sheet"][-1]
    assert (last["number"], last["kind"]) == (53, "formula without a result")


@pytest.mark.parametrize("packed", [False, True])
def test_the_rows_of_a_large_workbook_are_those_of_a_small_one(
    packed: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / ("data.zip" if packed else "data.xlsx")
    path.write_bytes(sharing(book()))
    if packed:
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("data.xlsx", sharing(book()))
    whole = list(open_files(path))
    monkeypatch.setattr(workbooks, "_PART", 500)
    monkeypatch.setattr(large, "LARGE", 1)
    monkeypatch.setattr("localft.data.readers.archive.LARGE", 1)
    streamed = list(open_files(path))
    assert [one.name for one in streamed] == [one.name for one in whole]
    for large_one, small_one in zip(streamed, whole, strict=True):
        assert isinstance(large_one.rows, PartedRows)
        assert list(large_one.rows) == list(small_one.rows)
        assert (large_one.notes, large_one.sha256) == (small_one.notes, small_one.sha256)
        shares = [share for _, share in large_one.rows.parts()]
        assert shares == sorted(shares)
        assert shares[-1] == 1


@pytest.mark.parametrize("shared", [False, True])
def test_a_larger_workbook_takes_no_more_memory(shared: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sheets, "_ROWS_AT_ONCE", 20_000)
    monkeypatch.setattr(sheets, "_CHUNK", 10_000)
    monkeypatch.setattr(cells, "_CHUNK", 10_000)
    peaks = []
    for rows in (400, 400, 2_000):
        content = sharing(book(rows)) if shared else book(rows)
        path = tmp_path / "spool"
        with path.open("w+b") as spool:
            tracemalloc.start()
            count = sum("number" in record for record in workbook.records(io.BytesIO(content), spool))
            peaks.append(tracemalloc.get_traced_memory()[1] - len(content))
            tracemalloc.stop()
        assert count > rows
    # The first round has what is kept of modules, too.
    assert peaks[2] < 1.5 * peaks[1]


@pytest.mark.parametrize(
    ("part", "old", "new", "says"),
    [
        (SHEET, rb"<v>\d+</v>", b"<v>99999</v>", "texts that are not there"),
        (SHEET, rb"<v>\d+</v>", b"<v>x</v>", "does not say which text"),
        (SHEET, rb"</sheetData>.*", b"", "ends too early"),
        (SHEET, rb"</c>.*", b"", "ends too early"),
        ("xl/sharedStrings.xml", rb"</si>.*", b"", "texts that are not there"),
    ],
)
def test_a_damaged_workbook_is_told(part: str, old: bytes, new: bytes, says: str) -> None:
    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(sharing(book()))) as whole, zipfile.ZipFile(made, "w") as damaged:
        for name in whole.namelist():
            xml = whole.read(name)
            damaged.writestr(name, re.sub(old, new, xml, flags=re.DOTALL) if name == part else xml)
    with pytest.raises(Refused, match=says):
        records(made.getvalue())


def test_what_shrinks_more_than_any_table_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workbook, "_SHRUNK_FROM", 1 << 20)
    made = io.BytesIO(book())
    with zipfile.ZipFile(made, "a", zipfile.ZIP_DEFLATED) as more:
        more.writestr("xl/media/a.bin", bytes(16 << 20))
    with pytest.raises(Refused, match="more than 200 times its size"):
        records(made.getvalue())
