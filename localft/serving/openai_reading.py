"""What an OpenAI-compatible server sends back, read as an answer, whatever it is that it sends."""

import json
import time
from collections.abc import Iterator
from typing import Any

from localft.serving.answer_text import AnswerText
from localft.serving.endpoint import Answer, Delta, Sampling

# No token of any vocabulary is so long on average: what is longer comes from a server that knows no end.
_CHARACTERS_OF_A_TOKEN = 64
_LONGEST_BODY = 1 << 24


class Foreign(Exception):
    """What came is nothing that an OpenAI-compatible server sends; what it is in words."""


class BrokenOff(ConnectionError):
    """The answer ended before it had begun."""


def read_answer(stream: Any, sampling: Sampling) -> Iterator[Delta | Answer]:
    """Read the chunks of a stream. Thinking comes in a field of its own from some servers, in the text from others.

    An answer that goes on far beyond the longest one asked for is cut there, with "length" as its finish.

    Raises:
        Foreign: what came is no answer.
        BrokenOff: nothing came.
    """
    began = time.monotonic()
    text = AnswerText()
    thinking: list[str] = []
    first, finish, usage, timings, room = None, "", None, {}, _CHARACTERS_OF_A_TOKEN * sampling.max_tokens
    for chunk in _chunks(stream):
        usage = getattr(chunk, "usage", None) or usage
        timings = getattr(chunk, "timings", None) or timings
        reasoning, content, ended = _said(chunk)
        delta = text.push(content)
        if reasoning:
            thinking.append(reasoning)
        if (reasoning or content) and first is None:
            first = time.monotonic() - began
        if reasoning or delta:
            yield Delta(delta.text if delta else "", reasoning + (delta.thinking if delta else ""))
        room -= len(reasoning) + len(content)
        finish = "length" if "length" in {finish, ended} or room < 0 else ended or finish
        if room < 0:
            break
    if first is None and not finish and usage is None:
        raise BrokenOff
    last = text.finish()
    if last is not None:
        yield last
    measured = timings if isinstance(timings, dict) else {}
    yield Answer(
        text.text,
        "".join(thinking) + text.thinking,
        prompt_tokens=_count(usage, "prompt_tokens"),
        completion_tokens=_count(usage, "completion_tokens"),
        # Our own server tells how long the model took; from outside, waiting for another request would count too.
        first_token_seconds=measured.get("first_token_seconds", first),
        seconds=measured.get("seconds", time.monotonic() - began),
        finish="length" if finish == "length" else "stop",
    )


def _chunks(stream: Any) -> Iterator[Any]:
    """The chunks of a stream; of a server that does not stream, its whole answer as the only one.

    Raises:
        Foreign: the server sent something else.
    """
    kind = stream.response.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == "application/json":
        yield _whole(stream.response)
    elif kind.startswith("text/html"):
        raise Foreign("a web page")
    else:
        yield from stream


def _whole(response: Any) -> Any:
    """The answer of a server that ignores that it was asked to stream, in the form of a chunk."""
    from openai.types.chat import ChatCompletion

    content = bytearray()
    for piece in response.iter_bytes():
        content += piece
        if len(content) > _LONGEST_BODY:
            raise Foreign("more than an answer can hold")
    if not content:
        raise BrokenOff
    try:
        value = json.loads(content)
    except ValueError as error:
        raise Foreign("damaged JSON") from error
    if isinstance(value, dict) and isinstance(told := value.get("error"), dict | str) and told:
        raise Foreign(f"an error: {told.get('message', told) if isinstance(told, dict) else told}")
    if not isinstance(value, dict) or not isinstance(value.get("choices"), list):
        raise Foreign(_other_form(value))
    whole = ChatCompletion.construct(**value)
    for choice in whole.choices:
        vars(choice)["delta"] = choice.message
    return whole


def _said(chunk: Any) -> tuple[str, str, str]:
    """What a chunk adds to the thinking and to the answer, and how it says that the answer ended, if it does.

    Raises:
        Foreign: it is no chunk.
    """
    for choice in _listed(chunk)[:1]:
        delta = getattr(choice, "delta", None)
        return _reasoning(delta), _text(delta, "content"), _text(choice, "finish_reason")
    return "", "", ""


def _listed(chunk: Any) -> list[Any]:
    """The choices of a chunk; some servers send null for none."""
    if not hasattr(chunk, "choices"):
        raise Foreign(_other_form(chunk))
    return chunk.choices if isinstance(chunk.choices, list) else []


def _other_form(value: Any) -> str:
    return f"JSON of another form: {str(value)[:100]}"


def _reasoning(delta: Any) -> str:
    return next(filter(None, (_text(delta, name) for name in ("reasoning_content", "reasoning", "thinking"))), "")


def _text(holder: Any, name: str) -> str:
    value = getattr(holder, name, None)
    return value if isinstance(value, str) else ""


def _count(usage: Any, name: str) -> int:
    value = getattr(usage, name, None)
    return value if isinstance(value, int) else 0
