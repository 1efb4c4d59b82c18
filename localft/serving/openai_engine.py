"""Any OpenAI-compatible address as an endpoint: our own services, Ollama, LM Studio, vLLM, hosted models."""

from collections.abc import Iterator, Sequence

from localft.serving.endpoint import Answer, ChatMessages, Delta, Sampling


class OpenAIEndpoint:
    """A model behind an OpenAI-compatible address. The key lives in this object only: never stored, shown nowhere."""

    def __init__(self, name: str, base_url: str, model: str, api_key: str = "") -> None:
        self.name = name
        self.base_url = base_url
        self.model = model
        self._api_key = api_key

    def chat(self, messages: ChatMessages, sampling: Sampling) -> Iterator[Delta | Answer]:
        """Answer one conversation, piece by piece; closing the iterator stops the answer at the server."""
        raise NotImplementedError

    def chat_many(self, conversations: Sequence[ChatMessages], sampling: Sampling) -> Iterator[tuple[int, Answer]]:
        """Answer many conversations, a few at a time; yields (index, answer) in the order of completion."""
        raise NotImplementedError

    def close(self) -> None:
        """Close the connections."""
