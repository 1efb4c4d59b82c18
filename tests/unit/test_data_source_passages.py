"""Passages that examples were written from: kept once, found by their digest, and beside the examples in a file."""

import csv
import json
from pathlib import Path

import openpyxl
import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from localft.data.examples import Example, Message
from localft.data.exports.exporting import export_version
from localft.data.making.importing import import_files
from localft.data.making.taking import take_examples
from localft.data.source_passages import SourcePassage, keep_passages, passages_path, source_passages
from localft.store.projects import Project, create_project
from localft.ui import downloads
from localft.ui.views.data import example as shown

TEXTS = ["=Lamps are cleaned\x0bweekly.", "Kettles are \u2028 emptied <daily>.", "Pianos are tuned.\n\nTwice a year."]


@pytest.fixture
def project(home: Path) -> Project:
    return create_project("Manual")


def passage(number: int) -> SourcePassage:
    text = TEXTS[number % len(TEXTS)]
    return SourcePassage(
        document="manual.md", place=f"section {number}", start=number, end=number + len(text), text=text
    )


def written(number: int) -> Example:
    said = (Message(role="user", content=f"What of {number}?"), Message(role="assistant", content=f"That of {number}."))
    return Example(messages=said, source=passage(number).where, row=number + 1, passage=passage(number).digest)


def test_a_passage_is_kept_once_and_found_by_its_digest(project: Project) -> None:
    keep_passages(project, map(passage, [0, 1, 1, 2]))
    keep_passages(project, map(passage, [2, 3]))
    assert passages_path(project).read_bytes().count(b"\n") == 4
    found = source_passages(project, [written(1), written(3), written(7), Example(messages=())])
    assert found == {passage(number).digest: passage(number) for number in (1, 3)}
    assert source_passages(project, [Example(messages=())]) == {}


def test_a_damaged_passage_is_none_and_the_others_are_there(project: Project) -> None:
    keep_passages(project, map(passage, range(3)))
    path = passages_path(project)
    first, second, third = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(first + second.replace(b"emptied", b"filled ") + b"\xff\x00\n" + third[:-20])
    assert set(source_passages(project, map(written, range(3)))) == {passage(0).digest}
    keep_passages(project, [passage(5)])
    assert set(source_passages(project, [written(0), written(5)])) == {passage(0).digest, passage(5).digest}


def test_an_example_without_one_is_written_as_before() -> None:
    line = written(1).model_copy(update={"passage": ""}).model_dump_json(exclude_defaults=True)
    assert "passage" not in line
    assert Example.model_validate_json(line).passage == ""


def test_a_file_has_them_where_that_is_wanted(project: Project, tmp_path: Path) -> None:
    keep_passages(project, map(passage, range(12)))
    version = take_examples(project, [written(number) for number in range(12)], [], "written").version
    texts = {f"What of {number}?": passage(number).text for number in range(12)}
    lines, table, workbook = (tmp_path / name for name in ("a.jsonl", "a.csv", "a.xlsx"))
    for path in (lines, table, workbook):
        export_version(project, version, path, with_passages=True)
    for row in map(json.loads, lines.read_text(encoding="utf-8").split("\n")[:-1]):
        assert row["source_passage"] == texts[row["messages"][0]["content"]]
    with table.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            wanted = texts[row["prompt"]].replace("\x0b", " ")
            assert row["source_passage"] == (f"'{wanted}" if wanted.startswith("=") else wanted)
    sheet = openpyxl.load_workbook(workbook).active
    assert sheet is not None
    header, *rows = sheet.iter_rows(values_only=True)
    assert header.index("source_passage") >= 0 and len(rows) == 12
    export_version(project, version, tmp_path / "without.jsonl")
    assert "source_passage" not in (tmp_path / "without.jsonl").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ["again.jsonl", "again.csv", "again.xlsx"])
def test_an_import_of_such_a_file_passes_them_over(name: str, project: Project, tmp_path: Path) -> None:
    keep_passages(project, map(passage, range(12)))
    version = take_examples(project, [written(number) for number in range(12)], [], "written").version
    export_version(project, version, tmp_path / name, with_passages=True)
    again = create_project("Again")
    read = import_files(again, [tmp_path / name])
    assert (read.version.counts, read.version.set_aside) == (version.counts, 0)
    train = (again.datasets / read.version.id / "train.jsonl").read_text(encoding="utf-8")
    assert "What of" in train and "Kettles" not in train and "Lamps" not in train


def test_the_app_gives_them_out_where_that_is_wanted(project: Project) -> None:
    keep_passages(project, map(passage, range(12)))
    version = take_examples(project, [written(number) for number in range(12)], [], "written").version
    client = TestClient(Starlette(routes=downloads.routes()))
    given = [client.get(downloads.data_address(project, version, "jsonl", wanted)) for wanted in (False, True)]
    assert [one.status_code for one in given] == [200, 200]
    assert ["source_passage" in one.text for one in given] == [False, True]


def test_the_app_shows_it_escaped() -> None:
    page = str(shown(written(1), 0, 12, "train", passage(1)))
    assert "Its passage: manual.md, section 1" in page
    assert "emptied &lt;daily&gt;." in page
    assert "Its passage" not in str(shown(written(1), 0, 12, "train", None))
