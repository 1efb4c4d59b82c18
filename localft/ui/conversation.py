"""A conversation with one or two models side by side, and how their answers arrive; without Gradio."""

import contextlib
import queue
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from localft.errors import explain
from localft.serving.endpoint import Answer, ChatMessages, Delta, Endpoint, Sampling

_LOOK_SECONDS = 0.1
# Pieces that wait to be shown: a model that is faster than the page waits for it.
_WAITING = 256


class Asked(Protocol):
    """What answers: the part of an endpoint that a conversation needs."""

    def chat(self, messages: ChatMessages, sampling: Sampling) -> Iterator[Delta | Answer]: ...


@dataclass(frozen=True)
class Reply:
    """What a model has answered so far. `done` None while it goes on; `problem` is a sentence where it failed."""

    text: str = ""
    thinking: str = ""
    done: Answer | None = None
    stopped: bool = False
    problem: str = ""

    @property
    def going_on(self) -> bool:
        return self.done is None and not self.stopped and not self.problem


@dataclass(frozen=True)
class Turn:
    """A question and the answer of each model to it."""

    question: str
    replies: Mapping[str, Reply] = field(default_factory=dict)


@dataclass(frozen=True)
class Conversation:
    """The turns so far; each model sees its own answers only."""

    turns: tuple[Turn, ...] = ()

    def messages(self, model: str, system: str) -> list[dict[str, Any]]:
        """What a model is asked now: the system prompt, the earlier turns as it answered them, the last question."""
        said: list[dict[str, Any]] = [{"role": "system", "content": system.strip()}] if system.strip() else []
        for turn in self.turns[:-1]:
            reply = turn.replies.get(model)
            if reply is not None and reply.text:
                said += [{"role": "user", "content": turn.question}, {"role": "assistant", "content": reply.text}]
        return [*said, {"role": "user", "content": self.turns[-1].question}]

    def ask(self, question: str, models: Sequence[str]) -> "Conversation":
        """The conversation with one more question, every model still silent."""
        return Conversation((*self.turns, Turn(question, {model: Reply() for model in models})))

    def without_last(self) -> "Conversation":
        """The conversation before its last question."""
        return Conversation(self.turns[:-1])

    def with_replies(self, replies: Mapping[str, Reply]) -> "Conversation":
        """The conversation with other answers to its last question."""
        return Conversation((*self.turns[:-1], replace(self.turns[-1], replies=dict(replies))))


def converse(
    conversation: Conversation,
    endpoints: Mapping[str, Asked],
    system: str,
    sampling: Sampling,
    stop: threading.Event,
) -> Iterator[Conversation]:
    """Ask every model the last question at once; yield the conversation as the answers grow, about ten times a second.

    When `stop` is set, what has been said is kept and the answers end at the server too.
    """
    pieces: queue.Queue[tuple[str, Delta | Answer | Exception]] = queue.Queue(_WAITING)
    replies = {model: Reply() for model in endpoints}
    threads = [
        threading.Thread(
            target=_listen,
            args=(model, asked, conversation.messages(model, system), sampling, pieces, stop),
            daemon=True,
        )
        for model, asked in endpoints.items()
    ]
    for thread in threads:
        thread.start()
    try:
        while any(reply.going_on for reply in replies.values()) and not stop.is_set():
            if _take_in(pieces, replies):
                yield conversation.with_replies(replies)
        if stop.is_set():
            replies = {model: replace(reply, stopped=reply.going_on) for model, reply in replies.items()}
        yield conversation.with_replies(replies)
    finally:
        # Also when the page goes away in the middle: nobody reads on, so nobody should go on answering.
        stop.set()


def _listen(
    model: str,
    asked: Asked,
    messages: ChatMessages,
    sampling: Sampling,
    pieces: "queue.Queue[tuple[str, Delta | Answer | Exception]]",
    stop: threading.Event,
) -> None:
    stream = asked.chat(messages, sampling)
    try:
        for piece in stream:
            _put(pieces, (model, piece), stop)
            if stop.is_set():
                return
    except Exception as error:  # noqa: BLE001 - handed to the reader, who shows it in the model's place
        _put(pieces, (model, error), stop)
    finally:
        close = getattr(stream, "close", None)
        if close is not None:
            close()


def _put(pieces: "queue.Queue[Any]", item: Any, stop: threading.Event) -> None:
    """Put an item into the queue as soon as there is room, unless nobody reads any more."""
    while not stop.is_set():
        with contextlib.suppress(queue.Full):
            pieces.put(item, timeout=_LOOK_SECONDS)
            return


def _take_in(pieces: "queue.Queue[tuple[str, Delta | Answer | Exception]]", replies: dict[str, Reply]) -> bool:
    """Put everything that has arrived into the replies, waiting a moment for the first piece; tell whether any came."""
    try:
        model, piece = pieces.get(timeout=_LOOK_SECONDS)
    except queue.Empty:
        return False
    replies[model] = grown(replies[model], piece)
    threading.Event().wait(_LOOK_SECONDS)
    for _ in range(pieces.qsize()):
        model, piece = pieces.get_nowait()
        replies[model] = grown(replies[model], piece)
    return True


def grown(reply: Reply, piece: Delta | Answer | Exception) -> Reply:
    """A reply with one more piece of it."""
    if isinstance(piece, Delta):
        return replace(reply, text=reply.text + piece.text, thinking=reply.thinking + piece.thinking)
    if isinstance(piece, Answer):
        return replace(reply, text=piece.text, thinking=piece.thinking, done=piece)
    known = explain(piece)
    return replace(reply, problem=str(known) if known else f"Something unexpected went wrong: {type(piece).__name__}.")


def close_all(endpoints: Mapping[str, Endpoint]) -> None:
    """Close the connections."""
    for endpoint in endpoints.values():
        endpoint.close()
