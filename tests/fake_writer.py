"""An OpenAI-compatible server for tests that writes examples out of the passages that it is given.

Tests choose what goes wrong, and look at what was asked. Every answer is streamed, with its usage.
"""

import contextlib
import json
import re
import threading
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Messages = list[dict[str, Any]]
KEY = "sk-test-0123456789"


def write_examples(messages: Messages) -> str:
    """What a good model would write: one question about each of the first sentences of the passage."""
    passage = passage_of(messages)
    if "You check answers" in messages[0]["content"]:
        return json.dumps({"supported": True, "quote": passage[:40]})
    sentences = re.findall(r"[A-Z][^.\n]*\.", passage)[:3]
    examples = [{"question": f"What about this: {one[:60]}?", "answer": one} for one in sentences]
    return f"Here they are:\n```json\n{json.dumps({'examples': examples})}\n```"


def passage_of(messages: Messages) -> str:
    """The passage in a question."""
    found = re.search(r"<passage>\n(.*)\n</passage>", messages[-1]["content"], flags=re.DOTALL)
    return found[1] if found else ""


@dataclass
class FakeWriter:
    """What the server does and has been asked. `seconds` is the time of an answer; `trouble` says for each request (its
    number from 1) which status to answer with, 200 for none, 0 for a connection that breaks off."""

    reply: Callable[[Messages], str] = write_examples
    seconds: float = 0.0
    trouble: Callable[[int, Messages], int] = lambda number, messages: 200
    headers: dict[str, str] = field(default_factory=lambda: {"retry-after": "0.01"})
    key: str = ""
    url: str = ""
    received: list[Messages] = field(default_factory=list)
    answered: list[Messages] = field(default_factory=list)
    keys: set[str] = field(default_factory=set)


@contextmanager
def fake_writer(**settings: Any) -> Generator[FakeWriter]:
    """Run the server on a free port of this computer."""
    state = FakeWriter(**settings)
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"state": state}))
    server.daemon_threads = True
    state.url = f"http://127.0.0.1:{server.server_address[1]}/v1"
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield state
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    state: FakeWriter

    def log_message(self, format: str, *args: Any) -> None:
        """Quiet."""

    def handle_one_request(self) -> None:
        with contextlib.suppress(ConnectionError):
            super().handle_one_request()

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        messages = body["messages"]
        self.state.received.append(messages)
        self.state.keys.add(self.headers.get("Authorization", "").removeprefix("Bearer "))
        if self.state.key and self.headers.get("Authorization") != f"Bearer {self.state.key}":
            # As some do, it repeats what it was given.
            self._fail(401, f"Incorrect API key provided: {self.headers.get('Authorization')}.")
            return
        status = self.state.trouble(len(self.state.received), messages)
        if status not in {0, 200}:
            self._fail(status, "The maximum context length is 100 tokens." if status == 400 else "Slow down.")
            return
        time.sleep(self.state.seconds)
        self._stream(self.state.reply(messages), breaks_off=status == 0)
        if status:
            self.state.answered.append(messages)

    def _fail(self, status: int, message: str) -> None:
        content = json.dumps({"error": {"message": message, "type": "error", "code": None}}).encode()
        self.send_response(status)
        for name, value in {**self.state.headers, "Content-Type": "application/json"}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def _stream(self, text: str, breaks_off: bool) -> None:
        choice = {"index": 0, "delta": {"role": "assistant", "content": text}, "finish_reason": None}
        end = {"index": 0, "delta": {}, "finish_reason": "stop"}
        usage = {"prompt_tokens": 100, "completion_tokens": 50, "total_tokens": 150}
        head = {"id": "1", "created": 1, "model": "writer", "object": "chat.completion.chunk"}
        chunks = [{**head, "choices": [choice]}, {**head, "choices": [end]}, {**head, "choices": [], "usage": usage}]
        lines = [f"data: {json.dumps(chunk)}\n\n".encode() for chunk in chunks] + [b"data: [DONE]\n\n"]
        content = b"".join(lines)
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content[: len(content) // 3] if breaks_off else content)
