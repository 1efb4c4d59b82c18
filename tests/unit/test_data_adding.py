"""More files beside the examples that are there: none of those moves, and what was held out stays held out."""

import json
from pathlib import Path

import pytest

from localft.cli.main import main
from localft.data.making.adding import add_files, is_mended
from localft.data.making.importing import import_files
from localft.data.making.keeping import keep_golden
from localft.data.making.set_aside import list_set_aside
from localft.data.splits.sealing import SEALED_TEXT, list_openings
from localft.data.versions import SPLITS, DatasetVersion, Split, list_versions, load_split
from localft.errors import UserError
from localft.store.projects import Project, create_project


@pytest.fixture
def project() -> Project:
    return create_project("Support bot")


def write(path: Path, first: int, last: int) -> Path:
    rows = [json.dumps({"prompt": f"What is thing {n}?", "completion": f"It is {n * 7}."}) for n in range(first, last)]
    path.write_text("\n".join(rows), encoding="utf-8")
    return path


def asked(project: Project, version: DatasetVersion, split: Split) -> set[str]:
    return {one.prompt[-1].content for one in load_split(project, version.id, split)}


def everything(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("many", [False, True])
def test_no_example_moves_and_copies_are_left_out(
    many: bool, project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if many:
        monkeypatch.setattr("localft.data.making.reading.MANY_BYTES", 0)
        monkeypatch.setattr("localft.data.versions.is_many", lambda project, version_id: True)
    before = import_files(project, [write(tmp_path / "a.jsonl", 0, 100)]).version
    report = add_files(project, before, [write(tmp_path / "b.jsonl", 60, 200)])
    after = report.version
    assert (len(report.read.examples), report.read.kinds) == (100, {"exact duplicate": 40})
    assert (after.total, after.parent, after.note) == (200, before.id, "100 examples added from b.jsonl")
    assert [source.name for source in after.sources] == ["a.jsonl", "b.jsonl"]
    assert after.counts == {"train": 160, "validation": 20, "test": 20}
    for split in SPLITS:
        assert asked(project, before, split) < asked(project, after, split)
    sealed = [row for row in list_set_aside(project, after) if row["text"] == SEALED_TEXT]
    assert len(sealed) == len(asked(project, before, "test") & {f"What is thing {n}?" for n in range(60, 100)})
    assert add_files(project, after, [tmp_path / "b.jsonl"]).version == after
    assert len(list_versions(project).items) == 2


def test_a_copy_of_a_test_example_is_sealed_in_what_is_read(project: Project, tmp_path: Path) -> None:
    before = import_files(project, [write(tmp_path / "a.jsonl", 0, 50)]).version
    aside = add_files(project, before, [write(tmp_path / "b.jsonl", 0, 50)]).read.set_aside
    assert sum(row.text == SEALED_TEXT for row in aside) == before.counts["test"] == 5


def test_what_another_import_holds_out_is_held_out_again(project: Project, tmp_path: Path) -> None:
    first = import_files(project, [write(tmp_path / "a.jsonl", 0, 100)]).version
    other = import_files(project, [write(tmp_path / "b.jsonl", 500, 560)]).version
    report = add_files(project, other, [tmp_path / "a.jsonl"])
    assert asked(project, first, "test") <= asked(project, report.version, "test")
    assert report.read.notes == ["10 examples for test as before: an earlier version measures with them."]
    assert list_openings(project, first) == []


def test_what_is_divided_otherwise_and_comes_to_be_learned_counts_as_an_opening(
    project: Project, tmp_path: Path
) -> None:
    first = import_files(project, [write(tmp_path / "a.jsonl", 0, 100)], seed=7).version
    other = import_files(project, [write(tmp_path / "b.jsonl", 500, 560)]).version
    report = add_files(project, other, [tmp_path / "a.jsonl"])
    learned = asked(project, first, "test") - asked(project, report.version, "test")
    assert learned and any(f"{len(learned)} examples that were held out" in note for note in report.read.notes)
    assert [opening.what for opening in list_openings(project, first)] == [report.version.id]


def test_a_golden_question_is_not_added(project: Project, tmp_path: Path) -> None:
    before = import_files(project, [write(tmp_path / "a.jsonl", 0, 20)]).version
    turns = [{"role": "user", "content": "What is thing 30?"}, {"role": "assistant", "content": "It is 210."}]
    keep_golden(project, turns)
    report = add_files(project, before, [write(tmp_path / "b.jsonl", 29, 32)])
    assert asked(project, report.version, "train").isdisjoint({"What is thing 30?"})
    assert report.read.kinds == {"golden question": 1} and report.version.total == 22


def test_copies_are_known_by_way_of_the_system_prompt_that_is_given_to_them(project: Project, tmp_path: Path) -> None:
    before = import_files(project, [write(tmp_path / "a.jsonl", 0, 20)], system_prompt="Be brief.").version
    report = add_files(project, before, [write(tmp_path / "b.jsonl", 10, 30)], system_prompt="Be brief.")
    assert (report.version.total, report.read.kinds) == (30, {"exact duplicate": 10})
    systems = {one.messages[0].content for name in SPLITS for one in load_split(project, report.version.id, name)}
    assert systems == {"Be brief."}


def test_what_cannot_be_read_leaves_the_project_as_it_was(project: Project, tmp_path: Path) -> None:
    before = import_files(project, [write(tmp_path / "a.jsonl", 0, 20)]).version
    broken = tmp_path / "broken.jsonl"
    broken.write_text("{}\nnothing\n", encoding="utf-8")
    files = everything(project.folder)
    with pytest.raises(UserError, match=r"No row of broken\.jsonl can be used"):
        add_files(project, before, [broken])
    assert everything(project.folder) == files


def test_a_file_that_comes_once_more_is_taken_for_mended(project: Project, tmp_path: Path) -> None:
    version = import_files(project, [write(tmp_path / "a.jsonl", 0, 20)]).version
    assert is_mended(version, [tmp_path / "other" / "a.jsonl", tmp_path / "b.jsonl"])
    assert not is_mended(version, [tmp_path / "b.jsonl"])
    more = add_files(project, version, [write(tmp_path / "b.jsonl", 20, 30)]).version
    assert not is_mended(more, [tmp_path / "b.jsonl"]) and is_mended(more, [tmp_path / "b.jsonl", tmp_path / "a.jsonl"])


def test_the_command_adds_tells_before_and_divides_no_other_way(
    project: Project, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    more = str(write(tmp_path / "b.jsonl", 15, 50))
    command = ["data", "import", project.slug]
    assert main([*command, str(write(tmp_path / "a.jsonl", 0, 20)), "--add"]) == 0
    [version] = list_versions(project).items
    capsys.readouterr()
    assert main([*command, more, "--add", "--dry-run", "--json"]) == 0
    tried = json.loads(capsys.readouterr().out)
    for choice in (["--seed", "7"], ["--split-by", "time"]):
        assert main([*command, more, "--add", *choice]) == 1
        assert "divided as the examples that are there" in capsys.readouterr().err
    assert list_versions(project).items == [version]
    assert main([*command, more, "--add", "--json"]) == 0
    done = json.loads(capsys.readouterr().out)
    assert (done["counts"], done["examples"]) == (tried["counts"], 30)
    assert done["counts"] == {"train": 40, "validation": 5, "test": 5}
    assert main([*command, more, "--add", "--dry-run"]) == 0
    assert "Nothing of it is new" in capsys.readouterr().out


def test_an_import_in_the_place_of_others_says_how_to_keep_them(
    project: Project, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    import_files(project, [write(tmp_path / "a.jsonl", 0, 20)])
    again = import_files(project, [tmp_path / "a.jsonl"], seed=7).read.notes
    assert again and not any("take the place" in note for note in again)
    assert main(["data", "import", project.slug, str(write(tmp_path / "b.jsonl", 30, 60))]) == 0
    said = capsys.readouterr().out
    assert "They take the place of the 20 examples that were there." in said and "--add keeps both" in said
