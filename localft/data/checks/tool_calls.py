"""Calls of tools: whether they can be carried out, and whether what came back belongs to them."""

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Self

from localft.data.checks.calls import arguments_of, function_of
from localft.data.checks.finding import CheckContext, Finding, Row, counted, percent
from localft.data.checks.looking import RowCheck
from localft.data.checks.turn_order import disorder
from localft.data.examples import Example, Message
from localft.data.texts.code_blocks import refuse_constant

NAME = "tool calls"
_MANY = 0.05
# Arguments within arguments are compared with their types down to here.
_DEEPEST = 20


class ToolCalls(RowCheck):
    """Finds calls that no program could carry out, and calls and answers of tools that do not belong together."""

    needs_answers = True

    def __init__(self) -> None:
        super().__init__()
        self._calling = 0

    def seen(self, row: Row) -> str | None:
        """What is wrong with the first such call or answer."""
        if not any(message.tool_calls or message.role == "tool" for message in row.example.messages):
            return None
        self._calling += 1
        return next(_faults(row.example), None)

    def join(self, later: Self) -> None:
        """Take into account what was seen in later rows."""
        super().join(later)
        self._calling += later._calling

    def findings(self, context: CheckContext) -> list[Finding]:
        """One where there are such calls."""
        found = self.found
        if not found.count:
            return []
        who = counted(found.count, "example with tools has a call", "examples with tools have calls")
        share = percent(found.count, self._calling)
        meaning = f"{who} that cannot be carried out, or whose answer is missing or belongs to none ({share} of them)."
        severity = "problem" if found.count >= _MANY * self._calling else "warning"
        advice = "Correct the calls or delete the examples: the model learns to call tools in just this way."
        return [Finding(NAME, severity, found.count, meaning, found.rows, advice, found.places)]


def _faults(example: Example) -> Iterator[str]:
    """What is wrong, in words, turn by turn."""
    tools = _schemas(example.tools)
    for number, message in enumerate(example.messages, start=1):
        for call in message.tool_calls:
            fault = _fault_of_call(call, tools)
            if fault:
                yield f"turn {number}: {fault}"
    # Of turns out of order another check tells.
    if not disorder(example.messages):
        yield from _unanswered(example.messages)


def _schemas(tools: Sequence[dict[str, Any]]) -> dict[str, Mapping[str, Any]] | None:
    """What each function takes, by its name; None where there are no tools, or one of them is described otherwise."""
    found: dict[str, Mapping[str, Any]] = {}
    for tool in tools:
        function = function_of(tool)
        name, takes = function.get("name"), function.get("parameters", function.get("input_schema"))
        if not isinstance(name, str):
            return None
        found[name] = takes if isinstance(takes, dict) else {}
    return found or None


def _fault_of_call(call: dict[str, Any], tools: Mapping[str, Mapping[str, Any]] | None) -> str:
    function = function_of(call)
    name = function.get("name")
    if not isinstance(name, str) or not name.strip():
        return "a call that names no function"
    if tools is not None and name not in tools:
        return f"{name} is called, which is none of the example's tools"
    takes = tools[name] if tools is not None else {}
    given = arguments_of(call)
    if given is None or given == "":
        given = {}
    if isinstance(given, str):
        return f"the arguments of {name} are no valid JSON: {given}"
    if not isinstance(given, dict):
        return f"the arguments of {name} are no JSON object: {json.dumps(given, ensure_ascii=False)}"
    strictly = _strict_fault(function.get("arguments"))
    if strictly:
        return f"the arguments of {name} are no valid JSON: {strictly}"
    missing = [one for one in _names(takes.get("required")) if one not in given]
    if missing:
        return f"{name} is called without {', '.join(missing)}"
    known = takes.get("properties")
    unknown = [one for one in given if one not in known] if isinstance(known, dict) else []
    if unknown and takes.get("additionalProperties") is False:
        return f"{name} is called with {', '.join(unknown)}, which it does not take"
    return next((f"{name} is called with {fault}" for fault in _of_another_type(given, takes)), "")


def _strict_fault(arguments: Any) -> str:
    """What other programs refuse in arguments that Python reads: NaN, and a name that is given twice."""
    if not isinstance(arguments, str) or not arguments.strip():
        return ""

    def build(pairs: list[tuple[str, Any]]) -> None:
        counts = Counter(name for name, _ in pairs)
        for twin in (name for name, count in counts.items() if count > 1):
            raise ValueError(f"{twin} is given twice")

    try:
        json.loads(arguments, object_pairs_hook=build, parse_constant=refuse_constant, parse_int=str)
    except (ValueError, RecursionError) as error:
        return str(error)
    return ""


def _of_another_type(value: Any, schema: Any, place: str = "", depth: int = 0) -> Iterator[str]:
    """What is of another type than the schema names; null is none, and types that JSON does not have are not judged."""
    if not isinstance(schema, dict) or value is None or depth > _DEEPEST:
        return
    wanted = schema.get("type")
    types = [wanted] if isinstance(wanted, str) else _names(wanted)
    if types and all(one in _IS_OF_TYPE for one in types) and not any(_IS_OF_TYPE[one](value) for one in types):
        shown = json.dumps(value, ensure_ascii=False)
        yield f"{place} {shown}, which is no {' or '.join(types)}" if place else f"{shown}, which is no {types[0]}"
        return
    inner = schema.get("properties")
    if isinstance(value, dict) and isinstance(inner, dict):
        for name, item in value.items():
            yield from _of_another_type(item, inner.get(name), f"{place}.{name}" if place else name, depth + 1)
    elif isinstance(value, list):
        for item in value:
            yield from _of_another_type(item, schema.get("items"), place, depth + 1)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


_IS_OF_TYPE: Mapping[str, Callable[[Any], bool]] = {
    "string": lambda value: isinstance(value, str),
    "boolean": lambda value: isinstance(value, bool),
    "number": _is_number,
    "integer": lambda value: value.is_integer() if isinstance(value, float) else _is_number(value),
    "array": lambda value: isinstance(value, list),
    "object": lambda value: isinstance(value, dict),
    "null": lambda value: value is None,
}


def _names(value: Any) -> list[str]:
    return [one for one in value if isinstance(one, str)] if isinstance(value, list) else []


def _unanswered(messages: Sequence[Message]) -> Iterator[str]:
    """Answers that belong to no call, and calls that have none when the conversation goes on."""
    waiting: list[dict[str, Any]] = []
    for number, message in enumerate(messages, start=1):
        if message.role == "tool":
            place = _call_of(message, waiting)
            if place is None:
                of = f" to {message.tool_call_id}" if message.tool_call_id else ""
                yield f"turn {number}: the answer of a tool{of} belongs to no call"
            else:
                del waiting[place]
            continue
        if waiting:
            yield f"turn {number}: {function_of(waiting[0]).get('name')} was called, and no answer came before this"
        waiting = list(message.tool_calls)
        ids = [call.get("id") for call in waiting if call.get("id")]
        if len(set(map(str, ids))) < len(ids):
            yield f"turn {number}: two calls have the same id"


def _call_of(answer: Message, waiting: Sequence[dict[str, Any]]) -> int | None:
    """The place of the call that a tool answers: by its id, else its name, else the first one."""
    wanted = answer.tool_call_id
    for place, call in enumerate(waiting):
        if wanted and call.get("id"):
            if str(call["id"]) == wanted:
                return place
        elif not answer.name or function_of(call).get("name") in {answer.name, None}:
            return place
    return None
