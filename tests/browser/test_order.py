"""Answers reach the browser in any order; what the page shows comes right by itself."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import APIResponse, Page, Route, expect

from localft.data.making.importing import import_files
from localft.store.projects import create_project
from tests.browser.walking import open_app, state_of, tab_of
from tests.running_app import RunningApp

pytestmark = pytest.mark.timeout(300)


def rows(path: Path, count: int) -> Path:
    lines = [json.dumps({"prompt": f"question {n}", "completion": f"answer {n}"}) for n in range(count)]
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def test_an_answer_about_another_project_that_comes_late_does_not_stay(
    page: Page, fresh_app: RunningApp, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOCALFT_HOME", str(fresh_app.home))
    full = create_project("Full")
    create_project("Empty")
    import_files(full, [rows(tmp_path / "a.jsonl", 20)])
    held: list[tuple[Route, APIResponse]] = []
    answered: list[Route] = []

    def hold_first_with_news(route: Route) -> None:
        """Keep back the first answer to the clock that tells of the second import."""
        response = route.fetch()
        if not held and "30 examples are ready" in response.text():
            held.append((route, response))
        else:
            answered.append(route)
            route.fulfill(response=response)

    def wait_until(known: list[Any], count: int) -> None:
        for _ in range(300):
            if len(known) >= count:
                return
            page.wait_for_timeout(200)
        raise AssertionError("the clock does not tick")

    open_app(page, fresh_app, "train", full.slug)
    expect(state_of(page)).to_contain_text("20 examples are ready", timeout=30_000)
    page.route("**/gradio_api/run/**", hold_first_with_news)
    # Until only the clock asks: what opening the page has set off would tell the news as well.
    wait_until(answered, 2)
    import_files(full, [rows(tmp_path / "b.jsonl", 30)])
    wait_until(held, 1)
    before = len(answered)
    page.locator("#project input").click()
    page.get_by_role("option", name="Empty").click()
    page.wait_for_timeout(1_000)
    assert len(answered) == before, "a second answer was under way while the first was awaited"
    route, response = held[0]
    route.fulfill(response=response)
    expect(state_of(page)).to_contain_text("nothing to train on yet", timeout=30_000)
    wait_until(answered, len(answered) + 2)
    expect(state_of(page)).to_contain_text("nothing to train on yet")


@pytest.mark.parametrize("last", ["train", "settings"])
def test_tabs_clicked_before_the_page_knows_its_project_show_that_project(
    page: Page, fresh_app: RunningApp, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, last: str
) -> None:
    monkeypatch.setenv("LOCALFT_HOME", str(fresh_app.home))
    project = create_project("Quick")
    import_files(project, [rows(tmp_path / "a.jsonl", 20)])
    page.goto(f"{fresh_app.link}&tab=train&project={project.slug}")
    for name in ("data", "chat", "evaluate", last):
        tab_of(page, name).click()
    mark = "() => getComputedStyle(document.querySelector('[role=tab][data-tab-id=data]'), '::after').content"
    page.wait_for_function(f"() => ({mark})().includes('20')", timeout=30_000)
    expect(page.locator("[data-title]").first).to_have_attribute("data-title", re.compile("^Quick"))
    expect(tab_of(page, last)).to_have_attribute("aria-selected", "true")
