"""From the examples of a step to the micro-batches that are on the device one after the other."""

from collections.abc import Sequence
from typing import Any

import numpy
import torch

from localft.training.kernels.attention import packed_batch
from localft.training.packing import pack, split_step
from localft.training.rows import IGNORED, Row, Unit, documents_of, predicting_positions

Batch = dict[str, Any]
"""What a model is called with, the labels, int64 [rows, tokens], `LEARNED` and `OWNERS`."""

LEARNED = "learned_positions"
"""In a batch: where a learned token comes next, int64. Found before the card is asked, which would be waited for."""

OWNERS = "learned_documents"
"""In a batch: to which of its sequences each of those positions belongs, int64."""


class Batches:
    """Divides rows into micro-batches of at most `budget` tokens: packed, or padded where a model cannot have that.

    A row longer than the budget stands alone. Where `shares` processes learn together, rows are divided further, so
    that each has its part.
    """

    def __init__(self, budget: int, pad_id: int, packed: bool, shares: int = 1) -> None:
        self._budget = budget
        self._pad_id = pad_id
        self._packed = packed
        self._shares = shares

    def __call__(self, units: Sequence[Unit]) -> list[Batch]:
        """All rows or pairs, each once."""
        if self._packed:
            lengths = [len(unit) for unit in units]
            parts = split_step(lengths, self._share_of(sum(lengths)))
            return [packed(documents_of([units[index] for index in part])) for part in parts]
        parts = self._alike([len(unit.documents) * max(map(len, unit.documents)) for unit in units])
        return [padded(documents_of([units[index] for index in part]), self._pad_id) for part in parts]

    def _share_of(self, tokens: int) -> int:
        return min(self._budget, -(-tokens // self._shares))

    def _alike(self, lengths: Sequence[int]) -> list[list[int]]:
        """The indices of units of like length, the longest first, padding counted as tokens."""
        budget = self._share_of(len(lengths) * max(lengths, default=0))
        parts: list[list[int]] = []
        for index in sorted(range(len(lengths)), key=lambda index: -lengths[index]):
            if parts and lengths[parts[-1][0]] * (len(parts[-1]) + 1) <= budget:
                parts[-1].append(index)
            else:
                parts.append([index])
        return parts


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
