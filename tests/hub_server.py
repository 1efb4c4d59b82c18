"""A small Hugging Face hub on this machine: the few answers that the real client needs, for tests without a network."""

import hashlib
import json
import re
import threading
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

COMMIT = "a" * 40
CONVERTED, CONVERTED_COMMIT = "refs/convert/parquet", "c" * 40
_REPOSITORY = r"(?P<id>[\w.-]+/[\w.-]+)"


@dataclass
class Repository:
    """A model or dataset on the hub. `gated` is the message for those who may not read its files; "" lets everyone.

    `converted` is what the hub has made of a dataset's files, on a branch of its own.
    """

    files: dict[str, bytes]
    gated: str = ""
    commit: str = COMMIT
    info: dict[str, Any] = field(default_factory=dict)
    converted: dict[str, bytes] = field(default_factory=dict)

    def files_at(self, revision: str | None) -> dict[str, bytes] | None:
        """The files at a revision, None where there is no such one."""
        if revision in {None, "main", self.commit}:
            return self.files
        return self.converted if self.converted and revision in {CONVERTED, CONVERTED_COMMIT} else None


@dataclass
class Hub:
    """What the server holds, and what it was asked: (method, path, Range header)."""

    url: str
    repositories: dict[str, Repository] = field(default_factory=dict)
    datasets: dict[str, Repository] = field(default_factory=dict)
    # Old names of datasets and the present ones.
    renamed: dict[str, str] = field(default_factory=dict)
    asked: list[tuple[str, str, str]] = field(default_factory=list)
    # Seconds to wait before each block of 64 KB.
    delay: float = 0.0
    # Break the connection after so many bytes of a file, once.
    break_after: int | None = None


@contextmanager
def serve_hub() -> Generator[Hub]:
    """Run the server on a free port of this machine."""

    class Handler(_Handler):
        hub: Hub

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    Handler.hub = Hub(f"http://127.0.0.1:{server.server_address[1]}")
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield Handler.hub
    finally:
        server.shutdown()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    hub: Hub

    def log_message(self, format: str, *args: Any) -> None: ...

    def do_HEAD(self) -> None:
        self._answer(body=False)

    def do_GET(self) -> None:
        self._answer(body=True)

    def _answer(self, body: bool) -> None:
        url = urlsplit(self.path)
        self.hub.asked.append((self.command, url.path, self.headers.get("Range", "")))
        if url.path == "/api/models":
            wanted = parse_qs(url.query).get("search", [""])[0].lower()
            listed = self.hub.repositories.items()
            found = [self._info(name, model, model.files) for name, model in listed if wanted in name.lower()]
            return self._json(found, body)
        info = re.fullmatch(rf"/api/(models|datasets)/{_REPOSITORY}(?:/revision/(?P<revision>[^/]+))?", url.path)
        file = re.fullmatch(rf"(/datasets)?/{_REPOSITORY}/resolve/(?P<revision>[^/]+)/(?P<name>.+)", url.path)
        match = info or file
        of_dataset = match is not None and bool(match[1]) and match[1] != "models"
        if of_dataset and match["id"] in self.hub.renamed:
            return self._head(
                307, {"Location": self.path.replace(match["id"], self.hub.renamed[match["id"]]), "Content-Length": "0"}
            )
        listed = self.hub.datasets if of_dataset else self.hub.repositories
        repository = listed.get(match["id"]) if match else None
        if match is None or repository is None:
            return self._error(404, "RepoNotFound", "Repository not found")
        revision = unquote(match["revision"]) if match["revision"] else None
        files = repository.files_at(revision)
        if files is None:
            return self._error(404, "RevisionNotFound", "Invalid rev id")
        if info:
            return self._json(self._info(match["id"], repository, files), body)
        if repository.gated:
            return self._error(403, "GatedRepo", repository.gated)
        if match["name"] not in files:
            return self._error(404, "EntryNotFound", "Entry not found")
        return self._file(repository, files[match["name"]], body)

    def _info(self, name: str, repository: Repository, files: dict[str, bytes]) -> dict[str, Any]:
        siblings = [
            {"rfilename": file, "size": len(content), "blobId": hashlib.sha1(content).hexdigest()}
            for file, content in files.items()
        ]
        return {
            "id": name,
            "modelId": name,
            "sha": repository.commit if files is repository.files else CONVERTED_COMMIT,
            "siblings": siblings,
            "gated": "manual" if repository.gated else False,
            "private": False,
            "tags": [],
            "downloads": 1,
            "likes": 0,
            **repository.info,
        }

    def _json(self, value: Any, body: bool) -> None:
        content = json.dumps(value).encode()
        self._head(200, {"Content-Type": "application/json", "Content-Length": str(len(content))})
        if body:
            self.wfile.write(content)

    def _error(self, status: int, code: str, message: str) -> None:
        self._head(status, {"X-Error-Code": code, "X-Error-Message": message, "Content-Length": "0"})

    def _file(self, repository: Repository, content: bytes, body: bool) -> None:
        start, end = 0, len(content)
        asked = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range", ""))
        if asked:
            start = int(asked[1])
            end = min(end, int(asked[2]) + 1) if asked[2] else end
        headers = {
            "ETag": f'"{hashlib.sha256(content).hexdigest()}"',
            "X-Repo-Commit": repository.commit,
            "Accept-Ranges": "bytes",
            "Content-Length": str(end - start),
        }
        if asked:
            headers["Content-Range"] = f"bytes {start}-{end - 1}/{len(content)}"
        self._head(206 if asked else 200, headers)
        if body:
            self._send(content[start:end])

    def _send(self, content: bytes) -> None:
        try:
            for position in range(0, len(content), 65_536):
                if self.hub.break_after is not None and position >= self.hub.break_after:
                    self.hub.break_after = None
                    self.close_connection = True
                    return
                if self.hub.delay:
                    time.sleep(self.hub.delay)
                self.wfile.write(content[position : position + 65_536])
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True

    def _head(self, status: int, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
