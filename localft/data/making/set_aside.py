"""Rows that were set aside, as anybody may see them: a copy of a test example is sealed as that one is."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from localft.data.examples import Example
from localft.data.making.gathering import DUPLICATE
from localft.data.making.importing import read_set_aside
from localft.data.splits.sealing import SEALED_TEXT
from localft.data.versions import DatasetVersion, iterate_split
from localft.store.projects import Project

# As the reason names it: in a file of its own name, or in the same one.
_TWIN = re.compile(r" of row (?P<row>\d+)(?: of (?P<source>.+))?$", re.DOTALL)


def list_set_aside(project: Project, version: DatasetVersion) -> list[dict[str, Any]]:
    """The rows that were set aside for a version, without what test examples say.

    Raises:
        UserError: the list is missing or damaged.
    """
    return sealed_copies(read_set_aside(project, version.id), iterate_split(project, version.id, "test"))


def sealed_copies(rows: Sequence[Mapping[str, Any]], test: Iterable[Example]) -> list[dict[str, Any]]:
    """The rows, those without their text that are copies of test examples."""
    if not any(row["kind"] == DUPLICATE for row in rows):
        return [dict(row) for row in rows]
    held = {(example.source, example.row) for example in test}
    return [{**row, "text": SEALED_TEXT} if _twin(row) in held else dict(row) for row in rows]


def _twin(row: Mapping[str, Any]) -> tuple[str, int] | None:
    """Source and row of the example that a row is a copy of; None where it is no copy."""
    found = _TWIN.search(str(row["reason"])) if row["kind"] == DUPLICATE else None
    return (found["source"] or str(row["source"]), int(found["row"])) if found else None
