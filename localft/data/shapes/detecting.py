"""The shapes in which people keep conversations: which one a row has, why, and the example in it."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from localft.data.examples import Example, Message, Role
from localft.data.shapes.column_template import Template
from localft.data.shapes.conversation import BadRow, message_list, tool_list, turns
from localft.data.shapes.placing import KEPT, PLACES, kept_fields, placement
from localft.data.shapes.transcripts import asking, form_of, is_transcript, transcript
from localft.data.shapes.values import is_missing, parse_json, to_text


class Shape(StrEnum):
    """How a row holds its conversation; the value is what a person reads."""

    MESSAGES = "OpenAI messages"
    SHAREGPT = "ShareGPT conversations"
    ALPACA = "Alpaca"
    DOLLY = "Dolly"
    OPENASSISTANT = "OpenAssistant trees"
    PROMPT_COMPLETION = "prompt and completion"
    PREFERENCE = "preference pairs"
    TRANSCRIPTS = "conversations written as text"
    QUESTIONS = "questions and answers"
    CHATGPT = "ChatGPT conversations"
    DISCORD = "Discord chat"
    TELEGRAM = "Telegram chat"
    WHATSAPP = "WhatsApp chat"
    TEXT = "plain text"
    MAPPED = "mapped columns"
    MIXED = "several shapes"
    UNKNOWN = "unknown"


# Whole talks: that one ends with a very short answer says nothing about the rest of it.
TALKS = (Shape.CHATGPT, Shape.DISCORD, Shape.TELEGRAM, Shape.WHATSAPP)

# In these a text may be a conversation.
_SPOKEN = (Shape.TEXT, Shape.PREFERENCE, Shape.PROMPT_COMPLETION)

# Tables in which a column of any name may stand.
_ASKING = (Shape.PROMPT_COMPLETION, Shape.ALPACA, Shape.DOLLY)

# The fields of an example that a column can hold.
FIELDS = ("messages", "system", "context", "prompt", "answer", "rejected", "text", *PLACES)
# Those that say where the conversation is; a mapping without them adds to what is recognised.
CONVERSATION = frozenset({"messages", "prompt", "answer", "rejected", "text"})
# Beside a text these say only what it is and where it comes from.
_ABOUT_TEXT = {
    "id", "title", "url", "source", "timestamp", "date", "meta", "metadata", "lang", "language", "author", "licence",
    "license", *PLACES, KEPT,
}  # fmt: skip

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
    ("instruction", "target"),
    ("text", "label"),
    # In other languages, as people head their own tables.
    ("frage", "antwort"),
    ("question", "réponse"),
    ("question", "reponse"),
    ("pregunta", "respuesta"),
    ("pergunta", "resposta"),
    ("domanda", "risposta"),
    ("vraag", "antwoord"),
    ("fråga", "svar"),
    ("spørgsmål", "svar"),
    ("pytanie", "odpowiedź"),
    ("otázka", "odpověď"),
    ("вопрос", "ответ"),
    ("питання", "відповідь"),
    ("soru", "cevap"),
    ("问题", "答案"),
    ("问题", "回答"),
    ("質問", "回答"),
    ("質問", "答え"),
    ("질문", "답변"),
)
# Of two answers the better and the worse one: as TRL has them, and OpenAI.
_PREFERENCES = (("chosen", "rejected"), ("preferred_output", "non_preferred_output"))
# Beside one of these a column `input` holds what the question is about, as Alpaca has it.
_ASKED_ABOUT = ("instruction", "prompt", "question", "query")
_ASKED = ("prompt", "question", "instruction", "query", "input")
# Columns of whole conversations; beside a pair of answers, of what was said before them.
_TALKS = ("messages", "conversations", "conversation", "chat", "dialogue", "dialog")
_SYSTEM = ("system", "system_prompt", "system_message")
_FORMER_TOOLS = "functions"
# As tables spell it.
_UNWANTED = ("false", "False", "FALSE")
FOR_ALL = frozenset({*_SYSTEM, "tools", _FORMER_TOOLS})
"""What a file may say once for all its examples."""
_CONTEXT = ("context", "passage", "document")


@dataclass(frozen=True)
class Layout:
    """Where the columns of a file hold an example: the shape, the column of each field, and the reason in words.

    Fields that have `templates` are filled from several columns.
    """

    shape: Shape
    columns: dict[str, str]
    reason: str
    templates: dict[str, Template] = field(default_factory=dict)


def detect(columns: Iterable[str]) -> Layout | None:
    """Recognise a shape by the names of the columns (any case), None if it is none that localft knows."""
    names = {str(column).strip().lower(): str(column) for column in columns}
    # Of pairs with the better conversation beside them a second time, as UltraFeedback has them, no answer is lost.
    for better, worse in _PREFERENCES:
        if better in names and worse in names:
            return _pair_layout(names, better, worse)
    for name in _TALKS:
        if name in names:
            shape = Shape.SHAREGPT if name == "conversations" else Shape.MESSAGES
            found = {"messages": names[name], **_extras(names, ("system", "tools"))}
            return _judged(Layout(shape, found, f"the column {names[name]} holds whole conversations"), names)
    if "instruction" in names and "output" in names:
        found = {"prompt": names["instruction"], "answer": names["output"]}
        found |= _extras(names, ("context", "system", "tools", "history"))
        if "input" in names:
            found["context"] = names["input"]
        return Layout(Shape.ALPACA, found, f"the columns {_listed(found.values())} are Alpaca's")
    if "instruction" in names and "context" in names and "response" in names:
        found = {"prompt": names["instruction"], "context": names["context"], "answer": names["response"]}
        found |= _extras(names, ("system", "tools", "label"))
        return Layout(Shape.DOLLY, found, f"the columns {_listed(found.values())} are Dolly's")
    for prompt, answer in _PAIRS:
        if prompt in names and answer in names:
            found_layout = _answer_layout(names, prompt, answer)
            return _judged(found_layout, names) if (prompt, answer) == _PAIRS[0] else found_layout
    if "text" in names and set(names) - {"text"} <= _ABOUT_TEXT:
        return Layout(Shape.TEXT, {"text": names["text"]}, f"the column {names['text']} holds text and nothing answers")
    return None


def _judged(layout: Layout, names: Mapping[str, str]) -> Layout:
    """The layout with the column that says of each answer whether it is wanted, as TRL has data for KTO."""
    judged = _extras(names, ("wanted",))
    return replace(layout, columns={**layout.columns, **judged})


def _answer_layout(names: Mapping[str, str], prompt: str, answer: str) -> Layout:
    if prompt == "input":
        prompt = next((name for name in _ASKED_ABOUT if name in names), prompt)
    found = {"prompt": names[prompt], "answer": names[answer], **_extras(names, ("system", "context", "tools"))}
    if prompt in _ASKED_ABOUT and "input" in names:
        found["context"] = names["input"]
    reason = f"the column {names[prompt]} asks and the column {names[answer]} answers"
    return Layout(Shape.PROMPT_COMPLETION, found, reason)


def _pair_layout(names: Mapping[str, str], better: str, worse: str) -> Layout:
    found = {"answer": names[better], "rejected": names[worse], **_extras(names, ("system", "context", "tools"))}
    asked = next((name for name in (*_ASKED, *_TALKS) if name in names), None)
    if asked is not None:
        found["prompt"] = names[asked]
    if asked in _ASKED_ABOUT and "input" in names:
        found["context"] = names["input"]
    return Layout(Shape.PREFERENCE, found, f"the column {names[better]} answers better than {names[worse]}")


def _extras(names: Mapping[str, str], fields: tuple[str, ...]) -> dict[str, str]:
    known = {"system": _SYSTEM, "context": _CONTEXT, "tools": ("tools", _FORMER_TOOLS), "label": ("category",)}
    known |= {"history": ("history",), "wanted": ("label", "kto_tag")}
    found = {}
    for wanted in fields:
        column = next((names[name] for name in known[wanted] if name in names), None)
        if column is not None:
            found[wanted] = column
    return found


def _listed(names: Iterable[str]) -> str:
    return ", ".join(names)


def spoken(layout: Layout, values: Mapping[str, Any]) -> Layout:
    """The layout of a row whose texts turn out to be conversations written as one text."""
    column = next((layout.columns[name] for name in ("prompt", "text", "answer") if name in layout.columns), None)
    form = form_of(values.get(column)) if column is not None and layout.shape in _SPOKEN else None
    if column is None or form is None:
        return layout
    why = f"the column {column} holds conversations {form.words}"
    if layout.shape is not Shape.TEXT:
        return replace(layout, reason=f"{layout.reason}; {why}")
    columns = {"messages": column, **{name: other for name, other in layout.columns.items() if name != "text"}}
    return Layout(Shape.TRANSCRIPTS, columns, why)


def tools_of(columns: Iterable[str]) -> dict[str, str]:
    """The column of tools, where there is one, as a layout has it."""
    return _extras({str(column).strip().lower(): str(column) for column in columns}, ("tools",))


PIECES = Layout(
    Shape.TEXT,
    {name: name for name in ("text", "plain", "place", "group")},
    "a document without questions and answers",
)
"""Where the rows that are made of a document hold its text, and what they know of it."""


def convert(values: Mapping[str, Any], layout: Layout, source: str, row: int) -> Example:
    """Make an example of a row.

    Raises:
        BadRow: the row holds none; with the reason.
        BadValue: a value of it is no text.
    """
    kept = kept_fields(values)
    get = _field_of(values, layout, kept)
    if "text" in layout.columns:
        return _plain(get, source, row)
    _refuse_unwanted(get("wanted"), layout)
    rejected = ""
    if "messages" in layout.columns:
        messages = _conversation(get("messages"))
    elif "rejected" in layout.columns:
        messages, rejected = _pair(get("prompt"), get("context"), get("answer"), get("rejected"))
    else:
        asked = [*_history(get("history")), *_prompt(get("prompt"), get("context"))]
        messages = [*asked, *_answer(get("answer"))]
    system = get("system")
    if not is_missing(system) and messages and messages[0].role != "system":
        messages = [Message(role="system", content=to_text(system)), *messages]
    offered = get("tools")
    if layout.shape in _ASKING and isinstance(offered, str) and not offered.lstrip().startswith("["):
        # A table of questions about tools: the column is one of many that say nothing to a model.
        offered = None
    is_former = layout.columns.get("tools", "").strip().lower() == _FORMER_TOOLS
    is_sharegpt = layout.columns.get("messages", "").strip().lower() == "conversations"
    tools = tool_list(offered, is_former, is_sharegpt) or _tools_beside(get("prompt"))
    return Example(
        messages=turns(messages), tools=tools, rejected=rejected, source=source, row=row,
        place=kept.get("place", ""), **placement(get),
    )  # fmt: skip


def unread_time(values: Mapping[str, Any], layout: Layout, example: Example) -> str:
    """What a row says of its time where its example has none because that cannot be read, "" for nothing."""
    if example.time or not ("time" in layout.columns or KEPT in values):
        return ""
    said = _field_of(values, layout, kept_fields(values))("time")
    return "" if is_missing(said) else to_text(said).strip()


def _field_of(values: Mapping[str, Any], layout: Layout, kept: Mapping[str, str]) -> Callable[[str], Any]:
    """What the fields of a row hold, by their names."""

    def get(name: str) -> Any:
        template = layout.templates.get(name)
        if template:
            return template.fill(values)
        # A file may have a field without a name: it is none of those that the layout lacks.
        column = layout.columns.get(name)
        return kept.get(name) if column is None else values.get(column)

    return get


def _refuse_unwanted(wanted: Any, layout: Layout) -> None:
    """Refuse an answer that its file says is not wanted; what is neither true nor false is a label and says nothing.

    Raises:
        BadRow: it is not wanted.
    """
    if wanted is False or str(wanted) in _UNWANTED:
        column = layout.columns["wanted"]
        raise BadRow("unwanted answer", f"the column {column} says that this answer is not wanted")


def _history(value: Any) -> list[Message]:
    """The turns before a question, which Alpaca's table may keep as a list of pairs of a question and an answer.

    Raises:
        BadRow: it is something else, which must not be dropped silently.
    """
    if isinstance(value, str) and value.lstrip().startswith("["):
        value = parse_json(value)
    if is_missing(value):
        return []
    if not isinstance(value, list) or not all(isinstance(pair, list) and len(pair) == 2 for pair in value):
        raise BadRow("not a conversation", "the history is not a list of pairs of a question and its answer")
    roles: tuple[Role, Role] = ("user", "assistant")
    return [Message(role=role, content=to_text(said)) for pair in value for role, said in zip(roles, pair, strict=True)]


def _tools_beside(prompt: Any) -> tuple[dict[str, Any], ...]:
    """The tools in the object that OpenAI wraps around the messages of a question."""
    if not isinstance(prompt, dict):
        return ()
    return tool_list(prompt.get("tools")) or tool_list(prompt.get(_FORMER_TOOLS), former=True)


def _plain(get: Callable[[str], Any], source: str, row: int) -> Example:
    text = to_text(get("text"))
    if not text.strip():
        raise BadRow("empty content", "the text is empty")
    message = Message(role="assistant", content=text)
    plain, place = "part" if get("plain") == "part" else "whole", get("place") or ""
    return Example(messages=(message,), plain=plain, place=place, source=source, row=row, **placement(get))


def _pair(prompt: Any, context: Any, better: Any, worse: Any) -> tuple[list[Message], str]:
    """The conversation with the better answer, and the worse one.

    Both may be whole conversations: then they have to be the same up to the last turn.
    """
    if _is_conversation(better):
        messages, others = _conversation(better), _conversation(worse)
        if messages[:-1] != others[:-1]:
            raise BadRow("no common prompt", "the two conversations differ before their last turns")
    else:
        asked = _prompt(prompt, context)
        messages, others = [*asked, *_answer(better)], [*asked, *_answer(worse)]
    last = others[-1]
    if last.role != "assistant" or not last.content.strip() or last.tool_calls:
        raise BadRow("empty content", "the rejected answer is empty, or no text")
    if messages[-1].content.strip() == last.content.strip():
        raise BadRow("nothing to prefer", "both answers are the same")
    return messages, last.content


def _is_conversation(value: Any) -> bool:
    return is_transcript(value) or (
        isinstance(value, list) and any(message.role == "user" for message in message_list(value))
    )


def _conversation(value: Any) -> list[Message]:
    return transcript(value) if is_transcript(value) else message_list(value)


def _prompt(prompt: Any, context: Any) -> list[Message]:
    """A question (or a list of messages, which OpenAI wraps in an object), with its context after an empty line."""
    if isinstance(prompt, dict) and isinstance(prompt.get("messages"), list):
        prompt = prompt["messages"]
    if is_transcript(prompt):
        return _with_context(asking(prompt), context)
    if isinstance(prompt, list):
        return _with_context(message_list(prompt), context)
    if is_missing(prompt) and is_missing(context):
        raise BadRow("empty content", "the prompt is empty")
    parts = [to_text(part) for part in (prompt, context) if not is_missing(part)]
    return [Message(role="user", content="\n\n".join(parts))]


def _with_context(messages: list[Message], context: Any) -> list[Message]:
    if is_missing(context):
        return messages
    if not messages or messages[-1].role != "user":
        raise BadRow("not a conversation", "the context belongs to no question: the prompt ends with another turn")
    text = f"{messages[-1].content}\n\n{to_text(context)}"
    return [*messages[:-1], messages[-1].model_copy(update={"content": text})]


def _answer(answer: Any) -> list[Message]:
    if isinstance(answer, dict) and ("from" in answer or "role" in answer):
        # One turn, as LLaMA-Factory has the answers of a pair.
        return message_list([answer])
    if isinstance(answer, list) and answer and all(isinstance(turn, dict) and "role" in turn for turn in answer):
        return message_list(answer)
    if is_missing(answer):
        raise BadRow("empty content", "the answer is empty")
    return [Message(role="assistant", content=to_text(answer))]
