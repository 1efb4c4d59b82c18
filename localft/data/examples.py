"""An example: the messages a model learns from, and where they came from."""

from typing import Any, Literal

import pydantic

Role = Literal["system", "user", "assistant", "tool"]
NamedSplit = Literal["", "train", "validation", "test"]
Plain = Literal["", "whole", "part"]


class Message(pydantic.BaseModel):
    """One turn. `learn` says whether an assistant turn is trained on (OpenAI's `weight` 0 or 1)."""

    model_config = pydantic.ConfigDict(frozen=True, extra="forbid")

    role: Role
    content: str
    learn: bool = True
    name: str | None = None
    tool_calls: tuple[dict[str, Any], ...] = ()
    tool_call_id: str | None = None

    def as_chat(self) -> dict[str, Any]:
        """The message as a chat template or an OpenAI-compatible server wants it: without what is unset."""
        chat: dict[str, Any] = {"role": self.role, "content": self.content}
        if self.name:
            chat["name"] = self.name
        if self.tool_calls:
            chat["tool_calls"] = list(self.tool_calls)
        if self.tool_call_id:
            chat["tool_call_id"] = self.tool_call_id
        return chat


class Example(pydantic.BaseModel):
    """A conversation that ends with the assistant, or plain text, with its origin (file and 1-based row) and its place.

    Examples of one group never straddle two splits. `time` (ISO 8601, UTC), `label` (what kind of task it is) and
    `named_split` are what its file says; `edited` that a person has changed or written it here. `rejected` is an answer
    that is worse than the last one: together they are a preference pair.

    Plain text, for continued pre-training, is a single turn of the assistant that answers nothing: `plain` is "whole",
    or "part" where the text goes on after it. `place` says where in its document it stands ("page 3"). `passage` is
    the digest of the passage that a conversation was written from (see `source_passages`).
    """

    model_config = pydantic.ConfigDict(frozen=True, extra="forbid")

    messages: tuple[Message, ...]
    tools: tuple[dict[str, Any], ...] = ()
    rejected: str = ""
    source: str = ""
    row: int = 0
    group: str | None = None
    label: str | None = None
    time: str = ""
    named_split: NamedSplit = ""
    plain: Plain = ""
    place: str = ""
    passage: str = ""
    edited: bool = False

    @property
    def prompt(self) -> tuple[Message, ...]:
        """Everything before the last answer: what evaluation asks. Before plain text it is an empty question."""
        if self.plain:
            return (Message(role="user", content=""),)
        return self.messages[:-1]

    @property
    def answer(self) -> str:
        """The last assistant turn: what evaluation expects."""
        return self.messages[-1].content

    @property
    def text(self) -> str:
        """What plain text says; "" of a conversation."""
        return self.answer if self.plain else ""

    @property
    def origin(self) -> str:
        """Where it comes from, in words: "tickets.jsonl, row 12", "manual.pdf, page 3"."""
        return f"{self.source}, {self.place or f'row {self.row:,}'}"

    @property
    def worse(self) -> "Example":
        """The same conversation with the rejected answer."""
        last = Message(role="assistant", content=self.rejected)
        return self.model_copy(update={"messages": (*self.prompt, last), "rejected": ""})
