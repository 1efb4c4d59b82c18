"""Rows on their way into a version: in memory, or in files of their own where they are many."""

from array import array
from collections.abc import Mapping, Sequence
from typing import BinaryIO

import numpy

from localft.data.checks.finding import Row
from localft.data.checks.stored_rows import StoredRows
from localft.data.examples import Example
from localft.data.scratch import Scratch
from localft.data.stored import StoredExamples, line_of
from localft.data.versions import SPLITS, Split

Splits = Mapping[Split, Sequence[Example]]


def splits_of(rows: Sequence[Row]) -> Splits:
    """The examples of rows by their splits, in memory where the rows are."""
    if isinstance(rows, StoredRows):
        return rows.splits
    held: dict[Split, list[Example]] = {name: [] for name in SPLITS}
    for row in rows:
        held[row.split].append(row.example)
    return held


class Staged:
    """Takes rows one after the other; those of a split stay in their order."""

    def __init__(self, many: bool) -> None:
        self._held: dict[Split, list[Example]] = {name: [] for name in SPLITS}
        self._lengths = {name: array("q") for name in SPLITS}
        self._scratch = Scratch() if many else None
        self._files: dict[Split, BinaryIO] = {}
        if self._scratch is not None:
            self._files = {name: (self._scratch.folder / f"{name}.jsonl").open("wb") for name in SPLITS}

    def add(self, row: Row) -> None:
        """Put a row behind the others of its split."""
        if self._scratch is None:
            self._held[row.split].append(row.example)
            return
        line = line_of(row.example)
        self._files[row.split].write(line)
        self._lengths[row.split].append(len(line))

    def close(self) -> None:
        """Take no more."""
        for file in self._files.values():
            file.close()

    def splits(self) -> Splits:
        """What was taken; nothing can be added afterwards."""
        self.close()
        scratch = self._scratch
        if scratch is None:
            return self._held
        lengths = {name: numpy.array(self._lengths[name], dtype=numpy.int64) for name in SPLITS}
        return {
            name: StoredExamples(scratch.folder / f"{name}.jsonl", numpy.cumsum(own) - own, own, scratch)
            for name, own in lengths.items()
        }
