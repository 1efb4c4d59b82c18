"""The shapes in which people keep conversations: which one a row has, why, and the example in it."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from localft.data.conversation import BadRow, message_list, object_list, turns
from localft.data.examples import Example, Message
from localft.data.values import is_missing, to_text


class Shape(StrEnum):
    """How a row holds its conversation; the value is what a person reads."""

    MESSAGES = "OpenAI messages"
    SHAREGPT = "ShareGPT conversations"
    ALPACA = "Alpaca"
    PROMPT_COMPLETION = "prompt and completion"
    MAPPED = "mapped columns"
    MIXED = "several shapes"
    UNKNOWN = "unknown"


# The fields of an example that a column can hold.
FIELDS = ("messages", "system", "context", "prompt", "answer")

# Names under which people keep a question and its answer, the likeliest first; compared in lower case.
_PAIRS = (
    ("prompt", "completion"),
    ("prompt", "response"),
    ("prompt", "answer"),
    ("prompt", "output"),
    ("question", "answer"),
    ("question", "response"),
    ("query", "response"),
    ("query", "answer"),
    ("input", "output"),
    ("input", "response"),
    ("input", "answer"),
    ("input", "target"),
    ("source", "target"),
    ("user", "assistant"),
    ("human", "assistant"),
    ("instruction", "response"),
    ("instruction", "completion"),
    ("instruction", "answer"),
    ("text", "label"),
)
_SYSTEM = ("system", "system_prompt", "system_message")
_CONTEXT = ("context", "passage", "document")


@dataclass(frozen=True)
class Layout:
    """Where the columns of a file hold an example: the shape, the column of each field, and the reason in words."""

    shape: Shape
    columns: dict[str, str]
    reason: str


def detect(columns: Iterable[str]) -> Layout | None:
    """Recognise a shape by the names of the columns (any case), None if it is none that localft knows."""
    names = {str(column).strip().lower(): str(column) for column in columns}
    for name in ("messages", "conversations", "conversation", "chat", "dialogue", "dialog"):
        if name in names:
            shape = Shape.SHAREGPT if name == "conversations" else Shape.MESSAGES
            found = {"messages": names[name], **_extras(names, ("system", "tools"))}
            return Layout(shape, found, f"the column {names[name]} holds whole conversations")
    if "chosen" in names and "rejected" in names:
        return None
    if "instruction" in names and "output" in names:
        found = {"prompt": names["instruction"], "answer": names["output"], **_extras(names, ("system",))}
        if "input" in names:
            found["context"] = names["input"]
        return Layout(Shape.ALPACA, found, f"the columns {_listed(found.values())} are Alpaca's")
    for prompt, answer in _PAIRS:
        if prompt in names and answer in names:
            found = {"prompt": names[prompt], "answer": names[answer], **_extras(names, ("system", "context"))}
            reason = f"the column {names[prompt]} asks and the column {names[answer]} answers"
            return Layout(Shape.PROMPT_COMPLETION, found, reason)
    return None


def _extras(names: Mapping[str, str], fields: tuple[str, ...]) -> dict[str, str]:
    known = {"system": _SYSTEM, "context": _CONTEXT, "tools": ("tools",)}
    found = {}
    for field in fields:
        column = next((names[name] for name in known[field] if name in names), None)
        if column is not None:
            found[field] = column
    return found


def _listed(names: Iterable[str]) -> str:
    return ", ".join(names)


def mapped(mapping: Mapping[str, str], columns: Iterable[str]) -> Layout:
    """The layout that a person has chosen by mapping fields to columns; a column `tools` is taken along."""
    chosen = ", ".join(f"{field} from {column}" for field, column in mapping.items())
    names = {str(column).strip().lower(): str(column) for column in columns}
    return Layout(Shape.MAPPED, {**_extras(names, ("tools",)), **mapping}, f"as you chose: {chosen}")


def convert(values: Mapping[str, Any], layout: Layout, source: str, row: int) -> Example:
    """Make an example of a row.

    Raises:
        BadRow: the row holds none; with the reason.
        BadValue: a value of it is no text.
    """
    column = layout.columns.get
    get: Callable[[str], Any] = lambda field: values.get(column(field) or "")  # noqa: E731
    if "messages" in layout.columns:
        messages = message_list(get("messages"))
    else:
        messages = [*_prompt(get("prompt"), get("context")), *_answer(get("answer"))]
    system = get("system")
    if not is_missing(system) and messages and messages[0].role != "system":
        messages = [Message(role="system", content=to_text(system)), *messages]
    tools = object_list(get("tools"), "the tools")
    return Example(messages=turns(messages), tools=tools, source=source, row=row)


def _prompt(prompt: Any, context: Any) -> list[Message]:
    """A question (or, as TRL has it, a list of messages), with its context after an empty line."""
    if isinstance(prompt, list):
        return message_list(prompt)
    if is_missing(prompt) and is_missing(context):
        raise BadRow("empty content", "the prompt is empty")
    parts = [to_text(part) for part in (prompt, context) if not is_missing(part)]
    return [Message(role="user", content="\n\n".join(parts))]


def _answer(answer: Any) -> list[Message]:
    if isinstance(answer, list) and answer and all(isinstance(turn, dict) and "role" in turn for turn in answer):
        return message_list(answer)
    if is_missing(answer):
        raise BadRow("empty content", "the answer is empty")
    return [Message(role="assistant", content=to_text(answer))]
