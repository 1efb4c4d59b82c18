"""Several runs are tried from the Train tab: told before, started once, stopped, gone on with, compared, picked."""

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from localft import jobs
from localft.jobs import JobState
from localft.store.projects import Project
from localft.training.sweeps import open_sweep
from tests.browser.walking import open_app
from tests.running_app import RunningApp
from tests.sample_projects import make_project

pytestmark = pytest.mark.timeout(600)
_LONG = 240_000


def fold(page: Page, name: str) -> None:
    page.locator(".label-wrap:visible", has_text=name).click()


def fill(page: Page, label: str, value: str) -> None:
    # The label of a text has its explanation in it, that of a number has not.
    field = page.get_by_label(label, exact=not label.endswith("to try"))
    field.fill(value)
    field.press("Tab")


def plan_of(page: Page) -> Locator:
    """The sentence on the runs that would be made."""
    return page.locator(".lf-note:visible", has_text="one after the other")


def runs_of(page: Page) -> Locator:
    """The rows of the table that compares them."""
    return page.locator("#sweep tbody tr")


@pytest.fixture
def project(fresh_app: RunningApp, monkeypatch: pytest.MonkeyPatch) -> Project:
    monkeypatch.setenv("LOCALFT_HOME", str(fresh_app.home))
    return make_project()


def test_several_are_tried_and_one_is_used(page: Page, fresh_app: RunningApp, project: Project) -> None:
    open_app(page, fresh_app, "train", project.slug)
    expect(page.locator("#start-training")).to_be_enabled(timeout=60_000)
    expect(page.locator("#sweep")).to_be_hidden()
    _is_told_before(page)
    page.locator("#start-sweep").dblclick()
    expect(runs_of(page)).to_have_count(2, timeout=60_000)
    expect(page.get_by_text("2 runs are queued")).to_be_visible()
    page.get_by_role("button", name="Stop all of them").click()
    go_on = page.get_by_role("button", name="Go on with the rest")
    expect(go_on).to_be_visible(timeout=_LONG)
    assert not jobs.active()
    assert {run.job.state for run in open_sweep(project).runs} == {JobState.STOPPED}
    go_on.click()
    expect(runs_of(page).filter(has_text="finished")).to_have_count(2, timeout=_LONG)
    expect(page.locator("#sweep .lf-badge", has_text="best")).to_have_count(1)
    expect(page.locator("#sweep")).to_contain_text("The smallest validation loss is")
    assert len(list(project.runs.glob("2*"))) == 2, "two clicks at once start one sweep"
    second = runs_of(page).nth(1)
    second.get_by_role("button", name=re.compile("Use this one")).click()
    expect(second).to_contain_text("shown", timeout=30_000)
    expect(runs_of(page).nth(0).get_by_role("button", name=re.compile("Use this one"))).to_be_visible()


def _is_told_before(page: Page) -> None:
    fold(page, "Try several")
    expect(plan_of(page)).to_contain_text("9 runs", timeout=30_000)
    fill(page, "Ranks to try", "4, many")
    expect(page.get_by_text('"many" is not a whole number.')).to_be_visible(timeout=30_000)
    fill(page, "Ranks to try", "4, 8")
    expect(plan_of(page)).to_contain_text("6 runs", timeout=30_000)
    # What is set by hand is not varied: the sentence follows the plan.
    fold(page, "All settings")
    fill(page, "Epochs", "2")
    fill(page, "Learning rate", "0.002")
    expect(plan_of(page)).to_contain_text("2 runs", timeout=30_000)
    expect(plan_of(page)).to_contain_text("rank 4 and 8 with learning rate 0.002;")
