"""A document is dropped, a model writes examples from it, one of them is left out, and the others are taken in."""

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from localft.data.versions import newest_version
from localft.store.projects import create_project
from localft.synthesis.syntheses import open_synthesis
from tests.browser.walking import open_app
from tests.fake_writer import KEY, Messages, fake_writer, passage_of, write_examples
from tests.running_app import RunningApp

pytestmark = pytest.mark.timeout(300)
_SOON = 60_000
_TEXT = (
    "# The {0}\n\nClean the {0} every {1} weeks with warm water. Keep the number {2} of the {0} near it <s>always</s>."
)


def reply(messages: Messages) -> str:
    return "I would rather not." if "piano" in passage_of(messages) else write_examples(messages)


@pytest.fixture
def manual(tmp_path: Path) -> Path:
    path = tmp_path / "manual.md"
    things = ["kettle", "lamp", "bicycle", "window", "piano", "garden"]
    path.write_text("\n\n".join(_TEXT.format(one, n + 2, n + 40) for n, one in enumerate(things)), encoding="utf-8")
    return path


def test_from_a_document_to_examples(
    page: Page, fresh_app: RunningApp, manual: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOCALFT_HOME", str(fresh_app.home))
    project = create_project("Manual")
    with fake_writer(key=KEY, reply=reply) as server:
        open_app(page, fresh_app, "data", project.slug)
        _order(page, manual, server.url)
        expect(page.locator("#synthesis-expected")).to_contain_text("6 passages", timeout=_SOON)
        assert server.received == []
        page.locator("#synthesis-start").click()
        state = page.locator("#synthesis-state")
        expect(state).to_contain_text("10 examples from 6 passages", timeout=_SOON)
        expect(state).to_contain_text("nothing usable was written from 1 passage")
        expect(page.get_by_label("Key to the server")).to_have_value("")
        _decide(page)
    version = newest_version(project)
    assert (version.total, version.sources[0].name) == (10, "manual.md")
    taken = open_synthesis(project).taken
    assert taken is not None
    assert taken.version == version.id
    for path in fresh_app.home.rglob("*"):
        assert not path.is_file() or KEY.encode() not in path.read_bytes(), path


def _order(page: Page, manual: Path, url: str) -> None:
    page.locator(".label-wrap:visible", has_text="Make examples from documents").click()
    fold = page.locator("#synthesis")
    fold.locator("input[type=file]").set_input_files(manual)
    fold.get_by_label("Who writes").click()
    page.get_by_role("option", name="A model behind an OpenAI-compatible address").click()
    fold.get_by_label("Address of the server").fill(url)
    fold.get_by_label("Key to the server").fill(KEY)
    fold.get_by_label("Name of the model").fill("writer")
    fold.locator(".label-wrap:visible", has_text="More choices").click()
    size = fold.get_by_label("Passage size")
    # A field takes what is typed once its fold has opened, which is too quick for a person to notice.
    expect(size).to_have_value("1800")
    page.wait_for_timeout(1_000)
    size.fill("220")
    size.press("Tab")
    page.locator("#synthesis-look").click()


def _decide(page: Page) -> None:
    """Look at a passage, leave an example out and have it back, and take all of them in."""
    examples, take = page.locator("#synthesis-examples"), page.locator("#synthesis-take")
    examples.get_by_text("Its passage: manual.md, section 1: The kettle").first.click()
    expect(examples.get_by_text("<s>always</s>").first).to_be_visible()
    examples.get_by_role("button", name="Leave it out: 1.1").click()
    expect(take).to_have_text("Take 9 examples in", timeout=_SOON)
    examples.get_by_role("button", name="Take it after all: 1.1").click()
    expect(take).to_have_text("Take 10 examples in", timeout=_SOON)
    take.click()
    expect(page.get_by_text("10 examples are in, 10 in all.")).to_be_visible(timeout=_SOON)
    expect(take).to_be_hidden(timeout=_SOON)
    # What is decided lies folded away.
    expect(examples.get_by_text("<s>always</s>").first).to_be_hidden(timeout=_SOON)
