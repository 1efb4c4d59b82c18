"""What the models room needs of an example; `localft.data.examples` has it. Models know nothing of the data room."""

from collections.abc import Sequence
from typing import Any, Literal, Protocol


class Turn(Protocol):
    """One message: who speaks, whether it is learned, and its form for a chat template."""

    @property
    def role(self) -> str: ...

    @property
    def learn(self) -> bool: ...

    def as_chat(self) -> dict[str, Any]: ...


class Conversation(Protocol):
    """Messages with the tools that they may call; or plain text, which is one message and no conversation.

    `plain` is "whole" where the text ends with the message, "part" where it goes on after it, "" of a conversation.
    """

    @property
    def plain(self) -> Literal["", "whole", "part"]: ...

    @property
    def messages(self) -> Sequence[Turn]: ...

    @property
    def tools(self) -> Sequence[dict[str, Any]]: ...
