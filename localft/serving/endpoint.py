"""Endpoints: what one can talk to. Base, tuned, GGUF, Ollama and hosted models are all the same to the caller."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from pydantic import Field

from localft.settings import Settings

ChatMessages = Sequence[dict[str, Any]]
Which = Literal["base", "tuned"]


class Sampling(Settings):
    """How the next token is chosen. Temperature 0 is greedy: the same question always gets the same answer."""

    temperature: float = Field(0.0, ge=0, le=2, description="0 repeats the likeliest answer; higher varies more.")
    top_p: float = Field(
        1.0, gt=0, le=1, description="Choose among the likeliest tokens that make up this probability."
    )
    max_tokens: int = Field(512, ge=1, le=131_072, description="The longest answer, in tokens.")
    seed: int | None = Field(None, ge=0, description="Fix it to get the same varied answer again.")
    stop: tuple[str, ...] = Field((), description="Texts at which an answer ends, beside the model's own end marks.")


@dataclass(frozen=True)
class Delta:
    """A piece of a streamed answer: of its text, or of what stands in `<think>`. Either may be empty.

    The pieces put together are the `text` and the `thinking` of the whole `Answer`.
    """

    text: str = ""
    thinking: str = ""


@dataclass(frozen=True)
class Answer:
    """A whole answer.

    `text` is what a person reads; `thinking` is what stood in `<think>`. Times are in seconds from the
    request; `finish` is "stop" (an end mark came) or "length" (cut at max_tokens).
    """

    text: str
    thinking: str = ""
    prompt_tokens: int = 0
    completion_tokens: int = 0
    first_token_seconds: float | None = None
    seconds: float = 0.0
    finish: str = "stop"

    @property
    def tokens_per_second(self) -> float | None:
        return self.completion_tokens / self.seconds if self.seconds > 0 and self.completion_tokens else None


class Endpoint(Protocol):
    """The protocol of all engines."""

    @property
    def name(self) -> str:
        """What a person calls it: "base", "tuned", the name of a GGUF file, of an Ollama model."""
        ...

    def chat(self, messages: ChatMessages, sampling: Sampling) -> Iterator[Delta | Answer]:
        """Answer one conversation, piece by piece; the last item is the whole `Answer`."""
        ...

    def chat_many(self, conversations: Sequence[ChatMessages], sampling: Sampling) -> Iterator[tuple[int, Answer]]:
        """Answer many conversations as fast as the engine can; yields (index, answer) in the order of completion."""
        ...

    def close(self) -> None:
        """Give memory and processes back."""
        ...
