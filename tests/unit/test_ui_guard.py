"""The guard alone, as an ASGI application around one that answers everything."""

import asyncio
from collections.abc import MutableMapping
from typing import Any

import pytest

from localft.ui.guard import Guard
from tests.gate_help import Reply, ask

TOKEN = "a-token-of-this-launch"


class Browser:
    """Asks the guard, and remembers what reached the application behind it."""

    def __init__(self) -> None:
        self.reached: MutableMapping[str, Any] | None = None
        self.now = 0.0
        self.guard = Guard(self.answer, TOKEN, lambda: self.now)

    async def answer(self, scope: MutableMapping[str, Any], receive: Any, send: Any) -> None:
        self.reached = scope
        await send({"type": "http.response.start", "status": 200, "headers": [(b"X-Frame-Options", b"SAMEORIGIN")]})
        await send({"type": "http.response.body", "body": b"inside"})

    def get(self, path: str = "/", method: str = "GET", **headers: str) -> Reply:
        given = {"host": "127.0.0.1:7860"} | {name.replace("_", "-").lower(): value for name, value in headers.items()}
        self.reached = None
        return ask(
            self.guard, method, path, [(name.encode(), value.encode()) for name, value in given.items() if value]
        )

    def cookie(self) -> str:
        return self.get(f"/?token={TOKEN}").headers["set-cookie"].partition(";")[0]


@pytest.fixture
def browser() -> Browser:
    return Browser()


@pytest.mark.parametrize(
    "host",
    [
        "evil.com",
        "127.0.0.1.evil.com",
        "localhost.evil.com",
        "evil.com:7860",
        "",
        "[::1]x",
        "LOCALHOST.",
        "ｌocalhost",
        "127.0.0.1 evil.com",
        "127.0.0.1:",
        "127.0.0.1:-1",
        "localhost.",
        "user@localhost",
        "127.0.0.1@evil.com",
        "127.0.0.1:7860.evil.com",
        "0.0.0.0:7860",
        "127.1",
        "2130706433",
        "localhost:123456",
    ],
)
def test_a_foreign_host_is_refused_even_with_the_token(browser: Browser, host: str) -> None:
    reply = browser.get(host=host, authorization=f"Bearer {TOKEN}")
    assert reply.status == 421
    assert browser.reached is None


@pytest.mark.parametrize(
    "host", ["127.0.0.1:7860", "localhost:7860", "[::1]:7860", "localhost", "LOCALHOST:1", "127.0.0.1:9000"]
)
def test_loopback_names_pass(browser: Browser, host: str) -> None:
    assert browser.get(host=host, authorization=f"Bearer {TOKEN}").status == 200


def test_two_host_headers_are_refused(browser: Browser) -> None:
    twice = [(b"host", b"127.0.0.1"), (b"host", b"127.0.0.1"), (b"authorization", f"Bearer {TOKEN}".encode())]
    assert ask(browser.guard, "GET", "/", twice).status == 421


@pytest.mark.parametrize("origin", ["https://evil.com", "null", "http://localhost:7860", "https://127.0.0.1:7860", "x"])
def test_a_foreign_origin_is_refused(browser: Browser, origin: str) -> None:
    reply = browser.get("/gradio_api/upload", "POST", origin=origin, cookie=browser.cookie())
    assert reply.status == 403
    assert browser.reached is None


def test_the_own_origin_passes(browser: Browser) -> None:
    assert browser.get(method="POST", origin="http://127.0.0.1:7860", cookie=browser.cookie()).status == 200


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_a_fetch_of_another_site_is_refused(browser: Browser, site: str) -> None:
    cookie = browser.cookie()
    assert browser.get(sec_fetch_site=site, sec_fetch_mode="no-cors", cookie=cookie).status == 403
    frame = {"sec_fetch_mode": "navigate", "sec_fetch_dest": "iframe"}
    assert browser.get(sec_fetch_site=site, cookie=cookie, **frame).status == 403
    form = {"sec_fetch_mode": "navigate", "sec_fetch_dest": "document"}
    assert browser.get(method="POST", sec_fetch_site=site, cookie=cookie, **form).status == 403
    assert browser.get(sec_fetch_site=site, cookie=cookie, **form).status == 200


def test_without_token_nothing_is_reached(browser: Browser) -> None:
    for path in ("/", "/config", "/gradio_api/cancel", "/downloads/exports/a/b/c", "/?token=", "/?token=wrong"):
        reply = browser.get(path)
        assert (reply.status, browser.reached) == (401, None), path
    assert browser.get(cookie=f"{browser.guard.cookie}=wrong").status == 401
    assert browser.get(cookie=f"{browser.guard.cookie}={TOKEN}").status == 401
    assert browser.get(cookie='"; =; x=\x01').status == 401
    assert browser.get(authorization="Bearer wrong").status == 401


def test_the_token_becomes_a_cookie_and_leaves_the_address(browser: Browser) -> None:
    reply = browser.get(f"/?token={TOKEN}&project=a%20b&tab=train")
    assert reply.status == 303
    assert reply.headers["location"] == "/?project=a+b&tab=train"
    assert "HttpOnly" in reply.headers["set-cookie"]
    assert "SameSite=Strict" in reply.headers["set-cookie"]
    assert TOKEN not in reply.headers["set-cookie"] + reply.headers["location"]
    assert browser.get("/config", cookie=browser.cookie()).body == b"inside"


def test_a_token_in_the_address_opens_the_page_only(browser: Browser) -> None:
    assert browser.get(f"/config?token={TOKEN}").status == 401
    assert browser.get(f"/?token={TOKEN}", "POST").status == 401


def test_the_address_that_a_browser_is_started_with_opens_once_and_soon(browser: Browser) -> None:
    shown = browser.guard.one_time_token()
    assert shown != TOKEN
    assert browser.get("/config", authorization=f"Bearer {shown}").status == 401
    first = browser.get(f"/?token={shown}&tab=train")
    assert (first.status, first.headers["location"]) == (303, "/?tab=train")
    assert browser.get(f"/?token={shown}").status == 401
    late = browser.guard.one_time_token()
    browser.now = 121.0
    assert browser.get(f"/?token={late}").status == 401
    assert browser.get(f"/?token={TOKEN}").status == 303


def test_a_link_that_was_used_up_still_opens_for_who_is_in(browser: Browser) -> None:
    shown = browser.guard.one_time_token()
    cookie = browser.get(f"/?token={shown}").headers["set-cookie"].partition(";")[0]
    again = browser.get(f"/?token={shown}&tab=data", cookie=cookie)
    assert (again.status, again.headers["location"]) == (303, "/?tab=data")


@pytest.mark.parametrize(
    "path",
    [
        "/gradio_api/proxy=https://x.hf.space/",
        "/gradio_api/openapi.json",
        "/gradio_api/info",
        "/gradio_api/mcp",
        "/gradio_api/vibe-edit",
        "/gradio_api/vibe-code",
        "/gradio_api/run/create",
        "/gradio_api/call/create",
        "/gradio_api/api/create",
        "/gradio_api/component_server",
        "/gradio_api/process_recording",
        "/gradio_api/stream/x",
        "/gradio_api/runs",
        "/gradio_api/dev/reload",
        "/gradio_api/startup-events",
        "/monitoring",
        "/docs",
        "/openapi.json",
        "/login",
        "//config",
        "/config/",
        "/downloads",
    ],
)
def test_what_the_page_does_not_need_is_not_there(browser: Browser, path: str) -> None:
    cookie = browser.cookie()
    for method in ("GET", "POST"):
        reply = browser.get(path, method, cookie=cookie)
        assert (reply.status, browser.reached) == (404, None)


def test_what_the_page_needs_is_there(browser: Browser) -> None:
    cookie = browser.cookie()
    for path in (
        "/",
        "/config",
        "/assets/a.js",
        "/gradio_api/file=/x",
        "/gradio_api/heartbeat/x",
        "/downloads/reports/a/b",
        "/downloads/data/a/b/csv",
        "/downloads/verdicts/a/b",
    ):
        assert browser.get(path, cookie=cookie).status == 200
        assert browser.get(path, "DELETE", cookie=cookie).status == 404
    for path in ("/gradio_api/queue/join", "/gradio_api/upload", "/gradio_api/run/predict", "/gradio_api/cancel"):
        assert browser.get(path, "POST", cookie=cookie).status == 200
    assert browser.get("/downloads/reports/a/b", "POST", cookie=cookie).status == 404


def test_two_launches_do_not_share_a_cookie() -> None:
    assert Guard(Browser().answer, "one").cookie != Guard(Browser().answer, "two").cookie


def test_every_answer_carries_the_security_headers(browser: Browser) -> None:
    for reply in (browser.get(), browser.get(cookie=browser.cookie()), browser.get(host="evil.com")):
        lowered = {name.lower(): value for name, value in reply.headers.items()}
        assert lowered["x-frame-options"] == "DENY"
        assert lowered["referrer-policy"] == "no-referrer"
        assert "frame-ancestors 'none'" in lowered["content-security-policy"]
        assert len(lowered) == len(reply.headers)


def test_nobody_speaks_for_another_host(browser: Browser) -> None:
    browser.get(cookie=browser.cookie(), x_forwarded_host="evil.com", forwarded="host=evil.com", x_gradio_server="x")
    assert browser.reached is not None
    assert {name for name, _ in browser.reached["headers"]} == {b"host", b"cookie"}


def test_a_person_gets_a_page_and_a_program_gets_text(browser: Browser) -> None:
    assert browser.get(accept="text/html").body.startswith(b"<!doctype html>")
    assert browser.get(accept="*/*").body.startswith(b"Open localft")


def test_websockets_are_closed(browser: Browser) -> None:
    sent: list[MutableMapping[str, Any]] = []

    async def send(message: MutableMapping[str, Any]) -> None:
        sent.append(message)

    async def receive() -> MutableMapping[str, Any]:
        return {"type": "websocket.connect"}

    asyncio.run(browser.guard({"type": "websocket", "headers": []}, receive, send))
    assert sent == [{"type": "websocket.close", "code": 1008}]
