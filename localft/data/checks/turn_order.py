"""The order of turns: a system message first, then user and assistant in turn; tools answer calls."""

from collections.abc import Sequence

from localft.data.examples import Message

_BETWEEN = "\n\n"


def disorder(messages: Sequence[Message]) -> str:
    """What is out of order in a conversation, in words; "" where nothing is.

    A conversation of several system messages at its beginning, or of an answer before any question, is out of order
    too: most chat templates refuse it or silently put it elsewhere.
    """
    before: Message | None = None
    for number, message in enumerate(messages, start=1):
        fault = _fault(before, message)
        if fault:
            return f"turn {number}: {fault}"
        before = message
    return ""


def _fault(before: Message | None, message: Message) -> str:
    last = before.role if before is not None else ""
    if message.role == "system":
        return "" if before is None else "a system message in the middle"
    if message.role == "tool":
        called = before is not None and (before.tool_calls or last == "tool")
        return "" if called else "a result of a tool that was not called"
    if message.role == last:
        return f"the {message.role} twice in a row"
    if message.role == "assistant" and last in {"", "system"}:
        return "an answer before any question"
    if message.role == "user" and before is not None and (before.tool_calls or last == "tool"):
        return "a tool was called, and no answer follows"
    return ""


def in_order(messages: Sequence[Message]) -> tuple[Message, ...] | None:
    """The turns in order: twice the same speaker becomes one turn, system messages one at the beginning, and answers
    before any question go; None where that does not suffice."""
    system = [message for message in messages if message.role == "system"]
    turns = [message for message in messages if message.role != "system"]
    while turns and turns[0].role == "assistant":
        turns.pop(0)
    kept: list[Message] = []
    for message in [*system, *turns]:
        if kept and _can_join(kept[-1], message):
            kept[-1] = _joined(kept[-1], message)
        else:
            kept.append(message)
    last_is_answer = bool(kept) and kept[-1].role == "assistant"
    return None if disorder(kept) or not last_is_answer else tuple(kept)


def _can_join(one: Message, other: Message) -> bool:
    calls = one.tool_calls or other.tool_calls
    return one.role == other.role != "tool" and not calls and (one.learn, one.name) == (other.learn, other.name)


def _joined(one: Message, other: Message) -> Message:
    return one.model_copy(update={"content": f"{one.content.rstrip()}{_BETWEEN}{other.content.lstrip()}"})
