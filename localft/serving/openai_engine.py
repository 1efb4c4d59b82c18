"""Any OpenAI-compatible address as an endpoint: our own services, Ollama, LM Studio, vLLM, hosted models."""

import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from typing import TYPE_CHECKING, Any

from localft.errors import UserError
from localft.serving.answer_text import AnswerText
from localft.serving.endpoint import Answer, ChatMessages, Delta, Sampling

if TYPE_CHECKING:
    import openai

_TIMEOUT_SECONDS = 600.0
_AT_ONCE = 4


class OpenAIEndpoint:
    """A model behind an OpenAI-compatible address. The key lives in this object only: never stored, shown nowhere."""

    def __init__(
        self,
        name: str,
        base_url: str,
        model: str,
        api_key: str = "",
        timeout_seconds: float = _TIMEOUT_SECONDS,
        retries: int = 2,
    ) -> None:
        """`base_url` ends in /v1 as a rule; `timeout_seconds` is the longest silence between two pieces.

        `retries`: so often a question is asked again by itself, where the server is busy or cannot be reached.
        """
        import openai

        self.name = name
        self.base_url = base_url
        self.model = model
        # An address of this computer must not be asked for through a proxy that the environment names.
        direct = openai.DefaultHttpxClient(trust_env=not is_loopback(base_url), follow_redirects=False)
        self._client = openai.OpenAI(
            base_url=base_url,
            api_key=api_key or "none",
            timeout=timeout_seconds,
            max_retries=retries,
            http_client=direct,
        )

    def chat(self, messages: ChatMessages, sampling: Sampling) -> Iterator[Delta | Answer]:
        """Answer one conversation, piece by piece; closing the iterator stops the answer at the server.

        Raises:
            UserError: the server cannot be reached, refuses, or does not know the model.
        """
        import openai

        stream: Any = None
        try:
            stream = self._client.chat.completions.create(**_order(self.model, messages, sampling))
            yield from _read(stream)
        except openai.OpenAIError as error:
            raise self._explain(error) from error
        finally:
            if stream is not None:
                stream.close()

    def chat_many(self, conversations: Sequence[ChatMessages], sampling: Sampling) -> Iterator[tuple[int, Answer]]:
        """Answer many conversations, a few at a time; yields (index, answer) in the order of completion.

        Raises:
            UserError: as `chat`; what is still under way then ends.
        """
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            pending = {
                pool.submit(self._ask, messages, sampling): index for index, messages in enumerate(conversations)
            }
            try:
                for future in as_completed(pending):
                    yield pending[future], future.result()
            finally:
                pool.shutdown(wait=False, cancel_futures=True)

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def _ask(self, messages: ChatMessages, sampling: Sampling) -> Answer:
        answer = Answer("")
        for piece in self.chat(messages, sampling):
            if isinstance(piece, Answer):
                answer = piece
        return answer

    def _explain(self, error: "openai.OpenAIError") -> UserError:
        """A sentence for each way in which a server can fail; the most particular kinds first."""
        import openai

        if isinstance(error, openai.APITimeoutError):
            return UserError(f"The server at {self.base_url} did not answer in time.", "Try again, or ask for less.")
        if isinstance(error, openai.APIConnectionError):
            return UserError(f"The server at {self.base_url} cannot be reached.", "Start it, or check the address.")
        if isinstance(error, openai.AuthenticationError | openai.PermissionDeniedError):
            return UserError(f"The server at {self.base_url} does not accept the key.", "Check the key.")
        if isinstance(error, openai.NotFoundError):
            return UserError(
                f"The server at {self.base_url} has no model named {self.model}.",
                "Check the name of the model; the address ends in /v1 as a rule.",
            )
        if isinstance(error, openai.RateLimitError):
            return UserError(f"The server at {self.base_url} takes no more requests now.", "Wait a minute; try again.")
        reason = str(getattr(error, "message", "") or error).strip().rstrip(".")[:500]
        return UserError(f"The server at {self.base_url} could not answer: {reason}.", "Try again; its log says more.")


def is_loopback(base_url: str) -> bool:
    """Tell whether an address is one of this computer."""
    from urllib.parse import urlsplit

    return (urlsplit(base_url).hostname or "") in {"127.0.0.1", "localhost", "::1"}


def _order(model: str, messages: ChatMessages, sampling: Sampling) -> dict[str, Any]:
    order: dict[str, Any] = {
        "model": model,
        "messages": [dict(message) for message in messages],
        "temperature": sampling.temperature,
        "top_p": sampling.top_p,
        "max_tokens": sampling.max_tokens,
        "stream": True,
        "stream_options": {"include_usage": True},
    }
    if sampling.seed is not None:
        order["seed"] = sampling.seed
    if sampling.stop:
        order["stop"] = list(sampling.stop)
    return order


def _read(stream: Any) -> Iterator[Delta | Answer]:
    """Read the chunks of a stream. Thinking comes in a field of its own from some servers, in the text from others."""
    began = time.monotonic()
    text = AnswerText()
    thinking: list[str] = []
    first, finish, usage, timings = None, "stop", None, {}
    for chunk in stream:
        usage = getattr(chunk, "usage", None) or usage
        timings = getattr(chunk, "timings", None) or timings
        for choice in chunk.choices[:1]:
            reasoning = _reasoning(choice.delta)
            delta = text.push(choice.delta.content or "")
            if reasoning:
                thinking.append(reasoning)
            if (reasoning or choice.delta.content) and first is None:
                first = time.monotonic() - began
            if reasoning or delta:
                yield Delta(delta.text if delta else "", reasoning + (delta.thinking if delta else ""))
            finish = "length" if choice.finish_reason == "length" else finish
    last = text.finish()
    if last is not None:
        yield last
    measured = timings if isinstance(timings, dict) else {}
    yield Answer(
        text.text,
        "".join(thinking) + text.thinking,
        prompt_tokens=usage.prompt_tokens if usage else 0,
        completion_tokens=usage.completion_tokens if usage else 0,
        # Our own server tells how long the model took; from outside, waiting for another request would count too.
        first_token_seconds=measured.get("first_token_seconds", first),
        seconds=measured.get("seconds", time.monotonic() - began),
        finish=finish,
    )


def _reasoning(delta: Any) -> str:
    for name in ("reasoning_content", "reasoning", "thinking"):
        value = getattr(delta, name, None)
        if isinstance(value, str) and value:
            return value
    return ""
