"""From the examples of a step to the micro-batches that are on the device one after the other."""

import itertools
from collections.abc import Sequence
from typing import Any

import numpy
import torch

from localft.planning.steps import deal, split_alike, split_step
from localft.training.kernels.attention import packed_batch
from localft.training.packing import pack
from localft.training.rows import IGNORED, Row, Unit, documents_of, predicting_positions

Batch = dict[str, Any]
"""What a model is called with, the labels, int64 [rows, tokens], `LEARNED` and `OWNERS`."""

LEARNED = "learned_positions"
"""In a batch: where a learned token comes next, int64. Found before the card is asked, which would be waited for."""

OWNERS = "learned_documents"
"""In a batch: to which of its sequences each of those positions belongs, int64."""


class Batches:
    """Divides rows into micro-batches of at most `budget` tokens: packed, or padded where a model cannot have that.

    A row longer than the budget stands alone. Where several processes learn together, rows are dealt to so many
    `shares` first: each has about as much to do.
    """

    def __init__(self, budget: int, pad_id: int, packed: bool, shares: int = 1) -> None:
        self._budget = budget
        self._pad_id = pad_id
        self._packed = packed
        self._shares = shares

    def __call__(self, units: Sequence[Unit]) -> list[Batch]:
        """All rows or pairs, each once."""
        return [batch for share in self.for_each(units) for batch in share]

    def for_each(self, units: Sequence[Unit]) -> list[list[Batch]]:
        """The micro-batches of each process; with fewer rows or pairs than processes some have none."""
        shares = self._split([self._width(unit) for unit in units])
        return [[self._made([units[index] for index in part]) for part in share] for share in shares]

    def largest(self, steps: Sequence[Sequence[Unit]]) -> int:
        """Tokens of the largest micro-batch of some steps, padding included."""
        most = 0
        for step in steps:
            widths = [self._width(unit) for unit in step]
            for part in itertools.chain.from_iterable(self._split(widths)):
                own = [widths[index] for index in part]
                most = max(most, sum(own) if self._packed else len(own) * max(own))
        return most

    def _width(self, unit: Unit) -> int:
        """Tokens of a unit; where it is padded, both sequences of a pair are as long as the longer one."""
        return len(unit) if self._packed else len(unit.documents) * max(map(len, unit.documents))

    def _split(self, widths: Sequence[int]) -> list[list[list[int]]]:
        """The indices of each micro-batch of each process."""
        split = split_step if self._packed else split_alike
        made = []
        for share in deal(widths, self._shares):
            parts = split([widths[index] for index in share], self._budget)
            made.append([[share[place] for place in part] for part in parts])
        return made

    def _made(self, part: Sequence[Unit]) -> Batch:
        documents = documents_of(part)
        return packed(documents) if self._packed else padded(documents, self._pad_id)


def packed(rows: Sequence[Row]) -> Batch:
    """The batch of rows that stand one after the other in a single one."""
    together = pack(rows)
    learned = predicting_positions(together.labels)
    owners = numpy.searchsorted(together.boundaries, learned, side="right") - 1
    return packed_batch(together) | {LEARNED: torch.from_numpy(learned), OWNERS: torch.from_numpy(owners)}


def padded(rows: Sequence[Row], pad_id: int) -> Batch:
    """The batch of rows that are padded at the end.

    No attention mask is made: attention is causal and the padding comes last, so no real token ever sees it, and its
    own outputs have no label. Without a mask, attention takes its fastest path.
    """
    longest = max(len(row) for row in rows)
    input_ids = numpy.full((len(rows), longest), pad_id, dtype=numpy.int64)
    labels = numpy.full((len(rows), longest), IGNORED, dtype=numpy.int64)
    for index, row in enumerate(rows):
        input_ids[index, : len(row)] = row.token_ids
        labels[index, : len(row)] = row.labels
    learned = predicting_positions(labels)
    made = {"input_ids": input_ids, "labels": labels, LEARNED: learned, OWNERS: learned // longest}
    return {name: torch.from_numpy(values) for name, values in made.items()}


def learned_tokens(batches: Sequence[Batch]) -> int:
    """How many tokens of micro-batches are learned."""
    return sum(len(batch[LEARNED]) for batch in batches)


def to_device(batch: Batch, device: torch.device) -> Batch:
    """The batch with its tensors on a device; what is no tensor stays as it is."""
    return {name: value.to(device) if isinstance(value, torch.Tensor) else value for name, value in batch.items()}
