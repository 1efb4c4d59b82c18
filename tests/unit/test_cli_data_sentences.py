"""Small ends of the commands about data: each says what is there, and takes nothing that it would not heed."""

import json
from pathlib import Path

import pytest

from localft.cli.main import main
from localft.data.examples import Example, Message
from localft.data.making.importing import import_files
from localft.data.rows.editing import change_turn
from localft.data.splits.sealing import list_openings
from localft.data.versions import newest_version
from localft.errors import UserError
from localft.store.projects import Project, create_project


@pytest.fixture
def project(tmp_path: Path) -> Project:
    made = create_project("Sizes")
    file = tmp_path / "sizes.jsonl"
    lines = [json.dumps({"prompt": f"Size {n}?", "answer": f"answer {n}"}) + "\n" for n in range(60)]
    file.write_text("".join(lines), encoding="utf-8")
    import_files(made, [file])
    return made


def told(capsys: pytest.CaptureFixture[str], *arguments: str, status: int = 0) -> str:
    """All that a command prints."""
    capsys.readouterr()
    assert main(["data", *arguments]) == status
    printed = capsys.readouterr()
    return printed.out + printed.err


@pytest.mark.usefixtures("project")
def test_the_undo_of_the_only_import_says_that_nothing_is_left(capsys: pytest.CaptureFixture[str]) -> None:
    printed = told(capsys, "undo", "sizes")
    assert "; no examples are left." in printed
    assert "localft data import sizes FILE" in printed
    assert "There are no examples yet." in told(capsys, "versions", "sizes")


@pytest.mark.usefixtures("project")
def test_a_rating_taken_back_names_those_that_have_none(capsys: pytest.CaptureFixture[str]) -> None:
    assert "--rated 'not rated'" in told(capsys, "rate", "sizes", "none", "--example", "1")


@pytest.mark.usefixtures("project")
def test_first_is_refused_where_pages_are_turned(capsys: pytest.CaptureFixture[str]) -> None:
    assert "--page" in told(capsys, "show", "sizes", "--search", "answer", "--first", "3", status=2)


def test_opening_the_test_split_shows_it(project: Project, capsys: pytest.CaptureFixture[str]) -> None:
    total = newest_version(project).counts["test"]
    assert f"Example 1 of {total} " in told(capsys, "show", "sizes", "--open-test")
    assert len(list_openings(project, newest_version(project))) == 1


def test_a_file_of_a_version_that_is_gone_is_named(project: Project, capsys: pytest.CaptureFixture[str]) -> None:
    path = project.datasets / newest_version(project).id / "validation.jsonl"
    path.unlink()
    printed = told(capsys, "show", "sizes", "--split", "validation", status=1)
    assert f"{path} is gone" in printed
    assert "spelling" not in printed


@pytest.mark.usefixtures("project")
def test_an_empty_name_of_a_file_is_a_slip(capsys: pytest.CaptureFixture[str]) -> None:
    assert "The name of a file is empty." in told(capsys, "import", "sizes", "", status=2)


def test_one_turn_is_one(project: Project) -> None:
    path = project.datasets / newest_version(project).id / "train.jsonl"
    plain = Example(messages=(Message(role="assistant", content="A text."),), plain="whole")
    first = plain.model_dump_json(exclude_defaults=True)
    path.write_text("\n".join([first, *path.read_text("utf-8").splitlines()[1:]]) + "\n", encoding="utf-8")
    with pytest.raises(UserError, match=r"The example has 1 turn\."):
        change_turn(project, newest_version(project), "train", 0, 1, "another")
