"""The run view survives a reload, is the same in a second window, and survives the app itself."""

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from localft import jobs
from localft.jobs import JobState
from tests.browser.walking import go_to, open_app, state_of, tab_of
from tests.running_app import RunningApp, running_app

pytestmark = pytest.mark.timeout(600)
_LONG = 240_000


def long_run(page: Page) -> None:
    """Start a run that would take far longer than the test."""
    page.get_by_label("Name", exact=True).fill("Long")
    page.get_by_role("button", name="Create the project").click()
    expect(state_of(page)).to_contain_text("Long has no examples yet", timeout=30_000)
    page.locator("#samples button").first.click()
    expect(page.get_by_text("Ready to train").first).to_be_visible(timeout=60_000)
    go_to(page, "train")
    expect(page.locator("#start-training")).to_be_enabled(timeout=60_000)
    page.locator(".label-wrap:visible", has_text="All settings").click()
    epochs = page.get_by_label("Epochs", exact=True)
    epochs.fill("90")
    epochs.press("Tab")
    # Two clicks at once start one run.
    page.locator("#start-training").dblclick()
    expect(page.locator("#job")).to_contain_text("left", timeout=_LONG)


def runs(home: Path) -> list[Path]:
    return [folder for folder in (home / "projects" / "long" / "runs").iterdir() if not folder.name.startswith(".")]


def step_of(page: Page) -> int:
    text = page.locator("#job").inner_text()
    return int(text.split("/")[0].split()[-1].replace(",", ""))


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    """A home whose runs end with the test, however it went."""
    folder = tmp_path / "home"
    yield folder
    for run in (folder / "projects").glob("*/runs/*/job.json"):
        jobs.kill(run.parent, grace_seconds=5)


def test_a_run_is_seen_from_everywhere_and_outlives_the_app(browser: Browser, home: Path) -> None:
    with running_app(home) as app, browser.new_context() as context:
        page = context.new_page()
        open_app(page, app)
        long_run(page)
        assert len(runs(home)) == 1
        _reloaded(page)
        _in_a_second_window(context.new_page(), app)
        _from_every_tab(page)
        folder = runs(home)[0]
        assert jobs.read(folder).state is JobState.RUNNING
        app.process.send_signal(signal.SIGKILL)
        app.process.wait()
    assert jobs.read(folder).state is JobState.RUNNING
    with running_app(home) as again, browser.new_context() as context:
        page = context.new_page()
        open_app(page, again, "train")
        expect(page.locator("#job")).to_contain_text("Training", timeout=60_000)
        expect(state_of(page)).to_contain_text("step", timeout=30_000)
        again.process.send_signal(signal.SIGINT)
        again.process.wait(timeout=30)
        assert "Training starter continues; stop it with `localft stop long`." in "".join(again.said)
    with running_app(home) as last, browser.new_context() as context:
        page = context.new_page()
        open_app(page, last, "train")
        _stopped(page, folder)
    assert len(runs(home)) == 1


def _reloaded(page: Page) -> None:
    before = step_of(page)
    page.reload()
    expect(page.locator("#job")).to_contain_text("left", timeout=60_000)
    assert step_of(page) >= before
    expect(state_of(page)).to_contain_text("step")
    expect(page.locator("svg.lf-chart:visible").first).to_be_visible(timeout=60_000)


def _in_a_second_window(page: Page, app: RunningApp) -> None:
    open_app(page, app, "train", "long")
    expect(page.locator("#job")).to_contain_text("left", timeout=60_000)
    expect(state_of(page)).to_contain_text("step", timeout=30_000)
    page.close()


def _from_every_tab(page: Page) -> None:
    for name in ("data", "chat", "settings", "train"):
        go_to(page, name)
        expect(page.locator("#job")).to_be_visible()
        expect(page.locator("#stop-job")).to_be_enabled()
    expect(tab_of(page, "train")).to_have_accessible_name("Train ●")
    assert "Training starter" in page.title()


def _stopped(page: Page, folder: Path) -> None:
    page.locator("#stop-job").click()
    expect(page.get_by_role("button", name="Resume")).to_be_visible(timeout=_LONG)
    assert jobs.read(folder).state is JobState.STOPPED
    expect(page.locator("#job")).to_be_hidden()


def test_closing_the_app_is_said_in_a_sentence(home: Path) -> None:
    with running_app(home) as app:
        said = app.said
    assert "The app is closed." in "".join(said)
    assert "Traceback" not in "".join(said)
