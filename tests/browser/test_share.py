"""A shared demo: a chat behind a password on a port of its own, and nothing else of localft."""

import os
from collections.abc import Iterator

import httpx
import pytest
from playwright.sync_api import APIRequestContext, Browser, Page, expect

from tests.browser.walking import Walk, open_app
from tests.running_app import RunningApp, running_app

pytestmark = pytest.mark.timeout(600)
_LONG = 240_000


@pytest.fixture(scope="module")
def app(walked: Walk) -> Iterator[RunningApp]:
    """The app on what the walk has left, with the internet out of reach."""
    nowhere = {
        "HTTPS_PROXY": "http://127.0.0.1:9",
        "HTTP_PROXY": "http://127.0.0.1:9",
        "NO_PROXY": "127.0.0.1,localhost",
    }
    with running_app(walked.home, {**os.environ, **nowhere}) as app:
        yield app


def share(page: Page, app: RunningApp, walked: Walk, public: bool) -> None:
    """Fill in the form and press the button."""
    open_app(page, app, "settings", walked.slug)
    page.get_by_label("Type “share” to confirm").fill("share")
    page.get_by_label("Public link").set_checked(public)
    page.get_by_role("button", name="Share", exact=True).click()


def test_the_link_that_cannot_be_made_is_a_sentence(page: Page, app: RunningApp, walked: Walk) -> None:
    share(page, app, walked, public=True)
    alert = page.get_by_role("alert")
    expect(alert).to_contain_text("The public link could not be made", timeout=_LONG)
    expect(alert).to_contain_text("nothing is shared now")
    assert "Traceback" not in "".join(app.said)


def test_without_the_word_nothing_is_shared(page: Page, app: RunningApp, walked: Walk) -> None:
    open_app(page, app, "settings", walked.slug)
    page.get_by_role("button", name="Share", exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text("Nothing is shared yet")


def test_a_guest_can_chat_and_do_nothing_else(page: Page, browser: Browser, app: RunningApp, walked: Walk) -> None:
    share(page, app, walked, public=False)
    expect(page.locator("#share")).to_contain_text("A demo is shared", timeout=_LONG)
    address, user, password = page.locator("#share code").all_inner_texts()
    assert len(password) >= 22  # 128 bits and more
    _nothing_else_is_there(address, app)
    _a_guest_chats(browser, app, address, user, password)
    page.reload()
    expect(page.get_by_text("A demo is shared").first).to_be_visible(timeout=60_000)
    assert password not in page.content()
    page.get_by_role("button", name="Stop sharing").click()
    expect(page.get_by_text("Nothing is shared any more")).to_be_visible(timeout=30_000)
    with pytest.raises(httpx.ConnectError):
        httpx.get(address)


def _nothing_else_is_there(address: str, app: RunningApp) -> None:
    with httpx.Client(base_url=address) as stranger:
        for path in ("/", "/config", "/theme.css", "/gradio_api/heartbeat/x", "/gradio_api/startup-events"):
            assert stranger.get(path).status_code == 401, path
        for path in ("/gradio_api/queue/join", "/gradio_api/cancel", "/gradio_api/run/predict"):
            assert stranger.post(path, json={"data": [], "fn_index": 0}).status_code == 401, path
        assert stranger.get("/", headers={"host": "evil.com"}).status_code == 421
        tried = [stranger.post("/login", data={"user": "guest", "password": f"wrong{n}"}) for n in range(3)]
        assert {answer.status_code for answer in tried} == {401}


def _a_guest_chats(browser: Browser, app: RunningApp, address: str, user: str, password: str) -> None:
    with browser.new_context() as context:
        guest = context.new_page()
        guest.goto(address)
        expect(guest.get_by_label("User")).to_have_value(user)
        for given in ("wrong", password):
            guest.get_by_label("Password").fill(given)
            guest.get_by_role("button", name="Log in").click()
        question = guest.get_by_label("Your message")
        expect(question).to_be_visible(timeout=60_000)
        question.fill("My parcel has not arrived. <script>window.hacked = 1</script>")
        guest.get_by_role("button", name="Send").click()
        expect(guest.locator("#conversation .lf-speed", has_text="token")).to_be_visible(timeout=_LONG)
        assert guest.evaluate("window.hacked") is None
        _a_guest_calls_nothing_else(context.request, app, address, guest)
        # The five attempts of this minute are used up: four wrong ones and this login.
        assert httpx.post(f"{address}/login", data={"user": user, "password": password}).status_code == 429


def _a_guest_calls_nothing_else(guest: APIRequestContext, app: RunningApp, address: str, page: Page) -> None:
    config = guest.get(f"{address}/config").json()
    functions = {one["api_name"]: one["id"] for one in config["dependencies"] if one["backend_fn"]}
    assert sorted(functions) == ["chat", "stop"]
    own = httpx.get(f"{app.address}config", headers=app.headers).json()
    names = {str(function["api_name"]) for function in own["dependencies"] if function["api_name"]}
    assert len(names) > 20
    for name in sorted(names):
        for path in (f"/gradio_api/run/{name}", f"/gradio_api/call/{name}", f"/gradio_api/api/{name}"):
            assert guest.post(f"{address}{path}", data={"data": []}).status == 404, path
    assert guest.post(f"{address}/gradio_api/upload", multipart={"files": "x"}).status == 404
    assert guest.get(f"{address}/gradio_api/file=/etc/passwd").status == 404
    past_the_queue = {"data": ["hello", None], "fn_index": functions["chat"], "session_hash": "x"}
    assert guest.post(f"{address}/gradio_api/run/predict", data=past_the_queue).status == 404
    with page.expect_response(lambda answer: answer.url.endswith("/gradio_api/run/predict")) as stopped:
        page.get_by_role("button", name="Stop answering").click()
    assert stopped.value.status == 200
