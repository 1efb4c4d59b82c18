"""Examples from documents in the terminal: what it takes, writing, looking, resuming, taking in, dropping."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from localft.cli.main import main
from localft.data.versions import newest_version
from localft.store.projects import Project, create_project
from localft.synthesis.writers import KEY_VARIABLE
from tests.fake_writer import KEY, FakeWriter, fake_writer
from tests.job_help import wait_for

pytestmark = pytest.mark.timeout(120)


@pytest.fixture
def project(home: Path) -> Project:
    return create_project("Manual")


@pytest.fixture
def manual(tmp_path: Path) -> Path:
    path = tmp_path / "manual.md"
    things = ["kettle", "lamp", "bicycle", "window", "piano", "garden"]
    text = "# The {0}\n\nClean the {0} every {1} weeks with warm water. Keep the number {2} of the {0} near it always."
    path.write_text("\n\n".join(text.format(one, n + 2, n + 40) for n, one in enumerate(things)), encoding="utf-8")
    return path


def answer(capsys: pytest.CaptureFixture[str], *arguments: str, status: int = 0) -> dict[str, Any]:
    capsys.readouterr()
    assert main(["data", "synthesise", "manual", *arguments, "--json"]) == status
    return json.loads(capsys.readouterr().out)


def order(manual: Path, server: FakeWriter, *more: str) -> list[str]:
    return [str(manual), "--url", server.url, "--model", "writer", "--passage-size", "200", *more]


def test_the_whole_way(
    project: Project, manual: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(KEY_VARIABLE, KEY)
    with fake_writer(key=KEY) as server:
        tried = answer(capsys, *order(manual, server, "--dry-run", "--price-in", "2", "--price-out", "8"))
        assert (tried["estimate"]["passages"], tried["estimate"]["calls"], server.received) == (6, 6, [])
        assert tried["estimate"]["cost"] > 0
        written = answer(capsys, *order(manual, server, "--yes"))
    assert (written["state"], len(written["accepted"]), written["rejected"]) == ("finished", 12, [])
    first = written["accepted"][0]
    source = first["source"]
    assert (first["id"], source["document"], source["place"]) == ("1.1", "manual.md", "section 1: The kettle")
    assert first["answer"] in source["text"]
    assert answer(capsys, "--show")["accepted"] == written["accepted"]
    assert main(["data", "synthesise", "manual", "--show", "--rows", "5", "--page", "3"]) == 0
    shown = capsys.readouterr().out
    assert [one["id"] for one in written["accepted"] if f"  {one['id']} " in shown] == ["6.1", "6.2"]
    taken = answer(capsys, "--take", "--without", "1.1", "--without", "6.2")
    assert (taken["taken"], taken["dataset"]) == (10, newest_version(project).id)
    assert_passages_are_kept(project, capsys)
    assert "taken in already" in answer(capsys, "--take", status=1)["error"]
    assert answer(capsys, "--drop", written["synthesis"])["dropped"] is True
    assert "has no synthesis yet" in answer(capsys, "--show", status=1)["error"]


def assert_passages_are_kept(project: Project, capsys: pytest.CaptureFixture[str]) -> None:
    """Each example has the text of its passage: here, after an edit, and in a file where that is asked for."""

    def run(*arguments: str) -> str:
        capsys.readouterr()
        assert main(["data", *arguments]) == 0
        return capsys.readouterr().out

    begin = "Clean the "
    for one in json.loads(run("show", "manual", "--rows", "100", "--json"))["examples"]:
        passage = one["source_passage"]
        assert one["messages"][-1]["content"] in passage["text"]
        assert (passage["document"], passage["place"]) == ("manual.md", one["source"].removeprefix("manual.md, "))
    version = newest_version(project)
    assert f"\n\n{begin}" not in (project.datasets / version.id / "train.jsonl").read_text(encoding="utf-8")
    assert "  passage: # The " in run("show", "manual", "--rows", "1")
    assert f"\n           {begin}" in run("show", "manual", "--rows", "1", "--passages")
    assert "  passage: # The " in run("show", "manual", "--search", "warm water")
    run("edit", "manual", "--example", "1", "--turn", "2", "--text", "Every few weeks.")
    edited = json.loads(run("show", "manual", "--edited", "--json"))["examples"]
    assert [begin in one["source_passage"]["text"] for one in edited] == [True]
    path = project.folder / "with.jsonl"
    run("export", "manual", str(path), "--passages")
    lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    assert len(lines) == 10 and all(begin in line["source_passage"] for line in lines)


def test_in_words(project: Project, manual: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with fake_writer() as server:
        assert main(["data", "synthesise", "manual", *order(manual, server, "--yes", "--rows", "1")]) == 0
    printed = capsys.readouterr()
    assert "6 passages, of which all will be asked about: at most 18 examples." in printed.out
    assert "Cost: no price was named." in printed.out
    assert "12 examples from 6 passages." in printed.out
    assert "  1.1    What about this: Clean the kettle" in printed.out
    assert "[from manual.md, section 1: The kettle]" in printed.out
    assert "--take" in printed.err
    assert "a judge, which asks the model about each of them, is the surer way. Add --judge for one." in printed.err


def test_nobody_is_asked_without_a_terminal_and_nothing_starts(
    project: Project, manual: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with fake_writer() as server:
        assert "nobody can be asked" in answer(capsys, *order(manual, server), status=1)["error"]
        assert server.received == []
    assert not project.syntheses.exists()


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["manual.md"], "Nobody is named who shall write"),
        (["manual.md", "--url", "http://127.0.0.1:9/v1"], "No model of http://127.0.0.1:9/v1 is named"),
        (["manual.md", "--model", "qwen3"], "This project has no model 'qwen3'"),
        (["manual.md", "--model", "base"], "no run and no base model"),
        (["manual.md", "--model", "tuned"], "no run"),
        (["manual.md", "--model", "gguf"], "no GGUF"),
        (["none.md", "--url", "ollama", "--model", "q"], "There is no file or folder"),
        (["manual.md", "--url", "ollama", "--model", "q", "--most", "0"], "most:"),
        (["--take"], "has no synthesis yet"),
    ],
)
def test_what_cannot_be_done_is_a_sentence(
    arguments: list[str], says: str, project: Project, manual: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    named = [str(manual) if one == "manual.md" else one for one in arguments]
    assert says in answer(capsys, *named, status=1)["error"]


def test_wrong_usage(project: Project, manual: Path) -> None:
    assert main(["data", "synthesise", "manual"]) == 2
    assert main(["data", "synthesise", "manual", str(manual), "--show"]) == 2
    assert main(["data", "synthesise", "manual", str(manual), "--url", "ollama", "--model", "q", "--run", "x"]) == 2


def test_stopped_from_another_terminal_and_resumed(
    project: Project, manual: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with fake_writer(seconds=0.5) as server:
        words = [sys.executable, "-m", "localft", "data", "synthesise", "manual", *order(manual, server, "--yes")]
        process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        wait_for(lambda: server.answered)
        assert main(["stop", "manual"]) == 0
        _, told = process.communicate(timeout=60)
        assert process.returncode == 130, told
        assert "--resume" in told
        assert len(server.answered) < 6
        server.seconds = 0.0
        resumed = answer(capsys, "--resume")
        assert len(server.received) == 6
    assert (resumed["state"], len(resumed["accepted"])) == ("finished", 12)


def test_the_general_resume_goes_on_too(project: Project, manual: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with fake_writer(trouble=lambda number, messages: 401) as server:
        failed = answer(capsys, *order(manual, server, "--yes"), status=1)
        assert "does not accept the key" in failed["error"]
        server.trouble = lambda number, messages: 200
        assert main(["resume", "manual"]) == 0
    assert len(answer(capsys, "--show")["accepted"]) == 12
