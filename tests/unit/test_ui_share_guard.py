"""The guard of a shared demo: only the addresses of the chat, and five logins a minute."""

import asyncio
from collections.abc import MutableMapping
from typing import Any

import pytest

from localft.ui.share_guard import Logins, ShareGuard

SHARED = "abc123.gradio.live"


class Visitor:
    def __init__(self, logins: Logins | None = None) -> None:
        self.reached: list[str] = []
        self.guard = ShareGuard(self.answer, logins)
        self.guard.public_host = SHARED

    async def answer(self, scope: MutableMapping[str, Any], receive: Any, send: Any) -> None:
        self.reached.append(scope["path"])
        while (message := await receive())["type"] == "http.request" and message.get("more_body"):
            continue
        status = 400 if message["type"] == "http.disconnect" else 200
        await send({"type": "http.response.start", "status": status, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    def ask(self, path: str, method: str = "GET", host: str = SHARED, body: bytes = b"", **headers: str) -> int:
        given = [(b"host", host.encode()), *((k.replace("_", "-").encode(), v.encode()) for k, v in headers.items())]
        statuses: list[int] = []

        async def receive() -> MutableMapping[str, Any]:
            return {"type": "http.request", "body": body}

        async def send(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "http.response.start":
                statuses.append(message["status"])

        asyncio.run(self.guard({"type": "http", "path": path, "method": method, "headers": given}, receive, send))
        return statuses[0]


@pytest.mark.parametrize(
    "path",
    [
        "/gradio_api/upload",
        "/gradio_api/file=/etc/passwd",
        "/gradio_api/info",
        "/gradio_api/run/predict",
        "/gradio_api/call/chat",
        "/gradio_api/api/chat",
        "/gradio_api/startup-events",
        "/gradio_api/app_id",
        "/gradio_api/proxy=http://x",
        "/gradio_api/component_server",
        "/gradio_api/runs",
        "/monitoring",
        "/monitoring/summary",
        "/docs",
        "/openapi.json",
        "/downloads/exports/a/b/c",
        "/file/x",
        "/user",
        "/robots.txt",
    ],
)
def test_there_is_nothing_but_the_chat(path: str) -> None:
    visitor = Visitor()
    assert visitor.ask(path) == 404
    assert visitor.ask(path, "POST") == 404
    assert visitor.reached == []


def test_the_chat_is_reached_through_the_link_and_on_this_computer_only() -> None:
    visitor = Visitor()
    assert visitor.ask("/") == 200
    assert visitor.ask("/", host="127.0.0.1:7900") == 200
    assert visitor.ask("/", host="evil.com") == 421
    assert visitor.ask("/", host="x" + SHARED) == 421
    assert visitor.ask("/gradio_api/queue/join", "POST", origin=f"https://{SHARED}") == 200
    assert visitor.ask("/gradio_api/queue/join", "POST", origin="https://evil.com") == 403
    assert visitor.ask("/gradio_api/queue/join", "POST", origin=f"http://{SHARED}") == 403


def test_a_thousand_wrong_logins_reach_the_app_five_times() -> None:
    now = [0.0]
    visitor = Visitor(Logins(lambda: now[0]))
    statuses = [visitor.ask("/login", "POST") for _ in range(1_000)]
    assert statuses.count(200) == 5
    assert set(statuses[5:]) == {429}
    assert len(visitor.reached) == 5
    now[0] = 61.0
    assert visitor.ask("/login", "POST") == 200


def test_reading_the_login_page_counts_for_nothing() -> None:
    visitor = Visitor()
    assert [visitor.ask("/") for _ in range(20)] == [200] * 20
    assert visitor.ask("/login", "POST") == 200


def test_a_flood_of_bytes_is_cut_off() -> None:
    visitor = Visitor()
    assert visitor.ask("/gradio_api/queue/join", "POST", body=b"x" * 10_000) == 200
    assert visitor.ask("/gradio_api/queue/join", "POST", body=b"x" * 100_000) == 400
