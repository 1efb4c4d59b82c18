"""Conversations written as one text, as Anthropic's HH-RLHF has them: "\\n\\nHuman: … \\n\\nAssistant: …" in turn."""

import re
from typing import Any

from localft.data.examples import Message, Role

_TURN = re.compile(r"(?:^|\n\n)(Human|Assistant):[ \t]*")
_ROLES: dict[str, Role] = {"Human": "user", "Assistant": "assistant"}


def is_transcript(value: Any) -> bool:
    """Whether a value is such a text: the person begins it, and the assistant follows."""
    return isinstance(value, str) and value.lstrip().startswith("Human:") and "\n\nAssistant:" in value


def transcript(text: str) -> list[Message]:
    """The turns of such a text; one that ends with a bare "Assistant:" asks for the answer, and ends with an empty one.

    Within a turn empty lines stay as they are.
    """
    parts = _TURN.split(text.strip())[1:]
    return [Message(role=_ROLES[who], content=said.strip()) for who, said in zip(parts[::2], parts[1::2], strict=True)]


def asking(text: str) -> list[Message]:
    """The turns of a text that waits for its answer."""
    turns = transcript(text)
    return turns[:-1] if turns[-1].role == "assistant" and not turns[-1].content else turns
