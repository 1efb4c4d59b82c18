"""Any OpenAI-compatible address as an endpoint: our own services, Ollama, LM Studio, vLLM, hosted models."""

import json
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from typing import TYPE_CHECKING, Any

from localft.errors import UserError
from localft.serving.endpoint import Answer, ChatMessages, Delta, Sampling
from localft.serving.openai_reading import Foreign, read_answer

if TYPE_CHECKING:
    import openai

_TIMEOUT_SECONDS = 600.0
_AT_ONCE = 4
# What is shorter stands in ordinary words, and is no secret.
_SHORTEST_KEY = 4


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

        self._key = api_key
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
            UserError: the server cannot be reached, refuses, does not know the model, breaks off, or is none of the
                kind. The cause is the error of the client, without the key: a log may keep it.
        """
        import httpx2
        import openai

        stream: Any = None
        try:
            stream = self._client.chat.completions.create(**_order(self.model, messages, sampling))
            yield from read_answer(stream, sampling)
        except openai.OpenAIError as error:
            self._take_key_out(error)
            raise self._explain(error) from error
        except Foreign as error:
            self._take_key_out(error)
            raise UserError(
                f"The server at {self.base_url} does not answer like an OpenAI-compatible one; it sent {error}.",
                "Check the address; it ends in /v1 as a rule.",
            ) from error
        except (OSError, json.JSONDecodeError, httpx2.TransportError) as error:
            raise UserError(
                f"The answer of the server at {self.base_url} broke off.", "Try again; its log says more."
            ) from error
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

    def _take_key_out(self, error: Exception) -> None:
        """Servers repeat the key that they refuse; neither a sentence nor the log of a job is to hold it."""
        if len(self._key) < _SHORTEST_KEY:
            return
        error.args = tuple(one.replace(self._key, "(key)") if isinstance(one, str) else one for one in error.args)
        if isinstance(message := getattr(error, "message", None), str):
            vars(error)["message"] = message.replace(self._key, "(key)")

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
