"""Examples are searched, filtered, sorted and paged, and what a person thinks of them survives new versions."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pydantic
import pytest

from localft.cli.main import main
from localft.data.checks.checking import CheckReport, check_version, report_value
from localft.data.checks.places import NOWHERE, places_of_rows
from localft.data.examples import Example, Message
from localft.data.making.dividing import divide_anew
from localft.data.making.history import restore
from localft.data.making.importing import import_files
from localft.data.repairs.repairing import repair_version
from localft.data.row_ratings import RowRating, content_key, rate_example, ratings_path, read_ratings
from localft.data.rows.browsing import browse, places_of, unnamed_of
from localft.data.rows.editing import add_example, change_turn
from localft.data.rows.wishes import Wish
from localft.data.versions import DatasetVersion, load_split
from localft.data.works import background
from localft.data.works.background import CheckWork
from localft.errors import UserError
from localft.store.projects import Project, create_project


@pytest.fixture
def project() -> Project:
    return create_project("Browsed")


@pytest.fixture
def version(project: Project, tmp_path: Path) -> DatasetVersion:
    rows = [{"prompt": f"Größe {n}?", "answer": f"answer {n} " + "so " * (n % 7)} for n in range(60)]
    rows[5]["answer"] = "write to anna@firma-mail.de"
    file = tmp_path / "sizes.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return import_files(project, [file]).version


def answer(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, Any]:
    capsys.readouterr()
    assert main(["data", *arguments, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def test_pages_hold_each_example_once_and_the_last_page_the_rest(project: Project, version: DatasetVersion) -> None:
    pages = [browse(project, version, Wish(page=number, size=7)) for number in range(1, 9)]
    assert {(page.count, page.pages, page.sealed) for page in pages} == {(54, 8, 6)}
    assert [len(page.rows) for page in pages] == [7] * 7 + [5]
    seen = [(row.split, row.index) for page in pages for row in page.rows]
    assert seen == [("train", index) for index in range(48)] + [("validation", index) for index in range(6)]
    assert browse(project, version, Wish(page=99, size=7)).rows == pages[-1].rows


def test_a_page_reads_its_own_examples_only(
    project: Project, version: DatasetVersion, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = []
    real = Example.model_validate_json

    def counting(line: bytes) -> Example:
        read.append(line)
        return real(line)

    monkeypatch.setattr(Example, "model_validate_json", counting)
    assert [row.index for row in browse(project, version, Wish(page=3, size=5)).rows] == [10, 11, 12, 13, 14]
    assert len(read) == 5


def test_a_file_that_somebody_has_shortened_is_said_to_be(project: Project, version: DatasetVersion) -> None:
    path = project.datasets / version.id / "train.jsonl"
    path.write_text("".join(path.read_text("utf-8").splitlines(keepends=True)[:5]), encoding="utf-8")
    with pytest.raises(UserError, match="fewer examples"):
        browse(project, version, Wish())


def test_a_search_does_not_care_about_case_and_leaves_the_test_split_sealed(
    project: Project, version: DatasetVersion
) -> None:
    everything = {
        one.prompt[-1].content for name in ("train", "validation") for one in load_split(project, version.id, name)
    }
    found = browse(project, version, Wish(search=" GRÖSSE 1", size=100))
    assert {row.example.prompt[-1].content for row in found.rows} == {one for one in everything if " 1" in one}
    opened = browse(project, version, Wish(search="größe", opened=True, size=100))
    assert (opened.count, opened.sealed) == (60, 0)
    assert browse(project, version, Wish(search="nothing says this")).rows == ()


def test_sorting_is_by_length_and_keeps_the_place_of_equals(project: Project, version: DatasetVersion) -> None:
    shortest = browse(project, version, Wish(sort="shortest", size=100)).rows
    lengths = [row.length for row in shortest]
    assert lengths == sorted(lengths)
    ties = [(row.split, row.index) for row in shortest if row.length == lengths[0]]
    assert ties == sorted(ties)
    longest = browse(project, version, Wish(sort="longest", size=3, page=2)).rows
    assert [row.length for row in longest] == sorted(lengths, reverse=True)[3:6]


def test_a_finding_shows_its_examples(project: Project, version: DatasetVersion) -> None:
    report = check_version(project, version)
    [row] = browse(project, version, Wish(places=places_of(report, "e-mail addresses"), opened=True)).rows
    assert "anna@" in row.example.answer
    with pytest.raises(UserError, match="no finding 'nonsense'"):
        places_of(report, "nonsense")


@pytest.fixture
def mails(project: Project, tmp_path: Path) -> DatasetVersion:
    """A version of which 260 examples hold an address, and every eighth says twice what another one says."""
    rows = [{"prompt": f"Question {n}?", "answer": f"Write to person{n}@firma-mail.de for it"} for n in range(260)]
    rows += [{"prompt": f"Other {n}?", "answer": f"Nothing to write {n}"} for n in range(20)]
    file = tmp_path / "mails.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return import_files(project, [file]).version


def test_every_example_of_a_finding_is_reached_page_by_page(project: Project, mails: DatasetVersion) -> None:
    report = check_version(project, mails)
    found = places_of(report, "e-mail addresses")
    finding = next(one for one in report.findings if one.check == "e-mail addresses")
    assert (finding.count, len(finding.rows), found.total) == (260, 100, 260)
    pages = [browse(project, mails, Wish(places=found, size=50, page=page, opened=True)) for page in range(1, 7)]
    assert {(page.count, page.pages) for page in pages} == {(260, 6)}
    seen = [row.example.row for page in pages for row in page.rows]
    assert sorted(seen) == list(range(1, 261))
    closed = browse(project, mails, Wish(places=found, size=500))
    assert closed.count == 260 - found.count("test")
    assert {row.split for row in closed.rows} == {"train", "validation"}
    [one] = browse(project, mails, Wish(places=found, search="person7@", opened=True)).rows
    assert one.example.row == 8


def test_a_report_is_kept_with_all_places_and_an_older_one_is_read(project: Project, mails: DatasetVersion) -> None:
    adapter = pydantic.TypeAdapter(CheckReport)
    report = check_version(project, mails)
    written = adapter.dump_json(report)
    assert adapter.validate_json(written) == report
    older = json.loads(written)
    for finding in older["findings"]:
        del finding["places"]
    read = adapter.validate_python(older)
    assert places_of(read, "e-mail addresses").total == 100
    assert unnamed_of(read, "e-mail addresses", True) == "The finding is about 260 examples and names 100 of them."
    assert "places" not in str(report_value(report))


def test_test_examples_of_a_finding_stay_sealed_and_are_counted(project: Project, mails: DatasetVersion) -> None:
    report = check_version(project, mails)
    assert unnamed_of(report, "e-mail addresses", opened=True) == ""
    sealed = places_of(report, "e-mail addresses").count("test")
    assert sealed > 1
    assert unnamed_of(report, "e-mail addresses", opened=False) == (
        f"The finding names 260 examples, of which {sealed} are test examples and stay sealed."
    )
    finding = next(one for one in report.findings if one.check == "e-mail addresses")
    few = replace(finding, places=places_of_rows([("test", 3), ("train", 2), ("train", 1)]), count=3)
    assert unnamed_of(replace(report, findings=[few]), finding.check, opened=False) == (
        "The finding names 3 examples, of which 1 is a test example and stays sealed."
    )


def test_the_command_shows_the_last_page_of_a_finding(
    project: Project, mails: DatasetVersion, capsys: pytest.CaptureFixture[str]
) -> None:
    how = ("show", "browsed", "--finding", "e-mail addresses", "--open-test", "--rows", "50", "--page")
    last = answer(capsys, *how, "6")
    assert (last["count"], last["pages"], len(last["examples"])) == (260, 6, 10)


def test_a_check_that_a_job_has_made_is_not_made_again(
    project: Project, mails: DatasetVersion, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    report = check_version(project, mails)
    finding = next(one for one in report.findings if one.check == "e-mail addresses")
    kept = replace(finding, places=places_of_rows([("train", 4)]))
    monkeypatch.setattr(background, "look_at_check", lambda *_: CheckWork(replace(report, findings=[kept]), None))
    how = ("show", "browsed", "--finding", "e-mail addresses")
    assert [row["number"] for row in answer(capsys, *how)["examples"]] == [5]
    assert answer(capsys, *how, "--max-length", "64")["count"] > 100
    older = replace(finding, places=NOWHERE)
    monkeypatch.setattr(background, "look_at_check", lambda *_: CheckWork(replace(report, findings=[older]), None))
    assert answer(capsys, *how)["count"] > 100


def test_a_finding_about_the_whole_names_no_example(project: Project, version: DatasetVersion) -> None:
    report = check_version(project, version)
    amount = next(finding for finding in report.findings if finding.check == "amount")
    assert not amount.rows
    with pytest.raises(UserError, match="'amount' is about the examples as a whole") as told:
        places_of(report, "amount")
    assert "e-mail addresses" in told.value.hint


def test_what_the_check_finds_is_found_by_the_command(
    project: Project, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [{"prompt": f"Question {n}?", "answer": f"answer {n} " * (90 if n < 3 else 1)} for n in range(60)]
    file = tmp_path / "long.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    import_files(project, [file])
    how = ("browsed", "--base-model", "starter", "--max-length", "64")
    [found] = [one for one in answer(capsys, "check", *how)["report"]["findings"] if one["check"] == "too long"]
    shown = answer(capsys, "show", *how, "--finding", "too long", "--open-test")
    assert {(row["split"], row["number"] - 1) for row in shown["examples"]} == {
        (row["split"], row["index"]) for row in found["rows"]
    }


def test_only_what_was_changed_or_written_here_is_edited(project: Project, version: DatasetVersion) -> None:
    changed = change_turn(project, version, "train", 3, 1, "by hand")
    asked = [Message(role="user", content="Quite another question?"), Message(role="assistant", content="Yes.")]
    added, _ = add_example(project, changed, asked)
    rows = browse(project, added, Wish(edited=True, opened=True)).rows
    assert {row.example.answer for row in rows} == {"by hand", "Yes."}


def test_a_rating_survives_every_new_version_but_not_another_answer(project: Project, version: DatasetVersion) -> None:
    good, bad, noted = load_split(project, version.id, "train")[:3]
    rate_example(project, good, RowRating("good"))
    rate_example(project, bad, RowRating("good"))
    rate_example(project, bad, RowRating("bad", " too curt "))
    rate_example(project, noted, RowRating("none", "ask Anna"))
    again = divide_anew(project, version, 9, (0.6, 0.2, 0.2))

    def said(rated: Any) -> list[str]:
        return [row.rating.words for row in browse(project, again, Wish(rated=rated, opened=True, size=100)).rows]

    assert (said("good"), said("bad")) == (["good"], ["bad: too curt"])
    assert sorted(said("noted")) == ["ask Anna", "bad: too curt"]
    assert len(said("not rated")) == 57
    ordered = browse(project, again, Wish(sort="rating", opened=True)).rows
    assert [row.rating.mark for row in ordered[:3]] == ["bad", "good", "none"]
    edited = change_turn(project, restore(project, version).version, "train", 1, 1, "a better answer")
    assert browse(project, edited, Wish(rated="bad", opened=True)).count == 0
    rate_example(project, good, RowRating())
    assert content_key(good) not in read_ratings(project)


def test_those_rated_bad_are_a_finding_and_a_repair(project: Project, version: DatasetVersion) -> None:
    bad = load_split(project, version.id, "train")[:2]
    for example in bad:
        rate_example(project, example, RowRating("bad"))
    finding = next(one for one in check_version(project, version).findings if one.check == "rated bad")
    assert (finding.count, finding.severity) == (2, "warning")
    repaired = repair_version(project, version, ["rated bad"])
    assert repaired.note == "rated bad: 2 deleted"
    left = load_split(project, repaired.id, "train")
    assert len(left) == version.counts["train"] - 2
    assert not {content_key(one) for one in bad} & {content_key(one) for one in left}
    assert "rated bad" not in {one.check for one in check_version(project, repaired).findings}


def test_a_strange_line_among_the_ratings_is_passed_over(project: Project) -> None:
    ratings_path(project).write_text('{"example": 1, "mark": "good"}\n{"example": "x", "mark": "fine"}\ntorn', "utf-8")
    assert read_ratings(project) == {}


def test_the_command_line_searches_rates_and_filters(
    project: Project, version: DatasetVersion, capsys: pytest.CaptureFixture[str]
) -> None:
    longest = answer(capsys, "show", "browsed", "--sort", "longest", "--rows", "2", "--page", "2")
    assert (len(longest["examples"]), longest["count"], longest["pages"], longest["sealed"]) == (2, 54, 27, 6)
    first = answer(capsys, "show", "browsed", "--search", "so so", "--rows", "1")["examples"][0]
    place = ["--split", first["split"], "--example", str(first["number"])]
    assert answer(capsys, "rate", "browsed", "bad", *place, "--note", "dull")["rating"] == "bad"
    [bad] = answer(capsys, "show", "browsed", "--rated", "bad")["examples"]
    assert (bad["messages"], bad["rating"], bad["note"]) == (first["messages"], "bad", "dull")
    found = answer(capsys, "show", "browsed", "--finding", "e-mail addresses", "--open-test")
    assert (found["count"], found["test_opened"]) == (1, 1)
    assert main(["data", "rate", "browsed", "bad", "--split", "test", "--example", "1"]) == 1
    assert "sealed" in capsys.readouterr().err
