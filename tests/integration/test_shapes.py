"""Shapes that people keep examples in, on both ways in: the commands of README, and what the app offers."""

import shlex
from pathlib import Path

import gradio as gr
import pytest

from localft.assets import asset
from localft.cli.main import main
from localft.data.making.importing import preview_files
from localft.data.shapes.trees import BRANCHES
from localft.data.versions import SPLITS, load_split, newest_version
from localft.store.projects import open_project
from localft.ui.data_chats import chosen, draw_chat_area
from localft.ui.data_columns import chosen_columns, draw_column_area
from localft.ui.views import data as views

ROOT = Path(__file__).resolve().parents[2]
KITCHEN = asset("trees/kitchen.jsonl")


def commands(heading: str) -> list[str]:
    """The commands below a heading of README."""
    text = (ROOT / "README.md").read_text(encoding="utf-8").split(f"### {heading}\n")[1].split("\n### ")[0]
    return [line for line in text.splitlines() if line.startswith("localft ")]


def test_the_commands_of_readme_import_trees(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    listed = commands("Trees of answers")
    assert len(listed) == 3
    for command in listed:
        assert main(shlex.split(command)[1:]) == 0, command
    version = newest_version(open_project("kitchen"))
    assert (version.total, version.pairs, version.sources[0].branches) == (12, 12, "pairs")


def test_the_commands_of_readme_fill_a_template(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    for command in commands("Tables of your own"):
        assert main(shlex.split(command)[1:]) == 0, command
    project = open_project("phrases")
    version = newest_version(project)
    prompts = {one.prompt[0].content for split in SPLITS for one in load_split(project, version.id, split)}
    assert len(prompts) == version.total == 12
    assert "Into German: See you tomorrow." in prompts


def test_the_app_offers_the_branches_of_trees_and_the_preview_follows(tmp_path: Path) -> None:
    with gr.Blocks():
        area = draw_chat_area()
    assert area.updates(preview_files([KITCHEN]))[area.branches]["visible"] is True
    assert [value for _, value in area.branches.choices] == list(BRANCHES)
    counts = {branches: len(preview_files([KITCHEN], chat=chosen(None, 3, branches)).examples) for branches in BRANCHES}
    assert counts == {"best": 12, "all": 24, "pairs": 12}
    plain = tmp_path / "plain.jsonl"
    plain.write_text('{"prompt": "q", "completion": "an answer"}\n', encoding="utf-8")
    assert area.updates(preview_files([plain]))[area.branches]["visible"] is False


def test_the_app_takes_templates_and_the_preview_follows(tmp_path: Path) -> None:
    with gr.Blocks():
        area = draw_column_area()
    count = len(area.columns)
    given = ["(none)"] * count
    assert chosen_columns(*given, "", None, " ") is None
    assert chosen_columns(*given, "{word}?", "", "") is None, "half of a template is no reason to complain"
    mapping = chosen_columns(*given, "{word}?", "{meaning} <b>", "")
    assert mapping == {"prompt_template": "{word}?", "answer_template": "{meaning} <b>"}
    path = tmp_path / "words.csv"
    path.write_text("word,meaning\nhot,not cold\n,nothing\n", encoding="utf-8")
    read = preview_files([path], mapping)
    shown = str(views.preview(read))
    assert "hot?" in shown
    assert "not cold &lt;b&gt;" in shown
    assert "is empty" in shown
    assert area.updates(read, afresh=False)[area.area] == gr.update(visible=True), "it stays open while one types"
    assert area.updates(read, afresh=True)[area.templates[0]] == ""
