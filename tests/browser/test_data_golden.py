"""Golden questions in the app: written, changed, deleted, taken back, imported, and taken out of training."""

import json
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from localft.cli.main import main
from localft.data.making.importing import import_files
from localft.store.projects import create_project
from tests.browser.walking import open_app
from tests.running_app import RunningApp
from tests.unit.test_data_checking import clean

pytestmark = pytest.mark.timeout(300)
_SOON = 30_000


@pytest.fixture
def learned(fresh_app: RunningApp, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """What a project named Gold is trained to answer."""
    monkeypatch.setenv("LOCALFT_HOME", str(fresh_app.home))
    project = create_project("Gold")
    file = tmp_path / "rows.jsonl"
    file.write_text("\n".join(json.dumps(row) for row in clean()), encoding="utf-8")
    version = import_files(project, [file]).version
    train = (project.datasets / version.id / "train.jsonl").read_text(encoding="utf-8")
    return json.loads(train.splitlines()[0])["messages"][0]["content"]


def told(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, Any]:
    capsys.readouterr()
    assert main(["data", *arguments, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def asked(capsys: pytest.CaptureFixture[str]) -> list[tuple[str, str]]:
    listed = told(capsys, "golden", "list", "gold")["questions"]
    return [(one["messages"][-2]["content"], one["messages"][-1]["content"]) for one in listed]


def fill(page: Page, question: str, answer: str) -> None:
    page.get_by_label("What the golden question asks").fill(question)
    page.get_by_label("Wanted answer").fill(answer)
    page.get_by_role("button", name="Save the golden question").click()


def test_golden_questions_are_kept_in_the_app(
    page: Page, fresh_app: RunningApp, learned: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    open_app(page, fresh_app, "data", "gold")
    section = page.locator("#golden")
    expect(section).to_contain_text("There are no golden questions yet. 50 to 100", timeout=_SOON)
    page.locator("#write-golden").click()
    fill(page, learned, "Learned.")
    expect(section.get_by_role("alert")).to_contain_text("The model learns this question", timeout=_SOON)
    fill(page, "What is <b>never</b> learned?", "This.")
    expect(section).to_contain_text("Kept. The project has 1 golden question now.", timeout=_SOON)
    rows = page.locator("#golden-questions tbody tr")
    expect(rows).to_have_count(1, timeout=_SOON)
    expect(rows).to_contain_text("What is <b>never</b> learned?")
    expect(page.locator("#golden-form")).to_be_hidden()

    page.get_by_role("button", name="Change: golden question 1").click()
    expect(page.get_by_label("Wanted answer")).to_have_value("This.", timeout=_SOON)
    fill(page, "What is never learned?", "That.")
    expect(section).to_contain_text("Golden question 1 changed.", timeout=_SOON)
    expect(rows).to_contain_text("That.", timeout=_SOON)
    assert asked(capsys) == [("What is never learned?", "That.")]
    page.get_by_role("button", name="Delete: golden question 1").click()
    expect(rows).to_have_count(0, timeout=_SOON)
    page.get_by_role("button", name="Take it back: the last change").dblclick()
    expect(rows).to_have_count(1, timeout=_SOON)
    expect(section).to_contain_text("Taken back: 1 deleted", timeout=_SOON)
    _bring_back(page, capsys)
    _import_what_is_learned(page, learned, tmp_path, capsys)


def _bring_back(page: Page, capsys: pytest.CaptureFixture[str]) -> None:
    page.locator(".label-wrap:visible", has_text="Earlier golden questions").click()
    page.get_by_role("button", name="Bring back: What is <b>never</b> learned?").click()
    expect(page.locator("#golden-questions tbody tr")).to_have_count(2, timeout=_SOON)
    expect(page.locator("#golden-history")).to_contain_text("1 brought back", timeout=_SOON)
    expect(page.get_by_role("button", name="Bring back: What is <b>never</b> learned?")).to_have_count(0)
    assert [answer for _, answer in asked(capsys)] == ["That.", "This."]


def _import_what_is_learned(page: Page, learned: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    table = folder / "questions.csv"
    table.write_text(f'given,wanted\n"{learned.upper()}",x\nSomething else?,y\n', encoding="utf-8")
    page.locator(".label-wrap:visible", has_text="Import golden questions").click()
    page.locator('#golden input[type="file"]').set_input_files(table)
    expect(page.locator("#golden").get_by_text("questions.csv").first).to_be_visible(timeout=_SOON)
    expect(page.locator("#import-golden")).to_be_hidden()
    for field, column in (("Prompt", "given"), ("Answer", "wanted")):
        page.locator("#golden-columns").get_by_label(field, exact=True).click()
        page.get_by_role("option", name=column, exact=True).click()
    expect(page.locator("#golden")).to_contain_text(
        "questions.csv: 2 golden questions, 0 rows set aside", timeout=_SOON
    )
    expect(page.locator("#golden")).to_contain_text("The first one:")
    page.locator("#import-golden").click()
    expect(page.locator("#golden")).to_contain_text("2 golden questions imported.", timeout=_SOON)
    expect(page.locator("#golden-questions tbody tr")).to_have_count(4, timeout=_SOON)
    expect(page.locator("#golden")).to_contain_text("1 training example asks nearly what golden questions ask")
    before = told(capsys, "versions", "gold")["versions"][0]["counts"]["train"]
    page.get_by_role("button", name="Take it out of training").click()
    expect(page.get_by_role("button", name="Take it out of training")).to_have_count(0, timeout=_SOON)
    assert told(capsys, "versions", "gold")["versions"][0]["counts"]["train"] == before - 1
    assert told(capsys, "golden", "list", "gold")["learned"] == 0
    search = page.get_by_label("Search the golden questions")
    search.fill("SOMETHING")
    search.press("Enter")
    expect(page.locator("#golden-questions tbody tr")).to_have_count(1, timeout=_SOON)


def test_more_files_are_added_or_take_the_place_of_what_is_there_as_one_says_before(
    page: Page, fresh_app: RunningApp, learned: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    [test] = fresh_app.home.glob("projects/gold/datasets/*/test.jsonl")
    held_out = json.loads(test.read_text(encoding="utf-8").splitlines()[0])["messages"][0]["content"]
    file = tmp_path / "more.jsonl"
    rows = sorted(clean(80), key=lambda row: row["prompt"] != held_out)
    file.write_text("\n".join(json.dumps(row) for row in rows), encoding="utf-8")
    open_app(page, fresh_app, "data", "gold")
    page.locator('input[type="file"]').first.set_input_files(file)
    take, held = (
        page.locator("#take-in"),
        page.get_by_text("6 examples for test as before: an earlier version measures"),
    )
    expect(take).to_contain_text("Take 20 examples in", timeout=_SOON)
    expect(page.locator("#kept-examples")).to_contain_text("The 60 examples that are there")
    expect(held).to_have_count(0)
    page.get_by_label("Go: these take their place").click()
    expect(held).to_be_visible(timeout=_SOON)
    expect(take).to_contain_text("Take 80 examples in")
    expect(page.get_by_text("The first one:")).to_be_visible()
    expect(page.get_by_text(held_out)).to_have_count(0)
    page.get_by_label("Stay, and these are added").click()
    expect(take).to_contain_text("Take 20 examples in", timeout=_SOON)
    take.click()
    expect(page.get_by_text("20 examples added; there are 80 now.")).to_be_visible(timeout=_SOON)
    expect(page.locator("#kept-examples")).to_have_count(0)
    assert told(capsys, "versions", "gold")["versions"][0]["note"] == "20 examples added from more.jsonl"


def test_an_encoding_that_is_found_wrongly_is_told_by_its_words_and_chosen(page: Page, fresh_app: RunningApp) -> None:
    file = fresh_app.home / "letters.csv"
    said = "Příliš žluťoučký kůň úpěl ďábelské ódy. Řeřicha roste u řeky."
    rows = "".join(f'"Otázka {n}, prosím?","{said} {n}"\n' for n in range(12))
    file.write_bytes(f"prompt,answer\n{rows}".encode("cp1250"))
    open_app(page, fresh_app, "data")
    page.locator('input[type="file"]').first.set_input_files(file)
    expect(page.get_by_text("choose another below, under “Encoding of the text”")).to_be_visible(timeout=_SOON)
    page.locator(".label-wrap:visible", has_text="Encoding of the text").click()
    expect(page.locator("#encoding")).to_contain_text("letters.csv is not UTF-8; it was read as Windows-1250: “")
    page.get_by_label("Read the text as").click()
    page.get_by_role("option", name="KOI8-R", exact=True).click()
    expect(page.get_by_text("letters.csv was read as KOI8-R, as you said.")).to_be_visible(timeout=_SOON)
    expect(page.get_by_text(said.encode("cp1250").decode("koi8-r")[:20]).first).to_be_visible()
