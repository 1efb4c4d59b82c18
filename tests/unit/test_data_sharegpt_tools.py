"""ShareGPT's turns that call tools, as LLaMA-Factory documents them, with a column of tools beside."""

import json
from pathlib import Path
from typing import Any

import pytest

from localft.data.making.reading import ReadResult, read_files
from localft.data.shapes.detecting import Shape

TIP = {"name": "calculate_tip", "description": "Work out a tip", "parameters": {"type": "object", "properties": {}}}
CALL = '{"name": "calculate_tip", "arguments": {"bill_amount": 50.10, "note": "ü", "more": [1, null, {"a": 1e2}]}}'


def row(call: Any, **more: Any) -> dict[str, Any]:
    turns = [
        {"from": "human", "value": "What is the tip?"},
        {"from": "function_call", "value": call},
        {"from": "observation", "value": '{"tip": 7.50}'},
        {"from": "gpt", "value": "It is 7.50."},
    ]
    return {"conversations": turns, "tools": json.dumps([TIP]), **more}


def read(folder: Path, *rows: Any, name: str = "a.jsonl") -> ReadResult:
    path = folder / name
    path.write_text("".join(json.dumps(one, ensure_ascii=False) + "\n" for one in rows), encoding="utf-8")
    return read_files([path], strict=False)


def calls(found: ReadResult) -> tuple[dict[str, Any], ...]:
    assert not found.set_aside, found.set_aside
    return found.examples[0].messages[1].tool_calls


def test_calls_and_answers_of_tools_are_those_of_openai(tmp_path: Path) -> None:
    found = read(tmp_path, row(CALL, system="Be brief."))
    assert found.shape is Shape.SHAREGPT
    (one,) = found.examples
    assert [message.role for message in one.messages] == ["system", "user", "assistant", "tool", "assistant"]
    _, _, calling, told, final = one.messages
    arguments = '{"bill_amount": 50.10, "note": "ü", "more": [1, null, {"a": 1e2}]}'
    function = {"name": "calculate_tip", "arguments": arguments}
    assert calling.content == ""
    assert calling.tool_calls == ({"type": "function", "function": function},)
    assert (told.content, final.content) == ('{"tip": 7.50}', "It is 7.50.")
    assert one.tools == ({"type": "function", "function": TIP},)


@pytest.mark.parametrize(
    ("call", "arguments"),
    [
        ({"name": "f", "arguments": {"a": 1}}, ['{"a": 1}']),
        ('{"name": "f", "arguments": "{ \\"a\\":  1.0 }"}', ['{ "a":  1.0 }']),
        ('[{"name": "f", "arguments": {"a": 1}}, {"name": "f", "arguments": {}}]', ['{"a": 1}', "{}"]),
        ('{"type": "function", "function": {"name": "f", "arguments": {"a": 1}}}', ['{"a": 1}']),
        (' {"name": "f", "arguments": {"a": 12345678901234567890123}}\n', ['{"a": 12345678901234567890123}']),
    ],
)
def test_calls_in_every_spelling(tmp_path: Path, call: Any, arguments: list[str]) -> None:
    found = calls(read(tmp_path, row(call)))
    assert [one["function"]["arguments"] for one in found] == arguments
    assert {(one["type"], one["function"]["name"]) for one in found} == {("function", "f")}


def test_what_stands_beside_a_call_stays(tmp_path: Path) -> None:
    (found,) = calls(read(tmp_path, row('{"id": "c1", "name": "f", "arguments": {}, "strict": true}')))
    assert found == {"type": "function", "id": "c1", "function": {"name": "f", "arguments": "{}", "strict": True}}


def test_thinking_before_a_call_is_kept(tmp_path: Path) -> None:
    thought = "<think>\nA tip: {50}.\n</think>\n\n"
    found = read(tmp_path, row(thought + CALL))
    calling = found.examples[0].messages[1]
    assert calling.content == "<think>\nA tip: {50}.\n</think>"
    assert calling.tool_calls[0]["function"]["name"] == "calculate_tip"


def test_a_conversation_may_end_with_a_call(tmp_path: Path) -> None:
    turns = row(CALL)["conversations"][:2]
    (one,) = read(tmp_path, {"conversations": turns}).examples
    assert one.messages[-1].tool_calls
    assert one.tools == ()


def test_tools_that_are_as_openai_has_them_stay(tmp_path: Path) -> None:
    whole = {"type": "function", "function": TIP}
    assert read(tmp_path, row(CALL, tools=[whole, TIP])).examples[0].tools == (whole, whole)
    turns = [{"role": "user", "content": "q"}, {"role": "assistant", "content": "an answer"}]
    assert read(tmp_path, {"messages": turns, "tools": [TIP]}).examples[0].tools == (TIP,)


@pytest.mark.parametrize(
    ("call", "says"),
    [
        ("calculate_tip(50)", "cannot be read: not JSON"),
        ('{"name": "f", "arguments": {}', "cannot be read: not JSON"),
        ('{"name": "f", "name": "g", "arguments": {}}', "the key 'name' occurs twice"),
        ("", "cannot be read: not JSON"),
        (None, "has no name"),
        ("[]", "calls no tool"),
        ("7", "has no name"),
        ('{"arguments": {}}', "has no name"),
        ('{"name": "", "arguments": {}}', "has no name"),
        ('{"name": 7, "arguments": {}}', "has no name"),
        ('{"name": "f"}', "the call of 'f' in turn 2 has no object of arguments"),
        ('{"name": "f", "arguments": [1]}', "has no object of arguments"),
        ('{"name": "f", "arguments": "a=1"}', "cannot be read: not JSON"),
        ('{"name": "f", "arguments": {"a": NaN, "b": ' + "[" * 3_000, "cannot be read"),
        ('[{"name": "f", "arguments": {}}, null]', "has no name"),
    ],
)
def test_a_broken_call_is_set_aside(tmp_path: Path, call: Any, says: str) -> None:
    found = read(tmp_path, row(call), row(CALL))
    assert [(one.row, one.kind) for one in found.set_aside] == [(1, "broken tool call")]
    assert says in found.set_aside[0].reason
    assert "turn 2" in found.set_aside[0].reason
    assert len(found.examples) == 1


@pytest.mark.parametrize("tools", ["calculate_tip", "{", [7], {"name": "f"}])
def test_tools_that_are_none_set_their_row_aside(tmp_path: Path, tools: Any) -> None:
    found = read(tmp_path, row(CALL, tools=tools), row(CALL))
    assert [one.row for one in found.set_aside] == [1]
    assert len(found.examples) == 1


def test_a_whole_file_as_llama_factory_has_it(tmp_path: Path) -> None:
    path = tmp_path / "glaive.json"
    path.write_text(json.dumps([row(CALL), row("x"), row('{"name": "g", "arguments": {}}')]), encoding="utf-8")
    found = read_files([path])
    assert [one.row for one in found.examples] == [1, 3]
    assert [one.row for one in found.set_aside] == [2]
