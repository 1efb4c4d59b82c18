"""Conversations as people type them: lines that begin with User: and Assistant:, a turn going on to the next mark."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from localft.data.examples import Role
from localft.data.readers.encoding import Lines
from localft.data.shapes.detecting import Layout, Shape
from localft.data.shapes.roles import role_of
from localft.data.shapes.rows import Found, Row, excerpt

# In bold too, as Markdown has it; behind the wide colon stands no space.
_MARK = re.compile(r"\s*(?:\*\*)?(?P<name>[^\W\d_]+)(?:\*\*)?\s?(?::(?:\*\*)?(?:\s+|$)|：(?:\*\*)?\s*)")
_RULE = re.compile(r"\s*([-=*_~#])\1{2,}\s*$")


@dataclass
class _Turn:
    """A turn: who says it and by which name, on which line it begins, and what stands before it.

    `gap` counts the empty lines before it; `ruled` says that a line of signs is among them.
    """

    role: Role
    name: str
    number: int
    gap: int
    ruled: bool
    lines: list[str] = field(default_factory=list)
    is_broken: bool = False

    @property
    def text(self) -> str:
        return "\n".join(self.lines).strip()


def read_turns(lines: Lines) -> Found | None:
    """Read conversations into rows, numbered by the line of their first turns.

    None if the text does not begin with a turn of a user or with a system prompt, or nobody answers.
    """
    first = next((line for line in lines.text if line is not None and line.strip()), "")
    if not begins_turn(first):
        return None
    turns = list(_turns(lines))
    asks, answers = (next((one.name for one in turns if one.role == role), "") for role in ("user", "assistant"))
    if not asks or not answers:
        return None
    starts, reason = _starts(turns)
    rows = [_row(turns[start:end]) for start, end in zip(starts, [*starts[1:], len(turns)], strict=True)]
    why = f"turns begin with {asks}: and {answers}:, and {reason}"
    return Found(rows, lines.notes, Layout(Shape.TRANSCRIPTS, {"messages": "messages"}, why))


def turns_in(text: str) -> Found | None:
    """The conversations in the text of a document, None where it is not made of them: each ends with an answer."""
    found = read_turns(Lines([*text.split("\n")], [], []))
    if found is None:
        return None
    talks = [row.values["messages"] if row.values else [{"role": ""}] for row in found.rows]
    return found if all(talk[-1]["role"] == "assistant" for talk in talks) else None


def begins_turn(line: str) -> bool:
    """Whether a line begins with the mark of a user's turn, or of a system prompt."""
    mark = _MARK.match(line)
    return mark is not None and role_of(mark["name"]) in {"user", "system"}


def _turns(lines: Lines) -> Iterator[_Turn]:
    """The turns in their order. The names of the first question and the first answer are the marks from then on."""
    current: _Turn | None = None
    names: dict[Role, str] = {}
    for number, line in enumerate(lines.text, start=1):
        shown = lines.raw[number - 1].decode("utf-8", errors="replace") if line is None else line
        mark = _MARK.match(shown)
        role = role_of(mark["name"]) if mark else None
        gap, ruled = _before(current)
        # "System: Windows 11" within a question begins none.
        if role == "system" and current is not None and not gap and not ruled:
            role = None
        if mark is None or role in {None, "tool"} or names.setdefault(role, mark["name"]) != mark["name"]:
            if current is not None:
                current.lines.append(shown)
                current.is_broken |= line is None
            continue
        if current is not None:
            del current.lines[len(current.lines) - gap :]
            yield current
        current = _Turn(role, mark["name"], number, gap, ruled, [shown[mark.end() :]], line is None)
    if current is not None:
        # A line of signs at the end parts nothing.
        del current.lines[len(current.lines) - _before(current)[0] :]
        yield current


def _starts(turns: Sequence[_Turn]) -> tuple[list[int], str]:
    """The places of the turns that begin a conversation, and by what they are told."""
    ruled = [place for place, turn in enumerate(turns) if turn.ruled]
    if ruled:
        return [0, *ruled], "a line of signs parts the conversations"
    prompted = [place for place, turn in enumerate(turns) if place and turn.role == "system"]
    if prompted:
        return [0, *prompted], "a system prompt begins each conversation"
    within = max((turn.gap for turn in turns if turn.role == "assistant"), default=0)
    apart = [
        place
        for place, turn in enumerate(turns)
        if place and turn.role == "user" and turn.gap > within and turns[place - 1].role != "system"
    ]
    if apart:
        return [0, *apart], "the larger gaps part the conversations" if within else "empty lines part the conversations"
    return [0], "all of it is one conversation: lines of --- would part several"


def _row(turns: Sequence[_Turn]) -> Row:
    first = turns[0]
    if any(turn.is_broken for turn in turns):
        problem = "bytes that are not text in its encoding; save the file as UTF-8"
        return Row(first.number, None, problem, "undecodable", excerpt(first.text))
    return Row(first.number, {"messages": [{"role": turn.role, "content": turn.text} for turn in turns]})


def _before(turn: _Turn | None) -> tuple[int, bool]:
    """How many lines without words stand at the end of a turn so far, and whether one is a line of signs."""
    gap, ruled = 0, False
    lines = turn.lines if turn is not None else []
    for line in reversed(lines):
        if _RULE.match(line):
            ruled = True
        elif line.strip():
            break
        gap += 1
    return gap, ruled
