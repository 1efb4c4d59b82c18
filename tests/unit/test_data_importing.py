"""From files to an immutable version; a failed import leaves the project as it was."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from localft.cli.main import main
from localft.data.making.importing import import_files, preview_files, read_set_aside, told_before
from localft.data.splits.splitting import DEFAULT_RATIOS
from localft.data.versions import SPLITS, Split, list_versions, load_split, newest_version, open_version
from localft.errors import UserError
from localft.store.projects import Project, create_project


@pytest.fixture
def project() -> Project:
    return create_project("Support bot")


def write(path: Path, count: int, *more: str) -> Path:
    rows = [json.dumps({"prompt": f"question {number}", "completion": f"answer {number}"}) for number in range(count)]
    path.write_text("\n".join([*rows, *more]), encoding="utf-8")
    return path


def everything(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_an_import_makes_a_version_with_three_splits(project: Project, tmp_path: Path) -> None:
    report = import_files(project, [write(tmp_path / "a.jsonl", 20, "broken")], system_prompt="Be brief.", seed=7)
    version = report.version
    assert version.counts == {"train": 16, "validation": 2, "test": 2}
    assert (version.total, version.set_aside, version.seed) == (20, 1, 7)
    assert version.sources[0].name == "a.jsonl"
    assert version.sources[0].bytes == (tmp_path / "a.jsonl").stat().st_size
    assert newest_version(project) == open_version(project, version.id) == version
    examples = [one for name in SPLITS for one in load_split(project, version.id, name)]
    assert len(examples) == 20
    assert all(one.messages[0].content == "Be brief." for one in examples)
    assert {one.row for one in examples} == set(range(1, 21))
    assert [(row["row"], row["kind"]) for row in read_set_aside(project, version.id)] == [(21, "not JSON")]


def test_a_system_text_of_the_data_is_kept(project: Project, tmp_path: Path) -> None:
    rows = [json.dumps({"system": "own", "prompt": f"q {n}", "completion": f"answer {n}"}) for n in range(10)]
    path = tmp_path / "a.jsonl"
    path.write_text("\n".join(rows), encoding="utf-8")
    version = import_files(project, [path], system_prompt="other").version
    assert load_split(project, version.id, "train")[0].messages[0].content == "own"


def test_equal_imports_give_equal_contents_and_no_second_version(project: Project, tmp_path: Path) -> None:
    path = write(tmp_path / "a.jsonl", 30)
    first = import_files(project, [path]).version
    assert import_files(project, [path]).version == first
    assert len(list_versions(project).items) == 1
    other = import_files(create_project("Another"), [path]).version
    assert (other.sha256, other.id) != (first.sha256, first.id)
    assert other.sha256 == first.sha256
    reseeded = import_files(project, [path], seed=1).version
    assert [version.id for version in list_versions(project).items] == [reseeded.id, first.id]


def test_texts_of_every_kind_survive(project: Project, tmp_path: Path) -> None:
    text = 'ü🙂\u2028\u0000\t"quoted" \\ </think> {{ jinja }}'
    rows = [json.dumps({"prompt": f"{text} {number}", "completion": text}) for number in range(10)]
    path = tmp_path / "a.jsonl"
    path.write_text("\n".join(rows), encoding="utf-8")
    version = import_files(project, [path]).version
    assert {one.answer for name in SPLITS for one in load_split(project, version.id, name)} == {text}


@pytest.mark.parametrize("count", [1, 3])
def test_too_few_rows_are_a_sentence_and_the_project_is_as_it_was(project: Project, tmp_path: Path, count: int) -> None:
    before = everything(project.folder)
    with pytest.raises(UserError, match=f"only {count} usable example.*at least 10"):
        import_files(project, [write(tmp_path / "a.jsonl", count)])
    with pytest.raises(UserError):
        import_files(project, [tmp_path / "missing.jsonl"])
    assert everything(project.folder) == before
    assert list_versions(project).items == []


def test_too_few_rows_say_why_the_others_cannot_be_used(project: Project, tmp_path: Path) -> None:
    path = write(tmp_path / "a.jsonl", 3, *["broken"] * 20, '{"prompt": "question 1", "completion": "answer 1"}')
    with pytest.raises(UserError, match="only 3 usable examples") as caught:
        import_files(project, [path])
    assert caught.value.hint == (
        "21 more cannot be used: 20 x not JSON (first in row 4: Expecting value at column 1); "
        "1 x exact duplicate (first in row 24: an exact duplicate of row 2)."
    )


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), KeyboardInterrupt()])
def test_an_import_that_dies_half_way_leaves_no_version(
    error: BaseException, project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from localft.store import files

    def full(path: Path, value: object) -> None:
        assert (path.parent / "test.jsonl").exists()
        raise error

    monkeypatch.setattr(files, "write_json", full)
    with pytest.raises(type(error)):
        import_files(project, [write(tmp_path / "a.jsonl", 20)])
    monkeypatch.undo()
    listing = list_versions(project)
    assert (listing.items, listing.broken) == ([], [])
    assert list(project.datasets.iterdir()) == []


@pytest.mark.parametrize("version_id", ["nope", "", ".", "..", "../../x", "a/../b"])
def test_a_version_that_is_not_there(project: Project, version_id: str) -> None:
    with pytest.raises(UserError, match="has no version"):
        open_version(project, version_id)


def test_a_version_that_someone_changed_is_named_with_its_line(project: Project, tmp_path: Path) -> None:
    version = import_files(project, [write(tmp_path / "a.jsonl", 20)]).version
    file = project.datasets / version.id / "train.jsonl"
    lines = file.read_text(encoding="utf-8").splitlines()
    for changed in ("{", '{"messages": 7}', "\u00ff"):
        file.write_text("\n".join([lines[0], changed, *lines[2:]]), encoding="latin-1")
        with pytest.raises(UserError, match=r"train\.jsonl is damaged: line 2"):
            load_split(project, version.id, "train")


def test_a_preview_knows_the_golden_questions_of_a_project(project: Project, tmp_path: Path) -> None:
    path = write(tmp_path / "a.jsonl", 20)
    line = path.read_text(encoding="utf-8").splitlines()[3]
    project.golden.write_text(line + "\n", encoding="utf-8")
    assert len(preview_files([path]).examples) == 20
    seen = preview_files([path], project=project)
    assert (len(seen.examples), list(seen.kinds)) == (19, ["golden question"])
    assert import_files(project, [path]).version.total == 19


def test_a_preview_imports_nothing(project: Project, tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text('{"frage": "q", "antwort": "an answer"}\n' * 2, encoding="utf-8")
    assert preview_files([path]).columns == ["frage", "antwort"]
    assert len(preview_files([path], {"prompt": "frage", "answer": "antwort"}).examples) == 1
    assert list_versions(project).items == []


@pytest.mark.parametrize("labels", [("answer",), ("yes", "no")])
def test_what_was_held_out_for_test_is_held_out_in_later_imports(
    project: Project, tmp_path: Path, labels: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    def rows(first: int, last: int) -> list[str]:
        said = [(f"What is thing {number}?", labels[number % len(labels)]) for number in range(first, last)]
        return [json.dumps({"prompt": question, "completion": answer}) for question, answer in said]

    def asked(version_id: str, split: Split) -> set[str]:
        return {one.prompt[-1].content for one in load_split(project, version_id, split)}

    path = tmp_path / "a.jsonl"
    path.write_text("\n".join(rows(0, 200)), encoding="utf-8")
    first = import_files(project, [path]).version
    path.write_text("\n".join(rows(500, 560)), encoding="utf-8")
    import_files(project, [path])
    path.write_text("\n".join(rows(0, 237)), encoding="utf-8")
    assert main(["data", "import", project.slug, str(path), "--dry-run", "--json"]) == 0
    tried = json.loads(capsys.readouterr().out)
    read = preview_files([path], project=project)
    told = told_before(project, read, 42, DEFAULT_RATIOS)
    report = import_files(project, [path])
    replaced, *notes = report.read.notes
    assert (tried["counts"], tried["notes"][1:], told) == (report.version.counts, notes, notes)
    assert replaced.startswith("They take the place of the 60 examples that were there.")
    assert told_before(project, read, 7, DEFAULT_RATIOS) == []
    many = replace(read, examples=list(read.examples) * 50)
    assert told_before(project, many, 42, DEFAULT_RATIOS)[0].startswith("How many of them an earlier version")
    later = report.version
    assert notes == ["20 examples for test as before: an earlier version measures with them."]
    assert asked(first.id, "test") < asked(later.id, "test")
    assert later.counts == {"train": 189, "validation": 24, "test": 24}
    assert import_files(project, [path]).version == later
    other = import_files(project, [path], seed=7).version
    assert not asked(first.id, "test") <= asked(other.id, "test")


def test_a_dry_run_shows_the_first_examples_but_none_of_the_test_split(
    project: Project, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write(tmp_path / "a.jsonl", 30)
    command = ["data", "import", project.slug, str(path), "--system", "Be kind.", "--dry-run"]
    assert main(command) == 0
    printed = capsys.readouterr().out
    assert main([*command, "--json"]) == 0
    first = json.loads(capsys.readouterr().out)["first"]
    version = import_files(project, [path], system_prompt="Be kind.").version
    held = {one.row for one in load_split(project, version.id, "test")}
    assert [one["row"] for one in first] == [row for row in range(1, 31) if row not in held][:3]
    assert first[0]["messages"][0]["content"] == "Be kind."
    assert f"   system: Be kind.\n     user: {first[0]['messages'][1]['content']}\nassistant: answer" in printed


@pytest.mark.parametrize("more", [[], ["--seed", "5"]])
@pytest.mark.parametrize("count", [5, 30])
def test_a_dry_run_shows_nothing_that_an_earlier_version_tests_with(
    count: int, more: list[str], project: Project, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    version = import_files(project, [write(tmp_path / "a.jsonl", 60)]).version
    held = load_split(project, version.id, "test")
    rows = [*held, *load_split(project, version.id, "train")][:count]
    lines = [json.dumps({"prompt": one.prompt[-1].content, "answer": one.answer}) for one in rows]
    (tmp_path / "b.jsonl").write_text("\n".join(lines), encoding="utf-8")
    assert main(["data", "import", project.slug, str(tmp_path / "b.jsonl"), "--dry-run", "--json", *more]) == 0
    first = json.loads(capsys.readouterr().out)["first"]
    assert len(first) == (0 if count == 5 else 3)
    assert not {one["messages"][-1]["content"] for one in first} & {one.answer for one in held}


def test_what_is_not_in_the_part_that_its_column_says_is_told(project: Project, tmp_path: Path) -> None:
    rows = [
        {"prompt": f"question {n}", "answer": f"{n}.", "part": ["train", "test", "validation"][n % 3]}
        for n in range(30)
    ]
    mapping = {"prompt": "prompt", "answer": "answer", "split": "part"}
    path = tmp_path / "a.jsonl"
    for twice in (0, 1):
        rows += [{"prompt": "QUESTION 28!", "answer": "Another.", "part": "train"}] * twice
        path.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
        notes = import_files(project, [path], mapping, division="column").read.notes
        told = [note for note in notes if "not in the part that the column says" in note]
        assert [note.partition(" not")[0] for note in told] == ["1 example is"] * twice


def test_a_dry_run_of_too_few_shows_them_and_of_a_long_one_the_beginning(
    project: Project, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "a.jsonl"
    long = "\n".join(f"line {number}" for number in range(40))
    path.write_text(json.dumps({"prompt": "Tell me all of it.", "answer": long}), encoding="utf-8")
    assert main(["data", "import", project.slug, str(path), "--dry-run"]) == 0
    printed = capsys.readouterr().out
    assert "It could not be imported." in printed
    assert ("line 10" in printed, "line 11" in printed, "and 29 lines more" in printed) == (True, False, True)


def test_what_would_leave_nothing_to_learn_is_a_sentence(project: Project, tmp_path: Path) -> None:
    first = import_files(project, [write(tmp_path / "a.jsonl", 200)]).version
    rows = [
        json.dumps({"prompt": one.prompt[-1].content, "completion": "x y"})
        for one in load_split(project, first.id, "test")
    ]
    (tmp_path / "b.jsonl").write_text("\n".join(rows), encoding="utf-8")
    with pytest.raises(UserError, match="held out for test already"):
        import_files(project, [tmp_path / "b.jsonl"])


def test_a_row_with_tools_that_are_nested_too_deeply_is_set_aside(project: Project, tmp_path: Path) -> None:
    asked = {"messages": [{"role": "user", "content": "Which?"}, {"role": "assistant", "content": "That one."}]}
    deep = json.dumps({**asked, "tools": [{"a": 0}]}).replace("0", "[" * 260 + "]" * 260)
    version = import_files(project, [write(tmp_path / "a.jsonl", 20, deep)]).version
    assert version.total == 20
    assert [(row["row"], row["reason"]) for row in read_set_aside(project, version.id)] == [(21, "nested too deeply")]
