"""Lists of turns, in OpenAI's or ShareGPT's words, to messages; and what makes a conversation unfit for training."""

from typing import Any

import pydantic

from localft.data.examples import Message
from localft.data.shapes.roles import role_of
from localft.data.shapes.values import BadValue, NumberText, is_missing, json_of, parse_json, to_plain, to_text
from localft.models.thinking import CLOSE, OPEN, join_thinking

# A turn of ShareGPT's that calls tools, as LLaMA-Factory documents it; what they answer is an "observation".
_CALLING = "function_call"


class BadRow(ValueError):
    """A row that is set aside: the kind of fault, for counting, and the reason in words."""

    def __init__(self, kind: str, reason: str) -> None:
        super().__init__(reason)
        self.kind = kind


def message_list(value: Any) -> list[Message]:
    """Read a list of turns: {role, content} or {from, value}; CSV keeps such a list as JSON text.

    Raises:
        BadRow: it is no such list, or a role is unknown.
        BadValue: a value of it is no text.
    """
    if isinstance(value, str) and not isinstance(value, NumberText) and value.lstrip().startswith("["):
        value = parse_json(value)
    if is_missing(value):
        raise BadRow("empty content", "the conversation is empty")
    if not isinstance(value, list) or not all(isinstance(turn, dict) for turn in value):
        raise BadRow("not a conversation", "the conversation is not a list of turns with a role and a text")
    return [_message(turn, number) for number, turn in enumerate(value, start=1)]


def _message(turn: dict[str, Any], number: int) -> Message:
    said = turn.get("role") if not is_missing(turn.get("role")) else turn.get("from")
    said_role = str(said).strip().lower()
    role = "assistant" if said_role == _CALLING else role_of(said_role)
    if role is None:
        named = "has no role" if is_missing(said) else f"has the unknown role {str(said)[:40]!r}"
        raise BadRow("unknown role", f"turn {number} {named}")
    content = turn.get("content") if "content" in turn else turn.get("value", turn.get("text"))
    calls: tuple[dict[str, Any], ...] = ()
    if said_role == _CALLING:
        content, calls = _called(content, number)
    values: dict[str, Any] = {"role": role, "content": _content(content, number), "learn": _learned(turn, number)}
    if not is_missing(turn.get("name")):
        values["name"] = to_text(turn["name"])
    values["tool_calls"] = calls or _tool_calls(turn, number)
    if role == "assistant" and (values["content"].strip() or values["tool_calls"]):
        values["content"] = _with_thinking(turn, values["content"])
    if not is_missing(turn.get("tool_call_id")):
        values["tool_call_id"] = to_text(turn["tool_call_id"])
    try:
        return Message(**values)
    except pydantic.ValidationError as error:
        raise BadRow("not a conversation", f"turn {number}: {error.errors()[0]['msg']}") from error


def _tool_calls(turn: dict[str, Any], number: int) -> tuple[dict[str, Any], ...]:
    """The calls of a turn, those of OpenAI's former `function_call` too."""
    if isinstance(turn.get("function_call"), dict):
        return (_call({"type": "function", "function": turn["function_call"]}),)
    return tuple(map(_call, _object_list(turn.get("tool_calls"), f"the tool_calls of turn {number}")))


def _call(call: dict[str, Any]) -> dict[str, Any]:
    """A call without what it leaves out; only among its arguments null says something."""
    found: dict[str, Any] = to_plain(call)
    function = call.get("function")
    if isinstance(function, dict) and isinstance(function.get("arguments"), dict):
        found["function"]["arguments"] = to_plain(function["arguments"], nulls=True)
    return found


def _called(value: Any, number: int) -> tuple[str, tuple[dict[str, Any], ...]]:
    """What is thought before the calls of a ShareGPT turn, and the calls: an object, or a list of several.

    Raises:
        BadRow: they are no calls with a name and arguments.
    """
    thought = ""
    if isinstance(value, str) and not isinstance(value, NumberText):
        end = value.find(CLOSE) + len(CLOSE) if value.lstrip().startswith(OPEN) and CLOSE in value else 0
        thought, value = value[:end], _json_of_turn(value[end:], number)
    calls = value if isinstance(value, list) else [value]
    if not calls:
        raise BadRow("broken tool call", f"turn {number} calls no tool")
    return thought, tuple(_named_call(call, number) for call in calls)


def _json_of_turn(text: str, number: int) -> Any:
    try:
        return parse_json(text)
    except BadValue as error:
        raise BadRow("broken tool call", f"the call of a tool in turn {number} cannot be read: {error}") from error


def _named_call(call: Any, number: int) -> dict[str, Any]:
    """A call as OpenAI has it: its arguments are the text of an object, with each number as it is spelled."""
    function = call.get("function", call) if isinstance(call, dict) else None
    name = function.get("name") if isinstance(function, dict) else None
    if not isinstance(function, dict) or not isinstance(name, str) or isinstance(name, NumberText) or not name.strip():
        raise BadRow("broken tool call", f"the call of a tool in turn {number} has no name")
    arguments = function.get("arguments")
    is_text = isinstance(arguments, str) and not isinstance(arguments, NumberText)
    if not isinstance(_json_of_turn(arguments, number) if is_text else arguments, dict):
        raise BadRow("broken tool call", f"the call of {name[:40]!r} in turn {number} has no object of arguments")
    outer = [field for field in call if field != "function"] if function is not call else ["id", "type"]
    about = {field: call[field] for field in outer if not is_missing(call.get(field))}
    inner = {field: item for field, item in function.items() if function is not call or field not in about}
    spelled = to_text(arguments) if is_text else json_of(arguments)
    return to_plain({"type": "function", **about, "function": {**inner, "arguments": spelled}}, nulls=True)


def _with_thinking(turn: dict[str, Any], content: str) -> str:
    """The text with what the model thought before it, which other programs keep in a field of its own."""
    fields = ("reasoning_content", "reasoning", "thinking")
    thinking = next((turn[field] for field in fields if isinstance(turn.get(field), str) and turn[field].strip()), "")
    return content if content.lstrip().startswith(OPEN) else join_thinking(content, to_text(thinking).strip())


def tool_list(value: Any, former: bool = False, bare: bool = False) -> tuple[dict[str, Any], ...]:
    """Descriptions of tools; those of OpenAI's `former` field `functions` are put as it has them today.

    So are those that may be `bare`, as ShareGPT's are: a name and what belongs to it, without the level around it.

    Raises:
        BadRow: it is something else, which must not be dropped silently.
        BadValue: a value of it is no text.
    """
    found: tuple[dict[str, Any], ...] = tuple(to_plain(_object_list(value, "the tools")))
    return tuple(
        {"type": "function", "function": tool} if former or (bare and _is_bare(tool)) else tool for tool in found
    )


def _is_bare(tool: dict[str, Any]) -> bool:
    return "name" in tool and not {"type", "function"} & tool.keys()


def _object_list(value: Any, what: str) -> tuple[dict[str, Any], ...]:
    """A list of JSON objects, or of their text as CSV keeps it; nothing where there is none."""
    if isinstance(value, str) and not isinstance(value, NumberText) and value.lstrip().startswith("["):
        value = parse_json(value)
    if is_missing(value):
        return ()
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        raise BadRow("not a conversation", f"{what} are not a list of objects")
    return tuple(value)


def _learned(turn: dict[str, Any], number: int) -> bool:
    """OpenAI marks a turn that is not learned with weight 0; axolotl and others with train, learn or loss false."""
    weight = turn.get("weight")
    if not is_missing(weight):
        if str(weight) in {"0", "0.0", "False"}:
            return False
        if str(weight) not in {"1", "1.0", "True"}:
            reason = f"turn {number} has the weight {str(weight)[:40]}; a turn can be learned (1) or not (0)"
            raise BadRow("unknown weight", reason)
    return all(turn.get(mark) is not False for mark in ("train", "learn", "loss"))


def _content(content: Any, number: int) -> str:
    """A text, or OpenAI's list of parts where all of them are text."""
    if isinstance(content, list) and content and all(isinstance(part, dict) and "type" in part for part in content):
        if any(part["type"] != "text" for part in content):
            kind = next(str(part["type"]) for part in content if part["type"] != "text")
            raise BadRow(
                "not text", f"turn {number} has a part of the kind {kind[:40]!r}; only text can be learned here"
            )
        return "".join(to_text(part.get("text")) for part in content)
    return to_text(content)


def whole_text(messages: list[Message]) -> tuple[Message, ...]:
    """The single turn of plain text.

    Raises:
        BadRow: it is empty, or there are other turns.
    """
    if len(messages) != 1 or messages[0].role != "assistant":
        raise BadRow("not text", "plain text has no turns")
    if not messages[0].content.strip():
        raise BadRow("empty content", "the text is empty")
    return tuple(messages)


def turns(messages: list[Message]) -> tuple[Message, ...]:
    """The turns of an example, an empty system message left out.

    Raises:
        BadRow: a question or the answer is missing, a turn is empty, or the last one is not the assistant's.
    """
    kept = [message for message in messages if message.role != "system" or message.content.strip()]
    if len(kept) < 2:
        raise BadRow("too few messages", "fewer than two messages: a question and an answer are needed")
    if kept[-1].role != "assistant":
        raise BadRow(
            "last message not the assistant's", f"the last message is the {kept[-1].role}'s, not the assistant's"
        )
    for number, message in enumerate(kept, start=1):
        if not message.content.strip() and not message.tool_calls:
            raise BadRow("empty content", f"message {number} ({message.role}) is empty")
    if not any(message.role == "user" for message in kept):
        raise BadRow("too few messages", "no message of the user")
    if not any(message.learn for message in kept if message.role == "assistant"):
        raise BadRow("nothing to learn", "each answer has a weight of 0, so there is nothing to learn")
    return tuple(kept)
