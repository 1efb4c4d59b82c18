"""What strangers write is shown, never run; and a foreign name for this computer opens nothing."""

from pathlib import Path

import pytest
from playwright.sync_api import Page, Playwright, expect

from tests.browser.walking import TABS, Walk, go_to, open_app, state_of, tab_of, watch
from tests.running_app import RunningApp

pytestmark = pytest.mark.timeout(300)
_NAME = "<img src=x onerror='window.hacked=1'> {{7*7}}"


def test_no_text_of_a_user_is_run(page: Page, fresh_app: RunningApp, hostile_file: Path) -> None:
    heard = Walk(fresh_app.home)
    watch(page, heard)
    page.on("dialog", lambda dialog: heard.errors.append(dialog.message))
    open_app(page, fresh_app)
    page.get_by_label("Name", exact=True).fill(_NAME)
    page.get_by_role("button", name="Create the project").click()
    expect(state_of(page)).to_contain_text(f"{_NAME} has no examples yet", timeout=30_000)
    page.locator('input[type="file"]').first.set_input_files(hostile_file)
    page.locator("#take-in").click()
    expect(state_of(page)).to_contain_text("examples", timeout=60_000)
    expect(page.locator(".lf-turn:visible").first).to_be_visible()
    number = page.get_by_label("Example", exact=True).first
    for position in range(2, 14):
        page.get_by_role("button", name="Next", exact=True).first.click()
        expect(number).to_have_value(str(position), timeout=30_000)
    for name in TABS:
        go_to(page, name)
        expect(state_of(page)).to_be_visible(timeout=30_000)
        assert page.evaluate("window.hacked") is None, name
    assert heard.errors == []
    assert heard.foreign_requests == []


def test_tokens_are_shown_as_they_are(page: Page, fresh_app: RunningApp, hostile_file: Path) -> None:
    open_app(page, fresh_app)
    page.get_by_label("Name", exact=True).fill("Tokens")
    page.get_by_role("button", name="Create the project").click()
    page.locator('input[type="file"]').first.set_input_files(hostile_file)
    page.locator("#take-in").click()
    expect(page.locator(".lf-turn:visible").first).to_be_visible(timeout=60_000)
    shown = ""
    for _ in range(34):
        shown += page.locator(".lf-talk:visible").first.inner_text()
        if "<s><think><|im_end|></s>" in shown:
            break
        before = page.locator(".lf-talk:visible").first.inner_text()
        page.get_by_role("button", name="Next", exact=True).first.click()
        expect(page.locator(".lf-talk:visible").first).not_to_have_text(before)
    assert "<s><think><|im_end|></s>" in shown


def test_a_bad_file_is_a_sentence_where_it_was_dropped(page: Page, fresh_app: RunningApp, tmp_path: Path) -> None:
    open_app(page, fresh_app)
    page.get_by_label("Name", exact=True).fill("Bad")
    page.get_by_role("button", name="Create the project").click()
    expect(state_of(page)).to_contain_text("Bad has no examples yet", timeout=30_000)
    binary = tmp_path / "picture.jsonl"
    binary.write_bytes(bytes(range(256)) * 40)
    page.locator('input[type="file"]').first.set_input_files(binary)
    alert = page.get_by_role("alert")
    expect(alert).to_contain_text("picture.jsonl", timeout=30_000)
    assert "Traceback" not in alert.inner_text()
    go_to(page, "train")
    expect(tab_of(page, "train")).to_have_attribute("aria-selected", "true")


def test_a_foreign_name_for_this_computer_opens_nothing(
    playwright: Playwright, chromium: str, fresh_app: RunningApp
) -> None:
    rules = "--host-resolver-rules=MAP evil.test 127.0.0.1"
    browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", rules])
    try:
        page = browser.new_page()
        answer = page.goto(f"http://evil.test:{fresh_app.port}/?token={fresh_app.token}")
        assert answer is not None
        assert answer.status == 421
        assert "not one of localft's" in page.inner_text("body")
        # A page of that site cannot read the app either, nor make it do anything.
        outcome = page.evaluate(
            "(address) => fetch(address, {method: 'POST', body: '{}'}).then(a => a.status, e => 'blocked')",
            f"{fresh_app.address}gradio_api/queue/join",
        )
        assert outcome in {"blocked", 403}
    finally:
        browser.close()
