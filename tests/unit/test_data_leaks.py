"""What is asked in two parts of the data: it is told, refused by hand, and mended without opening the test part."""

from pathlib import Path

import pytest

from localft.cli.main import main
from localft.data.checks.checking import check_version
from localft.data.checks.finding import Finding
from localft.data.examples import Example
from localft.data.making.dividing import divide_anew
from localft.data.making.importing import import_files
from localft.data.making.writing import write_version
from localft.data.repairs.repairing import repair_version, try_repair
from localft.data.rows.editing import change_turn
from localft.data.splits.sealing import list_openings
from localft.data.versions import SPLITS, DatasetVersion, Split, load_split, newest_version
from localft.errors import UserError
from localft.store.projects import Project, create_project
from tests.unit.test_data_checking import clean
from tests.unit.test_data_editing import write

Parts = dict[Split, list[Example]]


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return create_project("Leaks")


@pytest.fixture
def version(project: Project, tmp_path: Path) -> DatasetVersion:
    return import_files(project, [write(tmp_path, clean())]).version


def parts_of(project: Project, version: DatasetVersion) -> Parts:
    return {name: load_split(project, version.id, name) for name in SPLITS}


def asking(example: Example, asked: Example) -> Example:
    """An example that asks nearly what another one asks."""
    said = asked.messages[0].model_copy(update={"content": asked.messages[0].content.upper()})
    return example.model_copy(update={"messages": (said, *example.messages[1:])})


def torn(project: Project, version: DatasetVersion, split: Split, held: Split) -> DatasetVersion:
    """A version in which the first example of one part asks what the first of another asks; it has another test part.

    So its test part is not the one that its seed makes.
    """
    parts = parts_of(project, version)
    parts["train"], parts["test"] = [*parts["test"], *parts["train"][5:]], parts["train"][:5]
    parts[split][0] = asking(parts[split][0], parts[held][0])
    return write_version(project, parts, version.sources, [], version.seed, version.ratios)


def leakage(project: Project, version: DatasetVersion) -> list[Finding]:
    return [one for one in check_version(project, version).findings if one.check == "leakage"]


@pytest.mark.parametrize(
    ("split", "held", "told"), [("train", "test", 1), ("train", "validation", 1), ("validation", "test", 2)]
)
def test_what_is_asked_in_two_parts_goes_to_the_one_held_out_most_and_no_test_example_leaves(
    split: Split, held: Split, told: int, project: Project, version: DatasetVersion
) -> None:
    leaky = torn(project, version, split, held)
    assert [one.count for one in leakage(project, leaky)] == [told]
    before = parts_of(project, leaky)
    repaired = repair_version(project, leaky, ["leakage"])
    assert repaired.note == "leakage: 1 moved to another part"
    expected = {**before, split: before[split][1:], held: [*before[held], before[split][0]]}
    assert parts_of(project, repaired) == expected
    assert leakage(project, repaired) == []
    assert list_openings(project, leaky) == list_openings(project, repaired) == []


def test_where_nothing_leaks_nothing_is_moved(project: Project, version: DatasetVersion) -> None:
    parts = parts_of(project, version)
    other: Parts = {**parts, "train": [*parts["test"], *parts["train"][5:]], "test": parts["train"][:5]}
    divided = write_version(project, other, version.sources, [], version.seed, version.ratios)
    with pytest.raises(UserError, match="nothing of leakage can be mended"):
        try_repair(project, divided, ["leakage"])


def test_what_belongs_together_goes_along_and_what_would_take_most_of_training_stays(
    project: Project, version: DatasetVersion
) -> None:
    parts = parts_of(project, version)
    parts["train"][0] = asking(parts["train"][0], parts["test"][0])
    for count in (3, 30):
        of_one = [one.model_copy(update={"group": "Ann"}) for one in parts["train"][:count]]
        joined: Parts = {**parts, "train": [*of_one, *parts["train"][count:]]}
        leaky = write_version(project, joined, version.sources, [], version.seed, version.ratios)
        if count == 3:
            repaired = repair_version(project, leaky, ["leakage"])
            assert parts_of(project, repaired)["test"] == [*parts["test"], *of_one]
            continue
        with pytest.raises(UserError, match="Nothing was changed") as refused:
            repair_version(project, leaky, ["leakage"])
        assert "1 held-out example stays asked in another part too" in refused.value.hint
        assert newest_version(project).id == leaky.id


def test_a_change_by_hand_does_not_ask_for_validation_what_is_asked_for_test(
    project: Project, version: DatasetVersion
) -> None:
    asked = load_split(project, version.id, "test")[0].messages[0].content
    with pytest.raises(UserError, match="an example for test: one of them would choose the best, the other measures"):
        change_turn(project, version, "validation", 0, 0, f"{asked}!")
    assert newest_version(project).id == version.id


@pytest.mark.parametrize("more", [[], ["--json"]])
def test_a_difference_read_backwards_shows_no_test_example(
    more: list[str], project: Project, version: DatasetVersion, capsys: pytest.CaptureFixture[str]
) -> None:
    divided = divide_anew(project, version, 7, (0.4, 0.3, 0.3))
    capsys.readouterr()
    assert main(["data", "diff", project.slug, divided.id, version.id, *more]) == 0
    told = capsys.readouterr().out
    assert "moved" in told
    assert not [one.answer for one in load_split(project, divided.id, "test") if one.answer in told]
