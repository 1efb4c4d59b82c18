"""A chat becomes a version of the data: the commands of README, what a dry run says, and what the app offers."""

import json
import re
import shlex
from pathlib import Path
from typing import Any

import gradio as gr
import pytest

from localft.assets import asset
from localft.cli.main import main
from localft.data.making.importing import preview_files
from localft.data.shapes.chats import ChatChoice
from localft.data.versions import newest_version
from localft.errors import UserError
from localft.store.projects import create_project, open_project
from localft.ui.data_chats import chosen, draw_chat_area
from localft.ui.views import data as views

ROOT = Path(__file__).resolve().parents[2]
CHAT = asset("chats/whatsapp.txt")


def asked(capsys: pytest.CaptureFixture[str], *words: str) -> dict[str, Any]:
    capsys.readouterr()
    assert main([*words, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def test_the_commands_of_readme_import_a_chat(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    chats = (ROOT / "README.md").read_text(encoding="utf-8").split("### Chats\n")[1].split("\n### ")[0]
    commands = [line for line in chats.splitlines() if line.startswith("localft ")]
    assert len(commands) == 3
    assert re.search("--voice Mira --gap-hours 3 --dry-run$", commands[1])
    for command in commands:
        assert main(shlex.split(command)[1:]) == 0, command
    version = newest_version(open_project("mira"))
    assert (version.total, version.sources[0].voice, version.sources[0].gap_hours) == (15, "Mira", 3)


def test_a_dry_run_lists_the_speakers_and_imports_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    project = create_project("Mira")
    value = asked(capsys, "data", "import", "mira", str(CHAT), "--dry-run")
    assert value["speakers"] == {"Ben": 21, "Mira": 21}
    assert (value["voice"], value["counts"], value["shape"]) == ("", None, "WhatsApp chat")
    assert "--voice NAME" in value["problem"]
    value = asked(capsys, "data", "import", "mira", str(CHAT), "--dry-run", "--voice", "ben", "--gap-hours", "100")
    assert value["voice"] == "Ben"
    assert value["problem"].startswith("There is only 1 usable example")
    assert not list(project.datasets.glob("*"))


def test_the_app_offers_the_speakers_and_the_preview_follows() -> None:
    with gr.Blocks():
        area = draw_chat_area()
    waiting = preview_files([CHAT])
    updates = area.updates(waiting)
    assert updates[area.area]["visible"] is True
    assert updates[area.voice]["choices"] == [("Ben (21 messages)", "Ben"), ("Mira (21 messages)", "Mira")]
    assert updates[area.voice]["value"] is None
    assert "Choose below whose voice is the assistant" in views.preview(waiting)
    read = preview_files([CHAT], chat=chosen("Mira", 3))
    assert area.updates(read)[area.voice]["value"] == "Mira"
    assert "15 examples" in views.preview(read)
    assert set(area.emptied()) == set(area.outputs)
    assert chosen(None, 3) == chosen("", 3) == ChatChoice()
    with pytest.raises(UserError, match="hours of silence are missing"):
        chosen("Mira", None)
