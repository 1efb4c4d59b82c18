"""What is exported is read back as it was, and no cell of a table is a formula."""

import csv
import io
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from localft.data.examples import Example, Message
from localft.data.exports.exporting import Form, export_version, write_examples
from localft.data.making.importing import import_files
from localft.data.making.reading import read_files
from localft.data.making.writing import write_version
from localft.data.versions import SPLITS, DatasetVersion, iterate_split, load_split
from localft.errors import UserError
from localft.store import files
from localft.store.projects import Project, create_project, open_project

FORMULAS = ("=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\rx", "\nx", "＝1", "＋1", "－1", "＠x", "'=1", "''", "x=1")


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return create_project("Exported")


def bring_in(project: Project, folder: Path, rows: list[Any]) -> DatasetVersion:
    path = folder / "rows.jsonl"
    path.write_text("\n".join(json.dumps(row) for row in rows), encoding="utf-8")
    return import_files(project, [path]).version


def content_of(project: Project, version: DatasetVersion, form: Form) -> bytes:
    file = io.BytesIO()
    write_examples(file, project, version, form)
    return file.getvalue()


def contents(examples: Sequence[Example]) -> set[str]:
    return {one.model_dump_json(include={"messages", "tools", "rejected"}) for one in examples}


def all_of(project: Project, version: DatasetVersion) -> set[str]:
    return contents([one for name in SPLITS for one in load_split(project, version.id, name)])


def pairs(count: int = 12) -> list[dict[str, str]]:
    return [{"prompt": f"question {n}", "completion": f"answer {n}"} for n in range(count)]


TOOL = {"type": "function", "function": {"name": "look", "parameters": {}}}
KINDS: dict[str, list[Any]] = {
    "questions": [{**row, "system": "Be short."} for row in pairs()],
    "preferences": [{"prompt": f"q {n}", "chosen": f"good {n}", "rejected": f"bad {n}"} for n in range(12)],
    "conversations": [
        {
            "messages": [
                {"role": "user", "content": f"one {n}"},
                {"role": "assistant", "content": "two", "weight": 0},
                {"role": "user", "content": "three"},
                {"role": "assistant", "content": f"four {n}"},
            ],
            "tools": [TOOL],
        }
        for n in range(12)
    ],
}


@pytest.mark.parametrize("form", ["jsonl", "csv", "xlsx"])
@pytest.mark.parametrize("kind", KINDS)
def test_it_is_read_back_as_it_was(kind: str, form: str, project: Project, tmp_path: Path) -> None:
    version = bring_in(project, tmp_path, KINDS[kind])
    path = tmp_path / f"out.{form}"
    assert export_version(project, version, path) == 12
    assert contents(read_files([path]).examples) == all_of(project, version)


@pytest.mark.parametrize("field", ["system", "prompt", "completion"])
def test_no_cell_is_a_formula(field: str, project: Project, tmp_path: Path) -> None:
    rows = [
        {"system": "s", **row, field: f"{text} {row.get(field, 's')}"}
        for row, text in zip(pairs(len(FORMULAS)), FORMULAS, strict=True)
    ]
    version = bring_in(project, tmp_path, rows)
    path = tmp_path / "out.csv"
    export_version(project, version, path)
    with path.open(encoding="utf-8", newline="") as file:
        cells = [cell for line in csv.reader(file) for cell in line]
    assert not [cell for cell in cells if cell.startswith(tuple("=+-@\t\r\n＝＋－＠"))]
    assert contents(read_files([path]).examples) == all_of(project, version)


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]), min_size=1), min_size=3, max_size=8, unique=True))
@settings(max_examples=100, deadline=None)
def test_any_text_survives_a_table(texts: list[str]) -> None:
    from tempfile import TemporaryDirectory

    examples = [
        Example(messages=(Message(role="user", content=f"q{text}"), Message(role="assistant", content=f"{text}!a")))
        for text in texts
    ]
    project = create_project(f"Any text {files.new_id()}")
    splits = {name: examples if name == "train" else [] for name in SPLITS}
    version = write_version(project, splits, [], [], 1, (0.8, 0.1, 0.1))
    with TemporaryDirectory() as folder:
        path = Path(folder) / "out.csv"
        path.write_bytes(content_of(project, version, "csv"))
        read = read_files([path])
    assert contents(read.examples) == contents(examples), read.set_aside


PLACED: dict[str, list[dict[str, Any]]] = {
    "questions": pairs(40),
    "preferences": [{"prompt": f"q {n}", "chosen": f"good {n}", "rejected": f"bad {n}"} for n in range(40)],
    "conversations": [
        {
            "messages": [{"role": role, "content": f"{role} {n}"} for role in ("user", "assistant") * 2],
            "tools": [TOOL],
        }
        for n in range(40)
    ],
    "texts": [{"text": f"The story number {n} is told by nobody else."} for n in range(40)],
}


@pytest.mark.parametrize("form", ["jsonl", "csv", "xlsx"])
@pytest.mark.parametrize("kind", PLACED)
def test_an_import_of_an_export_makes_the_same_of_it(kind: str, form: str, project: Project, tmp_path: Path) -> None:
    """The division by chance, the groups, labels, times and places."""
    rows = [
        {
            **row,
            "who": f"=customer {n // 3}",
            "what": "" if n % 5 == 0 else f"label {n % 2}",
            "when": f"2026-03-{n % 28 + 1:02}",
        }
        for n, row in enumerate(PLACED[kind])
    ]
    path = tmp_path / "rows.jsonl"
    path.write_text("\n".join(json.dumps(row) for row in rows), encoding="utf-8")
    mapping = {"group": "who", "label": "what", "time": "when"}
    mapping |= {"text": "text"} if kind == "texts" else {}
    version = import_files(project, [path], mapping, division="chance").version
    marked = {name: [*iterate_split(project, version.id, name)] for name in SPLITS}
    first = marked["train"][0]
    marked["train"][0] = first.model_copy(update={"place": "page 3", **({"plain": "part"} if first.plain else {})})
    version = write_version(project, marked, version.sources, [], 42, version.ratios)
    out = tmp_path / f"out.{form}"
    assert export_version(project, version, out) == 40
    again = import_files(create_project("Again"), [out]).version
    assert again.counts == version.counts
    known = {"messages", "tools", "rejected", "group", "label", "time", "place", "plain"}
    for name in SPLITS:
        one, other = (
            sorted(example.model_dump_json(include=known) for example in iterate_split(where, made.id, name))
            for where, made in ((project, version), (open_project("again"), again))
        )
        assert one == other


def test_other_programs_read_what_they_know(project: Project, tmp_path: Path) -> None:
    version = bring_in(project, tmp_path, KINDS["conversations"])
    first = json.loads(content_of(project, version, "jsonl").splitlines()[0])
    assert (set(first), first["localft"]) == ({"messages", "tools", "localft"}, {"split": "train"})
    export_version(project, version, tmp_path / "train.jsonl", splits=["train"])
    assert set(json.loads((tmp_path / "train.jsonl").read_text("utf-8").splitlines()[0])) == {"messages", "tools"}


def test_what_is_kept_beside_and_is_none_is_no_part_of_the_example(project: Project, tmp_path: Path) -> None:
    kept: list[Any] = [{"plain": "no such", "split": 3, "group": ["x"], "place": ""}, "test", None, {"label": "good"}]
    rows = [{**row, "localft": kept[number % 4]} for number, row in enumerate(pairs())]
    path = tmp_path / "rows.jsonl"
    path.write_text("\n".join(json.dumps(row) for row in rows), encoding="utf-8")
    read = read_files([path])
    assert [(one.group, one.place, one.named_split, one.label) for one in read.examples[:4]] == [
        (None, "", "", None), (None, "", "", None), (None, "", "", None), (None, "", "", "good")
    ]  # fmt: skip


def test_one_part_alone(project: Project, tmp_path: Path) -> None:
    version = bring_in(project, tmp_path, pairs(30))
    path = tmp_path / "test.csv"
    assert export_version(project, version, path, splits=["test"], opened=True) == version.counts["test"]
    assert contents(read_files([path], strict=False).examples) == contents(load_split(project, version.id, "test"))


def test_what_cannot_be_written_is_said(project: Project, tmp_path: Path) -> None:
    version = bring_in(project, tmp_path, pairs())
    with pytest.raises(UserError, match="says no form"):
        export_version(project, version, tmp_path / "out.docx")
    (tmp_path / "there.csv").write_text("mine")
    with pytest.raises(UserError, match="is there already"):
        export_version(project, version, tmp_path / "there.csv")
    assert (tmp_path / "there.csv").read_text() == "mine"
    mixed = bring_in(project, tmp_path, [*pairs(), *KINDS["preferences"]])
    with pytest.raises(UserError, match="do not fit into a table"):
        export_version(project, mixed, tmp_path / "mixed.csv")
    assert export_version(project, mixed, tmp_path / "mixed.jsonl") == 24


@pytest.mark.parametrize("field", ["system", "prompt", "completion"])
def test_no_cell_of_a_workbook_is_a_formula_whatever_reads_it(field: str, project: Project, tmp_path: Path) -> None:
    texts = [
        *FORMULAS,
        "#N/A",
        "TRUE",
        "007",
        "1e5",
        "2026-01-31",
        " spaces ",
        "two\nlines",
        "_x0041_",
        "\x1f",
        "\ufffe",
    ]
    rows = [
        {"system": "s", **row, field: f"{text} {row.get(field, 's')}" if text[0] != "#" else text}
        for row, text in zip(pairs(len(texts)), texts, strict=True)
    ]
    version = bring_in(project, tmp_path, rows)
    path = tmp_path / "out.xlsx"
    export_version(project, version, path)
    cells = [cell for row in openpyxl.load_workbook(path).active.iter_rows() for cell in row if cell.value is not None]
    assert {cell.data_type for cell in cells} == {"s"}
    assert not [cell.value for cell in cells if str(cell.value).startswith(tuple("=+-@\t\r\n＝＋－＠"))]
    assert contents(read_files([path]).examples) == all_of(project, version)


def test_texts_of_one_kind_stay_as_they_are_in_a_workbook(project: Project, tmp_path: Path) -> None:
    """Numbers, dates and words that a spreadsheet would take for something else."""
    texts = [
        "007",
        "1.10",
        "TRUE",
        "1e5",
        "2026-01-31",
        "#N/A",
        "#DIV/0!",
        "12345678901234567890",
        " xy ",
        "a\nb",
        "ok",
        "no",
    ]
    rows = [{"prompt": f"question {n}", "completion": text} for n, text in enumerate(texts)]
    version = bring_in(project, tmp_path, rows)
    path = tmp_path / "out.xlsx"
    assert export_version(project, version, path) == len(texts)
    assert contents(read_files([path]).examples) == all_of(project, version)


def test_a_text_that_no_cell_holds_is_refused(project: Project, tmp_path: Path) -> None:
    version = bring_in(project, tmp_path, [*pairs(), {"prompt": "long?", "completion": "x" * 32_768}])
    with pytest.raises(UserError, match="longer than the 32,767 characters"):
        export_version(project, version, tmp_path / "out.xlsx")
    assert not (tmp_path / "out.xlsx").exists()
    assert export_version(project, version, tmp_path / "out.csv") == 13


def test_a_part_that_is_named_twice_is_written_once(project: Project, tmp_path: Path) -> None:
    version = bring_in(project, tmp_path, pairs(40))
    file = tmp_path / "train.jsonl"
    assert export_version(project, version, file, splits=["train", "train"]) == version.counts["train"]
    assert len(file.read_text(encoding="utf-8").splitlines()) == version.counts["train"]
