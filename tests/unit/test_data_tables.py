"""Tables to rows: CSV as all kinds of programs write it, and Parquet."""

import json
from pathlib import Path

import pyarrow
import pyarrow.ipc
import pyarrow.parquet
import pytest

from localft.advice import on_command_line
from localft.data.making.reading import ReadResult, read_files
from localft.errors import UserError


def write(path: Path, content: str | bytes) -> Path:
    path.write_bytes(content.encode("utf-8") if isinstance(content, str) else content)
    return path


def aside(result: ReadResult) -> list[tuple[int, str]]:
    return [(row.row, row.kind) for row in result.set_aside]


# -------------------------------------------------------------------------------------------------------------- CSV


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_of_a_csv_is_found(tmp_path: Path, delimiter: str) -> None:
    lines = [["prompt", "answer"], ['"a, b; c"', "fine, thanks; yes"], ["second", "also fine"]]
    if delimiter in ",;":
        lines[1][1] = f'"{lines[1][1]}"'
    text = "\n".join(delimiter.join(line) for line in lines)
    result = read_files([write(tmp_path / "a.csv", text)])
    assert [(one.prompt[0].content, one.answer) for one in result.examples] == [
        ("a, b; c", "fine, thanks; yes"),
        ("second", "also fine"),
    ]


@pytest.mark.parametrize("delimiter", [";", "\t"])
def test_the_line_in_which_excel_names_the_delimiter_is_no_header(tmp_path: Path, delimiter: str) -> None:
    text = f"\ufeffsep={delimiter}\r\nprompt{delimiter}answer\r\nq, you{delimiter}fine\r\n"
    result = read_files([write(tmp_path / "a.csv", text)])
    assert [(one.row, one.prompt[0].content, one.answer) for one in result.examples] == [(3, "q, you", "fine")]


def test_csv_rows_carry_the_line_on_which_they_begin(tmp_path: Path) -> None:
    path = write(
        tmp_path / "a.csv",
        'prompt,answer\n"two\nlines","an ""answer"""\n\nq,"kept  spaces "\nq,too,many\nq\n"never closed,x\nlast,fine\n',
    )
    result = read_files([path])
    assert [(one.row, one.prompt[0].content, one.answer) for one in result.examples] == [
        (2, "two\nlines", 'an "answer"'),
        (5, "q", "kept  spaces "),
        (9, "last", "fine"),
    ]
    assert aside(result) == [(6, "wrong number of cells"), (7, "wrong number of cells"), (8, "unclosed")]


def test_a_stray_quotation_mark_takes_no_good_rows_along(tmp_path: Path) -> None:
    good = "".join(f"q{number},answer {number}\n" for number in range(30))
    text = f'prompt,answer\n"broken question,a1\n{good}q30,"quoted, answer"\nq31,last\n'
    result = read_files([write(tmp_path / "a.csv", text)])
    expected = [*(f"answer {number}" for number in range(30)), "quoted, answer", "last"]
    assert [one.answer for one in result.examples] == expected
    assert aside(result) == [(2, "not CSV")]


def test_the_lines_of_a_broken_cell_are_no_rows_and_are_named(tmp_path: Path) -> None:
    text = 'prompt,answer\nq,"first line\nof four\nWell, this\n"so called" cell\nq2,fine\n'
    result = read_files([write(tmp_path / "a.csv", text)])
    assert [one.answer for one in result.examples] == ["fine"]
    assert aside(result) == [(2, "not CSV")]
    assert "in the lines 2 to 5, which are left out together" in result.set_aside[0].reason


def test_a_csv_of_an_older_excel_is_read_and_says_so(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", "prompt;answer\nGrüße;schön\n".encode("cp1252"))
    result = read_files([path])
    assert result.examples[0].answer == "schön"
    assert list(map(on_command_line, result.notes)) == [
        "a.csv is not UTF-8; it was read as Windows-1252: “Grüße”, “schön”. "
        "If that looks wrong, save it as UTF-8 or import it with --encoding."
    ]


def test_bytes_that_are_no_text_set_a_csv_row_aside(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", b"prompt,answer\nq,fine\nq2,\xff\xfe\xfa\nq3,fine\n")
    result = read_files([path])
    assert [one.row for one in result.examples] == [2, 4]
    assert aside(result) == [(3, "undecodable")]


def test_a_csv_can_hold_whole_conversations_and_very_large_cells(tmp_path: Path) -> None:
    messages = json.dumps([{"role": "user", "content": "q"}, {"role": "assistant", "content": "x" * 300_000}])
    quoted = messages.replace('"', '""')
    result = read_files([write(tmp_path / "a.csv", f'messages\n"{quoted}"\n')])
    assert result.examples[0].answer == "x" * 300_000


def test_formulas_and_leading_zeros_stay_text(tmp_path: Path) -> None:
    result = read_files([write(tmp_path / "a.csv", "prompt,answer\n=1+1,007\n@cmd,1e5\n")])
    assert [(one.prompt[0].content, one.answer) for one in result.examples] == [("=1+1", "007"), ("@cmd", "1e5")]


# ---------------------------------------------------------------------------------------------------------- Parquet


def test_parquet_is_read_with_all_its_types(tmp_path: Path) -> None:
    table = pyarrow.table(
        {
            "prompt": ["q1", "q2", "q3", "q4"],
            "answer": pyarrow.array([1.5, float("nan"), None, -0.25]),
        }
    )
    pyarrow.parquet.write_table(table, tmp_path / "a.parquet")
    result = read_files([tmp_path / "a.parquet"])
    assert [(one.row, one.answer) for one in result.examples] == [(1, "1.5"), (4, "-0.25")]
    assert aside(result) == [(2, "empty content"), (3, "empty content")]


def test_parquet_holds_conversations_with_missing_fields(tmp_path: Path) -> None:
    messages = [
        {"role": "user", "content": "q", "tool_calls": None, "name": None},
        {"role": "assistant", "content": "an answer", "tool_calls": None, "name": None},
    ]
    pyarrow.parquet.write_table(pyarrow.Table.from_pylist([{"messages": messages}]), tmp_path / "a.parquet")
    assert [one.content for one in read_files([tmp_path / "a.parquet"]).examples[0].messages] == ["q", "an answer"]


def test_a_date_that_no_calendar_has_sets_its_row_aside(tmp_path: Path) -> None:
    when = pyarrow.array([0, 10**15, None], pyarrow.timestamp("ms"))
    table = pyarrow.table({"prompt": ["q1", "q2", "q3"], "answer": ["one", "two", "three"], "when": when})
    pyarrow.parquet.write_table(table, tmp_path / "a.parquet")
    result = read_files([tmp_path / "a.parquet"])
    assert [one.answer for one in result.examples] == ["one", "three"]
    assert aside(result) == [(2, "unreadable value")]
    assert "the value of when cannot be read" in result.set_aside[0].reason


def test_a_time_zone_that_nobody_knows_leaves_the_moments(tmp_path: Path) -> None:
    when = pyarrow.array([0, 86_400_000], pyarrow.timestamp("ms", "US/Pacific-New"))
    table = pyarrow.table({"prompt": ["q1", "q2"], "answer": ["one", "two"], "when": when})
    pyarrow.parquet.write_table(table, tmp_path / "a.parquet")
    result = read_files([tmp_path / "a.parquet"], {"time": "when"})
    assert [one.time for one in result.examples] == ["1970-01-01T00:00:00+00:00", "1970-01-02T00:00:00+00:00"]


def test_parquet_with_two_columns_of_one_name_is_a_sentence(tmp_path: Path) -> None:
    cells = pyarrow.array(["one", "two"])
    pyarrow.parquet.write_table(pyarrow.Table.from_arrays([cells, cells], ["prompt", "prompt"]), tmp_path / "a.parquet")
    with pytest.raises(UserError, match=r"a\.parquet has two columns named 'prompt'"):
        read_files([tmp_path / "a.parquet"])


def test_binary_cells_are_set_aside(tmp_path: Path) -> None:
    table = pyarrow.table({"prompt": ["q", "q2"], "answer": [b"\x00\xff", b"ab"]})
    pyarrow.parquet.write_table(table, tmp_path / "a.parquet")
    result = read_files([tmp_path / "a.parquet"], strict=False)
    assert aside(result) == [(1, "not text"), (2, "not text")]


def arrow(path: Path, table: pyarrow.Table, *, stream: bool) -> Path:
    make = pyarrow.ipc.new_stream if stream else pyarrow.ipc.new_file
    with make(str(path), table.schema) as writer:
        writer.write_table(table, max_chunksize=2)
    return path


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("name", ["data.arrow", "data.feather", "data-00000-of-00001"])
def test_arrow_is_read_as_a_file_and_as_a_stream(name: str, stream: bool, tmp_path: Path) -> None:
    table = pyarrow.table({"prompt": [f"q {n}" for n in range(5)], "answer": [f"answer {n}" for n in range(5)]})
    result = read_files([arrow(tmp_path / name, table, stream=stream)])
    assert [(one.answer, one.row) for one in result.examples] == [(f"answer {n}", n + 1) for n in range(5)]


@pytest.mark.parametrize("stream", [False, True])
def test_what_is_wrong_with_arrow_is_a_sentence(stream: bool, tmp_path: Path) -> None:
    cells = pyarrow.array(["a"] * 9)
    twins = pyarrow.Table.from_arrays([cells, cells], ["prompt", "prompt"])
    with pytest.raises(UserError, match="two columns named 'prompt'"):
        read_files([arrow(tmp_path / "a.arrow", twins, stream=stream)])
    good = arrow(tmp_path / "b.arrow", pyarrow.table({"prompt": cells, "answer": cells}), stream=stream).read_bytes()
    for end in (20, len(good) // 2):
        with pytest.raises(UserError, match=r"b\.arrow is a damaged Arrow file"):
            read_files([write(tmp_path / "b.arrow", good[:end])])
    with pytest.raises(UserError, match="not an Arrow file, whatever its name says"):
        read_files([write(tmp_path / "c.arrow", "prompt,answer\nq,an answer\n")])
