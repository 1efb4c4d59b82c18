"""What becomes of a click while the one before it is still being answered."""

import json
from pathlib import Path
from typing import Any

import gradio as gr
import pytest

from localft.data.making.golden_history import last_change, list_changes
from localft.data.making.golden_set import delete_golden, list_golden
from localft.data.making.importing import import_files
from localft.data.splits.sealing import list_openings
from localft.data.versions import newest_version
from localft.store.projects import Project, create_project
from localft.ui.app import create_app
from tests.unit.test_data_checking import clean
from tests.unit.test_data_editing import write


@pytest.fixture(scope="module")
def app() -> gr.Blocks:
    return create_app()


@pytest.fixture
def project() -> Project:
    return create_project("Clicks")


def listeners(app: gr.Blocks) -> list[tuple[Any, str, Any]]:
    """The component, the event, and what is called."""
    return [
        (app.blocks[target], event, fn)
        for fn in app.fns.values()
        for target, event in fn.targets
        if target in app.blocks and fn.fn is not None
    ]


def named(app: gr.Blocks, elem_id: str) -> Any:
    return next(fn for one, event, fn in listeners(app) if one.elem_id == elem_id and event == "click").fn


def clicked(action: str, value: str) -> gr.EventData:
    return gr.EventData(None, {"action": action, "value": value})


def said(updates: dict[Any, Any]) -> str:
    return " ".join(value for value in updates.values() if isinstance(value, str))


def test_each_button_of_a_table_counts_while_another_is_being_answered(app: gr.Blocks) -> None:
    tables = [fn.trigger_mode for one, event, fn in listeners(app) if isinstance(one, gr.HTML) and event == "click"]
    assert len(tables) >= 17
    # The form of the editor is sent once.
    assert [mode for mode in tables if mode != "multiple"] == ["once"]


def test_a_field_that_is_set_again_is_answered_again(app: gr.Blocks) -> None:
    fields = {"input", "blur", "expand", "collapse"}
    modes = [fn.trigger_mode for _, event, fn in listeners(app) if event in fields]
    assert len(modes) > 20 and set(modes) == {"always_last"}


def test_a_button_counts_once_unless_it_turns_pages(app: gr.Blocks) -> None:
    buttons = [(one.value, fn) for one, event, fn in listeners(app) if isinstance(one, gr.Button) and event == "click"]
    turning = {"Previous page", "Next page", "Earlier questions", "Later questions"}
    assert {words for words, fn in buttons if fn.trigger_mode != "once"} == turning


def test_the_test_split_is_opened_once_by_two_clicks(app: gr.Blocks, project: Project, tmp_path: Path) -> None:
    import_files(project, [write(tmp_path, clean())])
    act, opening = named(app, "examples"), clicked("open-test", "")
    opened = next(value for value in act(project.slug, "", opening).values() if "/" in str(value))
    act(project.slug, opened, opening)
    assert len(list_openings(project, newest_version(project))) == 1


def test_a_change_of_the_golden_questions_is_taken_back_once_by_two_clicks(app: gr.Blocks, project: Project) -> None:
    rows = [{"prompt": f"Question {number}?", "answer": f"Answer {number}"} for number in range(3)]
    project.golden.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    for one in list_golden(project)[:2]:
        delete_golden(project, [one.key])
    last = last_change(project)
    assert last is not None
    take_back, twice = named(app, "golden-undo"), clicked("undo", last.id)
    assert "Taken back" in said(take_back(project.slug, twice))
    assert "were changed meanwhile" in said(take_back(project.slug, twice))
    assert len(list_golden(project)) == 2 and list_changes(project)[0].undid == last.id
