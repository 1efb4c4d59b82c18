"""Packing: the examples of a step as few full micro-batches, each one sequence without padding.

Several documents stand one after the other in one row. That they never see each other is the attention's part,
`localft.training.kernels.attention`.
"""

from bisect import bisect_left, insort
from collections.abc import Sequence
from dataclasses import dataclass

import numpy

from localft.training.rows import IGNORED, Row


def split_step(lengths: Sequence[int], budget: int) -> list[list[int]]:
    """Divide the examples of a step, given by their lengths in tokens, into few micro-batches of `budget` tokens.

    Best fit, longest first (Johnson, Demers, Ullman, Garey and Graham 1974): each goes where it leaves the least
    room, so that at most 11/9 of the fewest possible micro-batches are made, and one more. Every index occurs once,
    the longest example comes first, and equal arguments give equal answers. An example longer than the budget stands
    alone: it is neither cut nor dropped.
    """
    micro_batches: list[list[int]] = []
    # (tokens left, number of the micro-batch), ascending: the first that is large enough is the best fit.
    room: list[tuple[int, int]] = []
    for index in sorted(range(len(lengths)), key=lambda index: (-lengths[index], index)):
        place = bisect_left(room, (lengths[index], -1))
        if place < len(room):
            left, number = room.pop(place)
        else:
            left, number = budget, len(micro_batches)
            micro_batches.append([])
        micro_batches[number].append(index)
        insort(room, (left - lengths[index], number))
    return micro_batches


@dataclass(frozen=True)
class Packed:
    """A micro-batch as one sequence of documents, on the processor.

    `input_ids`, `labels` and `position_ids` are int64 [1, tokens]. Positions begin at 0 in each document, and the first
    token of each has the label `IGNORED`: nothing in its own document comes before it, and the last token of another
    must not predict it. `boundaries` is int32 [documents + 1]: document i is the tokens from boundaries[i] up to
    boundaries[i + 1]; `lengths` says the same as Python numbers, for code that must not wait for a card.
    """

    input_ids: numpy.ndarray
    labels: numpy.ndarray
    position_ids: numpy.ndarray
    boundaries: numpy.ndarray
    lengths: tuple[int, ...]

    @property
    def longest(self) -> int:
        """Tokens of the longest document."""
        return max(self.lengths)


def pack(rows: Sequence[Row]) -> Packed:
    """Lay rows one after the other. Rows of equal length are best neighbours: attention takes them in one go."""
    lengths = tuple(len(row) for row in rows)
    if not lengths or min(lengths) == 0:
        raise ValueError("A micro-batch is made of rows that have tokens.")
    boundaries = numpy.concatenate([[0], numpy.cumsum(lengths)]).astype(numpy.int32)
    starts = boundaries[:-1]
    input_ids = numpy.concatenate([row.token_ids for row in rows]).astype(numpy.int64)
    labels = numpy.concatenate([row.labels for row in rows]).astype(numpy.int64)
    labels[starts] = IGNORED
    position_ids = numpy.arange(len(input_ids), dtype=numpy.int64) - numpy.repeat(starts, lengths)
    return Packed(input_ids[None], labels[None], position_ids[None], boundaries, lengths)
