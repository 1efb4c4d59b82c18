"""A dropped chat asks whose voice is the assistant's; the preview and the import follow the choice."""

import pytest
from playwright.sync_api import Page, expect

from localft.assets import asset
from localft.data.versions import newest_version
from localft.store.projects import create_project
from tests.browser.walking import open_app
from tests.running_app import RunningApp

pytestmark = pytest.mark.timeout(300)


def test_a_chat_is_taken_in_with_the_chosen_voice(
    page: Page, fresh_app: RunningApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOCALFT_HOME", str(fresh_app.home))
    project = create_project("Mira")
    open_app(page, fresh_app, "data", project.slug)
    page.locator("input[type=file]").first.set_input_files(asset("chats/whatsapp.txt"))
    expect(page.get_by_text("2 speakers. Choose below whose voice is the assistant's.")).to_be_visible(timeout=30_000)
    expect(page.locator("#take-in")).to_be_hidden()
    page.get_by_label("Whose voice is the assistant's?").click()
    page.get_by_role("option", name="Mira (21 messages)").click()
    expect(page.locator("#take-in")).to_have_text("Take 15 examples in", timeout=30_000)
    hours = page.get_by_label("A new conversation after so many hours")
    hours.fill("48")
    expect(page.locator("#take-in")).not_to_have_text("Take 15 examples in", timeout=30_000)
    hours.fill("3")
    expect(page.locator("#take-in")).to_have_text("Take 15 examples in", timeout=30_000)
    page.locator("#take-in").click()
    expect(page.get_by_text("15 examples are in.")).to_be_visible(timeout=30_000)
    expect(page.get_by_label("Whose voice is the assistant's?")).to_be_hidden()
    assert newest_version(project).sources[0].voice == "Mira"
