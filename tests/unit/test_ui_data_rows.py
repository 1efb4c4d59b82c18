"""One example in the Data tab: what is shown of it goes together, whatever else changes."""

import json
from pathlib import Path
from typing import Any

import gradio as gr
import pytest

from localft.data.making.dividing import divide_anew
from localft.data.making.importing import import_files
from localft.data.row_ratings import RowRating, rate_example
from localft.data.rows.editing import change_turn, delete_example
from localft.data.versions import load_split, newest_version
from localft.errors import UserError
from localft.store.projects import Project, create_project
from localft.ui.data_rows import Browser, _shown, draw_browser


@pytest.fixture
def project(tmp_path: Path) -> Project:
    rows = [{"prompt": f"Size {n}?", "answer": f"answer {n}"} for n in range(60)]
    file = tmp_path / "sizes.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    made = create_project("Sizes")
    import_files(made, [file])
    return made


@pytest.fixture
def browser() -> Browser:
    with gr.Blocks():
        return draw_browser(gr.State(""))


def follow(browser: Browser, project: Project, shown: dict[Any, Any], opened: str = "") -> dict[Any, Any]:
    """What changes on a page that shows this, after something has changed on disk."""
    stamp = f"{project.slug}/{newest_version(project).id}/0"
    given = shown[browser.split], shown[browser.number], shown[browser.known], opened
    return browser.follow(stamp, *given)


def test_a_rating_of_another_example_changes_nothing_here(project: Project, browser: Browser) -> None:
    shown = browser.show(project.slug, "train", 5, "")
    first = load_split(project, newest_version(project).id, "train")[0]
    rate_example(project, first, RowRating("bad", "of the first"))
    told = follow(browser, project, shown)
    assert not {browser.rating, browser.note} & set(told)
    assert {**shown, **told} == shown


def test_its_own_rating_is_followed_and_what_is_typed_stays(project: Project, browser: Browser) -> None:
    shown = browser.show(project.slug, "train", 5, "")
    fifth = load_split(project, newest_version(project).id, "train")[4]
    rate_example(project, fifth, RowRating("bad", "too curt"))
    told = follow(browser, project, shown)
    assert (told[browser.rating], told[browser.note]) == ("bad", "too curt")
    assert follow(browser, project, {**shown, **told})[browser.known] == told[browser.known]


def test_a_change_of_the_first_example_leaves_another_part_as_it_is(project: Project, browser: Browser) -> None:
    shown = browser.show(project.slug, "validation", 2, "")
    change_turn(project, newest_version(project), "train", 0, 1, "another answer")
    assert {**shown, **follow(browser, project, shown)} == shown


def test_a_person_who_has_gone_on_meanwhile_is_not_taken_back(project: Project, browser: Browser) -> None:
    """A late answer says nothing of the place that the page has had when it asked."""
    shown = browser.show(project.slug, "train", 5, "")
    delete_example(project, newest_version(project), "train", 4)
    assert not {browser.number, browser.split} & set(follow(browser, project, shown))
    assert not {browser.number, browser.split} & set(browser.look(project.slug, "train", 5, ""))
    total = newest_version(project).counts["train"]
    assert browser.look(project.slug, "train", total + 1, "")[browser.number] == total


def test_what_stands_at_the_place_now_is_shown_whole(project: Project, browser: Browser) -> None:
    shown = browser.show(project.slug, "train", 5, "")
    delete_example(project, newest_version(project), "train", 4)
    told = follow(browser, project, shown)
    assert {**shown, **told} == browser.show(project.slug, "train", 5, "")
    assert told[browser.known] != shown[browser.known]


def test_an_opened_test_split_is_sealed_once_more_by_a_new_division(project: Project, browser: Browser) -> None:
    key = f"{project.slug}/{newest_version(project).id}"
    shown = browser.show(project.slug, "test", 2, key)
    assert "answer" in shown[browser.shown]
    divide_anew(project, newest_version(project), seed=1, ratios=(0.7, 0.15, 0.15))
    told = follow(browser, project, shown, key)
    assert ("sealed" in told[browser.shown], told[browser.note]) == (True, "")
    assert browser.split not in told
    assert browser.split not in follow(browser, project, {**shown, **told}, key)


def test_what_is_sealed_is_not_said_to_have_changed(project: Project, browser: Browser) -> None:
    sealed = browser.show(project.slug, "test", 1, "")
    with pytest.raises(UserError, match="The test split is sealed"):
        _shown(project.slug, "test", 1, sealed[browser.known])


def test_another_project_begins_with_its_first_example(project: Project, browser: Browser, tmp_path: Path) -> None:
    other = create_project("Other")
    import_files(other, [tmp_path / "sizes.jsonl"])
    shown = browser.show(project.slug, "validation", 3, "")
    assert follow(browser, other, shown) == browser.show(other.slug, "train", 1, "")


def test_a_project_without_examples_shows_none(browser: Browser, project: Project) -> None:
    shown = browser.show(project.slug, "train", 3, "")
    told = browser.follow("", shown[browser.split], shown[browser.number], shown[browser.known], "")
    assert told[browser.shown] == ""
    first = browser.follow(f"{project.slug}/x/0", "train", 3, None, "")
    assert first[browser.number] == 1
    # Where it is there already, a click on Next meanwhile is not taken back.
    assert not {browser.number, browser.split} & set(browser.follow(f"{project.slug}/x/0", "train", 1, None, ""))
