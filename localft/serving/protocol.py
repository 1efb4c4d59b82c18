"""OpenAI's chat protocol in words of ours: what a request asks for, and what is answered."""

import json
import time
import uuid
from typing import Any, Literal

import pydantic

from localft.serving.endpoint import Answer, Delta, Sampling

DEFAULT_MAX_TOKENS = 2_048
_ROLES = {"developer": "system", "function": "tool"}


# What would change the answer and cannot be done here, with the values that ask for nothing: those are accepted.
_UNSUPPORTED: dict[str, tuple[Any, ...]] = {
    "n": (1,),
    "logprobs": (False,),
    "top_logprobs": (0,),
    "frequency_penalty": (0,),
    "presence_penalty": (0,),
    "logit_bias": ({},),
    "response_format": ({"type": "text"},),
    "functions": ([],),
    "function_call": ("auto",),
    "modalities": (["text"],),
    "audio": (),
    "prediction": (),
    "reasoning_effort": (),
    "web_search_options": (),
}


class RequestError(Exception):
    """A request that cannot be answered: the HTTP status, OpenAI's code for it, and the sentence."""

    def __init__(self, status: int, code: str, sentence: str, parameter: str | None = None) -> None:
        super().__init__(sentence)
        self.status = status
        self.code = code
        self.sentence = sentence
        self.parameter = parameter

    @property
    def body(self) -> dict[str, Any]:
        """The error in the shape in which OpenAI's clients expect it."""
        kind = "invalid_request_error" if self.status < 500 else "server_error"
        return {"error": {"message": self.sentence, "type": kind, "param": self.parameter, "code": self.code}}


class _Message(pydantic.BaseModel):
    """One message; fields that templates may use are kept, whatever their name."""

    model_config = pydantic.ConfigDict(extra="allow")

    role: Literal["system", "developer", "user", "assistant", "tool", "function"]
    content: str | list[dict[str, Any]] | None = None


class _StreamOptions(pydantic.BaseModel):
    include_usage: bool = False


class ChatRequest(pydantic.BaseModel):
    """The body of POST /v1/chat/completions. What does not touch the answer (user, metadata) is passed over."""

    model_config = pydantic.ConfigDict(extra="allow")

    model: str
    messages: list[_Message] = pydantic.Field(min_length=1)
    temperature: float | None = pydantic.Field(None, ge=0, le=2)
    top_p: float | None = pydantic.Field(None, gt=0, le=1)
    max_tokens: int | None = pydantic.Field(None, ge=1, le=131_072)
    max_completion_tokens: int | None = pydantic.Field(None, ge=1, le=131_072)
    seed: int | None = None
    stop: str | list[str] | None = None
    stream: bool | None = False
    stream_options: _StreamOptions | None = None
    tools: list[dict[str, Any]] | None = None
    tool_choice: Literal["auto", "none"] | None = None

    @property
    def chat(self) -> list[dict[str, Any]]:
        """The messages as chat templates want them: content is text."""
        return [_as_chat(message) for message in self.messages]

    @property
    def offered_tools(self) -> list[dict[str, Any]]:
        """The tools that the model is told of."""
        return [] if self.tool_choice == "none" else self.tools or []

    @property
    def sampling(self) -> Sampling:
        """What is not given is Sampling's own default, except for the length."""
        chosen: dict[str, Any] = {
            "temperature": self.temperature,
            "top_p": self.top_p,
            "seed": None if self.seed is None else self.seed % 2**63,
        }
        most = self.max_completion_tokens or self.max_tokens or DEFAULT_MAX_TOKENS
        stop = (self.stop,) if isinstance(self.stop, str) else tuple(self.stop or ())
        given = {name: value for name, value in chosen.items() if value is not None}
        return Sampling(max_tokens=most, stop=stop, **given)

    @property
    def usage_wanted(self) -> bool:
        return self.stream_options is not None and self.stream_options.include_usage


def parse_request(body: bytes) -> ChatRequest:
    """Read a request.

    Raises:
        RequestError: it is no JSON, or a parameter is missing, wrong or not supported.
    """
    try:
        request = ChatRequest.model_validate_json(body)
    except pydantic.ValidationError as error:
        problem = error.errors(include_url=False)[0]
        where = ".".join(str(part) for part in problem["loc"])
        sentence = f"{where}: {problem['msg']}." if where else f"The body is not usable: {problem['msg']}."
        raise RequestError(400, "invalid_value", sentence, where or None) from error
    for name, value in (request.model_extra or {}).items():
        if name in _UNSUPPORTED and value is not None and value not in _UNSUPPORTED[name]:
            raise RequestError(400, "unsupported_value", _refusal(name), name)
    return request


def _refusal(name: str) -> str:
    harmless = " or ".join(json.dumps(value) for value in _UNSUPPORTED[name])
    rule = f"can only be {harmless} here" if harmless else "is not supported here"
    return f"The parameter {name} {rule}; leave it out."


def _as_chat(message: _Message) -> dict[str, Any]:
    content = message.content or ""
    if isinstance(content, list):
        if any(part.get("type") != "text" or not isinstance(part.get("text"), str) for part in content):
            raise RequestError(400, "invalid_value", "Only parts of the type text are supported.", "messages")
        content = "".join(part["text"] for part in content)
    extra = {name: value for name, value in (message.model_extra or {}).items() if value is not None}
    return {**extra, "role": _ROLES.get(message.role, message.role), "content": content}


class Reply:
    """The objects in which one answer is told: one whole, or chunks of a stream."""

    def __init__(self, model: str) -> None:
        self._head = {"id": f"chatcmpl-{uuid.uuid4().hex}", "created": int(time.time()), "model": model}

    def whole(self, answer: Answer) -> dict[str, Any]:
        """The answer to a request without a stream."""
        message: dict[str, Any] = {"role": "assistant", "content": answer.text}
        if answer.thinking:
            message["reasoning_content"] = answer.thinking
        choice = {"index": 0, "message": message, "finish_reason": answer.finish, "logprobs": None}
        return {
            **self._head,
            "object": "chat.completion",
            "choices": [choice],
            "usage": _usage(answer),
            "timings": _timings(answer),
        }

    def opening(self) -> dict[str, Any]:
        """The first chunk."""
        return self._chunk({"role": "assistant", "content": ""})

    def piece(self, delta: Delta) -> dict[str, Any]:
        """A chunk of text, of thinking, or of both."""
        content: dict[str, Any] = {}
        if delta.thinking:
            content["reasoning_content"] = delta.thinking
        if delta.text:
            content["content"] = delta.text
        return self._chunk(content)

    def closing(self, answer: Answer, usage_wanted: bool) -> list[dict[str, Any]]:
        """The last chunks: why it ended, and what it took if that was asked for."""
        chunks = [self._chunk({}, answer.finish) | {"timings": _timings(answer)}]
        if usage_wanted:
            usage = {"choices": [], "usage": _usage(answer)}
            chunks.append({**self._head, "object": "chat.completion.chunk", **usage})
        return chunks

    def _chunk(self, delta: dict[str, Any], finish: str | None = None) -> dict[str, Any]:
        choice = {"index": 0, "delta": delta, "finish_reason": finish, "logprobs": None}
        return {**self._head, "object": "chat.completion.chunk", "choices": [choice]}


def _usage(answer: Answer) -> dict[str, int]:
    return {
        "prompt_tokens": answer.prompt_tokens,
        "completion_tokens": answer.completion_tokens,
        "total_tokens": answer.prompt_tokens + answer.completion_tokens,
    }


def _timings(answer: Answer) -> dict[str, float | None]:
    return {"seconds": answer.seconds, "first_token_seconds": answer.first_token_seconds}
