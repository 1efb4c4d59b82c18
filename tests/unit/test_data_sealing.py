"""The test split is sealed: nobody sees its examples by the way, and whoever opens it is counted."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from localft.cli.main import main
from localft.data.checks.checking import check_version
from localft.data.examples import Example, Message
from localft.data.exports.exporting import export_version
from localft.data.exports.verdict_page import verdict_page
from localft.data.making.dividing import divide_anew
from localft.data.making.gathering import DUPLICATE
from localft.data.making.history import restore
from localft.data.making.importing import import_files
from localft.data.making.set_aside import sealed_copies
from localft.data.making.writing import write_version
from localft.data.rows.editing import change_turn
from localft.data.splits.sealing import SEALED_TEXT, list_openings, look, open_test, told_released
from localft.data.versions import SPLITS, DatasetVersion, list_versions, load_split, newest_version
from localft.errors import UserError
from localft.evaluation.evaluations import count_opened
from localft.store.projects import Project, create_project
from tests.sample_projects import add_version


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    monkeypatch.setenv("LOCALFT_HOME", str(tmp_path / "home"))
    return create_project("Sealed")


@pytest.fixture
def version(project: Project, tmp_path: Path) -> DatasetVersion:
    rows = [{"prompt": f"question {n}", "answer": f"write to person{n}@firma-mail.de"} for n in range(40)]
    file = tmp_path / "mails.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return import_files(project, [file]).version


def answer(capsys: pytest.CaptureFixture[str], *arguments: str, code: int = 0) -> dict[str, Any]:
    capsys.readouterr()
    assert main(["data", *arguments, "--json"]) == code
    return json.loads(capsys.readouterr().out)


def test_a_look_is_refused_until_it_is_asked_for_and_then_counted(project: Project, version: DatasetVersion) -> None:
    look(project, version, "train", opened=False)
    look(project, version, "validation", opened=True)
    with pytest.raises(UserError, match="sealed"):
        look(project, version, "test", opened=False)
    assert list_openings(project, version) == []
    look(project, version, "test", opened=True)
    [opening] = list_openings(project, version)
    assert (opening.who, opening.version) == ("browse", version.id)


def test_a_resumed_evaluation_counts_once(project: Project, version: DatasetVersion) -> None:
    assert count_opened(project, version.id, "test", "first") == 1
    assert count_opened(project, version.id, "test", "first") == 1
    open_test(project, version, "browse")
    assert count_opened(project, version.id, "test", "second") == 3
    assert [one.who for one in list_openings(project, version)] == ["evaluation", "browse", "evaluation"]


def test_openings_follow_the_test_examples_into_later_versions(project: Project, version: DatasetVersion) -> None:
    open_test(project, version, "browse")
    repaired = change_turn(project, version, "train", 0, 1, "another answer")
    edited = change_turn(project, repaired, "test", 0, 1, "another answer")
    assert len(list_openings(project, repaired)) == len(list_openings(project, edited)) == 1


@pytest.mark.parametrize("seed", range(4))
def test_openings_follow_the_rows_that_another_division_tests_with_too(
    seed: int, project: Project, version: DatasetVersion
) -> None:
    seen = {one.row for one in load_split(project, version.id, "test")}
    open_test(project, version, "browse")
    divided = divide_anew(project, version, seed, (0.6, 0.2, 0.2))
    again = {one.row for one in load_split(project, divided.id, "test")}
    assert len(list_openings(project, divided)) == bool(seen & again)
    none = {name: load_split(project, version.id, name) for name in SPLITS}
    none["train"], none["test"] = none["test"], none["train"][:4]
    other = write_version(project, none, version.sources, [], 99, version.ratios)
    assert list_openings(project, other) == []


def test_what_moves_into_the_test_split_is_not_told_from_where_it_was(
    project: Project, version: DatasetVersion, capsys: pytest.CaptureFixture[str]
) -> None:
    divided = divide_anew(project, version, 7, (0.6, 0.2, 0.2))
    held = {one.answer for one in load_split(project, divided.id, "test")}
    held -= {one.answer for one in load_split(project, version.id, "test")}
    assert held
    assert main(["data", "diff", "sealed", "--json"]) == 0
    printed = capsys.readouterr().out
    assert [said for said in held if said in printed] == []
    assert "@firma-mail.de" in printed


def test_a_copy_of_a_test_example_that_was_set_aside_is_sealed(
    project: Project, version: DatasetVersion, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [{"prompt": f"question {n}", "answer": f"write to person{n}@firma-mail.de"} for n in range(40)]
    file = tmp_path / "mails.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in [*rows, *rows]), encoding="utf-8")
    tried = answer(capsys, "import", "sealed", str(file), "--dry-run")
    taken = answer(capsys, "import", "sealed", str(file))
    twins = {one.row + 40 for one in load_split(project, newest_version(project).id, "test")}
    for shown in (tried, taken, answer(capsys, "show", "sealed", "--set-aside")):
        assert len(shown["set_aside"]) == 40
        assert {row["row"] for row in shown["set_aside"] if row["text"] == SEALED_TEXT} == twins


def test_a_copy_names_its_example_in_another_file_or_in_its_own() -> None:
    test = [Example(messages=(Message(role="user", content="x"),), source="a of b.csv", row=3)]
    rows = [
        {
            "source": "c.csv",
            "row": 1,
            "kind": DUPLICATE,
            "reason": f"an {DUPLICATE} of row 3 of a of b.csv",
            "text": "x",
        },
        {"source": "a of b.csv", "row": 9, "kind": DUPLICATE, "reason": f"an {DUPLICATE} of row 3", "text": "x"},
        {"source": "c.csv", "row": 9, "kind": DUPLICATE, "reason": f"an {DUPLICATE} of row 3", "text": "y"},
        {"source": "a of b.csv", "row": 4, "kind": "empty", "reason": "empty, in place of row 3", "text": "z"},
    ]
    assert [row["text"] for row in sealed_copies(rows, test)] == [SEALED_TEXT, SEALED_TEXT, "y", "z"]


def test_a_label_that_only_test_examples_have_is_not_named(project: Project, tmp_path: Path) -> None:
    rows = [{"prompt": f"question {n} {n * n}", "answer": "usual"} for n in range(40)]
    file = tmp_path / "labels.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    version = import_files(project, [file]).version
    rare = change_turn(project, change_turn(project, version, "test", 0, 1, "hidden"), "train", 0, 1, "open")
    [finding] = [one for one in check_version(project, rare).findings if one.check == "rare labels"]
    assert finding.meaning == "2 of 3 labels occur fewer than 5 times: 'open' and 1 more."
    alone = change_turn(project, restore(project, version).version, "test", 0, 1, "hidden")
    [finding] = [one for one in check_version(project, alone).findings if one.check == "rare labels"]
    assert finding.meaning == "1 of 2 labels occur fewer than 5 times."


OPEN = ("invoice payment refund", "parcel delivery courier", "password login account")
SECRET = "quokka wombat numbat"


def _asked(topic: str, answer: str, number: int) -> Example:
    question = f"Please say something about {topic} in case {number} {number * number} {number * 7919}."
    said = (Message(role="user", content=question), Message(role="assistant", content=answer))
    return Example(messages=said, source="made", row=number + 1)


def _json(**fields: str) -> str:
    return json.dumps(fields)


def _free(number: int) -> str:
    return f"Something {number * 31} else {number * 17} is said {number * 13} here {number * 11}."


@pytest.mark.parametrize(
    ("usual", "secret"),
    [
        ((lambda number: "fine"), (lambda number: SECRET)),
        ((lambda number: _json(kind="fine")), (lambda number: _json(kind=SECRET))),
        ((lambda number: _json(kind="fine")), (lambda number: _json(kind="fine", **{SECRET: "x"}))),
        (_free, (lambda number: f"{SECRET} and {SECRET} are {_free(number)}")),
    ],
    ids=["labels", "values of fields", "fields", "phrases"],
)
@pytest.mark.parametrize("tests", [12, 400], ids=["few", "most"])
def test_no_finding_and_no_page_says_what_only_test_examples_say(
    tests: int, usual: Callable[[int], str], secret: Callable[[int], str], project: Project
) -> None:
    def some(first: int, count: int) -> list[Example]:
        return [_asked(OPEN[number % 3], usual(number), number) for number in range(first, first + count)]

    hidden = [_asked(SECRET, secret(number), number) for number in range(200, 200 + tests)]
    version = add_version(project, {"train": some(0, 90), "validation": some(90, 30), "test": hidden})
    report = check_version(project, version)
    page = verdict_page(project.name, version, report, 0)
    said = [page, *(f"{one.meaning} {one.advice} {[row.text for row in one.rows]}" for one in report.findings)]
    assert not [text for text in said if any(word in text for word in SECRET.split())]
    assert {"topics", "one topic"} & {one.check for one in report.findings}


def test_a_torn_or_strange_record_counts_nothing(project: Project, version: DatasetVersion) -> None:
    record = project.folder / "test_openings.jsonl"
    record.write_text('{"who": "nobody", "version": "' + version.id + '"}\n{"who": "bro', encoding="utf-8")
    assert list_openings(project, version) == []
    assert open_test(project, version, "browse") == 1


def test_a_finding_counts_test_examples_but_does_not_show_them(project: Project, version: DatasetVersion) -> None:
    finding = next(one for one in check_version(project, version).findings if one.check == "e-mail addresses")
    assert finding.count == 40
    texts = {row.split: {one.text for one in finding.rows if one.split == row.split} for row in finding.rows}
    assert texts["test"] == {SEALED_TEXT}
    assert SEALED_TEXT not in texts["train"] | texts["validation"]


def test_an_export_of_the_test_split_alone_is_refused_and_any_export_of_it_counted(
    project: Project, version: DatasetVersion, tmp_path: Path
) -> None:
    with pytest.raises(UserError, match="sealed"):
        export_version(project, version, tmp_path / "test.jsonl", splits=["test"])
    assert not (tmp_path / "test.jsonl").exists()
    export_version(project, version, tmp_path / "train.jsonl", splits=["train", "validation"])
    assert list_openings(project, version) == []
    export_version(project, version, tmp_path / "all.jsonl")
    export_version(project, version, tmp_path / "test.jsonl", splits=["test"], opened=True)
    assert [one.who for one in list_openings(project, version)] == ["export", "export"]


def test_the_command_line_shows_test_examples_only_when_told_to(
    project: Project, version: DatasetVersion, capsys: pytest.CaptureFixture[str]
) -> None:
    secret = load_split(project, version.id, "test")[0].answer
    assert "sealed" in answer(capsys, "show", "sealed", "--split", "test", code=1)["error"]
    assert "sealed" in answer(capsys, "show", "sealed", "--split", "test", "--learned", "1", code=1)["error"]
    assert answer(capsys, "show", "sealed")["test_opened"] == 0
    shown = answer(capsys, "show", "sealed", "--split", "test", "--open-test")
    assert shown["examples"][0]["messages"][-1]["content"] == secret
    assert shown["test_opened"] == 1
    tried = answer(capsys, "repair", "sealed", "e-mail addresses", "--dry-run")
    assert secret not in json.dumps(tried)
    assert [pair[0].get("sealed") for pair in tried["changed"]].count(True) == version.counts["test"]
    assert secret not in json.dumps(answer(capsys, "check", "sealed"))


def test_to_divide_anew_opens_what_is_held_out_no_longer(
    project: Project, version: DatasetVersion, capsys: pytest.CaptureFixture[str]
) -> None:
    def test_rows(one: DatasetVersion) -> set[int]:
        return {example.row for example in load_split(project, one.id, "test")}

    told = answer(capsys, "split", "sealed", "--seed", "9", "--ratios", "0.6", "0.2", "0.2")
    after = newest_version(project)
    gone = test_rows(version) - test_rows(after)
    assert gone
    assert told["no_longer_held_out"] == len(gone)
    assert told_released(len(gone)) in after.note
    [opening] = list_openings(project, version)
    assert (opening.who, opening.version, opening.what) == ("division", version.id, after.id)
    assert list_openings(project, after) == []
    again = divide_anew(project, after, version.seed, version.ratios)
    assert test_rows(again) == test_rows(version)
    assert "division" in {one.who for one in list_openings(project, again)}
    assert divide_anew(project, again, version.seed, version.ratios).id == again.id
    assert len(list_openings(project, after)) == bool(test_rows(after) - test_rows(again))
    assert not told_released(0)


def test_to_restore_opens_what_is_held_out_no_longer(project: Project, version: DatasetVersion) -> None:
    other = divide_anew(project, version, 9, (0.6, 0.2, 0.2))
    kept = {one.row for one in load_split(project, version.id, "test")}
    gone = {one.row for one in load_split(project, other.id, "test")} - kept
    assert list_openings(project, other) == []
    again = restore(project, version).version
    [opening] = list_openings(project, other)
    assert (opening.who, opening.version, opening.what) == ("division", other.id, again.id)
    assert told_released(len(gone)) in again.note
    # What it learns already when an example was changed by hand opens nothing.
    changed = change_turn(project, again, "train", 0, 1, "Another.")
    assert told_released(1) not in restore(project, again).version.note
    assert list_openings(project, changed) == list_openings(project, version)


DYING = """
import os, sys
from pathlib import Path
from localft.data.making import writing
from localft.data.making.dividing import divide_anew
from localft.data.making.importing import import_files
from localft.data.versions import newest_version
from localft.store.projects import open_project

real = writing.files.replace

def die(source, target):
    if not source.is_dir():
        return real(source, target)
    if sys.argv[1] == "after":
        real(source, target)
    os._exit(9)

writing.files.replace = die
project = open_project("sealed")
if sys.argv[2] == "divide":
    divide_anew(project, newest_version(project), 7, (0.6, 0.2, 0.2))
else:
    import_files(project, [Path(sys.argv[2])], seed=7)
"""


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("how", ["divide", "import"])
def test_what_a_division_opens_is_counted_wherever_it_is_killed(
    how: str, moment: str, project: Project, version: DatasetVersion, tmp_path: Path
) -> None:
    given = how if how == "divide" else str(tmp_path / "mails.jsonl")
    died = subprocess.run([sys.executable, "-c", DYING, moment, given], capture_output=True, text=True, check=False)
    assert died.returncode == 9, died.stderr
    assert len(list_versions(project).items) == 1 + (moment == "after")
    assert [one.who for one in list_openings(project, version)] == ["division"]


@pytest.mark.parametrize("ratios", [(0.8, 0.1, 0.1), (0.6, 0.2, 0.2)])
def test_an_import_in_another_division_tells_what_is_held_out_no_longer(
    ratios: tuple[float, float, float], project: Project, version: DatasetVersion, tmp_path: Path
) -> None:
    held = {one.row for one in load_split(project, version.id, "test")}
    report = import_files(project, [tmp_path / "mails.jsonl"], seed=9, ratios=ratios)
    gone = held - {one.row for one in load_split(project, report.version.id, "test")}
    assert gone
    assert [f"{told_released(len(gone))}: an earlier version is divided otherwise."] == report.read.notes
    assert [one.who for one in list_openings(project, version)] == ["division"]
    assert list_openings(project, report.version) == []
    import_files(project, [tmp_path / "mails.jsonl"], seed=9, ratios=ratios)
    assert len(list_openings(project, version)) == 1
