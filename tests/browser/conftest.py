"""A real Chromium and the real app.

One walk from an uploaded file to a downloaded GGUF is made, and others look at it.
"""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Playwright, sync_playwright

from localft.assets import asset
from tests.browser.walking import Walk, walk
from tests.running_app import RunningApp, running_app

_ROWS = 120
_EPOCHS = 4


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as playwright:
        yield playwright


@pytest.fixture(scope="session")
def chromium() -> str:
    """The system's own Chromium."""
    for name in ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable"):
        if (found := shutil.which(name)) is not None:
            return found
    pytest.skip("no Chromium on this machine")


@pytest.fixture(scope="session")
def browser(playwright: Playwright, chromium: str) -> Iterator[Browser]:
    browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
    yield browser
    browser.close()


@pytest.fixture(scope="session")
def walked(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Walk:
    """A home in which everything has been done by hand in the browser: file, training, evaluation, chat, export."""
    home = tmp_path_factory.mktemp("walked")
    file = home.parent / "tickets.jsonl"
    rows = asset("samples/support-triage.jsonl").read_text(encoding="utf-8").splitlines()[:_ROWS]
    file.write_text("\n".join(rows) + "\n", encoding="utf-8")
    with running_app(home) as app, browser.new_context(viewport={"width": 1280, "height": 900}) as context:
        return walk(context.new_page(), app, file, _EPOCHS)


@pytest.fixture(scope="session")
def app(walked: Walk) -> Iterator[RunningApp]:
    """The app, started again on what the walk has left."""
    with running_app(walked.home) as app:
        yield app


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    with browser.new_context(viewport={"width": 1280, "height": 900}) as context:
        yield context.new_page()


@pytest.fixture
def fresh_app(tmp_path: Path) -> Iterator[RunningApp]:
    """The app with an empty home."""
    with running_app(tmp_path / "fresh") as app:
        yield app


@pytest.fixture
def hostile_file(tmp_path: Path) -> Path:
    """Examples full of what would run, were it not shown as text."""
    payloads = [
        "<script>window.hacked = 1</script>",
        "<img src=x onerror='window.hacked = 1'>",
        "<svg onload='window.hacked = 1'>",
        "\"><iframe src='javascript:parent.hacked = 1'></iframe>",
        "</textarea><script>window.hacked = 1</script>",
        "{{constructor.constructor('window.hacked = 1')()}}",
        "${window.hacked = 1}",
        "<a href='javascript:window.hacked = 1'>x</a>",
        "<img src='https://evil.test/pixel.png'>",
        "<s><think><|im_end|></s>",
    ]
    rows = [
        {"messages": [{"role": "user", "content": f"{text} {n}"}, {"role": "assistant", "content": f"{text} yes {n}"}]}
        for n in range(4)
        for text in payloads
    ]
    path = tmp_path / "<img src=x onerror=alert(1)>.jsonl"
    path.write_text("\n".join(json.dumps(row) for row in rows), encoding="utf-8")
    return path
