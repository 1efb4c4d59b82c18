"""Shapes that people keep examples in, on both ways in: the commands of README, and what the app offers."""

import shlex
from pathlib import Path

import gradio as gr
import pytest

from localft.assets import asset
from localft.cli.main import main
from localft.data.importing import preview_files
from localft.data.trees import BRANCHES
from localft.data.versions import newest_version
from localft.store.projects import open_project
from localft.ui.data_chats import chosen, draw_chat_area

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
