"""A look before the first step: what small micro-batches really take of the card, and from that what the largest will.

The formulas of `localft.planning.memory` know how memory grows with the tokens of a micro-batch; what they cannot know,
such as the kernels of this card and the rounding of its allocator, is in two measurements.
"""

import bisect
import itertools
import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import torch

from localft.planning.memory import bucket_bytes, moment_bytes
from localft.training.batches import Batch, Batches, to_device
from localft.training.rows import IGNORED, Row, Unit, documents_of

# Shares of the largest micro-batch's tokens: both together cost less than one such micro-batch.
_SHARES = (0.25, 0.5)
# With fewer tokens than this, memory is hardly more than the model's.
_FEWEST_TOKENS = 64
# Blocks of a larger micro-batch are rounded otherwise than those of a smaller one.
_MARGIN = 0.02
_USABLE = 0.97


class Meter(Protocol):
    """Tells the most bytes that were allocated at a time, on the device, since it was last reset."""

    def reset(self) -> None: ...

    def peak(self) -> int: ...


class CardMeter:
    """What torch's allocator holds on the card; cached blocks that nothing uses are not counted."""

    def reset(self) -> None:
        torch.cuda.reset_peak_memory_stats()

    def peak(self) -> int:
        return torch.cuda.max_memory_allocated()


def room_on_card() -> int:
    """Bytes that a run may take of the card: what is free there, and what torch holds already.

    A little is left over, since the allocator keeps gaps.
    """
    free, _ = torch.cuda.mem_get_info()
    return int(_USABLE * (free + torch.cuda.memory_reserved()))


@dataclass(frozen=True)
class Extent:
    """How large a micro-batch is: its tokens, the part of them that has a loss, and how long its documents are.

    Of the largest micro-batch, which nobody has made yet, the documents are those that would be most expensive: the
    longest ones, together at least as long as its tokens; and the share is that of as many tokens of those documents
    that are learned the most.
    """

    tokens: int
    learned_share: float
    documents: tuple[int, ...]


@dataclass(frozen=True)
class Point:
    """One measurement: a micro-batch, and the peak in bytes while it was learned."""

    extent: Extent
    bytes: int


@dataclass(frozen=True)
class Probe:
    """Two measurements, and the peak in bytes that they predict for the largest micro-batch of the run.

    `slope` is how many bytes there really were for each that the formula had more for the second point.
    """

    points: tuple[Point, Point]
    predicted_bytes: int
    largest: Extent
    slope: float

    def layers_to_recompute(
        self, room: int, counts: Iterable[int], step_bytes: Callable[[Extent, int], int]
    ) -> int | None:
        """The first of some numbers of recomputed layers with which the largest micro-batch has room, None if none is.

        The first number is the one that was measured; `step_bytes` is the formula for each.
        """
        now, *others = counts
        missing = self.predicted_bytes - room
        most = step_bytes(self.largest, now)
        return next(
            (count for count in others if self.slope * (most - step_bytes(self.largest, count)) >= missing), None
        )


def probe(
    model: Any,
    rows: Sequence[Unit],
    tokens: int,
    batches: Callable[[int], Batches],
    backward: Callable[[Any, Batch], None],
    step_bytes: Callable[[Extent], int],
    meter: Meter,
    cards: int = 1,
) -> Probe | None:
    """Learn from two small micro-batches without a step, and predict the peak of one with so many `tokens`.

    `batches` makes them for a budget of tokens, `backward` computes the gradients of one, and `step_bytes` is the
    formula for what one takes. Weights, random numbers and gradients are afterwards as before. None where the largest
    is too small to measure parts of it.

    The prediction is a + b f(extent), with the formula f and the line through both points, and what is there from the
    first step on: AdamW's moments of each trained weight, and where several `cards` learn together, room to exchange
    gradients.
    """
    if tokens < _FEWEST_TOKENS:
        return None
    samples = [_sample(rows, round(share * tokens), batches) for share in _SHARES]
    with torch.random.fork_rng():
        # The first pass makes what stays: gradients, and the work spaces of the libraries.
        first, second = [_measure(model, sample, backward, meter) for sample in (samples[0], *samples)][1:]
    model.zero_grad(set_to_none=True)
    if second.extent.tokens <= first.extent.tokens:
        return None
    small, large = (step_bytes(point.extent) for point in (first, second))
    slope = (second.bytes - first.bytes) / max(1, large - small)
    largest = _largest(rows, tokens)
    grown = max(0.0, slope) * (step_bytes(largest) - large)
    trained = sum(weights.numel() for weights in model.parameters() if weights.requires_grad)
    later = moment_bytes(trained) + bucket_bytes(trained, cards)
    predicted = round((1 + _MARGIN) * (second.bytes + grown)) + later
    return Probe((first, second), predicted, largest, max(0.0, slope))


def _measure(model: Any, batch: Batch, backward: Callable[[Any, Batch], None], meter: Meter) -> Point:
    device = next(model.parameters()).device
    meter.reset()
    on_device = to_device(batch, device)
    backward(model, on_device)
    return Point(_extent_of(batch), meter.peak())


def _extent_of(batch: Batch) -> Extent:
    ids = batch["input_ids"]
    # Padded documents are as long as their row.
    documents = tuple(batch.get("document_lengths") or (ids.shape[1],) * ids.shape[0])
    return Extent(ids.numel(), _learned_share(batch["labels"] != IGNORED), documents)


def _largest(rows: Sequence[Unit], tokens: int) -> Extent:
    """The most expensive micro-batch that a run can meet, of so many tokens."""
    documents = documents_of(rows)
    lengths = sorted(map(len, documents), reverse=True)
    enough = 1 + bisect.bisect_left(list(itertools.accumulate(lengths)), tokens)
    return Extent(tokens, _most_learned(documents, tokens) / tokens, tuple(lengths[:enough]))


def _most_learned(documents: Sequence[Row], tokens: int) -> float:
    """How many learned tokens there are at most among so many: those of the documents with the largest shares."""
    shares = sorted(((_learned_share(row.labels != IGNORED), len(row)) for row in documents), reverse=True)
    left, most = tokens, 0.0
    for share, length in shares:
        most += share * min(length, left)
        left -= min(length, left)
    return most


def _learned_share(learned: Any) -> float:
    """The mean of booleans, an array's or a tensor's."""
    return float(learned.sum()) / max(1, math.prod(learned.shape))


def _sample(rows: Sequence[Unit], tokens: int, batches: Callable[[int], Batches]) -> Batch:
    """A micro-batch of about so many tokens: the ends of the longest units, where the learned tokens are."""
    left, chosen = tokens, []
    for row in sorted(rows, key=len, reverse=True):
        if left <= 1:
            break
        chosen.append(row.last(left))
        left -= len(chosen[-1])
    return batches(tokens)(chosen)[0]
