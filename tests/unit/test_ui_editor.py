"""The form of the editor, and the example that it was opened for, found again in what the data has become."""

import json
from html.parser import HTMLParser
from pathlib import Path

import gradio as gr
import pytest

from localft.data.examples import Example, Message
from localft.data.making.dividing import divide_anew
from localft.data.making.history import restore
from localft.data.making.importing import import_files
from localft.data.rows.editing import delete_example, example_at
from localft.data.rows.known import example_key, find_known
from localft.data.versions import newest_version
from localft.errors import UserError
from localft.store.projects import Project, create_project
from localft.ui.data_editor import draw_editor
from localft.ui.views.editor import form

TALK = Example(
    messages=(
        Message(role="user", content="\n</textarea><script>x</script>"),
        Message(role="assistant", content="Yes.", learn=False, tool_calls=({"function": {"name": "<b>"}},)),
        Message(role="assistant", content="No."),
    ),
    rejected="<i>",
)
TEXT = Example(messages=(Message(role="assistant", content="Told."),), plain="whole")


class Fields(HTMLParser):
    """The texts of the text areas, what is checked, which elements there are; without the template for new turns."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.texts: list[str] = []
        self.checked: list[bool] = []
        self.tags: set[str] = set()
        self._inside = self._aside = False
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self._aside = self._aside or tag == "template"
        if tag == "textarea" and not self._aside:
            self._inside = True
            self.texts.append("")
        if dict(attrs).get("type") == "checkbox" and not self._aside:
            self.checked.append("checked" in dict(attrs))

    def handle_endtag(self, tag: str) -> None:
        self._inside = self._inside and tag != "textarea"

    def handle_data(self, data: str) -> None:
        if self._inside:
            self.texts[-1] += data


def test_every_text_is_a_field_and_stays_a_text() -> None:
    found = Fields(str(form(TALK, "p", "train", 4, "k", "0a")))
    # A browser leaves out the line end with which each begins.
    assert all(text.startswith("\n") for text in found.texts)
    shown = [text[1:] for text in found.texts]
    calls = json.dumps([{"function": {"name": "<b>"}}], indent=2)
    assert shown == ["\n</textarea><script>x</script>", "", "Yes.", calls, "No.", "", "<i>", ""]
    assert found.checked == [True, False, True]
    assert not {"script", "i", "b"} & found.tags


def test_plain_text_is_one_field() -> None:
    assert Fields(str(form(TEXT, "p", "train", 0, "k", "0a"))).texts == ["\nTold."]


def test_a_changed_draft_keeps_the_editor() -> None:
    with gr.Blocks():
        editor = draw_editor()
    assert example_key(TALK) in editor.open("p", "train", 0, TALK, "")[editor.form]
    with pytest.raises(UserError, match="not saved yet"):
        editor.open("p", "train", 0, TALK, "yes")


@pytest.fixture
def project(tmp_path: Path) -> Project:
    file = tmp_path / "sizes.jsonl"
    rows = [{"prompt": f"Size {n}?", "answer": f"answer {n}"} for n in range(60)]
    file.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    made = create_project("Sizes")
    import_files(made, [file])
    return made


def test_an_example_is_found_again_wherever_it_has_gone(project: Project) -> None:
    before = newest_version(project)
    seen = example_at(project, before, "train", 5)
    key = example_key(seen)
    assert find_known(project, before, "train", 5, key) == ("train", 5, seen)
    fewer = delete_example(project, before, "train", 0)
    assert find_known(project, fewer, "train", 5, key) == ("train", 4, seen)
    other = divide_anew(project, fewer, 3, (0.2, 0.2, 0.6))
    split, index, found = find_known(project, other, "train", 5, key)
    assert (found, example_at(project, other, split, index)) == (seen, seen)
    gone = delete_example(project, restore(project, fewer).version, "train", 4)
    with pytest.raises(UserError, match="have changed since"):
        find_known(project, gone, "train", 5, key)
