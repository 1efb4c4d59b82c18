"""Pasted text is looked at as a dropped file is; a template follows every key, and says below itself what is wrong."""

import pytest
from playwright.sync_api import Page, expect

from localft.data.versions import newest_version
from localft.store.projects import create_project
from tests.browser.walking import open_app
from tests.running_app import RunningApp

pytestmark = pytest.mark.timeout(300)


def test_pasted_rows_are_put_together_by_templates_and_taken_in(
    page: Page, fresh_app: RunningApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOCALFT_HOME", str(fresh_app.home))
    project = create_project("Words")
    open_app(page, fresh_app, "data", project.slug)
    page.get_by_text("Or paste them").click()
    page.get_by_label("Examples as text").fill("")
    page.locator("#look-at-pasted").click()
    expect(page.get_by_text("There is nothing in the text.")).to_be_visible(timeout=30_000)
    table = "word\tmeaning\n" + "".join(f"word {number}\tmeaning {number} <b>\n" for number in range(12))
    page.get_by_label("Examples as text").fill(table)
    page.locator("#look-at-pasted").click()
    expect(page.get_by_text("pasted.tsv: 0 examples")).to_be_visible(timeout=30_000)
    page.get_by_label("Prompt from a template", exact=True).press_sequentially("What is {werd}?")
    page.get_by_label("Answer from a template", exact=True).press_sequentially("It is {meaning}.")
    expect(page.get_by_text("Did you mean 'word'?")).to_be_visible(timeout=30_000)
    page.get_by_label("Prompt from a template", exact=True).fill("What is {word}?")
    expect(page.locator("#take-in")).to_have_text("Take 12 examples in", timeout=30_000)
    expect(page.get_by_text("What is word 0?")).to_be_visible()
    expect(page.get_by_text("It is meaning 0 <b>.")).to_be_visible()
    page.locator("#take-in").click()
    expect(page.get_by_text("12 examples are in.")).to_be_visible(timeout=30_000)
    expect(page.get_by_label("Examples as text")).to_have_value("")
    assert newest_version(project).sources[0].mapping["prompt_template"] == "What is {word}?"
