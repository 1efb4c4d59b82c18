"""Calls of tools as texts: what they are compared by, what is looked for in them, what is changed in them."""

import json
from collections.abc import Callable, Iterator
from typing import Any

from localft.data.examples import Message


def said(message: Message) -> str:
    """What a turn says and calls."""
    return "\n".join(filter(None, (message.content, called(message)))) if message.tool_calls else message.content


def called(message: Message) -> str:
    """The calls of a turn, alike for the same ones whatever their ids and the order of their arguments."""
    return "\n".join(map(_call, message.tool_calls))


def texts_of(message: Message) -> Iterator[str]:
    """The text of a turn, then those of the arguments of its calls, with their numbers."""
    yield message.content
    for call in message.tool_calls:
        yield from _texts(arguments_of(call))


def with_texts(message: Message, change: Callable[[str], str]) -> Message:
    """The turn with all these texts changed; the same object where none is."""
    calls = tuple(_changed_call(call, change) for call in message.tool_calls)
    content = change(message.content)
    if content == message.content and calls == message.tool_calls:
        return message
    return message.model_copy(update={"content": content, "tool_calls": calls})


def _call(call: dict[str, Any]) -> str:
    function = function_of(call)
    arguments = json.dumps(arguments_of(call), sort_keys=True, ensure_ascii=False)
    return f"{function.get('name', '')}({arguments})"


def function_of(call: dict[str, Any]) -> dict[str, Any]:
    """What is called; some data names it without the level around it."""
    function = call.get("function")
    return function if isinstance(function, dict) else call


def arguments_of(call: dict[str, Any]) -> Any:
    """The arguments; of those that are the text of JSON, what it says."""
    arguments = function_of(call).get("arguments")
    if not isinstance(arguments, str):
        return arguments
    try:
        return json.loads(arguments)
    except (ValueError, RecursionError):
        return arguments


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from _texts(item)
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield str(value)


def _changed(value: Any, change: Callable[[str], str]) -> Any:
    if isinstance(value, str):
        return change(value)
    if isinstance(value, dict):
        return {key: _changed(item, change) for key, item in value.items()}
    if isinstance(value, list):
        return [_changed(item, change) for item in value]
    if isinstance(value, int | float) and not isinstance(value, bool):
        return value if (text := change(str(value))) == str(value) else text
    return value


def _changed_call(call: dict[str, Any], change: Callable[[str], str]) -> dict[str, Any]:
    before = arguments_of(call)
    after = _changed(before, change)
    if after == before:
        return call
    function = function_of(call)
    if isinstance(function["arguments"], str) and not isinstance(after, str):
        after = json.dumps(after, ensure_ascii=False)
    changed = {**function, "arguments": after}
    return changed if function is call else {**call, "function": changed}
