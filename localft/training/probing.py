"""A look before the first step: what small micro-batches really take of the card, and from that what the largest will.

The formulas of `localft.planning.memory` know how memory grows with the tokens of a micro-batch; what they cannot know,
such as the kernels of this card and the rounding of its allocator, is in two measurements.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import torch

from localft.training.batches import Batch, Batches, to_device
from localft.training.rows import IGNORED, Unit, documents_of

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
class Point:
    """One measurement: the tokens of a micro-batch, the part of them that has a loss, and the peak in bytes."""

    tokens: int
    learned_share: float
    bytes: int


@dataclass(frozen=True)
class Probe:
    """Two measurements, and the peak in bytes that they predict for the largest micro-batch of the run."""

    points: tuple[Point, Point]
    predicted_bytes: int


def probe(
    model: Any,
    rows: Sequence[Unit],
    tokens: int,
    batches: Callable[[int], Batches],
    backward: Callable[[Any, Batch], None],
    step_bytes: Callable[[int, float], int],
    meter: Meter,
) -> Probe | None:
    """Learn from two small micro-batches without a step, and predict the peak of one with so many `tokens`.

    `batches` makes them for a budget of tokens, `backward` computes the gradients of one, and `step_bytes` is the
    formula for what one takes, of its tokens and the part of them that is learned. Weights, random numbers and
    gradients are afterwards as before. None where the largest is too small to measure parts of it.

    The prediction is a + b f(tokens), with the formula f and the line through both points, and 8 bytes for each trained
    weight, which AdamW will hold from the first step on (Loshchilov & Hutter 2019).
    """
    if tokens < _FEWEST_TOKENS:
        return None
    samples = [_sample(rows, round(share * tokens), batches) for share in _SHARES]
    with torch.random.fork_rng():
        # The first pass makes what stays: gradients, and the work spaces of the libraries.
        first, second = [_measure(model, sample, backward, meter) for sample in (samples[0], *samples)][1:]
    model.zero_grad(set_to_none=True)
    if second.tokens <= first.tokens:
        return None
    small, large = (step_bytes(point.tokens, point.learned_share) for point in (first, second))
    slope = (second.bytes - first.bytes) / max(1, large - small)
    most = max(_learned_share(row.labels != IGNORED) for row in documents_of(rows))
    grown = max(0.0, slope) * (step_bytes(tokens, most) - large)
    trained = sum(weights.numel() for weights in model.parameters() if weights.requires_grad)
    return Probe((first, second), round((1 + _MARGIN) * (second.bytes + grown)) + 8 * trained)


def _measure(model: Any, batch: Batch, backward: Callable[[Any, Batch], None], meter: Meter) -> Point:
    device = next(model.parameters()).device
    meter.reset()
    on_device = to_device(batch, device)
    backward(model, on_device)
    return Point(batch["input_ids"].numel(), _learned_share(batch["labels"] != IGNORED), meter.peak())


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
