"""Records: older ones are lifted, newer ones refused, damaged ones named; nothing is rewritten by reading."""

from pathlib import Path
from typing import Any, ClassVar

import pytest

from localft.errors import UserError
from localft.store import files
from localft.store.records import Record, Upgrade


class Old(Record):
    title: str


def _split_title(value: dict[str, Any]) -> dict[str, Any]:
    first, _, last = value.pop("title").partition(" ")
    return {**value, "first": first, "last": last}


def _count_words(value: dict[str, Any]) -> dict[str, Any]:
    return {**value, "words": len([part for part in (value["first"], value["last"]) if part])}


class New(Record):
    VERSION: ClassVar[int] = 3
    UPGRADES: ClassVar[dict[int, Upgrade]] = {1: _split_title, 2: _count_words}

    first: str
    last: str
    words: int


def test_what_is_saved_is_what_is_loaded(tmp_path: Path) -> None:
    Old(title="Größe 🌍").save(tmp_path / "record.json")
    assert Old.load(tmp_path / "record.json") == Old(title="Größe 🌍")
    assert files.read_json(tmp_path / "record.json")["schema_version"] == 1


def test_an_older_record_is_lifted_through_every_version_and_left_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "record.json"
    Old(title="Ada Lovelace").save(path)
    before = path.read_bytes()
    lifted = New.load(path)
    assert (lifted.first, lifted.last, lifted.words, lifted.schema_version) == ("Ada", "Lovelace", 2, 3)
    assert path.read_bytes() == before


def test_a_newer_record_is_refused(tmp_path: Path) -> None:
    New(first="a", last="b", words=2).save(tmp_path / "record.json")
    with pytest.raises(UserError, match="newer localft"):
        Old.load(tmp_path / "record.json")


@pytest.mark.parametrize(
    "value",
    [
        [],
        "text",
        {},
        {"schema_version": 0, "title": "x"},
        {"schema_version": "1", "title": "x"},
        {"schema_version": 1},
        {"schema_version": 1, "title": 5},
        {"schema_version": 1, "title": "x", "foreign": 1},
    ],
)
def test_a_damaged_record_is_named(tmp_path: Path, value: object) -> None:
    files.write_json(tmp_path / "record.json", value)
    with pytest.raises(UserError, match=r"record\.json is damaged"):
        Old.load(tmp_path / "record.json")


def test_records_do_not_change() -> None:
    with pytest.raises(Exception, match="frozen"):
        Old(title="x").title = "y"  # ty: ignore[invalid-assignment]
