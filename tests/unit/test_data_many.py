"""Many examples lie in a file and are read when they are needed; what is made of them is the same as of a few."""

import json
import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from localft import paths
from localft.data import stored, versions
from localft.data.checks.checking import check_version
from localft.data.checks.stored_rows import StoredRows
from localft.data.examples import Example, Message
from localft.data.making import reading
from localft.data.making.importing import import_files, read_set_aside
from localft.data.making.keeping import keep_golden
from localft.data.making.reading import read_files
from localft.data.scratch import Scratch
from localft.data.splits.asking import Asked, ask
from localft.data.stored import Chain, StoredExamples, chain, line_of, lines_of, select
from localft.data.versions import SPLITS, DatasetVersion, Split, load_split
from localft.data.working import in_order, look_at_all
from localft.errors import UserError
from localft.models.find import find_model
from localft.store.projects import Project, create_project
from tests.model_folders import make_model_folder


@pytest.fixture
def project() -> Project:
    return create_project("Many")


def example(number: int) -> Example:
    texts = f"What is number {number}?", f"It is number {number}, as ever."
    return Example(
        messages=(Message(role="user", content=texts[0]), Message(role="assistant", content=texts[1])), row=number
    )


def store(path: Path, examples: Sequence[Example]) -> StoredExamples:
    path.write_bytes(b"".join(map(line_of, examples)))
    return StoredExamples.of_file(path)


def mixed_rows(count: int) -> list[dict[str, Any]]:
    """Examples of two shapes with duplicates, near-equal prompts, groups, rows that are none and short answers."""
    chooser = random.Random(3)
    rows: list[dict[str, Any]] = []
    for number in range(count):
        row: dict[str, Any] = {"prompt": f"Tell me of the number {number}, please.", "completion": f"Number {number}."}
        way = chooser.randrange(12)
        if way == 0 and rows:
            row = dict(chooser.choice(rows))
        elif way == 1:
            row = {"prompt": f"TELL ME of the number {chooser.randrange(count)} please", "completion": f"No {number}"}
        elif way == 2:
            row["completion"] = "x"
        elif way == 3:
            row["completion"] = ""
        elif way == 4:
            said = [f"Begin with {number % 9}.", "Begun.", f"And then {number}?", f"Then {number}."]
            roles = ("user", "assistant", "user", "assistant")
            turns = zip(roles, said, strict=True)
            row = {"messages": [{"role": role, "content": text} for role, text in turns]}
        elif way == 5:
            row = {"other": "columns"}
        rows.append(row)
    return rows


def write(path: Path, rows: Sequence[dict[str, Any]]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def brief(version: DatasetVersion) -> object:
    return version.sha256, version.counts, version.sources, version.set_aside


def test_stored_examples_are_a_sequence(tmp_path: Path) -> None:
    examples = [example(number) for number in range(50)]
    kept = store(tmp_path / "examples.jsonl", examples)
    assert list(kept) == examples
    assert (len(kept), kept[7], kept[-1], list(kept[10:20:3])) == (50, examples[7], examples[49], examples[10:20:3])
    assert list(kept.select([3, 1, 3])) == [examples[3], examples[1], examples[3]]
    assert list(select(examples, [3, 1])) == [examples[3], examples[1]]
    assert [one for part in kept.parts(500) for one in part] == examples
    assert len(list(kept.parts(500))) > 5
    assert list(StoredExamples.of_file(write(tmp_path / "empty.jsonl", []))) == []
    with pytest.raises(IndexError):
        kept[50]


def test_a_damaged_line_is_named(tmp_path: Path) -> None:
    path = tmp_path / "train.jsonl"
    path.write_bytes(line_of(example(1)) + b"{}\n" + line_of(example(3)))
    with pytest.raises(UserError, match=r"train\.jsonl is damaged: line 2 "):
        list(StoredExamples.of_file(path)[1:])


def test_a_walk_over_the_lines_goes_through_the_file_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = store(tmp_path / "examples.jsonl", [example(number) for number in range(200)])
    opened: list[Path] = []
    open_path = Path.open

    def counting(path: Path, *asked: Any, **more: Any) -> Any:
        opened.append(path)
        return open_path(path, *asked, **more)

    monkeypatch.setattr(Path, "open", counting)
    assert len(list(kept)) == len(list(kept.lines())) == 200
    assert len(opened) == 2


def test_what_is_changed_is_written_so(tmp_path: Path) -> None:
    def louder(one: Example) -> Example:
        return one.model_copy(update={"source": "loud"})

    kept = store(tmp_path / "examples.jsonl", [example(1), example(2)])
    changed = stored.changed(kept, louder)
    assert [one.source for one in changed] == ["loud", "loud"]
    assert isinstance(changed, StoredExamples)
    assert [Example.model_validate_json(line).source for line in changed[1:].lines()] == ["loud"]
    # A later change does not undo an earlier one.
    twice = stored.changed(changed, lambda one: one.model_copy(update={"row": one.row + 1}))
    assert [(one.source, one.row) for one in twice] == [("loud", one.row + 1) for one in kept]


def test_several_processes_see_what_one_sees(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    examples = [example(number % 600) for number in range(900)]
    kept = store(tmp_path / "examples.jsonl", examples)
    told: list[float] = []
    monkeypatch.setattr("localft.data.working._ALONE", 0)
    monkeypatch.setattr("localft.data.working._PART", 20_000)
    asked = look_at_all(Asked, kept, lambda message, done, total, unit: told.append(done))
    alone = ask(examples)
    assert list(asked.short_keys()) == list(alone.short_keys())
    assert asked.texts.words == alone.texts.words
    assert told == sorted(told)
    assert told[-1] == 900


def test_a_fault_in_a_worker_is_told() -> None:
    with pytest.raises(ValueError, match="invalid literal"):
        list(in_order(int, ["1", "2", "three", "4"]))


@pytest.mark.parametrize("system_prompt", [None, "Be exact."])
@pytest.mark.parametrize("has_golden", [False, True])
def test_many_become_the_same_version_as_few(
    tmp_path: Path, project: Project, has_golden: bool, system_prompt: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = write(tmp_path / "rows.jsonl", mixed_rows(900))
    if has_golden:
        question = {"role": "user", "content": "Tell me of the number 5, please!"}
        keep_golden(project, [question, {"role": "assistant", "content": "Five."}])
    few = import_files(project, [file], system_prompt=system_prompt)
    assert isinstance(few.read.examples, list)
    monkeypatch.setattr(reading, "MANY_BYTES", 0)
    other = create_project("Other")
    if has_golden:
        other.golden.write_bytes(project.golden.read_bytes())
    many = import_files(other, [file], system_prompt=system_prompt)
    assert isinstance(many.read.examples, StoredExamples)
    assert brief(many.version) == brief(few.version)
    assert read_set_aside(other, many.version.id) == read_set_aside(project, few.version.id)
    assert (many.read.shape, many.read.reason, many.read.kinds) == (few.read.shape, few.read.reason, few.read.kinds)
    assert [load_split(other, many.version.id, name) for name in SPLITS] == [
        load_split(project, few.version.id, name) for name in SPLITS
    ]


def test_the_scratch_file_goes_with_the_examples(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "MANY_BYTES", 0)
    read = read_files([write(tmp_path / "rows.jsonl", mixed_rows(60))])
    folder = paths.cache_dir() / "reading"
    assert len([one for one in folder.iterdir() if one.is_dir()]) == 1
    del read
    assert not [one for one in folder.iterdir() if one.is_dir()]


def test_what_a_killed_import_has_left_is_removed(tmp_path: Path, project: Project) -> None:
    dead = project.datasets / ".20260101-000000-000000-beef"
    left = paths.cache_dir() / "reading" / "20260101-000000-000000-dead"
    for folder in (dead, left):
        folder.mkdir(parents=True)
        (folder / "train.jsonl").write_text("half", encoding="utf-8")
    living = Scratch()
    import_files(project, [write(tmp_path / "rows.jsonl", mixed_rows(60))])
    assert not dead.exists()
    assert not left.exists()
    assert living.folder.exists()
    living.close()
    assert not living.folder.exists()


def test_many_are_checked_as_few_are(tmp_path: Path, project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = mixed_rows(600)
    rows[7]["completion"] = "As an AI language model, I have no opinion of it."
    rows[9] = {"prompt": "Write to ann.lee@mail.com, please.", "completion": "It was sent, as you wanted."}
    question = {"role": "user", "content": "Tell me of the number 5, please!"}
    version = import_files(project, [write(tmp_path / "rows.jsonl", rows)]).version
    # Chat would keep no question that is learned.
    project.golden.write_text(json.dumps({"messages": [question, {"role": "assistant", "content": "Five."}]}), "utf-8")
    model = find_model(str(make_model_folder(tmp_path / "model")))
    few = check_version(project, version, model, max_length=70)
    told: list[str] = []
    monkeypatch.setattr(versions, "MANY_BYTES", 0)
    monkeypatch.setattr("localft.data.working._ALONE", 0)
    monkeypatch.setattr("localft.data.working._PART", 20_000)
    many = check_version(project, version, model, max_length=70, tell=lambda message, *_: told.append(message))
    assert many == few
    assert len(few.findings) >= 8
    assert list(dict.fromkeys(told)) == [
        "Checking the examples",
        "Measuring the examples",
        "Comparing the examples",
        "Counting what many texts share",
        "Looking for what says nearly the same",
        "Comparing what may say nearly the same",
        "Looking for questions within longer texts",
    ]


def test_stored_rows_are_rows_in_any_part(tmp_path: Path) -> None:
    examples = [example(number) for number in range(30)]
    splits: dict[Split, tuple[int, StoredExamples]] = {
        "train": (0, store(tmp_path / "train.jsonl", examples[:20])),
        "test": (0, store(tmp_path / "test.jsonl", examples[20:])),
    }
    stored_rows = StoredRows(splits)
    everything = list(stored_rows)
    assert [(row.split, row.index) for row in everything[19:22]] == [("train", 19), ("test", 0), ("test", 1)]
    assert [row.example for row in everything] == examples
    assert [stored_rows[position] for position in range(30)] == everything
    assert [row for part in stored_rows.parts(700) for row in part] == everything
    with pytest.raises(IndexError):
        stored_rows[30]


def test_a_chain_is_all_its_parts(tmp_path: Path) -> None:
    examples = [example(number) for number in range(20)]
    kept = store(tmp_path / "examples.jsonl", examples)
    joined = chain(kept[:7], [], [examples[7]], chain(kept[8:12], kept[12:]))
    assert isinstance(joined, Chain)
    assert (len(joined), list(joined), joined[7], joined[-1], joined[6:9]) == (
        20, examples, examples[7], examples[19], examples[6:9]
    )  # fmt: skip
    assert list(lines_of(joined)) == [line_of(one) for one in examples]
    for place in (20, -21):
        with pytest.raises(IndexError):
            joined[place]
    asked, alone = ask(joined), ask(examples)
    assert list(asked.short_keys()) == list(alone.short_keys())
    assert asked.texts.words == alone.texts.words
    assert chain(examples[:3], examples[3:]) == examples
