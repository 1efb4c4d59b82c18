"""Tables whose first row is data, and headers in the words of people."""

import io
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pytest

from localft.cli.main import main
from localft.data.making.reading import ReadResult, read_files
from localft.data.readers import large
from localft.data.readers.header import IF_DATA
from localft.data.shapes.chats import ChatChoice
from localft.errors import UserError
from localft.store.projects import create_project

ROWS = [(f"Which city is the capital of country {n}?", f"It is the city of number {n}.") for n in range(9)]
MAPPING = {"prompt": "1", "answer": "2"}
BARE = ChatChoice(has_header=False)


def table(rows: list[tuple[str, str]]) -> bytes:
    return "".join(f'"{asked}","{answer}"\n' for asked, answer in rows).encode()


def sheet(rows: list[tuple[str, str]]) -> bytes:
    book, file = openpyxl.Workbook(), io.BytesIO()
    for row in rows:
        book.worksheets[0].append(row)
    book.save(file)
    return file.getvalue()


def read(path: Path, content: bytes, mapping: dict[str, str] | None, choice: ChatChoice) -> ReadResult:
    path.write_bytes(content)
    return read_files([path], mapping, chat=choice)


@pytest.mark.parametrize("least", [1, 1 << 30])
@pytest.mark.parametrize(("name", "write"), [("a.csv", table), ("a.xlsx", sheet)])
def test_the_first_row_may_be_data(
    name: str, write: Callable[..., bytes], least: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(large, "LARGE", least)
    result = read(tmp_path / name, write(ROWS), MAPPING, BARE)
    assert [(one.prompt[-1].content, one.answer) for one in result.examples] == ROWS
    assert [one.row for one in result.examples] == list(range(1, 10))
    assert result.notes == []


@pytest.mark.parametrize("least", [1, 1 << 30])
@pytest.mark.parametrize(("name", "write"), [("a.csv", table), ("a.xlsx", sheet)])
def test_a_first_row_that_looks_like_data_is_told(
    name: str, write: Callable[..., bytes], least: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(large, "LARGE", least)
    mapping = {"prompt": ROWS[0][0], "answer": ROWS[0][1]}
    result = read(tmp_path / name, write(ROWS), mapping, ChatChoice())
    assert len(result.examples) == len(ROWS) - 1
    [note] = result.notes
    assert "looks like data: “Which city is the capital of country 0?”" in note
    assert note.endswith(IF_DATA)
    named = read(tmp_path / name, write([("question", "answer"), *ROWS]), None, ChatChoice())
    assert (len(named.examples), named.notes) == (len(ROWS), [])


def test_rows_of_another_width_and_broken_ones_are_set_aside_without_a_header_too(tmp_path: Path) -> None:
    content = b'"a\xe8","b"\n' + table(ROWS) + b"one cell\n"
    result = read(tmp_path / "a.csv", b"\xef\xbb\xbf" + content, MAPPING, BARE)
    assert len(result.examples) == len(ROWS)
    assert [(one.row, one.kind) for one in result.set_aside] == [(1, "undecodable"), (11, "wrong number of cells")]
    assert "1 cells where the first row has 2" in result.set_aside[1].reason


def test_what_would_help_is_said_where_no_column_is_known_or_two_are_alike(tmp_path: Path) -> None:
    for content, words in (
        (table(ROWS), "no columns that localft recognises"),
        (b"Hello,Hello\nYes,No\n", "two columns"),
    ):
        with pytest.raises(UserError, match=words) as caught:
            read(tmp_path / "a.csv", content, None, ChatChoice())
        assert "--no-header" in caught.value.hint


@pytest.mark.parametrize(
    "header", ["Frage;Antwort", "Question;Réponse", "pregunta;respuesta", "Вопрос;Ответ", "問題;x;質問;回答"]
)
def test_headers_in_other_languages_are_known(header: str, tmp_path: Path) -> None:
    cells = header.count(";") - 1
    content = header + "\n" + "".join(f"{'-;' * cells}{asked};{answer}\n" for asked, answer in ROWS)
    result = read(tmp_path / "a.csv", content.encode(), None, ChatChoice())
    assert [(one.prompt[-1].content, one.answer) for one in result.examples] == ROWS


def test_the_command_line_says_that_there_is_no_header(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a.csv").write_bytes(table(ROWS))
    create_project("cities")
    named = ["--map", "prompt=1", "--map", "answer=2", "--no-header", "--dry-run"]
    assert main(["data", "import", "cities", str(tmp_path / "a.csv"), *named]) == 0
    assert "9 examples" in capsys.readouterr().out
