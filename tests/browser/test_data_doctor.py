"""The data doctor in the app: a dirty file, its verdict, repairs and undo, a row by hand, a golden question."""

import json
import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from localft.assets import asset
from localft.cli.main import main
from tests.browser.walking import open_app, state_of
from tests.running_app import RunningApp

pytestmark = pytest.mark.timeout(300)
_SOON = 30_000


@pytest.fixture
def told(fresh_app: RunningApp, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> "Terminal":
    monkeypatch.setenv("LOCALFT_HOME", str(fresh_app.home))
    return Terminal(capsys)


class Terminal:
    """What the command line says of the same project."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys

    def ask(self, *arguments: str) -> dict[str, Any]:
        self._capsys.readouterr()
        assert main(["data", *arguments, "--json"]) == 0
        return json.loads(self._capsys.readouterr().out)

    @property
    def total(self) -> int:
        return sum(self.ask("check", "dirty")["report"]["counts"].values())


def fold(page: Page, name: str) -> None:
    page.locator(".label-wrap:visible", has_text=name).click()


def test_from_a_dirty_file_to_clean_examples(page: Page, fresh_app: RunningApp, told: Terminal) -> None:
    open_app(page, fresh_app)
    page.get_by_label("Name", exact=True).fill("Dirty")
    page.get_by_role("button", name="Create the project").click()
    expect(state_of(page)).to_contain_text("Dirty has no examples yet", timeout=_SOON)
    page.locator('input[type="file"]').first.set_input_files(asset("samples") / "dirty.jsonl")
    page.locator("#take-in").click()
    expect(page.get_by_text("Mend this first").first).to_be_visible(timeout=_SOON)
    taken = told.total
    _repair_and_undo(page, told, taken)
    _change_a_row(page, told, taken)
    _write_a_golden_question(page, told, taken)
    _divide_anew(page, told, taken)
    link = page.get_by_role("link", name="Download as CSV")
    newest = told.ask("versions", "dirty")["versions"][0]["id"]
    expect(link).to_have_attribute("href", re.compile(newest), timeout=_SOON)
    with page.expect_download() as download:
        link.click()
    told.ask("export", "dirty", str(fresh_app.home / "told.csv"))
    assert download.value.path().read_bytes() == (fresh_app.home / "told.csv").read_bytes()


def versions_of(page: Page) -> Any:
    return page.locator("#versions tbody tr")


def _repair_and_undo(page: Page, told: Terminal, taken: int) -> None:
    page.get_by_role("button", name="Repair: near-duplicates").click()
    expect(page.get_by_text(re.compile("^Repaired, near-duplicates: 5 deleted"))).to_be_visible(timeout=_SOON)
    expect(page.get_by_role("button", name="Repair: near-duplicates")).to_have_count(0)
    assert told.total == taken - 5
    page.get_by_role("button", name=re.compile("What changed")).click()
    expect(page.get_by_text("What changed: 5 deleted")).to_be_visible(timeout=_SOON)
    page.get_by_role("button", name=re.compile("^Repair all")).click()
    expect(page.get_by_text(re.compile("^Repaired, mixed formats: 5 deleted"))).to_be_visible(timeout=_SOON)
    expect(versions_of(page)).to_have_count(3)
    for left in (2, 1):
        page.get_by_role("button", name=re.compile("^Undo")).click()
        expect(versions_of(page)).to_have_count(left, timeout=_SOON)
    page.get_by_role("button", name=re.compile("^Redo")).click()
    expect(versions_of(page)).to_have_count(2, timeout=_SOON)
    assert told.total == taken - 5
    page.get_by_role("button", name=re.compile("^Undo")).click()
    expect(versions_of(page)).to_have_count(1, timeout=_SOON)
    assert told.total == taken


def _change_a_row(page: Page, told: Terminal, taken: int) -> None:
    page.get_by_role("button", name="Next", exact=True).click()
    expect(page.get_by_text(re.compile("^2 of "))).to_be_visible(timeout=_SOON)
    page.get_by_role("button", name="Change this example").click()
    answer = page.get_by_label(re.compile("^Text of turn")).last
    expect(answer).not_to_have_value("", timeout=_SOON)
    answer.fill("Written by hand.")
    page.get_by_role("button", name="Save this example").click()
    expect(page.get_by_text("Example 2 of train changed.")).to_be_visible(timeout=_SOON)
    expect(page.locator(".lf-talk:visible")).to_contain_text("Written by hand.", timeout=_SOON)
    shown = told.ask("show", "dirty", "--first", "2", "--rows", "1")["examples"][0]
    assert shown["messages"][-1]["content"] == "Written by hand."
    page.get_by_role("button", name="Delete this example").click()
    expect(page.get_by_text("Example 2 of train deleted.")).to_be_visible(timeout=_SOON)
    assert told.total == taken - 1


def _write_a_golden_question(page: Page, told: Terminal, taken: int) -> None:
    fold(page, "Add an example, or a golden question")
    question, answer = page.get_by_label("Question", exact=True), page.get_by_label("Answer that you want")
    question.fill("What is never learned?")
    answer.fill("This.")
    page.get_by_role("button", name="Keep as golden question").click()
    expect(page.get_by_text("The project has 1 golden question now")).to_be_visible(timeout=_SOON)
    expect(question).to_have_value("")
    question.fill("what is never learned")
    answer.fill("That.")
    page.get_by_role("button", name="Add to the examples").click()
    expect(page.get_by_role("alert")).to_contain_text("golden questions", timeout=_SOON)
    expect(answer).to_have_value("That.")
    question.fill("And this, which is learned?")
    page.get_by_role("button", name="Add to the examples").click()
    expect(page.get_by_text(re.compile("^1 example added to"))).to_be_visible(timeout=_SOON)
    assert told.total == taken


def _divide_anew(page: Page, told: Terminal, taken: int) -> None:
    fold(page, "All settings")
    page.get_by_label("Share to learn from").fill("0.5")
    page.get_by_label("Share to choose the best by").fill("0.25")
    page.locator("#divide").click()
    expect(page.get_by_text(re.compile("^Divided anew by chance: 50/25/25"))).to_be_visible(timeout=_SOON)
    counts = told.ask("check", "dirty")["report"]["counts"]
    assert counts == {"train": taken // 2, "validation": taken // 4, "test": taken // 4}
