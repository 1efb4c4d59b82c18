"""Working on rows in the app: search, rate, drop the bad ones, divide, open the sealed test split, take it all away."""

import json
import random
import re
from typing import Any

import openpyxl
import pytest
from playwright.sync_api import Locator, Page, expect

from localft.assets import asset
from localft.cli.main import main
from localft.data.examples import Example, Message
from localft.data.making.writing import write_version
from localft.data.rows.editing import delete_example
from localft.data.splits.splitting import DEFAULT_RATIOS
from localft.data.versions import Split
from localft.store.projects import create_project
from tests.browser.walking import open_app
from tests.running_app import RunningApp

pytestmark = pytest.mark.timeout(300)
_SOON = 30_000


@pytest.fixture
def ask(fresh_app: RunningApp, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Any:
    """What the command line says of the same project."""
    monkeypatch.setenv("LOCALFT_HOME", str(fresh_app.home))

    def asked(*arguments: str) -> dict[str, Any]:
        capsys.readouterr()
        assert main(["data", *arguments, "--json"]) == 0
        return json.loads(capsys.readouterr().out)

    assert main(["new", "Dirty"]) == 0
    asked("import", "dirty", str(asset("samples") / "dirty.jsonl"))
    return asked


def told(page: Page) -> Locator:
    """The sentence above the table: how many fit, which page."""
    return page.locator("#examples [role=status]")


def choose(page: Page, label: str, option: str) -> None:
    page.get_by_label(label, exact=True).click()
    page.get_by_role("option", name=option, exact=True).click()


def test_examples_are_found_rated_dropped_divided_and_opened(page: Page, fresh_app: RunningApp, ask: Any) -> None:
    open_app(page, fresh_app, "data", "dirty")
    counts = ask("check", "dirty")["report"]["counts"]
    seen = counts["train"] + counts["validation"]
    expect(told(page)).to_contain_text(f"{seen} examples, page 1", timeout=_SOON)
    expect(told(page)).to_contain_text(f"{counts['test']} test examples sealed")
    _search_and_turn(page, ask, seen)
    _rate_and_drop(page, ask, counts)
    _open_the_test_split(page, ask)
    _take_away(page, ask, fresh_app)


def _search_and_turn(page: Page, ask: Any, seen: int) -> None:
    page.get_by_role("button", name="Next page").click()
    expect(told(page)).to_contain_text("page 2", timeout=_SOON)
    number = page.get_by_label("Page", exact=True)
    expect(number).to_have_value("2", timeout=_SOON)
    number.fill("99")
    number.press("Enter")
    expect(told(page)).to_contain_text(re.compile(r"page (\d+) of \1[;.]"), timeout=_SOON)
    expect(number).not_to_have_value("99", timeout=_SOON)
    search = page.get_by_label("Search", exact=True)
    search.fill("FITNESS band")
    search.press("Enter")
    count = ask("show", "dirty", "--search", "fitness band")["count"]
    assert 0 < count < seen
    expect(told(page)).to_contain_text(re.compile(rf"^{count} examples? fits?, page 1"), timeout=_SOON)
    page.locator("#examples").get_by_role("button", name="Open").first.click()
    expect(page.locator(".lf-talk:visible")).to_contain_text("fitness band", timeout=_SOON)
    search.fill("")
    search.press("Enter")
    expect(told(page)).to_contain_text(f"{seen} examples, page 1", timeout=_SOON)
    choose(page, "Finding", "Near-duplicates")
    count = ask("show", "dirty", "--finding", "near-duplicates")["count"]
    expect(told(page)).to_contain_text(f"{count} example", timeout=_SOON)
    choose(page, "Finding", "Any")
    choose(page, "Order", "Longest first")
    longest = ask("show", "dirty", "--sort", "longest", "--rows", "1")["examples"][0]
    expect(page.locator("#examples tbody tr").first).to_contain_text(f"{longest['length']}", timeout=_SOON)
    choose(page, "Order", "As they lie")
    first = page.locator("#examples tbody tr").first
    expect(first.get_by_role("button", name="Open: train 1", exact=True)).to_be_visible(timeout=_SOON)


def _rate_and_drop(page: Page, ask: Any, counts: dict[str, int]) -> None:
    rows = page.locator("#examples")
    for number in (1, 2):
        rows.get_by_role("button", name=f"Bad: train {number}", exact=True).click()
        expect(rows.locator(".lf-badge", has_text="bad")).to_have_count(number, timeout=_SOON)
    rows.get_by_role("button", name="Good: train 3", exact=True).click()
    expect(page.locator("#examples .lf-badge", has_text="good")).to_have_count(1, timeout=_SOON)
    assert ask("show", "dirty", "--rated", "bad")["count"] == 2
    page.get_by_role("button", name="Repair: rated bad").click()
    expect(page.get_by_text(re.compile("^Repaired, rated bad: 2 deleted"))).to_be_visible(timeout=_SOON)
    assert ask("check", "dirty")["report"]["counts"]["train"] == counts["train"] - 2
    # The good one is the first by now, and still good.
    expect(page.locator("#examples tbody tr").first).to_contain_text("good", timeout=_SOON)
    page.get_by_role("button", name=re.compile("^Undo")).click()
    expect(told(page)).to_contain_text(f"{counts['train'] + counts['validation']} examples", timeout=_SOON)
    assert ask("check", "dirty")["report"]["counts"] == counts


def _open_the_test_split(page: Page, ask: Any) -> None:
    assert ask("show", "dirty")["test_opened"] == 0
    choose(page, "Of which part", "test")
    button = page.locator("#examples").get_by_role("button", name="Open the test split")
    expect(page.locator("#examples")).to_contain_text("it has never been opened", timeout=_SOON)
    expect(page.locator("#examples table")).to_have_count(0)
    # A double click opens it once.
    button.dblclick()
    expect(page.locator("#examples tbody tr")).to_have_count(4, timeout=_SOON)
    expect(page.get_by_text(re.compile("sealed; it has been opened 1 time"))).to_be_visible(timeout=_SOON)
    assert ask("show", "dirty")["test_opened"] == 1


def _take_away(page: Page, ask: Any, app: RunningApp) -> None:
    with page.expect_download() as download:
        page.get_by_role("link", name="Download as a page").click()
    text = download.value.path().read_text("utf-8")
    for finding in ask("check", "dirty")["report"]["findings"]:
        assert finding["meaning"] in text
    assert "The test split has been opened 1 time." in text
    with page.expect_download() as download:
        page.get_by_role("link", name="Download as XLSX").click()
    book = app.home / "all.xlsx"
    book.write_bytes(download.value.path().read_bytes())
    total = sum(ask("check", "dirty")["report"]["counts"].values())
    assert openpyxl.load_workbook(book).active.max_row == total + 1
    assert ask("show", "dirty")["test_opened"] == 2
    assert ask("import", "dirty", str(book))["examples"] == total


def test_many_examples_are_compared_and_written_out_by_jobs(
    page: Page, fresh_app: RunningApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOCALFT_HOME", str(fresh_app.home))
    project, chooser = create_project("Many"), random.Random(3)
    made = [
        Example(
            messages=(
                Message(role="user", content=f"{chooser.random()} {chooser.random()}?"),
                Message(role="assistant", content=f"{chooser.random()}"),
            ),
            source="made",
            row=number,
        )
        for number in range(1, 30_021)
    ]
    parts: dict[Split, list[Example]] = {"train": made[:-20], "validation": made[-20:-10], "test": made[-10:]}
    version = write_version(project, parts, [], [], 42, DEFAULT_RATIOS)
    delete_example(project, version, "train", 0)
    open_app(page, fresh_app, "data", "many")
    # Both count, though the second comes before the first is answered.
    page.get_by_role("button", name="Write as CSV").click()
    page.get_by_role("button", name=re.compile("What changed")).click()
    expect(page.get_by_text("What changed: 1 deleted").first).to_be_visible(timeout=4 * _SOON)
    link = page.get_by_role("link", name="Download as CSV")
    expect(link).to_be_visible(timeout=4 * _SOON)
    with page.expect_download() as download:
        link.click()
    assert len(download.value.path().read_bytes().splitlines()) == 30_020
