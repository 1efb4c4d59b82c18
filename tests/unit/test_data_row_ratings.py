"""What a person thinks of an example goes along with it: through repairs, changes by hand and another rating."""

import json
from pathlib import Path

import pytest

from localft.cli.main import main
from localft.data.making.history import restore
from localft.data.making.importing import import_files
from localft.data.repairs.repairing import repair_version, try_repair
from localft.data.row_ratings import RowRating, rate_example, rating_of
from localft.data.rows.editing import change_turn, example_at
from localft.data.versions import SPLITS, DatasetVersion, load_split, newest_version
from localft.errors import UserError
from localft.store.projects import Project, create_project
from tests.unit.test_data_checking import clean


@pytest.fixture
def project() -> Project:
    return create_project("Rated")


@pytest.fixture
def version(project: Project, tmp_path: Path) -> DatasetVersion:
    rows = [{**row, "completion": f"{row['completion']} Write to ann.lee@mail.com."} for row in clean()]
    file = tmp_path / "rows.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return import_files(project, [file]).version


def test_a_repair_takes_the_rating_along(project: Project, version: DatasetVersion) -> None:
    rate_example(project, example_at(project, version, "train", 2), RowRating("good", "keep it"))
    repaired = repair_version(project, version, ["e-mail addresses"])
    after = example_at(project, repaired, "train", 2)
    assert "[e-mail address]" in after.answer
    assert rating_of(project, after) == RowRating("good", "keep it")
    assert not rating_of(project, example_at(project, repaired, "train", 3))


def test_what_is_rated_bad_is_deleted_after_another_repair_has_changed_it(
    project: Project, version: DatasetVersion
) -> None:
    bad = example_at(project, version, "train", 2)
    rate_example(project, bad, RowRating("bad"))
    names = ["e-mail addresses", "rated bad"]
    assert try_repair(project, version, names).difference.sentence == "1 deleted, 59 changed"
    repaired = repair_version(project, version, names)
    assert bad.row not in {one.row for name in SPLITS for one in load_split(project, repaired.id, name)}


def test_a_change_by_hand_takes_the_rating_along_unless_the_new_text_has_one(
    project: Project, version: DatasetVersion
) -> None:
    example = example_at(project, version, "train", 2)
    rate_example(project, example, RowRating("good", "keep it"))
    changed = change_turn(project, version, "train", 2, 1, "Another answer.")
    after = example_at(project, changed, "train", 2)
    assert rating_of(project, after) == RowRating("good", "keep it")
    rate_example(project, after, RowRating("bad", "too short"))
    corrected = change_turn(project, changed, "train", 2, 1, "A longer answer than that.")
    assert not rating_of(project, example_at(project, corrected, "train", 2))
    change_turn(project, restore(project, version).version, "train", 2, 1, "Another answer.")
    assert rating_of(project, after) == RowRating("bad", "too short")
    assert rating_of(project, example) == RowRating("good", "keep it")


def test_another_rating_keeps_the_note_and_taking_it_back_does_not(project: Project, version: DatasetVersion) -> None:
    example = example_at(project, version, "train", 1)

    def rate(*arguments: str) -> RowRating:
        assert main(["data", "rate", "rated", *arguments, "--example", "2"]) == 0
        return rating_of(project, example)

    assert rate("bad", "--note", "too curt") == RowRating("bad", "too curt")
    assert rate("good") == RowRating("good", "too curt")
    assert rate("good", "--note", "") == RowRating("good", "")
    assert rate("bad", "--note", "too curt") and not rate("none")


def test_the_worse_answer_does_not_become_the_better_one(project: Project, tmp_path: Path) -> None:
    rows = [{"prompt": row["prompt"], "chosen": row["completion"], "rejected": "No idea."} for row in clean()]
    file = tmp_path / "pairs.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    version = import_files(project, [file]).version
    with pytest.raises(UserError, match="worse answer of this example"):
        change_turn(project, version, "train", 0, 1, "No idea. ")
    assert newest_version(project) == version
