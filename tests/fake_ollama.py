"""A small Ollama for tests: the part of its HTTP interface that an export uses, with the behaviour that was observed.

Observed on Ollama 0.32 (unless a test asks for trouble, or for an older one): HEAD of a blob first; 201 for a new blob,
200 for a known one (its body is not read), 400 for a wrong digest; `files` must be an object of plain names, an unknown
blob gives 500; create answers 200 even where it fails and streams its statuses; a `stop` that is no array is accepted
and breaks every chat; `_debug_render_only` tells the text. Before 0.5.5 create wanted the text of a Modelfile.
"""

import contextlib
import hashlib
import json
import re
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Literal

Render = Callable[[list[dict[str, Any]]], str]
# What happens to requests of a path: status 500, a connection that ends in the middle, another program, no end at all.
Trouble = Literal["500", "drops", "other program", "hangs"]


@dataclass
class FakeOllama:
    """What the server knows and has been asked; tests set the first part and look at the second."""

    version: str = "0.35.1"
    fail_create: str = ""
    end_early: bool = False
    tells_rendering: bool = True
    render: Render = lambda messages: "".join(f"{one['role']}:{one['content']}\n" for one in messages)
    answer: str = "Paris"
    thinking: str = ""
    trouble: dict[str, Trouble] = field(default_factory=dict)
    models: dict[str, dict[str, Any]] = field(default_factory=dict)
    blobs: dict[str, int] = field(default_factory=dict)
    requests: list[tuple[str, str, Any]] = field(default_factory=list)
    address: str = ""
    hung: threading.Event = field(default_factory=threading.Event)
    released: threading.Event = field(default_factory=threading.Event)


@contextmanager
def fake_ollama(**settings: Any) -> Generator[FakeOllama]:
    """Run the server on a free port of this computer."""
    state = FakeOllama(**settings)
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"state": state}))
    state.address = f"127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield state
    finally:
        state.released.set()
        server.shutdown()
        server.server_close()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    state: FakeOllama

    def log_message(self, format: str, *args: Any) -> None:
        """Quiet."""

    def handle_one_request(self) -> None:
        with contextlib.suppress(ConnectionError):
            super().handle_one_request()

    def do_HEAD(self) -> None:
        self.state.requests.append(("HEAD", self.path, None))
        self._reply(200 if self._digest() in self.state.blobs else 404)

    def do_GET(self) -> None:
        self.state.requests.append(("GET", self.path, None))
        if self._in_trouble():
            return
        if self.path == "/api/version":
            self._reply(200, {"version": self.state.version})
        elif self.path == "/api/tags":
            self._reply(200, {"models": [{"name": name} for name in self.state.models]})
        else:
            self._reply(404, {"error": "not found"})

    def do_POST(self) -> None:
        if self._in_trouble():
            return
        if self.path.startswith("/api/blobs/"):
            self._store()
            return
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.state.requests.append(("POST", self.path, body))
        {"/api/create": self._create, "/api/chat": self._chat}[self.path](body)

    def _in_trouble(self) -> bool:
        kind = next((kind for path, kind in self.state.trouble.items() if self.path.startswith(path)), None)
        if kind is None:
            return False
        self.close_connection = True
        if kind == "500":
            self._reply(500, {"error": "llama runner process has terminated"})
        elif kind == "other program":
            self._reply_raw(200, b"<html>Welcome to nginx!</html>")
        elif kind == "hangs":
            self.state.hung.set()
            self.state.released.wait()
        else:
            self.send_response(200)
            self.send_header("Content-Length", "1000")
            self.end_headers()
            self.wfile.write(b'{"status": "parsing GGUF"}\n')
        return True

    def _digest(self) -> str:
        return self.path.rpartition("sha256:")[2]

    def _store(self) -> None:
        self.state.requests.append(("POST", self.path, None))
        if self._digest() in self.state.blobs:
            self._reply(200)
            self.close_connection = True
            return
        digest, size, left = hashlib.sha256(), 0, int(self.headers["Content-Length"])
        while left:
            block = self.rfile.read(min(left, 65_536))
            digest.update(block)
            size, left = size + len(block), left - len(block)
        if digest.hexdigest() != self._digest():
            self._reply(400, {"error": f"digest mismatch, expected {self._digest()}"})
            return
        self.state.blobs[self._digest()] = size
        self._reply(201)

    def _create(self, body: dict[str, Any]) -> None:
        files = body.get("files")
        if self.state.version.startswith("0.5.4"):
            self._reply(400, {"error": "path or Modelfile are required"})
            return
        if not isinstance(files, dict) or not files or any(name.startswith("/") or ".." in name for name in files):
            self._reply(400, {"error": "neither 'from' or 'files' was specified"})
            return
        if any(digest.removeprefix("sha256:") not in self.state.blobs for digest in files.values()):
            self._reply(500, {"error": "open blob: no such file or directory"})
            return
        statuses: list[dict[str, Any]] = [{"status": "parsing GGUF"}, {"status": "using existing layer"}]
        if self.state.fail_create:
            statuses.append({"error": self.state.fail_create})
        elif not self.state.end_early:
            name = body["model"] if ":" in body["model"] else body["model"] + ":latest"
            self.state.models[name] = body
            statuses += [{"status": "writing manifest"}, {"status": "success"}]
        self._reply_raw(200, "".join(json.dumps(status) + "\n" for status in statuses).encode())

    def _chat(self, body: dict[str, Any]) -> None:
        name = body["model"] if ":" in body["model"] else body["model"] + ":latest"
        model = self.state.models.get(name)
        if model is None:
            self._reply(404, {"error": f"model '{body['model']}' not found"})
            return
        if not isinstance(model["parameters"].get("stop", []), list):
            self._reply(500, {"error": 'option "stop" must be of type array'})
            return
        messages = body["messages"]
        if model.get("system") and messages[0]["role"] != "system":
            messages = [{"role": "system", "content": model["system"]}, *messages]
        if body.get("_debug_render_only") and self.state.tells_rendering:
            self._reply(200, {"model": name, "_debug_info": {"rendered_template": self.state.render(messages)}})
            return
        message = {"role": "assistant", "content": re.sub(r"\s+$", "", self.state.answer)}
        if self.state.thinking:
            message["thinking"] = self.state.thinking
        self._reply(200, {"model": name, "message": message, "done": True})

    def _reply(self, status: int, value: Any = None) -> None:
        self._reply_raw(status, b"" if value is None else json.dumps(value).encode())

    def _reply_raw(self, status: int, content: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)
