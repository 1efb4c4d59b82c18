"""JSON files as datasets write dictionaries: an array for each split, or one for each column."""

import json
from pathlib import Path
from typing import Any

import pytest

from localft.data.making.importing import import_files
from localft.data.making.reading import read_files
from localft.data.readers import array_blocks, large
from localft.data.versions import SPLITS, load_split
from localft.store.projects import create_project
from tests.unit.test_data_large import both


def rows(first: int, count: int) -> list[dict[str, str]]:
    return [{"prompt": f"What is {n}?", "completion": f"It is the number {n}."} for n in range(first, first + count)]


PARTS: dict[str, Any] = {"train": rows(0, 30), "Val": rows(100, 5), "test": rows(200, 7)}


def written(folder: Path, value: Any) -> Path:
    path = folder / "a.json"
    path.write_text(json.dumps(value), encoding="utf-8")
    return path


def read(folder: Path, value: Any) -> Any:
    return read_files([written(folder, value)], strict=False)


def test_an_array_for_each_split_stays_that_split(tmp_path: Path) -> None:
    path = written(tmp_path, {**PARTS, "system": "Be brief.", "version": 3, "validation": []})
    found = read_files([path])
    assert found.notes == [
        "a.json: its parts train, Val, test stay the splits that they are named after.",
        "a.json: what stands beside the examples is left out: version.",
    ]
    assert [one.row for one in found.examples] == list(range(1, 43))
    project = create_project("Parts")
    version = import_files(project, [path]).version
    assert (version.division, version.counts) == ("column", {"train": 30, "validation": 5, "test": 7})
    asked = {name: sorted(one.prompt[-1].content for one in load_split(project, version.id, name)) for name in SPLITS}
    assert asked["test"] == sorted(row["prompt"] for row in PARTS["test"])
    assert asked["validation"] == sorted(row["prompt"] for row in PARTS["Val"])


@pytest.mark.parametrize("block", [1, 300, 1 << 20])
def test_of_a_large_file_the_same_is_read(block: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(array_blocks, "_BLOCK", block)
    path = written(tmp_path, {"version": 3, "tools": [{"name": "look"}], **PARTS})
    whole, streamed = both(path, monkeypatch)
    assert isinstance(streamed.rows, array_blocks.SplitRows)
    assert list(streamed.rows) == list(whole.rows)
    assert streamed.notes == whole.notes
    monkeypatch.setattr(large, "LARGE", 1 << 30)
    assert [one.named_split for one in read_files([path]).examples][28:36] == ["train"] * 2 + ["validation"] * 5 + [
        "test"
    ]


@pytest.mark.parametrize(
    "value",
    [
        {"train": rows(0, 3), "extra": rows(10, 3)},
        {"train": rows(0, 3), "test": rows(10, 3), "messages": [{"role": "user", "content": "Why?"}]},
    ],
)
def test_arrays_of_other_names_are_no_splits(value: Any, tmp_path: Path) -> None:
    found = read(tmp_path, value)
    assert not any(one.named_split for one in found.examples)
    assert not any("stay the splits" in note for note in found.notes)


def test_one_part_alone_is_divided_like_any_file(tmp_path: Path) -> None:
    found = read(tmp_path, {"train": rows(0, 12)})
    assert len(found.examples) == 12
    assert not any(one.named_split for one in found.examples)


def test_a_table_column_by_column_has_its_rows(tmp_path: Path) -> None:
    table = {name: [row[name] for row in rows(0, 12)] for name in ("prompt", "completion")}
    assert [one.answer for one in read(tmp_path, table).examples] == [row["completion"] for row in rows(0, 12)]
    uneven = {**table, "completion": table["completion"][1:]}
    assert read(tmp_path, uneven).examples == []
