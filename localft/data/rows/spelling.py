"""An example as JSON that a person can change: the fields of a file of conversations, and nothing else."""

import json
from collections.abc import Iterable
from difflib import get_close_matches
from typing import Any

from localft.data.examples import Example, Message
from localft.data.rows.drafting import refuse_pair
from localft.data.shapes.conversation import BadRow, message_list, tool_list, turns, whole_text
from localft.data.shapes.values import BadValue, parse_json, to_text
from localft.errors import UserError

_SAID = ("messages", "tools", "rejected", "text")
# What `localft data show --json` tells besides; it says nothing of what the example says.
_BESIDES = (
    "number", "split", "length", "rating", "note", "source", "row", "group", "label", "time", "named_split", "plain",
    "place", "passage", "source_passage", "edited",
)  # fmt: skip
_OF_A_TURN = ("role", "content", "weight", "learn", "name", "tool_calls", "tool_call_id")


def spelled(example: Example) -> str:
    """The JSON of an example: its messages, tools and worse answer, or its text."""
    said: dict[str, Any] = {"text": example.text}
    if not example.plain:
        said = {"messages": [_turn(message) for message in example.messages]}
        if example.tools:
            said["tools"] = list(example.tools)
        if example.rejected:
            said["rejected"] = example.rejected
    return json.dumps(said, ensure_ascii=False, indent=2) + "\n"


def _turn(message: Message) -> dict[str, Any]:
    return message.as_chat() | ({} if message.learn else {"weight": 0})


def read_spelled(example: Example, text: str) -> Example:
    """An example with what JSON says in place of what it has said, judged as an import would.

    Raises:
        UserError: it is no JSON, has a field that is unknown, or would be no example.
    """
    try:
        values = parse_json(text)
        if not isinstance(values, dict):
            raise BadRow("not a conversation", "it is no object with messages or a text")
        _refuse_unknown(values, (*_SAID, *_BESIDES))
        if "text" in values and "messages" not in values:
            said = whole_text([Message(role="assistant", content=to_text(values["text"]))])
            return example.model_copy(
                update={"messages": said, "plain": example.plain or "whole", "tools": (), "rejected": ""}
            )
        return _conversation(example, values)
    except (BadRow, BadValue) as error:
        line = f" (line {error.line})" if isinstance(error, BadValue) and error.line else ""
        raise UserError(f"That is no example: {error}{line}.", "Correct it and try again.") from error


def _conversation(example: Example, values: dict[str, Any]) -> Example:
    listed = values.get("messages")
    for turn in listed if isinstance(listed, list) else ():
        if isinstance(turn, dict):
            _refuse_unknown(turn, _OF_A_TURN)
    said = message_list(listed)
    if values.get("plain"):
        # As `localft data show --json` tells a text.
        return example.model_copy(update={"messages": whole_text(said), "tools": (), "rejected": ""})
    said, rejected = turns(said), _rejected(values.get("rejected"))
    refuse_pair(said, rejected)
    what = {"messages": said, "tools": tool_list(values.get("tools")), "rejected": rejected, "plain": ""}
    return example.model_copy(update=what)


def _rejected(value: Any) -> str:
    """The worse answer, "" for none: a text, or a turn in a list, as an export has it."""
    if isinstance(value, list) and value:
        answers = message_list(value)
        if len(answers) > 1 or answers[0].role != "assistant" or answers[0].tool_calls:
            raise BadRow("not a conversation", "the worse answer is no single text of the assistant")
        value = answers[0].content
    elif isinstance(value, dict):
        raise BadRow("not a conversation", "the worse answer is no text")
    text = to_text(value)
    return text if text.strip() else ""


def _refuse_unknown(values: Iterable[str], known: tuple[str, ...]) -> None:
    for name in values:
        if name not in known:
            near = get_close_matches(name, known, 1)
            meant = f"; {near[0]!r} is one" if near else ""
            raise BadRow("unknown field", f"it has the unknown field {name[:40]!r}{meant}")
