"""How the app says in which way files are read."""

import json
from pathlib import Path

import gradio as gr
import pyarrow
import pyarrow.parquet
import pytest

from localft.data.making.golden_import import preview_golden
from localft.data.making.importing import preview_files
from localft.errors import UserError
from localft.ui.data_reading import ReadingArea, draw_reading_area
from localft.ui.views import data as views

SAID = "Příliš žluťoučký kůň úpěl ďábelské ódy. Řeřicha roste u řeky."


@pytest.fixture
def reading() -> ReadingArea:
    with gr.Blocks():
        return draw_reading_area()


@pytest.fixture
def czech(tmp_path: Path) -> Path:
    rows = [{"prompt": f"Otázka {n}?", "answer": f"{SAID} {n}"} for n in range(12)]
    path = tmp_path / "<b>.jsonl"
    path.write_bytes("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows).encode("cp1250"))
    return path


def values(reading: ReadingArea, **chosen: str) -> list[object]:
    given = [component.value for component in reading.inputs]
    return [*given[:-1], chosen.get("encoding", given[-1])]


def test_what_was_found_is_said_with_its_words_and_the_place_to_choose_another(
    reading: ReadingArea, czech: Path
) -> None:
    read = preview_files([czech])
    updates = reading.updates(read, [str(czech)], afresh=True)
    assert updates[reading.encoding.fold]["visible"]
    assert "&lt;b&gt;.jsonl is not UTF-8; it was read as Windows-1250: “" in updates[reading.encoding.found]
    assert "--encoding" not in updates[reading.encoding.found] + views.preview(read)
    assert "under “Encoding of the text”" in views.preview(read)


def test_the_chosen_encoding_is_read_in_and_no_encoding_is_refused(reading: ReadingArea, czech: Path) -> None:
    mapping, choice = reading.chosen(*values(reading, encoding=" koi8-r "))
    assert (mapping, choice.encoding) == (None, "koi8-r")
    assert preview_files([czech], mapping, choice).examples[0].answer == f"{SAID} 0".encode("cp1250").decode("koi8-r")
    assert reading.chosen(*values(reading))[1].encoding is None
    with pytest.raises(UserError, match="no encoding"):
        reading.chosen(*values(reading, encoding="latin-nonsense"))


def test_there_is_nothing_to_choose_of_what_is_no_text(reading: ReadingArea, tmp_path: Path) -> None:
    table = pyarrow.table({"prompt": [f"question {n}" for n in range(12)], "answer": ["yes, it is so"] * 12})
    file = tmp_path / "rows.parquet"
    pyarrow.parquet.write_table(table, file)
    updates = reading.updates(preview_files([file]), [str(file)], afresh=True)
    assert not updates[reading.encoding.fold]["visible"]


def test_golden_questions_are_looked_at_before_they_come_in(tmp_path: Path) -> None:
    path = tmp_path / "mixed.jsonl"
    rows = [{"prompt": "Why?", "answer": "So."}, {"text": "A text that asks nothing at all."}, {"x": "y"}]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    read = preview_golden([path])
    assert [one.answer for one in read.examples] == ["So."]
    assert {row.row for row in read.set_aside} == {2, 3}
    assert "mixed.jsonl: 1 golden question, 2 rows set aside." in views.preview(read, "golden question")


def test_that_the_first_row_is_data_is_said_below_the_table(reading: ReadingArea, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("".join(f"What is the number {n} of them?,It is number {n}.\n" for n in range(9)), encoding="utf-8")
    read = preview_files([path])
    updates = reading.updates(read, [str(path)], afresh=True)
    assert updates[reading.columns.is_data] == gr.update(visible=True, value=False)
    assert "--no-header" not in views.preview(read)
    assert "say so below, under “Which column is which”: tick “The first row is data," in views.preview(read)
    given = {id(widget): widget.value for widget in reading.inputs}
    ticked = {**given, id(reading.columns.is_data): True}
    assert [reading.chosen(*one.values())[1].has_header for one in (given, ticked)] == [True, False]
    again = preview_files([path], *reading.chosen(*ticked.values()))
    assert again.columns == ["1", "2"]
    after = reading.columns.unmapped(reading.updates(again, [str(path)]))
    assert all(after[column]["value"] == "(none)" for column in reading.columns.columns)
