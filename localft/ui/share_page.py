"""The page of a shared demo: a chat with the tuned model, a stop button, and nothing else."""

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import gradio as gr

from localft.errors import UserError
from localft.serving.endpoint import Sampling
from localft.ui.conversation import Asked, Conversation, converse
from localft.ui.handlers import Updates, safely
from localft.ui.views import chat as views
from localft.ui.views import parts

_LONGEST_QUESTION = 4_000
_LONGEST_ANSWER = 512
_MOST_TURNS = 20
_QUESTIONS_A_MINUTE = 20


class Allowance:
    """How much a demo answers in all: so many tokens, so many questions a minute."""

    def __init__(self, tokens: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._lock = threading.Lock()
        self._clock = clock
        self._tokens = tokens
        self._asked: deque[float] = deque()

    def take_question(self) -> None:
        """Count a question.

        Raises:
            UserError: too many were asked in the last minute, or the tokens are used up.
        """
        with self._lock:
            now = self._clock()
            while self._asked and now - self._asked[0] > 60:
                self._asked.popleft()
            if self._tokens <= 0:
                raise UserError(
                    "This demo has answered as much as it was allowed to.", "Ask its owner for another one."
                )
            if len(self._asked) >= _QUESTIONS_A_MINUTE:
                raise UserError("Many people are asking at the moment.", "Wait a minute and try again.")
            self._asked.append(now)

    def take_tokens(self, count: int) -> None:
        """Count the tokens of an answer."""
        with self._lock:
            self._tokens -= count


def build_page(title: str, ends: str, endpoint: Asked, allowance: Allowance) -> gr.Blocks:
    """Build the page. Its only functions are `chat` and `stop`."""
    running: dict[str, threading.Event] = {}
    with gr.Blocks(title=title, analytics_enabled=False) as page:
        said = f"A demo of a small language model, running on somebody's own computer until {ends}."
        gr.HTML(str(parts.state(title, said)))
        message = gr.HTML()
        talk = gr.HTML(elem_id="conversation")
        memory = gr.State(Conversation())
        question = gr.Textbox(label="Your message", lines=3, max_lines=8, max_length=_LONGEST_QUESTION)
        with gr.Row(elem_classes="lf-buttons"):
            send = gr.Button("Send", variant="primary", scale=0, min_width=120)
            end = gr.Button("Stop answering", scale=0, min_width=120)

    def chat(asked: str, before: Conversation, request: gr.Request) -> Iterator[Updates]:
        conversation = _next_turn(before, asked)
        allowance.take_question()
        key, event = str(request.session_hash), threading.Event()
        running[key] = event
        try:
            yield {question: "", talk: views.conversation(conversation), memory: conversation}
            for grown in _stream(conversation, {"tuned": endpoint}, event):
                yield {talk: views.conversation(grown), memory: grown}
                conversation = grown
        finally:
            running.pop(key, None)
            allowance.take_tokens(_tokens_of(conversation))

    def stop(request: gr.Request) -> Updates:
        event = running.get(str(request.session_hash))
        if event is not None:
            event.set()
        return {}

    options: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}
    with page:
        gr.on(
            [send.click, question.submit], safely(chat, message), [question, memory],
            [message, question, talk, memory], concurrency_limit=2, **options,
        )  # fmt: skip
        # Not through the queue, in which it would wait behind the answer that it is to end.
        end.click(safely(stop, message), [], [message], queue=False, **options)
    page.queue(max_size=16, default_concurrency_limit=2)
    return page


def _next_turn(before: Conversation, asked: str) -> Conversation:
    if not (asked or "").strip():
        raise UserError("There is no question yet.", "Write something first.")
    recent = Conversation(before.turns[-_MOST_TURNS:])
    return recent.ask(asked.strip()[:_LONGEST_QUESTION], ["tuned"])


def _stream(
    conversation: Conversation, endpoints: Mapping[str, Asked], stop: threading.Event
) -> Iterator[Conversation]:
    return converse(conversation, endpoints, "", Sampling(max_tokens=_LONGEST_ANSWER), stop)


def _tokens_of(conversation: Conversation) -> int:
    """Tokens of the last answer; where it was broken off, about as many as its characters suggest."""
    if not conversation.turns or not conversation.turns[-1].replies:
        return 0
    reply = conversation.turns[-1].replies["tuned"]
    return reply.done.completion_tokens if reply.done else len(reply.text) // 3
