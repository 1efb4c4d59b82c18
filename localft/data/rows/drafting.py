"""An example while a person changes it: its turns as they stand so far, and the example that they make in the end.

A draft is what the editor of the app sends and what the options of `localft data edit` say. What is None in it is as it
was, so that a text which nobody touched stays the same to the last character, whatever a page makes of line ends.
"""

from typing import Any

import pydantic

from localft import words
from localft.data.examples import Example, Message, Role
from localft.data.shapes.conversation import BadRow, message_list, tool_list, turns, whole_text
from localft.data.shapes.values import BadValue, checked_text, parse_json
from localft.errors import UserError


class TurnDraft(pydantic.BaseModel):
    """A turn as it stands so far.

    `was` is the place (from 0) that it had, None for a new turn; `tool_calls` is JSON. An empty text means none.
    """

    model_config = pydantic.ConfigDict(frozen=True, extra="forbid")

    was: int | None = None
    role: Role = "user"
    learn: bool = True
    content: str | None = None
    tool_calls: str | None = None
    name: str | None = None
    tool_call_id: str | None = None


class ExampleDraft(pydantic.BaseModel):
    """An example as it stands so far; `tools` is JSON, and an empty `rejected` means that there is no worse answer."""

    model_config = pydantic.ConfigDict(frozen=True, extra="forbid")

    turns: tuple[TurnDraft, ...]
    rejected: str | None = None
    tools: str | None = None

    @classmethod
    def of(cls, example: Example) -> "ExampleDraft":
        """An example of which nothing has been changed yet."""
        places = enumerate(example.messages)
        return cls(turns=tuple(TurnDraft(was=place, role=one.role, learn=one.learn) for place, one in places))

    def with_turn(self, place: int, **said: Any) -> "ExampleDraft":
        """Another role, text, weight or calls for the turn at a place from 0.

        Raises:
            UserError: there is no such turn.
        """
        turn = self._turn(place).model_copy(update=said)
        return self._with((*self.turns[:place], turn, *self.turns[place + 1 :]))

    def with_added(self, place: int, turn: TurnDraft) -> "ExampleDraft":
        """A new turn that comes to stand at a place from 0; the number of turns puts it at the end."""
        return self._with((*self.turns[:place], turn, *self.turns[place:]))

    def without(self, place: int) -> "ExampleDraft":
        """A turn less.

        Raises:
            UserError: there is no such turn.
        """
        self._turn(place)
        return self._with((*self.turns[:place], *self.turns[place + 1 :]))

    def moved(self, place: int, to: int) -> "ExampleDraft":
        """The turn at a place at another one, both from 0.

        Raises:
            UserError: there is no such turn or place.
        """
        turn = self._turn(place)
        self._turn(to)
        return self.without(place).with_added(to, turn)

    def with_system(self, text: str) -> "ExampleDraft":
        """Another system prompt, which is the first turn; "" for none."""
        has_one = bool(self.turns) and self.turns[0].role == "system"
        rest = self.turns[1:] if has_one else self.turns
        if not text.strip():
            return self._with(rest)
        first = self.turns[0] if has_one else TurnDraft(role="system")
        return self._with((first.model_copy(update={"content": text}), *rest))

    def _turn(self, place: int) -> TurnDraft:
        if not 0 <= place < len(self.turns):
            raise UserError(f"The example has {words.counted(len(self.turns), 'turn')}.", "Name one of them.")
        return self.turns[place]

    def _with(self, kept: tuple[TurnDraft, ...]) -> "ExampleDraft":
        return self.model_copy(update={"turns": kept})


def drafted(example: Example, draft: ExampleDraft) -> Example:
    """What an example has become by a draft, judged as an import would: turns, weights, calls, and a pair's answers.

    Raises:
        UserError: it would be no example.
    """
    try:
        messages = _messages(example, draft)
        said = whole_text(messages) if example.plain else turns(messages)
        tools = example.tools if draft.tools is None else tool_list(_json(draft.tools, "the tools"))
        rejected = example.rejected if draft.rejected is None else checked_text(draft.rejected)
        if not rejected.strip():
            rejected = ""
        refuse_pair(said, rejected)
    except (BadRow, BadValue) as error:
        raise UserError(f"That is no example: {error}.", "Correct it and try again.") from error
    return example.model_copy(update={"messages": said, "tools": tools, "rejected": rejected})


def refuse_pair(said: tuple[Message, ...], rejected: str) -> None:
    """Refuse a better answer that says what the worse one does.

    Raises:
        UserError: both say the same.
    """
    if rejected and said[-1].content.strip() == rejected.strip():
        raise UserError("That is the worse answer of this example too.", "The better one has to say something else.")


def _messages(example: Example, draft: ExampleDraft) -> list[Message]:
    """The turns; one that nobody touched is the very one that it was."""
    raw = [_raw(example, turn, number) for number, turn in enumerate(draft.turns, start=1)]
    read = message_list(raw)
    before = [_was(example, turn) for turn in draft.turns]
    untouched = [
        one is not None and turn == TurnDraft(was=turn.was, role=one.role, learn=one.learn)
        for one, turn in zip(before, draft.turns, strict=True)
    ]
    return [one if same and one else new for one, new, same in zip(before, read, untouched, strict=True)]


def _was(example: Example, turn: TurnDraft) -> Message | None:
    if turn.was is None:
        return None
    if not 0 <= turn.was < len(example.messages):
        raise BadRow("not a conversation", "it has turns of another example")
    return example.messages[turn.was]


def _raw(example: Example, turn: TurnDraft, number: int) -> dict[str, Any]:
    """A turn as a file would have it. What only another role can have does not outlive a change of the role."""
    was = _was(example, turn) or Message(role=turn.role, content="")
    before = {"tool_calls": list(was.tool_calls), "name": was.name or "", "tool_call_id": was.tool_call_id or ""}
    if was.role != turn.role:
        before |= {"tool_calls": []} if turn.role != "assistant" else {}
        before |= {"tool_call_id": ""} if turn.role != "tool" else {}
    given = {
        "tool_calls": None
        if turn.tool_calls is None
        else _json(turn.tool_calls, f"the calls of tools in turn {number}"),
        "name": turn.name,
        "tool_call_id": turn.tool_call_id,
    }
    said = {field: value if given[field] is None else given[field] for field, value in before.items()}
    content = was.content if turn.content is None else turn.content
    return {"role": turn.role, "content": content, "weight": "1" if turn.learn else "0", **said}


def _json(text: str, what: str) -> Any:
    """What JSON says; nothing where the text is empty."""
    if not text.strip():
        return []
    try:
        value = parse_json(text)
    except BadValue as error:
        line = f" (line {error.line})" if error.line else ""
        raise BadRow("not a conversation", f"{what} are {error}{line}") from error
    return [value] if isinstance(value, dict) else value
