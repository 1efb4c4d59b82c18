"""The editor of an example: every turn of it, saved as one version, and nothing typed is lost on the way."""

import json
import re
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from localft.data.examples import Example
from localft.data.versions import load_split, newest_version
from localft.store.projects import Project, open_project
from tests.browser.walking import open_app
from tests.running_app import RunningApp

pytestmark = pytest.mark.timeout(300)
_SOON = 30_000
CALL = {"type": "function", "function": {"name": "find", "arguments": {"place": "Kiel"}}}
HOSTILE = "</textarea><script>window.hacked = 1</script>\n\n  <b>x</b>"


@pytest.fixture
def project(fresh_app: RunningApp, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Project:
    from localft.cli.main import main

    monkeypatch.setenv("LOCALFT_HOME", str(fresh_app.home))
    file = tmp_path / "talks.jsonl"
    rows = [
        {"messages": [
            {"role": "user", "content": f"\r\nWhere is parcel {n}?"},
            {"role": "assistant", "content": "", "tool_calls": [CALL]},
            {"role": "tool", "content": HOSTILE},
            {"role": "assistant", "content": f"Number {n} is there."},
        ]}
        for n in range(20)
    ]  # fmt: skip
    file.write_text("\n".join(json.dumps(row) for row in rows), encoding="utf-8")
    assert main(["new", "Talks"]) == 0
    assert main(["data", "import", "talks", str(file)]) == 0
    return open_project("talks")


def first(project: Project) -> Example:
    return load_split(project, newest_version(project).id, "train")[0]


def open_first(page: Page, app: RunningApp) -> None:
    """Open the editor for the first example, once that is shown."""
    open_app(page, app, "data", "talks")
    expect(page.get_by_text(re.compile("^1 of "))).to_be_visible(timeout=_SOON)
    page.get_by_role("button", name="Change this example").click()


def faults(page: Page) -> list[str]:
    """What axe finds serious or critical in the form."""
    found = Axe().run(page, "#editor").response["violations"]
    return [one["id"] for one in found if one["impact"] in {"serious", "critical"}]


def act(page: Page, name: str) -> None:
    page.locator("#editor").get_by_role("button", name=name, exact=True).click()


def test_a_conversation_is_changed_as_a_whole(page: Page, fresh_app: RunningApp, project: Project) -> None:
    before = first(project)
    open_first(page, fresh_app)
    change = page.get_by_role("button", name="Change this example")
    turns = page.locator("#editor [data-turn]")
    expect(turns).to_have_count(4, timeout=_SOON)
    _arrange(page)
    # What makes no example is refused with its reason, and all that was typed stays.
    act(page, "Save this example")
    expect(page.get_by_role("alert")).to_contain_text("the calls of tools in turn 3 are not JSON", timeout=_SOON)
    # Another example can be looked at meanwhile, but not changed.
    page.get_by_role("button", name="Next", exact=True).click()
    expect(page.get_by_text(re.compile("^2 of "))).to_be_visible(timeout=_SOON)
    change.click()
    expect(page.get_by_role("alert")).to_contain_text("not saved yet", timeout=_SOON)
    expect(page.get_by_label("Text of turn 6")).to_have_value("And the other one?")
    page.get_by_label("Calls of tools in turn 3").fill('[{"type": "function", "function": {"name": "look"}}]')
    act(page, "Delete turn 6")
    act(page, "Bring the deleted turn back")
    expect(page.get_by_label("Text of turn 6")).to_have_value("And the other one?")
    assert faults(page) == []
    act(page, "Delete turn 6")
    act(page, "Save this example")
    expect(page.get_by_text("Example 1 of train changed.")).to_be_visible(timeout=_SOON)
    expect(turns).to_have_count(0)
    after = first(project)
    assert [turn.role for turn in after.messages] == ["system", "user", "assistant", "tool", "assistant"]
    assert (after.messages[1], after.messages[3]) == (before.messages[0], before.messages[2])
    assert after.messages[2].tool_calls == ({"type": "function", "function": {"name": "look"}},)
    assert (after.messages[2].learn, after.messages[0].content) == (False, "Be brief.")
    assert (after.rejected, after.answer, after.edited) == ("It is lost.", before.answer, True)
    assert page.evaluate("window.hacked") is None


def _arrange(page: Page) -> None:
    """A system prompt, a turn moved there and back, an answer not learned, calls that are no JSON, a worse answer."""
    act(page, "Add a system prompt")
    page.keyboard.type("Be brief.")
    page.get_by_label("Text of turn 5").focus()
    act(page, "Add a turn after turn 5")
    page.keyboard.type("And the other one?")
    expect(page.get_by_label("Who says turn 6")).to_have_value("user")
    act(page, "Move turn 6 up")
    expect(page.get_by_label("Text of turn 5")).to_have_value("And the other one?")
    act(page, "Move turn 5 down")
    page.locator("#editor [data-turn]").nth(2).get_by_label("Learned").uncheck()
    page.get_by_label("Calls of tools in turn 3").fill("[{")
    act(page, "Add a worse answer")
    page.keyboard.type("It is lost.")


def test_what_is_discarded_changes_nothing(page: Page, fresh_app: RunningApp, project: Project) -> None:
    version = newest_version(project)
    open_first(page, fresh_app)
    text = page.get_by_label("Text of turn 4")
    expect(text).not_to_have_value("", timeout=_SOON)
    said = text.input_value()
    text.fill("Something else.")
    act(page, "Discard the changes")
    expect(text).to_have_count(0, timeout=_SOON)
    page.get_by_role("button", name="Change this example").click()
    expect(text).to_have_value(said, timeout=_SOON)
    act(page, "Save this example")
    expect(page.get_by_role("alert")).to_contain_text("Nothing of the example was changed", timeout=_SOON)
    assert newest_version(project) == version
