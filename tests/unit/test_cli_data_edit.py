"""`localft data edit`: every part of an example can be changed, in one version for each call."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import pytest

from localft.cli.main import main
from localft.data.making.importing import import_files
from localft.data.splits.sealing import list_openings
from localft.data.versions import load_split, newest_version
from localft.store.projects import Project, create_project

Told = Callable[..., dict[str, Any]]
ROWS = [
    {"messages": [
        {"role": "user", "content": f"What is number {n}?"}, {"role": "assistant", "content": f"It is {n}."},
        {"role": "user", "content": "Sure?"}, {"role": "assistant", "content": f"Yes, {n}."},
    ]}
    for n in range(40)
]  # fmt: skip


@pytest.fixture
def project(tmp_path: Path) -> Project:
    made = create_project("Edited")
    file = tmp_path / "talks.jsonl"
    file.write_text("\n".join(json.dumps(row) for row in ROWS), encoding="utf-8")
    import_files(made, [file])
    return made


@pytest.fixture
def edit(project: Project, capsys: pytest.CaptureFixture[str]) -> Told:
    """Edit the third example; what it says afterwards, as a file has it."""

    def edited(*arguments: str) -> dict[str, Any]:
        before = newest_version(project).id
        assert main(["data", "edit", project.slug, "--example", "3", *arguments, "--json"]) == 0
        told = json.loads(capsys.readouterr().out)
        assert (told["parent"], told["dataset"]) == (before, newest_version(project).id)
        example = load_split(project, newest_version(project).id, "train")[2]
        assert example.edited
        return example.model_dump(mode="json", exclude_defaults=True)

    return edited


def test_each_part_of_an_example_is_changed(edit: Told) -> None:
    assert edit("--turn", "2", "--weight", "0")["messages"][1]["learn"] is False
    added = edit("--turn", "1", "--add", "before", "--role", "system", "--text", "Be brief.")
    assert added["messages"][0] == {"role": "system", "content": "Be brief."}
    assert edit("--system", "")["messages"] == added["messages"][1:]
    calls = json.dumps([{"type": "function", "function": {"name": "find", "arguments": {}}}])
    assert edit("--turn", "2", "--calls", calls)["messages"][1]["tool_calls"] == json.loads(calls)
    tools = json.dumps([{"type": "function", "function": {"name": "find"}}])
    both = edit("--tools", tools, "--rejected", "Perhaps.")
    assert (both["tools"], both["rejected"]) == (json.loads(tools), "Perhaps.")
    assert "rejected" not in edit("--rejected", "")
    assert [turn["content"] for turn in edit("--drop-turn", "--turn", "3")["messages"]][1:] == [
        added["messages"][2]["content"], added["messages"][4]["content"],
    ]  # fmt: skip
    more = edit("--add", "before", "--text", "And?", "--role", "user")["messages"]
    assert [turn["role"] for turn in more] == ["user", "assistant", "user", "assistant"]
    assert edit("--turn", "1", "--move-to", "3")["messages"][2]["content"] == more[0]["content"]


def test_a_file_of_json_says_all_of_it(
    edit: Told, project: Project, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    said = {"messages": [{"role": "user", "content": "Größe?"}, {"role": "assistant", "content": "Groß."}]}
    file = tmp_path / "said.json"
    file.write_text(json.dumps(said), encoding="utf-8")
    assert edit("--from", str(file))["messages"] == said["messages"]
    file.write_text('{"messages": [{"role": "user", "content": "?"}]}', encoding="utf-8")
    assert main(["data", "edit", project.slug, "--example", "3", "--from", str(file)]) == 1
    assert "fewer than two messages" in capsys.readouterr().err
    file.write_bytes(b"\xff\xfe{")
    assert main(["data", "edit", project.slug, "--example", "3", "--from", str(file)]) == 1
    assert "UTF-8" in capsys.readouterr().err


def test_the_editor_comes_back_with_what_was_typed(edit: Told, monkeypatch: pytest.MonkeyPatch) -> None:
    shown, asked = [], []

    def typed(text: str, **_: Any) -> str:
        shown.append(text)
        good = {"messages": [{"role": "user", "content": "A?"}, {"role": "assistant", "content": "B."}]}
        return "{torn" if len(shown) == 1 else json.dumps(good)

    monkeypatch.setattr(click, "edit", typed)
    monkeypatch.setattr(click, "confirm", lambda question, **_: asked.append(question))
    assert [turn["content"] for turn in edit("--editor")["messages"]] == ["A?", "B."]
    assert json.loads(shown[0])["messages"][0]["role"] == "user"
    assert shown[1] == "{torn"
    assert "not JSON" in asked[0]


@pytest.mark.parametrize("change", [["--editor"], ["--text", "Other."], ["--delete"], ["--drop-turn"], ["--from", "-"]])
def test_a_test_example_stays_sealed(change: list[str], project: Project, capsys: pytest.CaptureFixture[str]) -> None:
    before = newest_version(project)
    assert main(["data", "edit", project.slug, "--split", "test", "--example", "1", *change]) == 1
    said = capsys.readouterr().err
    assert "sealed" in said
    assert "--open-test" in said
    assert newest_version(project) == before
    assert list_openings(project, before) == []


@pytest.mark.parametrize("change", [["--text", "Other."], ["--delete"]])
def test_a_change_of_a_test_example_is_asked_for_and_counted(change: list[str], project: Project) -> None:
    before = newest_version(project)
    assert main(["data", "edit", project.slug, "--split", "test", "--example", "1", "--open-test", *change]) == 0
    assert newest_version(project).parent == before.id
    assert [one.who for one in list_openings(project, before)] == ["browse"]
    assert main(["data", "edit", project.slug, "--split", "test", "--example", "99", "--open-test", *change]) == 1
    assert len(list_openings(project, newest_version(project))) == 1


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("--text", "x", "--delete"),
        ("--add", "after", "--drop-turn"),
        ("--drop-turn", "--text", "x"),
        ("--editor", "--role", "user"),
    ],
)
def test_two_things_at_once_are_none(
    project: Project, arguments: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    before = newest_version(project)
    assert main(["data", "edit", project.slug, "--example", "3", *arguments]) == 2
    assert newest_version(project) == before


def test_what_is_refused_changes_nothing(project: Project, capsys: pytest.CaptureFixture[str]) -> None:
    before = newest_version(project)
    for arguments, says in (
        (("--weight", "0", "--turn", "9"), "The example has 4 turns"),
        (("--role", "user"), "the last message is the user's"),
        (("--text", " "), "message 4 (assistant) is empty"),
        (("--calls", "{"), "the calls of tools in turn 4 are not JSON"),
        (("--role", "assistant"), "Nothing of the example was changed"),
    ):
        assert main(["data", "edit", project.slug, "--example", "3", *arguments]) == 1
        assert says in capsys.readouterr().err
    assert newest_version(project) == before


def test_an_editor_that_is_not_there_is_told(
    project: Project, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("EDITOR", "/no/such/editor")
    monkeypatch.delenv("VISUAL", raising=False)
    assert main(["data", "edit", project.slug, "--example", "1", "--editor"]) == 1
    told = capsys.readouterr().err
    assert "/no/such/editor" in told
    assert "unexpected" not in told


def test_what_was_changed_while_the_editor_was_open_stays(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    def typed(text: str, **_: Any) -> str:
        assert main(["data", "edit", project.slug, "--example", "1", "--delete"]) == 0
        return json.dumps({"messages": [{"role": "user", "content": "A?"}, {"role": "assistant", "content": "B."}]})

    before = newest_version(project)
    monkeypatch.setattr(click, "edit", typed)
    assert main(["data", "edit", project.slug, "--example", "3", "--editor"]) == 0
    now = newest_version(project)
    assert now.counts["train"] == before.counts["train"] - 1
    assert load_split(project, now.id, "train")[1].answer == "B."
