"""What the models room needs of an example; `localft.data.examples` has it. Models know nothing of the data room."""

from collections.abc import Sequence
from typing import Any, Protocol


class Turn(Protocol):
    """One message: who speaks, whether it is learned, and its form for a chat template."""

    @property
    def role(self) -> str: ...

    @property
    def learn(self) -> bool: ...

    def as_chat(self) -> dict[str, Any]: ...


class Conversation(Protocol):
    """Messages with the tools that they may call."""

    @property
    def messages(self) -> Sequence[Turn]: ...

    @property
    def tools(self) -> Sequence[dict[str, Any]]: ...
