"""What packing saves: forward and backward of the same examples, packed and padded.

python -m tests.benchmarks.packing

The starter model with a 4-bit base and an adapter; three spreads of lengths, half of the tokens learned. Four ways:
packed; packed under the mask that transformers makes; padded in micro-batches of like length; padded in micro-batches
as they come. A packed micro-batch has at most as many tokens as the largest padded one. Rounds are interleaved, so that
whatever else the machine does meets all ways; printed, never asserted.
"""

import logging
import statistics
import sys
import time
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tests.benchmarks._examples import SPREADS, Spread, load_model, make_rows
from tests.benchmarks._home import own_home

if TYPE_CHECKING:
    from localft.training.rows import Row

_ROUNDS = 3
_BATCH, _MICRO_BATCH = 16, 4


@dataclass(frozen=True)
class Way:
    """One way to lay out the examples: its name, the attention it runs under, and its micro-batches."""

    name: str
    attention: str
    batches: list[dict[str, Any]]

    @property
    def positions(self) -> int:
        """Positions that the model computes, padding among them."""
        return sum(batch["input_ids"].numel() for batch in self.batches)


def main() -> int:
    """Print the comparison; the exit status is 0."""
    warnings.simplefilter("ignore")
    logging.disable(logging.WARNING)
    with own_home():
        model = load_model()
        for spread in SPREADS:
            print(_compare(model, spread), flush=True)
    return 0


def _compare(model: Any, spread: Spread) -> str:
    rows = make_rows(spread)
    tokens, longest = sum(len(row) for row in rows), max(len(row) for row in rows)
    ways = _lay_out(rows)
    losses = [_learn(model, way)[1] for way in ways]
    rounds = [[_learn(model, way)[0] for way in ways] for _ in range(_ROUNDS)]
    packed = [seconds[0] for seconds in rounds]
    lines = [
        f"{spread.name}: {len(rows)} examples, longest {longest}, mean {tokens / len(rows):.0f} tokens; packed: "
        f"{len(ways[0].batches)} micro-batches, {tokens / statistics.median(packed):,.0f} tokens/s; the same losses to "
        f"{max(abs(loss / losses[0] - 1) for loss in losses):.0e}"
    ]
    for number, way in enumerate(ways[1:], start=1):
        ratios = sorted(seconds[number] / seconds[0] for seconds in rounds)
        lines.append(
            f"  {statistics.median(ratios):.2f} ({ratios[0]:.2f} to {ratios[-1]:.2f}) times as fast as {way.name}, "
            f"which computes {way.positions / tokens:.2f} times the tokens"
        )
    return "\n".join(lines)


def _lay_out(rows: "Sequence[Row]") -> list[Way]:
    from localft.training.batches import LEARNED, Batches
    from localft.training.kernels.attention import NAME

    batches = Batches(_MICRO_BATCH * max(len(row) for row in rows), 0, packed=True)
    packed = [batch for start in range(0, len(rows), _BATCH) for batch in batches(rows[start : start + _BATCH])]
    plain = [{name: batch[name] for name in ("input_ids", "labels", "position_ids", LEARNED)} for batch in packed]
    return [
        Way("packed", NAME, packed),
        Way("packed under a mask", "sdpa", plain),
        Way("padded by length", "sdpa", _pad(sorted(rows, key=len, reverse=True))),
        Way("padded as they come", "sdpa", _pad(rows)),
    ]


def _pad(rows: "Sequence[Row]") -> list[dict[str, Any]]:
    """Micro-batches of neighbours."""
    from localft.training.batches import padded

    return [padded(rows[start : start + _MICRO_BATCH], 0) for start in range(0, len(rows), _MICRO_BATCH)]


def _learn(model: Any, way: Way) -> tuple[float, float]:
    """(seconds, summed loss) of one pass over the examples, forward and backward."""
    from localft.training.losses import token_losses

    base = model.get_base_model()
    base.set_attn_implementation(way.attention)
    model.zero_grad()
    total = 0.0
    started = time.perf_counter()
    for batch in way.batches:
        loss = token_losses(model, batch).sum()
        loss.backward()
        total += loss.item()
    return time.perf_counter() - started, total


if __name__ == "__main__":
    sys.exit(main())
