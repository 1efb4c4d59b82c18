"""What any address may send instead of an answer: each is an answer, or a sentence; and no log holds the key."""

import json
import threading
import traceback
from collections.abc import Generator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from localft.errors import UserError
from localft.serving.endpoint import Answer, Sampling
from localft.serving.openai_engine import OpenAIEndpoint

KEY = "sk-test-0123456789"
EVENTS, JSON = "text/event-stream", "application/json"


@contextmanager
def answering(kind: str, body: bytes, status: int = 200) -> Generator[OpenAIEndpoint]:
    """An endpoint whose server sends the same to everybody."""

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, format: str, *args: Any) -> None:
            """Quiet."""

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.end_headers()
            self.wfile.write(body)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    endpoint = OpenAIEndpoint("m", f"http://127.0.0.1:{server.server_address[1]}/v1", "m", KEY, retries=0)
    try:
        yield endpoint
    finally:
        endpoint.close()
        server.shutdown()
        server.server_close()
        thread.join()


def ask(kind: str, body: bytes, status: int = 200, max_tokens: int = 10) -> Answer:
    with answering(kind, body, status) as endpoint:
        *_, last = endpoint.chat([{"role": "user", "content": "a"}], Sampling(max_tokens=max_tokens))
    assert isinstance(last, Answer)
    return last


def events(*values: Any) -> bytes:
    return b"".join(f"data: {json.dumps(value)}\n\n".encode() for value in values) + b"data: [DONE]\n\n"


def piece(text: str, **more: Any) -> dict[str, Any]:
    return {"id": "1", "object": "chat.completion.chunk", "choices": [{"index": 0, "delta": {"content": text}} | more]}


def test_a_server_that_does_not_stream_is_read_all_the_same() -> None:
    choice = {"index": 0, "message": {"role": "assistant", "content": "Good."}, "finish_reason": "length"}
    whole = {"id": "1", "choices": [choice], "usage": {"prompt_tokens": 3, "completion_tokens": 2}}
    answer = ask(JSON, json.dumps(whole).encode())
    assert (answer.text, answer.finish, answer.prompt_tokens, answer.completion_tokens) == ("Good.", "length", 3, 2)


def test_null_in_place_of_choices_and_pieces_is_passed_over() -> None:
    odd = [{"choices": None}, {"choices": [{"delta": None}]}, {**piece("Good."), "usage": {"prompt_tokens": None}}]
    answer = ask(EVENTS, events(*odd, piece("", finish_reason="stop")))
    assert (answer.text, answer.finish, answer.prompt_tokens) == ("Good.", "stop", 0)


@pytest.mark.parametrize(
    ("kind", "body", "says"),
    [
        ("text/html; charset=utf-8", b"<html>Welcome</html>", "sent a web page"),
        (JSON, b'{"error": {"message": "out of memory"}}', "sent an error: out of memory"),
        (JSON, b'{"error": "no"}', "sent an error: no"),
        (JSON, b'{"choices": [', "damaged JSON"),
        (JSON, b"[1, 2]", "JSON of another form"),
        (JSON, b'{"detail": "Not here"}', "JSON of another form"),
        (EVENTS, events(5), "JSON of another form"),
        (JSON, b"", "broke off"),
        (EVENTS, b"", "broke off"),
        (EVENTS, b"<html>Welcome</html>", "broke off"),
        (EVENTS, b'data: {"choices": [{"ind\n\n', "broke off"),
    ],
)
def test_what_is_no_answer_is_a_sentence(kind: str, body: bytes, says: str) -> None:
    with pytest.raises(UserError, match=says):
        ask(kind, body)


def test_an_answer_without_end_is_cut() -> None:
    answer = ask(EVENTS, events(*[piece("word " * 100)] * 50), max_tokens=10)
    assert answer.finish == "length"
    assert len(answer.text) < 2_000


@pytest.mark.parametrize(
    ("kind", "body", "status"),
    [
        (JSON, f'{{"error": {{"message": "Incorrect API key provided: {KEY}"}}}}'.encode(), 401),
        (JSON, f'{{"error": {{"message": "Bad header Bearer {KEY}"}}}}'.encode(), 400),
        (JSON, f'{{"error": {{"message": "Bearer {KEY}"}}}}'.encode(), 200),
        (EVENTS, events({"error": {"message": f"Bearer {KEY}"}}), 200),
    ],
)
def test_a_key_that_the_server_repeats_is_in_no_sentence_and_no_log(kind: str, body: bytes, status: int) -> None:
    with pytest.raises(UserError) as caught:
        ask(kind, body, status)
    assert KEY not in "".join(traceback.format_exception(caught.value))
