"""The guard of a shared demo: a password, five attempts a minute, and only the addresses of the chat behind it."""

from collections.abc import MutableMapping
from typing import Any
from urllib.parse import urlencode

import pytest

from localft.ui.share_guard import Logins, ShareGuard
from tests.gate_help import Reply, ask

SHARED = "abc123.gradio.live"
USER, PASSWORD = "guest", "a-password-for-this-test"


class Visitor:
    """A browser that keeps its cookie."""

    def __init__(self, logins: Logins | None = None) -> None:
        self.reached: list[MutableMapping[str, Any]] = []
        self.guard = ShareGuard(self.answer, USER, PASSWORD, logins)
        self.guard.public_host = SHARED
        self.cookie = ""

    async def answer(self, scope: MutableMapping[str, Any], receive: Any, send: Any) -> None:
        self.reached.append(scope)
        while (message := await receive())["type"] == "http.request" and message.get("more_body"):
            continue
        status = 400 if message["type"] == "http.disconnect" else 200
        await send({"type": "http.response.start", "status": status, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    def ask(self, path: str, method: str = "GET", host: str = SHARED, body: bytes = b"", **headers: str) -> Reply:
        named = {"host": host, "cookie": self.cookie, **headers}
        given = [(name.replace("_", "-").encode(), value.encode()) for name, value in named.items()]
        return ask(self.guard, method, path, given, body)

    def log_in(self, user: str = USER, password: str = PASSWORD, host: str = SHARED) -> Reply:
        reply = self.ask("/login", "POST", host, urlencode({"user": user, "password": password}).encode())
        self.cookie = reply.headers.get("set-cookie", "").partition(";")[0]
        return reply


@pytest.fixture
def guest() -> Visitor:
    visitor = Visitor()
    assert visitor.log_in().status == 303
    return visitor


FOREIGN = [
    "/gradio_api/upload",
    "/gradio_api/upload_progress",
    "/gradio_api/file=/etc/passwd",
    "/gradio_api/info",
    "/gradio_api/openapi.json",
    "/gradio_api/run/chat",
    "/gradio_api/call/chat",
    "/gradio_api/api/chat",
    "/gradio_api/startup-events",
    "/gradio_api/proxy=http://x",
    "/gradio_api/component_server",
    "/gradio_api/runs",
    "/gradio_api/dev/reload",
    "/gradio_api/deep_link",
    "/gradio_api/stream/x",
    "/gradio_api/custom_component/x/client/x/x",
    "/monitoring",
    "/monitoring/summary",
    "/docs",
    "/openapi.json",
    "/downloads/exports/a/b/c",
    "/file/x",
    "/user",
    "/login",
    "/logout",
    "/robots.txt",
]


@pytest.mark.parametrize("path", FOREIGN)
def test_there_is_nothing_but_the_chat(guest: Visitor, path: str) -> None:
    assert guest.ask(path).status == 404
    assert guest.ask(path, "POST").status == 404
    assert guest.reached == []


@pytest.mark.parametrize("path", [*FOREIGN, "/", "/config", "/assets/x.js", "/gradio_api/heartbeat/x", "/theme.css"])
def test_without_the_password_there_is_nothing_at_all(path: str) -> None:
    visitor = Visitor()
    assert visitor.ask(path).status == 401
    assert visitor.ask("/gradio_api/queue/join", "POST").status == 401
    assert visitor.ask("/gradio_api/cancel", "POST").status == 401
    visitor.cookie = f"{visitor.guard.cookie}=wrong"
    assert visitor.ask(path).status == 401
    assert visitor.reached == []


def test_only_reading_is_done_below_a_folder(guest: Visitor) -> None:
    assert guest.ask("/gradio_api/heartbeat/x").status == 200
    assert guest.ask("/gradio_api/heartbeat/x", "POST").status == 404
    assert guest.ask("/gradio_api/queue/join", "DELETE").status == 404
    assert guest.ask("/gradio_api/queue/join", "OPTIONS").status == 404


def test_a_person_is_asked_for_the_password_and_told_when_it_is_wrong() -> None:
    visitor = Visitor()
    form = visitor.ask("/", accept="text/html")
    assert b'<form method="post" action="/login">' in form.body
    # Without it a browser would not say where the form comes from, and the guard would take it for another site's.
    assert b'<meta name="referrer" content="same-origin">' in form.body
    assert visitor.log_in(password="wrong").status == 401
    assert visitor.log_in(user="admin").status == 401
    assert visitor.log_in(password="").status == 401
    assert visitor.log_in(password="ä").status == 401
    assert "set-cookie" not in visitor.ask("/login", "POST", body=b"\xff\x00&&=").headers
    assert visitor.reached == []


def test_the_cookie_is_for_the_browser_only() -> None:
    kept = Visitor().log_in().headers["set-cookie"]
    assert {"HttpOnly", "SameSite=Lax", "Path=/", "Secure"} <= set(kept.split("; "))
    assert PASSWORD not in kept
    assert "Secure" not in Visitor().log_in(host="127.0.0.1:7900").headers["set-cookie"]


def test_the_chat_is_reached_through_the_link_and_on_this_computer_only(guest: Visitor) -> None:
    assert guest.ask("/").status == 200
    assert guest.ask("/", host="127.0.0.1:7900").status == 200
    assert guest.ask("/", host="evil.com").status == 421
    assert guest.ask("/", host="x" + SHARED).status == 421
    assert guest.ask("/gradio_api/queue/join", "POST", origin=f"https://{SHARED}").status == 200
    assert guest.ask("/gradio_api/queue/join", "POST", origin="https://evil.com").status == 403
    assert guest.ask("/gradio_api/queue/join", "POST", origin=f"http://{SHARED}").status == 403
    assert guest.ask("/login", "POST", origin="https://evil.com").status == 403


def test_before_the_link_is_known_no_name_is_answered() -> None:
    visitor = Visitor()
    visitor.guard.public_host = None
    assert visitor.ask("/").status == 421
    assert visitor.ask("/", host="").status == 421


def test_gradio_learns_that_the_visitor_speaks_tls_and_nothing_else_from_headers(guest: Visitor) -> None:
    for host in (SHARED, "127.0.0.1:7900"):
        guest.ask("/", host=host, x_forwarded_host="evil.com", x_forwarded_proto="http", x_gradio_server="http://evil")
    assert [scope["scheme"] for scope in guest.reached] == ["https", "http"]
    assert not [name for scope in guest.reached for name, _ in scope["headers"] if b"forwarded" in name]
    assert not [name for scope in guest.reached for name, _ in scope["headers"] if name == b"x-gradio-server"]


def test_of_a_thousand_wrong_passwords_five_are_looked_at() -> None:
    now = [0.0]
    visitor = Visitor(Logins(lambda: now[0]))
    statuses = [visitor.log_in(password=f"wrong{n}").status for n in range(1_000)]
    assert statuses == [401] * 5 + [429] * 995
    assert visitor.log_in().status == 429
    now[0] = 61.0
    assert visitor.log_in().status == 303


def test_reading_the_login_page_counts_for_nothing() -> None:
    visitor = Visitor()
    assert [visitor.ask("/").status for _ in range(20)] == [401] * 20
    assert visitor.log_in().status == 303


def test_a_flood_of_bytes_is_cut_off(guest: Visitor) -> None:
    assert guest.ask("/gradio_api/queue/join", "POST", body=b"x" * 10_000).status == 200
    assert guest.ask("/gradio_api/queue/join", "POST", body=b"x" * 100_000).status == 400
    stranger = Visitor()
    assert stranger.log_in(password="x" * 100_000).status == 401
