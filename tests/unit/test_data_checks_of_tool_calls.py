"""Calls of tools: what cannot be carried out, and what does not belong together, is told turn by turn."""

import json
from pathlib import Path
from typing import Any

import pytest

from localft.data.checks.finding import Finding
from tests.unit.test_data_checking import check, clean

TOOL = {
    "type": "function",
    "function": {
        "name": "find_ladder",
        "parameters": {
            "type": "object",
            "properties": {"barn": {"type": "string"}, "colour": {"type": "string"}},
            "required": ["barn"],
            "additionalProperties": False,
        },
    },
}
PAINT = {
    "name": "paint",
    "parameters": {
        "properties": {
            "coats": {"type": "integer"},
            "colours": {"type": "array", "items": {"type": "string"}},
            "place": {"type": "object", "properties": {"height": {"type": ["number", "null"]}}},
            "dry": {"type": "bool"},
        },
    },
}
FOUND = {"role": "assistant", "content": "It stands behind the door."}
Turns = list[dict[str, Any]]


def call(arguments: Any, name: str = "find_ladder", number: str = "1") -> dict[str, Any]:
    return {"id": number, "type": "function", "function": {"name": name, "arguments": arguments}}


def calling(*calls: dict[str, Any]) -> dict[str, Any]:
    return {"role": "assistant", "content": "", "tool_calls": list(calls)}


def came(number: str | None = "1", **more: str) -> dict[str, Any]:
    said = {"role": "tool", "content": "behind the door", **more}
    return said if number is None else {**said, "tool_call_id": number}


def told(tmp_path: Path, *turns: dict[str, Any], tools: Any = (TOOL,)) -> list[Finding]:
    row = {"messages": [{"role": "user", "content": "Where is the ladder of the red barn?"}, *turns]}
    if tools:
        row["tools"] = list(tools)
    return [
        one for one in check(tmp_path, [*clean(), row]).findings if one.check in {"tool calls", "roles out of order"}
    ]


GOOD = json.dumps({"barn": "red"})


@pytest.mark.parametrize(
    ("turns", "says"),
    [
        ([calling(call('{"barn": "red"')), came(), FOUND], "turn 2: the arguments of find_ladder are no valid JSON"),
        ([calling(call("red")), came(), FOUND], "turn 2: the arguments of find_ladder are no valid JSON: red"),
        ([calling(call('["red"]')), came(), FOUND], 'turn 2: the arguments of find_ladder are no JSON object: ["red"]'),
        ([calling(call(GOOD, "find_hen")), came(), FOUND], "turn 2: find_hen is called, which is none of the"),
        ([calling(call(GOOD, "")), came(), FOUND], "turn 2: a call that names no function"),
        ([calling(call('{"colour": "red"}')), came(), FOUND], "turn 2: find_ladder is called without barn"),
        ([calling(call("")), came(), FOUND], "turn 2: find_ladder is called without barn"),
        ([calling(call({"barn": "red", "size": 2})), came(), FOUND], "called with size, which it does not take"),
        ([calling(call('{"barn": "red", "barn": "blue"}')), came(), FOUND], "JSON: barn is given twice"),
        ([calling(call('{"barn": NaN}')), came(), FOUND], "JSON: NaN is not allowed in JSON"),
        ([calling(call('{"barn": 7}')), came(), FOUND], "find_ladder is called with barn 7, which is no string"),
        ([calling(call(GOOD)), came("2"), FOUND], "turn 3: the answer of a tool to 2 belongs to no call"),
        ([calling(call(GOOD)), came(), came(), FOUND], "turn 4: the answer of a tool to 1 belongs to no call"),
        ([calling(call(GOOD), call(GOOD, number="2")), came(), FOUND], "turn 4: find_ladder was called, and no answer"),
        ([calling(call(GOOD), call(GOOD)), came(), came(), FOUND], "turn 2: two calls have the same id"),
    ],
)
def test_what_is_wrong_with_a_call_is_shown(turns: Turns, says: str, tmp_path: Path) -> None:
    (finding,) = told(tmp_path, *turns)
    assert finding.check == "tool calls"
    assert finding.severity == "problem"
    assert finding.count == finding.places.total == 1
    assert says in finding.rows[0].text
    assert finding.meaning == (
        "1 example with tools has a call that cannot be carried out, or whose answer is missing or belongs to none "
        "(100 % of them)."
    )


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"coats": "one"}, 'coats "one", which is no integer'),
        ({"coats": 1.5}, "coats 1.5, which is no integer"),
        ({"coats": True}, "coats true, which is no integer"),
        ({"colours": "red"}, 'colours "red", which is no array'),
        ({"colours": ["red", 2]}, "colours 2, which is no string"),
        ({"place": {"height": "high"}}, 'place.height "high", which is no number or null'),
        ({"coats": 2.0, "colours": [], "place": {"height": 3, "door": 1}, "dry": "yes", "more": 1}, ""),
        ({"coats": None, "place": {"height": None}}, ""),
        ('{"coats": 1e999}', "coats Infinity, which is no integer"),
        ('{"coats": ' + "9" * 400 + "}", ""),
    ],
)
def test_arguments_are_of_the_types_that_the_tool_takes(given: Any, says: str, tmp_path: Path) -> None:
    found = told(tmp_path, calling(call(given, "paint")), came(), FOUND, tools=(PAINT,))
    assert [one.rows[0].text for one in found] == ([f"turn 2: paint is called with {says}"] if says else [])


@pytest.mark.parametrize(
    ("turns", "tools"),
    [
        ([calling(call(GOOD)), came(), FOUND], (TOOL,)),
        ([calling(call({"barn": "red"})), came(), FOUND], (TOOL["function"],)),
        ([calling(call(GOOD), call(GOOD, number="2")), came("2"), came("1"), FOUND], (TOOL,)),
        # Other programs leave out what is called by, or say by name what is answered.
        ([calling({"function": {"name": "find_ladder", "arguments": GOOD}}), came(None), FOUND], (TOOL,)),
        (
            [calling({"name": "find_ladder", "arguments": {"barn": "red"}}), came("9", name="find_ladder"), FOUND],
            (TOOL,),
        ),
        # The answer to the last call is for the tool to give.
        ([calling(call(GOOD))], (TOOL,)),
        ([calling(call({"any": 1}, "unknown")), came(), FOUND], ()),
        ([calling(call("", "now")), came(), FOUND], ({"name": "now"},)),
        ([calling(call({"x": 1}, "f")), came(), FOUND], ({"name": "f", "parameters": {"properties": {}}},)),
        ([calling(call(GOOD)), came(), FOUND], ({"described": "otherwise"},)),
        ([FOUND], (TOOL,)),
    ],
)
def test_calls_that_can_be_carried_out_are_left_alone(turns: Turns, tools: Any, tmp_path: Path) -> None:
    assert told(tmp_path, *turns, tools=tools) == []


def test_a_tool_that_nobody_called_is_told_once(tmp_path: Path) -> None:
    assert [one.check for one in told(tmp_path, came(), FOUND)] == ["roles out of order"]
