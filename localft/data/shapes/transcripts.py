"""Conversations written as one text: in words, as HH-RLHF has them, or with the marks of a model's chat template."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from localft.data.examples import Message, Role
from localft.data.shapes.roles import role_of

Turns = list[tuple[Role, str]]
# Where a text begins, before its first turn, and where one ends.
_BEGINS = re.compile(r"\s*(?:(?:<s>|<bos>|<\|begin_of_text\|>|<\|endoftext\|>)\s*)*")
_ENDS = ("</s>", "<eos>", "<|end_of_text|>", "<|endoftext|>")
_TASK, _ABOUT, _ANSWER = "### Instruction:", "### Input:", "### Response:"
_FOREWORD = re.compile(r"Below is an instruction that [^\n]*\n+")
_LONGEST_START, _MOST_ENDS = 300, 3


@dataclass(frozen=True)
class Form:
    """A way to write a conversation as one text.

    `looks_so` is what its texts begin with, `turns` reads one and gives None where it is not written so throughout.
    """

    words: str
    looks_so: re.Pattern[str]
    turns: Callable[[str], Turns | None]


def _marked(opening: str, ends: tuple[str, ...]) -> Callable[[str], Turns | None]:
    """Reads turns that each begin with a mark in which the role stands, and may end with another mark."""
    begin, end = re.compile(opening), re.compile("|".join(map(re.escape, ends)))

    def turns(text: str) -> Turns | None:
        before, *parts = begin.split(text)
        found: Turns = []
        for said_role, said in zip(parts[::2], parts[1::2], strict=True):
            role = role_of(said_role)
            content, *rest = end.split(said)
            if role is None or any(map(str.strip, rest)):
                # Something stands between two turns, which would be lost.
                return None
            found.append((role, content.strip()))
        return None if before.strip() else found

    return turns


def _in_words(text: str) -> Turns:
    """Reads "\\n\\nHuman: … \\n\\nAssistant: …" in turn; within a turn empty lines stay as they are."""
    parts = re.split(r"(?:^|\n\n)(?:(Human)|Assistant):[ \t]*", text)[1:]
    return [("user" if asks else "assistant", said.strip()) for asks, said in zip(parts[::2], parts[1::2], strict=True)]


def _instructed(text: str) -> Turns | None:
    """Reads "[INST] question [/INST] answer" in turn, the system text within the first question."""
    found: Turns = []
    for part in text.split("[INST]")[1:]:
        asked, closing, answer = part.partition("[/INST]")
        if not closing or "[/INST]" in answer:
            return None
        begun = asked.lstrip()
        if not found and begun.startswith("<<SYS>>"):
            system, _, asked = begun.removeprefix("<<SYS>>").partition("<</SYS>>")
            found.append(("system", system.strip()))
        found += [("user", asked.strip()), ("assistant", _without_end(answer.rstrip().removesuffix("<s>")).strip())]
    return found


def _task(text: str) -> Turns | None:
    """Reads the prompt of Alpaca with its answer; there is one of each."""
    foreword = _FOREWORD.match(text)
    task = text[foreword.end() :] if foreword else text
    asked, answered, answer = task.removeprefix(_TASK).partition(f"\n{_ANSWER}")
    if not answered or any(task.count(mark) > 1 for mark in (_TASK, _ABOUT, _ANSWER)):
        return None
    parts = (part.strip() for part in asked.partition(f"\n{_ABOUT}")[::2])
    return [("user", "\n\n".join(part for part in parts if part)), ("assistant", answer.strip())]


_FORMS = (
    Form("with Human: and Assistant: in turn", re.compile("Human:"), _in_words),
    Form(
        "with ### Human: and ### Assistant: in turn",
        re.compile(r"### ?(?:System|Human|User): ?"),
        _marked(r"### ?(System|Human|User|Assistant): ?", ("</s>",)),
    ),
    Form("laid out as Alpaca's prompt is", re.compile(r"Below is an instruction that |### Instruction:"), _task),
    Form(
        "marked as ChatML has them",
        re.compile(r"<\|im_start\|>"),
        _marked(r"<\|im_start\|>[ \t]*(\w+)[ \t]*(?:\n|\Z)", ("<|im_end|>",)),
    ),
    Form(
        "marked as Llama 3 has them",
        re.compile(r"<\|start_header_id\|>"),
        _marked(r"<\|start_header_id\|>(\w+)<\|end_header_id\|>", ("<|eot_id|>", "<|eom_id|>")),
    ),
    Form("marked as Llama 2 and Mistral have them", re.compile(r"\[INST\]"), _instructed),
    Form(
        "marked as Gemma has them",
        re.compile(r"<start_of_turn>"),
        _marked(r"<start_of_turn>(\w+)(?:\n|\Z)", ("<end_of_turn>",)),
    ),
    Form(
        "marked as Zephyr and Phi have them",
        re.compile(r"<\|(?:system|user)\|>"),
        _marked(r"<\|(system|user|assistant)\|>(?:\n|\Z)", ("</s>", "<|end|>", "<|endoftext|>")),
    ),
)


def form_of(value: Any) -> Form | None:
    """How a value is a conversation as one text, in which a person asks and the assistant follows; None if it is none.

    What only begins so, or has something between two turns, is none: it would be lost.
    """
    if not isinstance(value, str):
        return None
    # Most texts are none, which their first characters tell.
    start = _start(value[:_LONGEST_START])
    form = next((form for form in _FORMS if form.looks_so.match(start)), None)
    return form if form is not None and _read(form, value) else None


def is_transcript(value: Any) -> bool:
    """Whether a value is such a text."""
    return form_of(value) is not None


def transcript(text: str) -> list[Message]:
    """The turns of such a text; one that ends where the answer is to begin asks for it, and ends with an empty one."""
    form = form_of(text)
    turns = _read(form, text) if form is not None else []
    return [Message(role=role, content=said) for role, said in turns]


def asking(text: str) -> list[Message]:
    """The turns of a text that waits for its answer."""
    turns = transcript(text)
    return turns[:-1] if turns[-1].role == "assistant" and not turns[-1].content else turns


def _read(form: Form, text: str) -> Turns:
    """The turns of a text of this form, none where nobody asks or nobody follows."""
    inside = _start(text)
    turns = form.turns(_without_end(inside)) or []
    roles = [role for role, _ in turns]
    return turns if "user" in roles and "assistant" in roles[roles.index("user") :] else []


def _without_end(text: str) -> str:
    """A text without the marks of its end and the white space around them."""
    kept = text.rstrip()
    for _ in range(_MOST_ENDS):
        mark = next((mark for mark in _ENDS if kept.endswith(mark)), "")
        kept = kept.removesuffix(mark).rstrip()
    return kept


def _start(text: str) -> str:
    begins = _BEGINS.match(text)
    return text[begins.end() :] if begins else text
