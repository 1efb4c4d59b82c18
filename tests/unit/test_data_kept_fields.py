"""What stands beside questions and answers: it is kept, or the row is set aside, or a note says so."""

import json
from pathlib import Path
from typing import Any

import openpyxl
import pyarrow
import pyarrow.parquet
import pytest

from localft.data.making.reading import ReadResult, read_files

ASKED = {"role": "user", "content": "q"}
TOOL = {"name": "look", "parameters": {"type": "object"}}
WRAPPED = {"type": "function", "function": TOOL}


def read(tmp_path: Path, row: Any, name: str = "a.jsonl") -> ReadResult:
    path = tmp_path / name
    path.write_text(row if isinstance(row, str) else json.dumps(row), encoding="utf-8")
    return read_files([path], strict=False)


def answered(**more: Any) -> dict[str, Any]:
    return {"messages": [ASKED, {"role": "assistant", "content": "an answer", **more}]}


@pytest.mark.parametrize("asking", ["instruction", "prompt", "question"])
@pytest.mark.parametrize("answering", ["output", "response", "answer", "target"])
def test_an_input_beside_a_question_is_what_it_is_about(tmp_path: Path, asking: str, answering: str) -> None:
    result = read(tmp_path, {asking: "Shorten.", "input": "a long text", answering: "short"})
    (example,) = result.examples
    assert [turn.content for turn in example.messages] == ["Shorten.\n\na long text", "short"]


@pytest.mark.parametrize("about", ["input", "context"])
def test_a_pair_keeps_what_its_question_is_about(tmp_path: Path, about: str) -> None:
    result = read(tmp_path, {"prompt": "Shorten.", about: "a long text", "chosen": "short", "rejected": "long"})
    assert result.examples[0].messages[0].content == "Shorten.\n\na long text"


def test_a_context_beside_a_list_of_messages_belongs_to_the_last_question(tmp_path: Path) -> None:
    result = read(tmp_path, {"prompt": [ASKED], "context": "a text", "completion": "an answer"})
    assert result.examples[0].messages[0].content == "q\n\na text"
    prompt = [ASKED, {"role": "assistant", "content": "wait"}]
    result = read(tmp_path, {"prompt": prompt, "context": "a text", "completion": "an answer"})
    assert [row.kind for row in result.set_aside] == ["not a conversation"]


@pytest.mark.parametrize(
    ("row", "tool"),
    [
        ({**answered(), "functions": [TOOL]}, WRAPPED),
        ({"prompt": [ASKED], "completion": "an answer", "tools": [WRAPPED]}, WRAPPED),
        ({"input": {"messages": [ASKED], "tools": [WRAPPED]}, "preferred_output": [{"role": "assistant",
         "content": "good"}], "non_preferred_output": [{"role": "assistant", "content": "bad"}]}, WRAPPED),
    ],
)  # fmt: skip
def test_tools_are_kept_wherever_they_stand(tmp_path: Path, row: Any, tool: Any) -> None:
    assert read(tmp_path, row).examples[0].tools == (tool,)


def test_a_column_of_words_called_tools_holds_none(tmp_path: Path) -> None:
    result = read(tmp_path, "question,answer,tools\nHow?,With a hammer,hammer\n", "a.csv")
    assert [(one.answer, one.tools) for one in result.examples] == [("With a hammer", ())]


def calling(arguments: str) -> str:
    call = {"type": "function", "function": {"name": "look", "arguments": "HERE"}}
    row = {"messages": [ASKED, {"role": "assistant", "content": None, "tool_calls": [call]}]}
    return json.dumps(row).replace('"HERE"', arguments)


def test_an_argument_that_is_null_is_kept_and_one_that_is_no_number_sets_the_row_aside(tmp_path: Path) -> None:
    call = read(tmp_path, calling('{"x": null, "y": [null, 1.10]}')).examples[0].messages[1].tool_calls[0]
    assert call["function"]["arguments"] == {"x": None, "y": [None, 1.1]}
    result = read(tmp_path, calling('{"z": 1e999}'))
    assert [row.reason for row in result.set_aside] == ["the number 1e999 of a tool is too large"]


def test_arguments_that_a_parquet_table_fills_up_with_null_are_none(tmp_path: Path) -> None:
    def row(arguments: dict[str, int]) -> dict[str, Any]:
        call = {"type": "function", "function": {"name": "look", "arguments": arguments}}
        return {"messages": [ASKED, {"role": "assistant", "content": None, "tool_calls": [call]}]}

    table = pyarrow.Table.from_pylist([row({"x": 1}), row({"y": 2})])
    pyarrow.parquet.write_table(table, tmp_path / "a.parquet")
    calls = [one.messages[1].tool_calls[0] for one in read_files([tmp_path / "a.parquet"]).examples]
    assert [call["function"]["arguments"] for call in calls] == [{"x": 1}, {"y": 2}]


@pytest.mark.parametrize(("weight", "learned"), [(0, False), (0.0, False), (1, True), (1.0, True), (None, True)])
def test_weights_that_are_known(tmp_path: Path, weight: Any, learned: bool) -> None:
    again = [ASKED, {"role": "assistant", "content": "another answer"}]
    row = {"messages": [*answered(weight=weight)["messages"], *again]}
    assert read(tmp_path, row).examples[0].messages[1].learn is learned


def test_another_weight_sets_the_row_aside(tmp_path: Path) -> None:
    (row,) = read(tmp_path, answered(weight=0.5)).set_aside
    assert (row.kind, row.reason) == (
        "unknown weight",
        "turn 2 has the weight 0.5; a turn can be learned (1) or not (0)",
    )


def test_what_a_model_thought_is_kept_with_its_answer(tmp_path: Path) -> None:
    assert read(tmp_path, answered(reasoning_content="so be it")).examples[0].answer == (
        "<think>\nso be it\n</think>\n\nan answer"
    )
    result = read(tmp_path, answered(content="", reasoning_content="so be it"))
    assert [row.kind for row in result.set_aside] == ["empty content"]


def test_what_a_json_file_says_once_is_for_all_its_examples(tmp_path: Path) -> None:
    rows = [{"prompt": "q", "answer": "an answer"}, {"prompt": "q2", "answer": "another", "system": "own"}]
    result = read(tmp_path, {"system": "Be brief.", "version": 3, "examples": rows}, "a.json")
    assert [one.messages[0].content for one in result.examples] == ["Be brief.", "own"]
    assert result.notes == ["a.json: what stands beside the examples is left out: version."]


def test_cells_under_no_name_are_kept_under_their_place(tmp_path: Path) -> None:
    result = read(tmp_path, ",prompt,answer,\n0,q,an answer,checked\n1,q2,another,\n", "a.csv")
    assert result.columns == ["prompt", "answer", "column 4"]
    assert len(result.examples) == 2
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for row in (["prompt", None, "answer"], ["q", "checked", "an answer"]):
        sheet.append(row)
    book.save(tmp_path / "a.xlsx")
    assert read_files([tmp_path / "a.xlsx"]).columns == ["prompt", "column 2", "answer"]


def test_columns_that_nothing_is_taken_from_are_told(tmp_path: Path) -> None:
    row = {"id": 7, "question": "q", "choices": ["a", "b"], "answer": "1", "localft": {"split": "train"}}
    assert read(tmp_path, row).notes == ["Nothing is taken from the columns id, choices of a.jsonl."]
    assert read(tmp_path, {"prompt": "q", "completion": "a", "source_passage": "p"}).notes == []
    path = tmp_path / "a.csv"
    path.write_text("id,question,answer\n7,q,an answer\n", encoding="utf-8")
    found = read_files([path], {"prompt_template": "{question} ({id})", "answer": "answer"})
    assert found.notes == []


@pytest.mark.parametrize("mark", [{"weight": 0}, {"train": False}, {"learn": False}, {"loss": False}])
def test_a_turn_that_is_only_read_is_known_by_the_mark_of_each_program(tmp_path: Path, mark: dict[str, Any]) -> None:
    turns = [
        ASKED,
        {"role": "assistant", "content": "first", **mark},
        ASKED,
        {"role": "assistant", "content": "second"},
    ]
    (example,) = read(tmp_path, {"messages": turns}).examples
    assert [turn.learn for turn in example.messages if turn.role == "assistant"] == [False, True]
