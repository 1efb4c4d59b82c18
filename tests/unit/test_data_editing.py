"""Changes by hand: each is a version of its own, and what is never learned stays so."""

import json
from pathlib import Path

import pytest

from localft.data.examples import Example, Message
from localft.data.making.dividing import divide_anew
from localft.data.making.history import undo
from localft.data.making.importing import import_files, read_set_aside
from localft.data.rows.editing import BY_HAND, add_example, add_golden, change_turn, delete_example, example_at
from localft.data.splits.golden import read_golden
from localft.data.versions import SPLITS, DatasetVersion, load_split, newest_version
from localft.errors import UserError
from localft.store.projects import Project, create_project
from tests.unit.test_data_checking import clean


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return create_project("Edited")


@pytest.fixture
def version(project: Project, tmp_path: Path) -> DatasetVersion:
    return import_files(project, [write(tmp_path, clean())]).version


def write(folder: Path, rows: list[dict[str, str]]) -> Path:
    path = folder / "rows.jsonl"
    path.write_text("\n".join(json.dumps(row) for row in rows), encoding="utf-8")
    return path


def talk(question: str, answer: str) -> list[Message]:
    return [Message(role="user", content=question), Message(role="assistant", content=answer)]


def test_a_turn_is_changed_and_the_version_before_stays(project: Project, version: DatasetVersion) -> None:
    before = example_at(project, version, "train", 3)
    changed = change_turn(project, version, "train", 3, 1, "Another answer.")
    assert (changed.parent, changed.note) == (version.id, "example 4 of train changed")
    after = example_at(project, changed, "train", 3)
    assert (after.answer, after.prompt, after.source, after.row) == (
        "Another answer.",
        before.prompt,
        before.source,
        before.row,
    )
    assert example_at(project, version, "train", 3) == before
    assert undo(project, set()) == (version, 0)


@pytest.mark.parametrize(
    ("index", "turn", "content", "says"),
    [
        (999, 0, "x", "no example 1,000 for train"),
        (-1, 0, "x", "no example 0 for train"),
        (0, 2, "x", "has 2 turns"),
        (0, -1, "x", "has 2 turns"),
        (0, 1, "  ", "no example: message 2"),
    ],
)
def test_a_change_that_makes_no_sense(
    index: int, turn: int, content: str, says: str, project: Project, version: DatasetVersion
) -> None:
    with pytest.raises(UserError, match=says):
        change_turn(project, version, "train", index, turn, content)


def test_an_example_is_deleted_but_not_the_last_one(project: Project, version: DatasetVersion) -> None:
    second = example_at(project, version, "test", 1)
    while version.counts["test"] > 1:
        version = delete_example(project, version, "test", 0)
        assert (version.counts["test"] < 2) or example_at(project, version, "test", 0) == second
        second = example_at(project, version, "test", min(1, version.counts["test"] - 1))
    with pytest.raises(UserError, match="only example for test"):
        delete_example(project, version, "test", 0)


def test_an_example_is_added_and_none_moves(project: Project, version: DatasetVersion) -> None:
    added, home = add_example(project, version, talk("Quite another thing?", "Yes."))
    assert added.counts == {**version.counts, home: version.counts[home] + 1}
    assert [source.name for source in added.sources] == ["rows.jsonl", BY_HAND]
    last = load_split(project, added.id, home)[-1]
    assert (last.answer, last.source, last.row) == ("Yes.", BY_HAND, 1)
    again, home = add_example(project, added, talk("And one more?", "Surely."))
    assert load_split(project, again.id, home)[-1].row == 2
    assert len(again.sources) == 2
    with pytest.raises(UserError, match="there already"):
        add_example(project, again, talk("And one more?", "Surely."))


def test_what_asks_what_is_held_out_is_held_out(project: Project, version: DatasetVersion) -> None:
    asked = example_at(project, version, "test", 0).prompt[0].content
    _, home = add_example(project, version, talk(asked.upper(), "Another answer to it."))
    assert home == "test"


def test_a_golden_question_is_never_learned(project: Project, version: DatasetVersion, tmp_path: Path) -> None:
    assert add_golden(project, talk("What is golden here?", "This.")) == 1
    assert [one.answer for one in read_golden(project)] == ["This."]
    with pytest.raises(UserError, match="golden"):
        add_example(project, version, talk("what is GOLDEN here", "That."))
    learned = example_at(project, version, "train", 0)
    with pytest.raises(UserError, match=r"The model learns this question: it stands in rows\.jsonl"):
        add_golden(project, list(learned.messages))
    rows = [*clean(), {"prompt": "What is golden here?!", "completion": "Something."}]
    report = import_files(project, [write(tmp_path, rows)])
    assert report.version.total == 60
    aside = read_set_aside(project, report.version.id)
    assert [(row["row"], row["kind"]) for row in aside] == [(61, "golden question")]
    assert all(
        "golden" not in one.prompt[0].content for name in SPLITS for one in load_split(project, report.version.id, name)
    )


def test_a_question_without_an_answer_is_no_example(project: Project, version: DatasetVersion) -> None:
    with pytest.raises(UserError, match="no example: "):
        add_example(project, version, talk("Well?", " "))
    with pytest.raises(UserError, match="no example: "):
        add_golden(project, talk(" ", "x"))


def test_no_change_makes_an_example_ask_what_measures(project: Project, version: DatasetVersion) -> None:
    add_golden(project, talk("What is golden here, and what is it worth to us?", "This."))
    for split in SPLITS:
        with pytest.raises(UserError, match="golden"):
            change_turn(project, version, split, 0, 0, "what is GOLDEN here and what is it worth to us")
    for held_out in ("validation", "test"):
        asked = example_at(project, version, held_out, 0).prompt[0].content
        with pytest.raises(UserError, match=f"an example for {held_out}"):
            change_turn(project, version, "train", 0, 0, asked.upper())
    learned = example_at(project, version, "train", 1).prompt[0].content
    with pytest.raises(UserError, match="an example for train"):
        change_turn(project, version, "test", 0, 0, learned)
    assert change_turn(project, version, "train", 0, 0, learned).counts == version.counts


@pytest.mark.parametrize("said", [("half a \udcff pair", "This."), ("What is it?", "\ud800")])
def test_half_a_pair_of_utf16_is_no_example(project: Project, version: DatasetVersion, said: tuple[str, str]) -> None:
    with pytest.raises(UserError, match="broken character"):
        add_example(project, version, talk(*said))
    with pytest.raises(UserError, match="broken character"):
        add_golden(project, talk(*said))


def test_a_change_reads_and_writes_the_others_as_they_lie(
    project: Project, version: DatasetVersion, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = []
    real = Example.model_validate_json
    monkeypatch.setattr(Example, "model_validate_json", lambda line: read.append(line) or real(line))
    changed = change_turn(project, version, "train", 3, 1, "Another answer.")
    fewer = delete_example(project, changed, "train", 3)
    assert len(read) <= 4
    monkeypatch.undo()
    before, after = load_split(project, version.id, "train"), load_split(project, changed.id, "train")
    assert [place for place, one in enumerate(after) if one != before[place]] == [3]
    assert load_split(project, fewer.id, "train") == [*before[:3], *before[4:]]
    for name in ("validation", "test"):
        assert load_split(project, fewer.id, name) == load_split(project, version.id, name)


def test_no_change_takes_back_what_others_have_changed_meanwhile(project: Project, version: DatasetVersion) -> None:
    newer = change_turn(project, version, "train", 0, 1, "Changed meanwhile.")
    for change in (
        lambda: change_turn(project, version, "train", 1, 1, "Late."),
        lambda: delete_example(project, version, "train", 1),
        lambda: divide_anew(project, version, 7, version.ratios),
    ):
        with pytest.raises(UserError, match="changed meanwhile"):
            change()
    assert newest_version(project).id == newer.id
    assert not list(project.datasets.glob(".[0-9]*"))
