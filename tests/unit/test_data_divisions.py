"""Splits by time, as a column says, and with each label's share: reproducible, and nothing that is near straddles."""

import json
import random
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from localft.data.examples import Example, Message
from localft.data.making.adding import add_files
from localft.data.making.dividing import divide_anew
from localft.data.making.importing import import_files, preview_files, told_before
from localft.data.shapes.placing import read_time
from localft.data.splits.divisions import divide, divide_more, likely_division
from localft.data.splits.splitting import DEFAULT_RATIOS, split
from localft.data.splits.stratifying import whole_parts
from localft.data.versions import SPLITS, load_split
from localft.errors import UserError
from localft.store.projects import Project, create_project


def example(question: str, answer: str = "An answer of its own.", **place: str) -> Example:
    messages = (Message(role="user", content=question), Message(role="assistant", content=answer))
    return Example.model_validate({"messages": messages, **place})


def days(count: int) -> list[Example]:
    return [
        example(f"question {n}", f"answer {n}", time=f"2026-01-01T{n // 60:02}:{n % 60:02}:00") for n in range(count)
    ]


def questions(examples: Sequence[Example]) -> set[str]:
    return {one.prompt[-1].content for one in examples}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-01-31", "2026-01-31T00:00:00+00:00"),
        ("20260131", "2026-01-31T00:00:00+00:00"),
        ("2026/1/31", "2026-01-31T00:00:00+00:00"),
        ("31.1.2026, 10:00", "2026-01-31T10:00:00+00:00"),
        ("2026-01-31T10:00:00+02:00", "2026-01-31T08:00:00+00:00"),
        ("2026-01-31 10:00:00Z", "2026-01-31T10:00:00+00:00"),
        ("Sat, 31 Jan 2026 10:00:00 +0100", "2026-01-31T09:00:00+00:00"),
        ("Jan 31, 2026", "2026-01-31T00:00:00+00:00"),
        ("31 January 2026", "2026-01-31T00:00:00+00:00"),
        ("Sept. 3rd, 2026, 10:05:06", "2026-09-03T10:05:06+00:00"),
        ("May 1, 2026 at 12:05 AM", "2026-05-01T00:05:00+00:00"),
        ("1st of may 2026 3:05 pm", "2026-05-01T15:05:00+00:00"),
        ("31-Jan-2026", "2026-01-31T00:00:00+00:00"),
        ("1769853600", "2026-01-31T10:00:00+00:00"),
        ("1769853600000", "2026-01-31T10:00:00+00:00"),
    ],
)
def test_times_are_read_in_every_unambiguous_way(text: str, expected: str) -> None:
    assert read_time(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "03/04/2026",
        "yesterday",
        "2026-13-01",
        "999999999999999",
        "31.31.2026",
        "nan",
        "Feb 30, 2026",
        "Jan 5",
        "Jan 2026",
        "Jan 5, 26",
        "Janus 5, 2026",
        "Jan 5, 2026 13:00 pm",
    ],
)
def test_what_is_no_time_or_two_times_is_not_read(text: str) -> None:
    assert read_time(text) is None


def test_by_time_the_oldest_are_learned_and_the_newest_measure() -> None:
    examples = days(100)
    random.Random(1).shuffle(examples)
    splits = divide(examples, "time", 42, DEFAULT_RATIOS)
    assert [len(splits[name]) for name in SPLITS] == [80, 10, 10]
    last = [max(one.time for one in splits[name]) for name in SPLITS]
    first = [min(one.time for one in splits[name]) for name in SPLITS]
    assert last[0] < first[1] <= last[1] < first[2]


def test_by_time_a_group_is_as_old_as_its_newest_example() -> None:
    examples = [*days(50), example("QUESTION 0!", "again", time="2026-02-01")]
    splits = divide(examples, "time", 42, DEFAULT_RATIOS)
    assert {"question 0", "QUESTION 0!"} <= questions(splits["test"])


@given(times=st.lists(st.integers(0, 7), min_size=10, max_size=60), seed=st.integers(0, 5))
@settings(max_examples=150, deadline=None)
def test_by_time_equal_times_are_never_cut_apart(times: list[int], seed: int) -> None:
    examples = [
        example(f"question {n}", f"answer {n}", time=f"2026-01-{time:02}" if time else "")
        for n, time in enumerate(times)
    ]
    if len(set(times)) < len(SPLITS):
        with pytest.raises(UserError, match=r"only two different times|no times"):
            divide(examples, "time", seed, DEFAULT_RATIOS)
        return
    splits = divide(examples, "time", seed, DEFAULT_RATIOS)
    seen = [{one.time for one in splits[name]} for name in SPLITS]
    assert all(seen)
    assert max(seen[0]) < min(seen[1]) <= max(seen[1]) < min(seen[2])
    assert sum(len(splits[name]) for name in SPLITS) == len(examples)


def test_times_that_tell_little_apart_do_not_divide_by_themselves() -> None:
    same = [example(f"question {n}", time="2026-01-01") for n in range(20)]
    assert likely_division(same) == "chance"
    assert likely_division([*same, *days(20)]) == "chance"
    assert likely_division(days(20)) == "time"


def test_by_time_what_has_no_time_is_learned() -> None:
    splits = divide([*days(40), example("timeless")], "time", 42, DEFAULT_RATIOS)
    assert "timeless" in questions(splits["train"])


def test_without_times_there_is_no_division_by_time() -> None:
    with pytest.raises(UserError, match="no times"):
        divide([example(f"question {n}") for n in range(20)], "time", 42, DEFAULT_RATIOS)


def test_a_column_says_where_examples_belong_but_nothing_near_straddles() -> None:
    names = ["train"] * 16 + ["validation"] * 4 + ["test"] * 4
    examples = [example(f"question {n}", f"answer {n}", named_split=name) for n, name in enumerate(names)]
    examples.append(example("Question 23?", "near to one of test", named_split="train"))
    splits = divide(examples, "column", 42, DEFAULT_RATIOS)
    assert [len(splits[name]) for name in SPLITS] == [16, 4, 5]
    assert "Question 23?" in questions(splits["test"])


def test_a_split_that_the_column_never_names_is_taken_from_what_would_be_learned() -> None:
    examples = [example(f"question {n}", named_split="test" if n < 10 else "train") for n in range(100)]
    splits = divide(examples, "column", 42, DEFAULT_RATIOS)
    assert [len(splits[name]) for name in SPLITS] == [80, 10, 10]
    assert questions(splits["test"]) == {f"question {n}" for n in range(10)}


def test_a_column_that_leaves_nothing_to_learn_is_refused() -> None:
    with pytest.raises(UserError, match="no example for train"):
        divide([example(f"question {n}", named_split="test") for n in range(20)], "column", 42, DEFAULT_RATIOS)


@pytest.mark.parametrize("way", ["answers", "column"])
def test_each_split_gets_its_share_of_each_label(way: str) -> None:
    counts = {"refund": 130, "parcel": 57, "praise": 23}
    labels = [label for label, count in counts.items() for _ in range(count)]
    examples = [
        example(f"question {n}", label) if way == "answers" else example(f"question {n}", f"answer {n}", label=label)
        for n, label in enumerate(labels)
    ]
    splits = split(examples)
    for label, count in counts.items():
        for name, ratio in zip(SPLITS, DEFAULT_RATIOS, strict=True):
            held = sum(label in {one.answer, one.label} for one in splits[name])
            assert abs(held - ratio * count) < 1
    for name, ratio in zip(SPLITS, DEFAULT_RATIOS, strict=True):
        assert abs(len(splits[name]) - ratio * len(examples)) <= len(counts)


def test_labels_that_hardly_occur_are_divided_together() -> None:
    examples = [example(f"question {n}", f"answer {n}", label=f"rare {n // 2}") for n in range(100)]
    assert [len(part) for part in split(examples).values()] == [80, 10, 10]


@given(
    count=st.integers(0, 10_000),
    shares=st.tuples(st.integers(1, 98), st.integers(1, 98)).filter(lambda pair: sum(pair) < 100),
)
@settings(max_examples=300, deadline=None)
def test_whole_parts_are_all_there_and_next_to_exact(count: int, shares: tuple[int, int]) -> None:
    ratios = (shares[0] / 100, shares[1] / 100, (100 - sum(shares)) / 100)
    parts = whole_parts(count, ratios, (0.0, 0.0, 0.0))
    assert sum(parts) == count
    assert all(abs(part - ratio * count) < 1 for part, ratio in zip(parts, ratios, strict=True))


@given(
    seed=st.integers(0, 50), order=st.randoms(use_true_random=False), way=st.sampled_from(["chance", "time", "column"])
)
@settings(max_examples=60, deadline=None)
def test_the_same_examples_divide_alike_in_any_order_and_groups_stay_whole(
    seed: int, order: random.Random, way: str
) -> None:
    examples = [
        example(
            f"question number {n}",
            f"label {n % 3}",
            group=f"group {n // 4}",
            time=f"2026-01-{n % 28 + 1:02}",
            named_split=SPLITS[(n % 10 > 7) + (n % 10 > 8)],
        )
        for n in range(90)
    ]
    shuffled = order.sample(examples, len(examples))
    division = likely_division(examples) if way == "column" else "time" if way == "time" else "chance"
    splits = divide(examples, division, seed, DEFAULT_RATIOS)
    assert splits == divide(shuffled, division, seed, DEFAULT_RATIOS)
    homes = {(one.group, name) for name in SPLITS for one in splits[name]}
    assert max(Counter(group for group, _ in homes).values()) == 1
    assert sum(map(len, splits.values())) == len(examples)


def test_what_is_added_goes_where_its_time_or_its_name_belongs_and_nothing_moves() -> None:
    by_time = divide(days(100), "time", 42, DEFAULT_RATIOS)
    new = [example("newest of all", time="2026-03-01"), example("very old", time="2020-01-01"), example("no time")]
    more = divide_more(by_time, new, "time", 42, DEFAULT_RATIOS)
    assert {"very old", "no time"} <= questions(more["train"])
    assert "newest of all" in questions(more["test"])
    named = divide_more(by_time, [example("held out", named_split="validation")], "column", 42, DEFAULT_RATIOS)
    assert "held out" in questions(named["validation"])
    for name in SPLITS:
        assert by_time[name] == more[name][: len(by_time[name])]


def test_one_group_of_old_and_new_does_not_make_all_that_is_added_new() -> None:
    examples = days(100)
    oldest, newest = min(one.time for one in examples), max(one.time for one in examples)
    by_time = divide(
        [*examples, example("asked again", time=oldest), example("Asked again!", "x", time=newest)],
        "time", 42, DEFAULT_RATIOS,
    )  # fmt: skip
    assert {"asked again", "Asked again!"} <= questions(by_time["test"])
    middle = sorted(one.time for one in examples)[40]
    more = divide_more(by_time, [example("in between", time=middle)], "time", 42, DEFAULT_RATIOS)
    assert "in between" in questions(more["train"])


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    monkeypatch.setenv("LOCALFT_HOME", str(tmp_path / "home"))
    return create_project("Times")


def table(path: Path, rows: list[dict[str, str]]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def dated(count: int, start: int = 0) -> list[dict[str, str]]:
    return [
        {"prompt": f"question {n}", "answer": f"answer {n}", "on": f"2026-{n // 28 + 1:02}-{n % 28 + 1:02}"}
        for n in range(start, start + count)
    ]


def test_a_file_with_times_is_divided_by_them_and_stays_so(project: Project, tmp_path: Path) -> None:
    file = table(tmp_path / "dated.jsonl", [*dated(60), {"prompt": "when?", "answer": "never again", "on": "soon"}])
    before = told_before(project, preview_files([file], {"time": "on"}), 42, DEFAULT_RATIOS)
    report = import_files(project, [file], {"time": "on"})
    version = report.version
    assert version.division == "time"
    assert before == report.read.notes[1:]
    assert report.read.set_aside == [] and version.total == 61
    assert report.read.notes == [
        "dated.jsonl: the time of row 61 is no date that can be read in one way only, and is left out: 'soon'. "
        "Written as 2026-01-31 it is read.",
        "1 example has no time: it is learned, unless together with one that has.",
    ]
    assert "when?" in {one.prompt[-1].content for one in load_split(project, version.id, "train")}
    assert max(one.time for one in load_split(project, version.id, "train")) < "2026-02-21"
    assert import_files(project, [file], {"time": "on"}).version.id == version.id
    later = add_files(project, version, [table(tmp_path / "more.jsonl", dated(5, 70))]).version
    assert later.division == "time"
    by_chance = divide_anew(project, later, 42, DEFAULT_RATIOS, "chance")
    again = divide_anew(project, by_chance, 42, DEFAULT_RATIOS, "time")
    assert (by_chance.division, again.division) == ("chance", "time")
    assert "by time: 80/10/10" in again.note
    assert "6 examples have no time: they are learned" in again.note and "no time" not in by_chance.note
    assert max(one.time for one in load_split(project, again.id, "train")) < min(
        one.time for one in load_split(project, again.id, "test")
    )


@pytest.mark.parametrize("many", [False, True])
def test_a_row_whose_time_cannot_be_read_is_kept_without_it(
    many: bool, project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if many:
        monkeypatch.setattr("localft.data.making.reading.MANY_BYTES", 0)
    rows = dated(60)
    for row in rows[20:40]:
        row["on"] = "03/04/2026"
    rows[59]["on"] = " "
    report = import_files(project, [table(tmp_path / "two ways.jsonl", rows)], {"time": "on"})
    assert (report.version.division, report.version.total, report.read.set_aside) == ("chance", 60, [])
    [note] = report.read.notes
    assert note.startswith("two ways.jsonl: the time of 20 rows, first in row 21, is no date")
    assert "'03/04/2026'" in note
    by_time = divide_anew(project, report.version, 42, DEFAULT_RATIOS, "time")
    assert "21 examples have no time: they are learned" in by_time.note
    learned = [one for one in load_split(project, by_time.id, "train") if not one.time]
    assert len(learned) == 21


def test_a_row_of_an_unknown_split_is_set_aside(project: Project, tmp_path: Path) -> None:
    names = ["train"] * 20 + ["dev"] * 4 + ["TEST"] * 4 + ["unused"]
    rows = [{"prompt": f"question {n}", "answer": f"answer {n}", "part": name} for n, name in enumerate(names)]
    report = import_files(project, [table(tmp_path / "named.jsonl", rows)], {"split": "part"})
    assert report.version.division == "column"
    assert report.version.counts == {"train": 20, "validation": 4, "test": 4}
    assert [row.reason for row in report.read.set_aside] == ["'unused' is none of train, validation and test"]


@pytest.mark.parametrize("many", [False, True])
def test_of_equal_rows_the_one_that_is_held_out_counts(
    many: bool, project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if many:
        monkeypatch.setattr("localft.data.making.reading.MANY_BYTES", 0)
    names = ["train"] * 20 + ["validation"] * 4 + ["test"] * 4
    rows = [{"prompt": f"question {n}", "answer": f"answer {n}", "split": name} for n, name in enumerate(names)]
    again = [{**row, "split": "test"} for row in rows[:3]] + [{**row, "split": "train"} for row in rows[-3:]]
    version = import_files(project, [table(tmp_path / "named.jsonl", [*rows, *again])], {"split": "split"}).version
    assert version.counts == {"train": 17, "validation": 4, "test": 7}
    assert {one.row for one in load_split(project, version.id, "test")} == {1, 2, 3, 25, 26, 27, 28}
