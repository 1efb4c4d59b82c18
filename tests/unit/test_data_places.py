"""Where the examples of a finding are, kept small whatever their number."""

import random

import numpy

from localft.assets import asset
from localft.data.checks.checking import check_version
from localft.data.checks.places import NOWHERE, PlaceList, Places, joined, places_of_rows
from localft.data.making.importing import import_files
from localft.data.versions import SPLITS, newest_version
from localft.store.projects import create_project


def test_places_come_back_in_their_order_each_once() -> None:
    chance = random.Random(3)
    rows = [(chance.choice(SPLITS), chance.randrange(5_000)) for _ in range(3_000)]
    places = places_of_rows(rows)
    for split in SPLITS:
        assert places.of(split).tolist() == sorted({index for where, index in rows if where == split})
    assert places.total == len(set(rows))


def test_a_million_places_are_small() -> None:
    every = PlaceList()
    for index in range(0, 1_000_000, 3):
        every.add("train", index)
    packed = every.packed()
    assert packed.total == len(every)
    assert len(packed.train) < 200_000


def test_lists_of_parts_are_joined_and_chosen_from() -> None:
    first, later = PlaceList(), PlaceList()
    first.add("train", 4)
    later.add("test", 1)
    later.add("train", 9)
    first.join(later)
    assert first.packed() == places_of_rows([("train", 9), ("test", 1), ("train", 4)])
    assert first.packed(numpy.array([False, True, True])) == places_of_rows([("test", 1), ("train", 9)])


def test_several_places_are_one() -> None:
    one, other = places_of_rows([("train", 1), ("test", 0)]), places_of_rows([("train", 1), ("train", 70)])
    assert joined([one, other]) == places_of_rows([("train", 1), ("train", 70), ("test", 0)])
    assert joined([]) == NOWHERE == Places() == PlaceList().packed()


def test_each_finding_of_the_dirty_sample_knows_all_its_places() -> None:
    project = create_project("Dirty")
    import_files(project, [asset("samples") / "dirty.jsonl"])
    findings = check_version(project, newest_version(project)).findings
    placed = {finding.check: finding for finding in findings if finding.places != NOWHERE}
    assert len(placed) >= 6
    for finding in placed.values():
        assert finding.places.total == finding.count
        shown = places_of_rows((row.split, row.index) for row in finding.rows)
        assert joined([shown, finding.places]) == finding.places
    # The others are about the whole, or show a few that are typical.
    assert {finding.check for finding in findings if finding.rows} - set(placed) <= {"topics", "one topic"}
