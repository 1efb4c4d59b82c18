"""Documents that are made of questions with their answers are read as such, and every other one as text."""

from pathlib import Path

import pytest

from localft.data.making.reading import ReadResult, read_files
from localft.data.shapes.chats import ChatChoice
from localft.data.shapes.detecting import Shape
from tests.documents_made import docx, paragraph, pdf, placed, table

MARKDOWN = """\
# Eggs

## Soft ones

Q: How long for a soft egg?

A: Six minutes.

Not ten.

## Hard ones

**Question 2:** And for a hard one?
**Answer:** Ten minutes:

# no heading of the document
"""


def read(path: Path, content: str | bytes, choice: ChatChoice | None = None) -> ReadResult:
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return read_files([path], chat=choice)


def pairs(result: ReadResult) -> list[tuple[str, str]]:
    return [(one.prompt[-1].content, one.answer) for one in result.examples]


def test_headings_above_questions_are_no_part_of_an_answer(tmp_path: Path) -> None:
    result = read(tmp_path / "a.md", MARKDOWN)
    assert result.shape is Shape.QUESTIONS
    assert pairs(result) == [
        ("How long for a soft egg?", "Six minutes.\n\nNot ten."),
        ("And for a hard one?", "Ten minutes:\n\n# no heading of the document"),
    ]
    assert [one.row for one in result.examples] == [5, 13]


LINES = ["Q: How long for a soft egg?", "A: Six minutes.", "Q: And for a hard one?", "A: Ten minutes."]
MADE = {
    "a.docx": docx(paragraph("Eggs", heading=1), *map(paragraph, LINES)),
    "a.html": f"<html><body><h1>Eggs</h1>{''.join(f'<p>{line}</p>' for line in LINES)}</body></html>".encode(),
    "a.pdf": pdf([placed(LINES)]),
}


@pytest.mark.parametrize("name", MADE)
def test_whatever_kind_of_document_it_is(tmp_path: Path, name: str) -> None:
    result = read(tmp_path / name, MADE[name])
    assert pairs(result) == [("How long for a soft egg?", "Six minutes."), ("And for a hard one?", "Ten minutes.")]
    told = read(tmp_path / name, MADE[name], ChatChoice(taken_as="document"))
    assert told.shape is Shape.TEXT


@pytest.mark.parametrize(
    "text",
    ["Q: How long?\n\nSix minutes.\n", "Q: One?\nA: 1.\nQ: Two?\n", "Eggs.\n\nQ: One?\nA: 1.\n\nQ: Two?\nA: 2.\n"],
)
def test_a_document_with_anything_else_in_it_stays_a_document(tmp_path: Path, text: str) -> None:
    result = read(tmp_path / "a.md", text)
    assert result.shape is Shape.TEXT
    assert [one.text for one in result.examples] == [text.strip()]


CELLS = [["No", "Question", "Answer"], ["1", "How long?", "Six minutes."], ["2", "And hard?", "Ten minutes."]]
AS_TABLE = {
    "a.docx": docx(paragraph("Eggs", heading=1), table(CELLS)),
    "a.md": "# Eggs\n\n" + "\n".join(f"| {' | '.join(row)} |" for row in [CELLS[0], ["---"] * 3, *CELLS[1:]]),
}


@pytest.mark.parametrize("name", AS_TABLE)
def test_a_table_of_questions_and_answers(tmp_path: Path, name: str) -> None:
    result = read(tmp_path / name, AS_TABLE[name])
    assert pairs(result) == [("How long?", "Six minutes."), ("And hard?", "Ten minutes.")]
    assert result.notes[0] == f"{name} is a table; line breaks within its cells are spaces here."
    assert read(tmp_path / name, AS_TABLE[name], ChatChoice(taken_as="document")).shape is Shape.TEXT


@pytest.mark.parametrize(
    "text",
    [
        "| Model | Weight |\n| --- | --- |\n| A | 2 kg |",
        "| Question | Answer |\n| --- | --- |\n| a | b | c |",
        "| Question | Answer |\n| --- | --- |\n| a | b |\n\nAnd a sentence.",
    ],
)
def test_other_tables_stay_text(tmp_path: Path, text: str) -> None:
    (example,) = read(tmp_path / "a.md", text).examples
    assert example.text == text
