"""The golden questions in the Data tab: what the section says, whatever lies on disk."""

import json
from pathlib import Path

import gradio as gr
import pytest

from localft.data.making.golden_set import delete_golden, list_golden
from localft.data.making.importing import import_files
from localft.data.rows.editing import add_golden, delete_example, example_at
from localft.data.versions import newest_version
from localft.store.projects import Project, create_project
from localft.ui.data_checks import Checks
from localft.ui.data_golden import Desk, _stamp
from localft.ui.data_history import _go_back
from localft.ui.views import data_golden as views
from tests.unit.test_data_checking import clean
from tests.unit.test_data_editing import talk, write


@pytest.fixture
def project() -> Project:
    return create_project("Gold")


@pytest.fixture
def desk() -> Desk:
    with gr.Blocks():
        boxes = [gr.Textbox() for _ in range(5)]
        buttons = [gr.Button() for _ in range(2)]
        shown = [gr.HTML() for _ in range(4)]
        stamp, search, question, answer, system = boxes
        return Desk(
            stamp, shown[0], search, shown[1], *buttons, shown[2], gr.State(0), gr.Column(), gr.State(""), question,
            answer, system, shown[3], Checks(),
        )  # fmt: skip


def some(project: Project, count: int) -> None:
    rows = [{"prompt": f"Question {number} <b>?", "answer": f"Answer {number}"} for number in range(count)]
    project.golden.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


def test_none_are_told_with_what_they_are_for(project: Project, desk: Desk) -> None:
    told = desk.look(project.slug, "", 0)
    assert "There are no golden questions yet" in told[desk.amount]
    assert (told[desk.shown], told[desk.undo], told[desk.earlier]["visible"]) == ("", "", False)


def test_many_come_in_pages_and_the_last_page_stays_full(project: Project, desk: Desk) -> None:
    some(project, 23)
    told = desk.look(project.slug, "", 20)
    assert "21 to 23 of 23 golden questions." in told[desk.shown]
    assert "Question 22 &lt;b&gt;?" in told[desk.shown] and "<b>" not in told[desk.shown]
    assert (told[desk.first], told[desk.earlier]["interactive"], told[desk.later]["interactive"]) == (20, True, False)
    delete_golden(project, [one.key for one in list_golden(project)[20:]])
    told = desk.look(project.slug, "", 20)
    assert (told[desk.first], "11 to 20 of 20" in told[desk.shown]) == (10, True)
    assert "3 deleted: Question 20" in told[desk.undo]
    found = desk.look(project.slug, "QUESTION 7", 10)
    assert "1 to 1 of 1 golden question." in found[desk.shown]
    assert "No golden question says that." in desk.look(project.slug, "nothing", 0)[desk.shown]


def test_what_cannot_be_read_is_told_and_can_be_taken_back(project: Project, desk: Desk) -> None:
    add_golden(project, talk("What is golden?", "This."))
    before = _stamp(desk.checks, project)
    with project.golden.open("a", encoding="utf-8") as file:
        file.write('{"prompt": "torn')
    assert _stamp(desk.checks, project) != before
    told = desk.look(project.slug, "", 0)
    assert "Line 2 of " in told[desk.amount] and 'role="alert"' in told[desk.amount]
    assert "written by hand or by another program" in told[desk.undo]


def test_training_examples_that_ask_them_are_told(project: Project, desk: Desk, tmp_path: Path) -> None:
    import_files(project, [write(tmp_path, clean())])
    asked = example_at(project, newest_version(project), "train", 0).prompt[-1].content
    project.golden.write_text(json.dumps({"prompt": asked, "answer": "x"}), encoding="utf-8")
    told = desk.look(project.slug, "", 0)
    assert "1 training example asks nearly what golden questions ask" in told[desk.amount]
    assert "Take it out of training" in told[desk.amount]
    assert "Take them out of training" in views.amount("12 golden questions.", 2)


def test_going_back_says_in_the_app_what_was_left_out(project: Project, tmp_path: Path) -> None:
    first = import_files(project, [write(tmp_path, clean())]).version
    asked = example_at(project, first, "train", 0).prompt[-1].content
    add_golden_after_deleting(project, asked)
    told = "59 examples count now; 1 example left out of training: golden questions are never learned."
    assert told in _go_back(project, "restore", first.id)
    assert told in _go_back(project, "undo", newest_version(project).id)


def add_golden_after_deleting(project: Project, asked: str) -> None:
    delete_example(project, newest_version(project), "train", 0)
    add_golden(project, talk(asked, "Wanted."))
