"""Numbers of a workbook as its sheets show them: percent, decimals, thousands, currencies; and what is said of it."""

import datetime
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from localft.data.making.reading import ReadResult, read_files
from localft.data.readers.parsers.number_formats import shown

SHOWN = [
    (7.1, "0.00", "7.10"),
    (0.5, "0%", "50%"),
    (0.5, "0 %", "50 %"),
    (0.5, "0\\ %", "50 %"),
    (0.0725, "0.00%", "7.25%"),
    (123, "00000", "00123"),
    (1234567.5, "#,##0.00", "1,234,567.50"),
    (999, "#,##0", "999"),
    (5, "0,000", "0,005"),
    (1234.5, '"$"#,##0.00', "$1,234.50"),
    (1234.5, "#,##0.00 [$€-407]", "1,234.50 €"),
    (1234.5, "[$$-409]#,##0.00", "$1,234.50"),
    (1234.5, "£#,##0.00", "£1,234.50"),
    (1234.5, '_-* #,##0.00\\ "€"_-;\\-* #,##0.00\\ "€"_-;_-* "-"??\\ "€"_-;_-@_-', "1,234.50 €"),
    (-1234.5, '_-* #,##0.00\\ "€"_-;\\-* #,##0.00\\ "€"_-;_-* "-"??\\ "€"_-;_-@_-', "-1,234.50 €"),
    (0, '_-* #,##0.00\\ "€"_-;\\-* #,##0.00\\ "€"_-;_-* "-"??\\ "€"_-;_-@_-', "-   €"),
    (-1234.5, "#,##0.0_);(#,##0.0)", "(1,234.5)"),
    (-3, "0.0", "-3.0"),
    (-3, "0.0;[Red]-0.0", "-3.0"),
    (5551234567, "(###) ###-####", "(555) 123-4567"),
    (7, '0" kg"', "7 kg"),
    (12.3, "0.0##", "12.3"),
    (1234567, '0.0,,"M"', "1.2M"),
    (1234567, "#,##0,", "1,235"),
    (2.675, "0.00", "2.68"),
    (1.005, "0.00", "1.01"),
    (99.99, "0.0", "100.0"),
    (1, '"yes";;"no"', "yes"),
]


@pytest.mark.parametrize(("value", "code", "text"), SHOWN)
def test_a_number_is_what_its_format_shows(value: float, code: str, text: str) -> None:
    found = shown(value, code)
    assert found is not None
    assert found[0] == text


@pytest.mark.parametrize(
    "code",
    ["# ?/?", "0.00E+00", "yyyy-mm-dd", "[h]:mm", "[>2]0", ";;;", "General", "0" * 300, "0." + "0" * 40, "%" * 40, "@"],
)
def test_formats_that_are_not_followed(code: str) -> None:
    assert shown(3.25, code) is None


@pytest.mark.parametrize("value", [float("inf"), float("nan"), 1e15, -1e300])
def test_numbers_without_fifteen_digits_are_left_alone(value: float) -> None:
    assert shown(value, "0.00") is None


def test_what_a_sheet_does_not_show_is_told() -> None:
    assert shown(3.14159, "0.00") == ("3.14", True)
    assert shown(3.14, "0.00") == ("3.14", False)
    assert shown(0.125, "0%") == ("13%", True)


@given(
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(st.sampled_from("0#?.,%;\"\\_*[]$-€ E/'@kG()"), max_size=20),
)
def test_any_format_gives_a_text_or_none(value: float, code: str) -> None:
    found = shown(value, code)
    assert found is None or (found[0] and found[0] == found[0].strip())


@given(st.integers(-(10**14), 10**14), st.integers(0, 6))
def test_fixed_decimals_are_those_of_python(value: int, places: int) -> None:
    number = value / 10**places
    found = shown(number, "#,##0" + ("." + "0" * places if places else ""))
    assert found == (f"{number:,.{places}f}", False)


def workbook(cells: list[tuple[Any, str]], change: Callable[[Any], None] = lambda sheet: None) -> bytes:
    """A workbook made by a library: a question, and an answer with a format, a row each."""
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    sheet.append(["prompt", "answer"])
    for number, (value, code) in enumerate(cells, start=2):
        sheet.append([f"question {number}", value])
        sheet.cell(number, 2).number_format = code
    change(sheet)
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


def read(folder: Path, content: bytes) -> ReadResult:
    (folder / "a.xlsx").write_bytes(content)
    return read_files([folder / "a.xlsx"], strict=False)


def test_a_workbook_is_read_as_it_looks_and_that_is_said(tmp_path: Path) -> None:
    cells: list[tuple[Any, str]] = [(value, code) for value, code, _ in SHOWN if "[Red]" not in code]
    found = read(tmp_path, workbook([*cells, ("7.100", "0.00"), (True, "0.00"), (12.5, "General")]))
    assert [one.answer for one in found.examples] == [
        *(text for _, code, text in SHOWN if "[Red]" not in code), "7.100", "true", "12.5",
    ]  # fmt: skip
    short = sum(bool(seen and seen[1]) for seen in (shown(value, code) for value, code in cells))
    assert found.notes == [
        "a.xlsx, sheet Sheet: numbers are taken as the sheet shows them, with a decimal point, in answer (7.10); "
        f"{short} of them have more digits than it shows."
    ]


def test_formats_that_change_nothing_are_not_told(tmp_path: Path) -> None:
    found = read(tmp_path, workbook([(12, "0"), (12.25, "0.00"), (31, "General"), ("50%", "@")]))
    assert [one.answer for one in found.examples] == ["12", "12.25", "31", "50%"]
    assert found.notes == []


def test_formats_that_are_not_followed_are_told(tmp_path: Path) -> None:
    found = read(tmp_path, workbook([(1.5, "# ?/?"), (12345.678, "0.00E+00")]))
    assert [one.answer for one in found.examples] == ["1.5", "12345.678"]
    assert found.notes == [
        "a.xlsx, sheet Sheet: numbers of a format that localft does not follow are taken without it, in answer (# ?/?)."
    ]


def test_dates_are_taken_in_one_way_and_that_is_said(tmp_path: Path) -> None:
    day = datetime.date(2024, 1, 2)
    found = read(tmp_path, workbook([(day, "dd.mm.yyyy"), (datetime.timedelta(hours=30), "[h]:mm:ss")]))
    assert [one.answer for one in found.examples] == ["2024-01-02", "30:00:00"]
    assert found.notes == ["a.xlsx, sheet Sheet: dates and times are taken as 2024-01-31 and 23:59:00, in answer."]
    assert read(tmp_path, workbook([(day, "yyyy-mm-dd")])).notes == []


def test_a_merged_number_is_shown_in_each_of_its_rows(tmp_path: Path) -> None:
    content = workbook([(0.25, "0%"), (None, "0%"), (2.5, "0.00")], lambda sheet: sheet.merge_cells("B2:B3"))
    assert [one.answer for one in read(tmp_path, content).examples] == ["25%", "25%", "2.50"]


def test_long_numbers_keep_their_note(tmp_path: Path) -> None:
    found = read(tmp_path, workbook([(10**17, "0"), (1, "00")]))
    assert [one.answer for one in found.examples] == [str(10**17), "01"]
    assert any("only 15" in note for note in found.notes)


def test_only_the_sheet_with_formats_is_told(tmp_path: Path) -> None:
    def more(sheet: Any) -> None:
        second = sheet.parent.create_sheet("Second")
        second.append(["question", "answer"])
        second.append(["price?", 12.5])

    found = read(tmp_path, workbook([(0.5, "0%")], more))
    assert [one.answer for one in found.examples] == ["50%", "12.5"]
    assert sum("as the sheet shows" in note for note in found.notes) == 1
