"""Packing: a micro-batch as one sequence without padding.

Several documents stand one after the other in one row. That they never see each other is the attention's part,
`localft.training.kernels.attention`.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy

from localft.training.rows import IGNORED, Row


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
