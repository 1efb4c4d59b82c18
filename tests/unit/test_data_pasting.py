"""Pasted text: what it is, is seen by its first lines; questions and answers are read as people type them."""

import io
import json
from collections.abc import Sequence

import pytest

from localft.cli.main import main
from localft.data.examples import Example
from localft.data.making.reading import ReadResult, read_files
from localft.data.readers.pasting import as_file
from localft.data.shapes.detecting import Shape
from localft.data.versions import newest_version
from localft.errors import UserError
from localft.store.projects import create_project

QUESTIONS = """\
Q: What is hot?
A: Not cold.

It goes on here.
**Question 2:** And cold?
**Answer:** Not hot: quite so.
3. q) Third?
   a) A third answer
"""


def read(text: str | bytes) -> ReadResult:
    with as_file(text.encode() if isinstance(text, str) else text) as path:
        return read_files([path], strict=False)


def pairs(examples: Sequence[Example]) -> list[tuple[str, str]]:
    return [(one.prompt[-1].content, one.answer) for one in examples]


@pytest.mark.parametrize(
    ("text", "ending"),
    [
        ('{"prompt": "q", "completion": "an answer"}\n{"prompt": "q2", "completion": "an answer"}', ".jsonl"),
        ('  {"prompt": "q", "completion": "an answer"}  ', ".jsonl"),
        ('{\n "prompt": "q",\n "completion": "an answer"\n}', ".json"),
        ('[{"prompt": "q", "completion": "an answer"}]', ".json"),
        ('prompt,answer\nq,an answer\n"q, too","an\nanswer"\n', ".csv"),
        ("prompt;answer\nq;an answer\n", ".csv"),
        ("prompt\tanswer\nq, please\tan answer, here\n", ".tsv"),
        ("Q: q\nA: an answer", ".txt"),
        ("q: one, two\na: three, four\nq: five, six\na: seven, eight", ".txt"),
    ],
)
def test_the_kind_of_a_text_is_seen_by_its_first_lines(text: str, ending: str) -> None:
    result = read(text)
    assert result.sources[0].name == f"pasted{ending}"
    assert result.examples
    assert not result.set_aside


@pytest.mark.parametrize(
    ("asks", "answers"),
    [("Frage:", "Antwort:"), ("Question :", "Réponse :"), ("Q:", "R:"), ("Вопрос:", "Ответ:"), ("问题：", "答案："),
     ("PREGUNTA 2:", "Respuesta 2:"), ("**質問：**", "**回答：**")],
)  # fmt: skip
def test_the_marks_of_questions_and_answers_in_other_languages(asks: str, answers: str) -> None:
    result = read(f"{asks} one?\n{answers} first\nand more\n\n{asks} two?\n{answers} second\n")
    assert result.shape is Shape.QUESTIONS
    assert pairs(result.examples) == [("one?", "first\nand more"), ("two?", "second")]


def test_a_text_may_begin_with_a_bracket() -> None:
    result = read("[Verse 1]\nThe first line of it\n\n[Chorus]\nAnd again\n")
    assert result.sources[0].name == "pasted.txt"
    assert result.examples[0].text.startswith("[Verse 1]\nThe first line")


def test_a_chat_is_no_table() -> None:
    talk = "1/2/24, 10:00 - Ann: Hi, you\n1/2/24, 10:01 - Ben: Hello, Ann\n"
    assert read(talk).speakers == {"Ann": 1, "Ben": 1}
    assert read("[1/2/24, 10:00:00] Ann: Hi\n[1/2/24, 10:01:00] Ben: Hello\n").speakers == {"Ann": 1, "Ben": 1}


def test_questions_and_answers_are_read_with_their_lines() -> None:
    result = read(QUESTIONS)
    assert result.shape is Shape.QUESTIONS
    assert pairs(result.examples) == [
        ("What is hot?", "Not cold.\n\nIt goes on here."),
        ("And cold?", "Not hot: quite so."),
        ("Third?", "A third answer"),
    ]
    assert [one.row for one in result.examples] == [1, 5, 7]


def test_what_is_no_pair_is_set_aside_with_its_line() -> None:
    result = read("Q: alone\nQ: q\nA: an answer\nA: another\nQ: last\n")
    assert pairs(result.examples) == [("q", "an answer")]
    assert [(one.row, one.reason) for one in result.set_aside] == [
        (1, "a question without an answer"),
        (4, "an answer without a question before it"),
        (5, "a question without an answer"),
    ]


def test_lettered_lists_are_no_answers() -> None:
    choice = "Q: Which of them?\na) Paris\nb) Rome\nA: a) Paris\n"
    ways = "Q: How?\nA: Two ways:\na) so\nb) or so\n"
    result = read(choice + ways)
    assert pairs(result.examples) == [
        ("Which of them?\na) Paris\nb) Rome", "a) Paris"),
        ("How?", "Two ways:\na) so\nb) or so"),
    ]
    assert not result.set_aside


def test_broken_bytes_take_one_pair_along() -> None:
    result = read(b"Q: one\nA: caf\xe9 \xff\xfe\xe9\nQ: two\nA: an answer\n")
    assert pairs(result.examples) == [("two", "an answer")]
    assert [(one.row, one.kind) for one in result.set_aside] == [(1, "undecodable")]


def test_prose_is_no_list_of_questions() -> None:
    for text in ("A: an answer first\nQ: q\n", "Some words.\nQ: q\nA: a\n", "Q: only asked\n"):
        with as_file(text.encode()) as path:
            assert read_files([path]).shape is Shape.TEXT


@pytest.mark.parametrize("content", [b"", b" \n\t"])
def test_nothing_is_a_sentence(content: bytes) -> None:
    with pytest.raises(UserError, match="nothing in the text"), as_file(content):
        pass


def test_binary_content_is_told_by_its_bytes() -> None:
    with pytest.raises(UserError, match="a damaged PDF"):
        read(b"%PDF-1.7 and so on")


class _Pipe(io.TextIOWrapper):
    def __init__(self, content: str) -> None:
        super().__init__(io.BytesIO(content.encode()))


def test_the_command_reads_standard_input(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    project = create_project("Piped")
    text = "".join(f"Q: question {number}?\nA: answer {number}\n" for number in range(12))
    monkeypatch.setattr("sys.stdin", _Pipe(text))
    assert main(["data", "import", "piped", "-", "--json"]) == 0
    value = json.loads(capsys.readouterr().out)
    assert (value["examples"], value["shape"]) == (12, "questions and answers")
    assert newest_version(project).sources[0].name == "pasted.txt"
    monkeypatch.setattr("sys.stdin", _Pipe(""))
    assert main(["data", "import", "piped", "-"]) == 1
    assert "nothing in the text" in capsys.readouterr().err
    assert main(["data", "import", "piped", "-", "-"]) == 2
