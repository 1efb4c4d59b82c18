"""What the lean adapter saves: forward and backward of the same examples with it and with PEFT's own layers.

python -m tests.benchmarks.lora

The starter model with a 4-bit base and an adapter; three spreads of lengths, packed, half of the tokens learned. Rounds
are interleaved, so that whatever else the machine does meets both ways; printed, never asserted. The bytes are those
that the largest micro-batch keeps from its forward pass for the backward pass.
"""

import logging
import statistics
import sys
import time
import warnings
from typing import Any

from tests.benchmarks._examples import SPREADS, Spread, as_trained, load_model, make_rows
from tests.benchmarks._home import own_home

_ROUNDS = 5
_TOKENS_AT_ONCE = 2_048


def main() -> int:
    """Print the comparison; the exit status is 0."""
    warnings.simplefilter("ignore")
    logging.disable(logging.WARNING)
    with own_home():
        model = as_trained(load_model())
        for spread in SPREADS:
            print(_compare(model, spread), flush=True)
    return 0


def _compare(model: Any, spread: Spread) -> str:
    from localft.training.batches import Batches

    rows = make_rows(spread)
    batches = Batches(_TOKENS_AT_ONCE, 0, packed=True)(rows)
    plain, lean = (_look(model, batches, lean=lean) for lean in (False, True))
    rounds = [(_learn(model, batches, lean=False)[0], _learn(model, batches, lean=True)[0]) for _ in range(_ROUNDS)]
    ratios = sorted(seconds[0] / seconds[1] for seconds in rounds)
    rate = sum(len(row) for row in rows) / statistics.median(seconds[1] for seconds in rounds)
    return (
        f"{spread.name}: lean {rate:,.0f} tokens/s, {statistics.median(ratios):.2f} ({ratios[0]:.2f} to "
        f"{ratios[-1]:.2f}) times as fast as PEFT's; keeps {lean[0] / 2**20:,.1f} MiB, {1 - lean[0] / plain[0]:.0%} "
        f"less; the same loss to {abs(lean[1] / plain[1] - 1):.0e}"
    )


def _look(model: Any, batches: list[dict[str, Any]], *, lean: bool) -> tuple[int, float]:
    """(bytes kept, summed loss); the first pass of a way also warms it up."""
    from localft.training.losses import token_losses
    from tests.saved_tensors import saved_bytes

    loss = _learn(model, batches, lean=lean)[1]
    largest = max(batches, key=lambda batch: batch["input_ids"].numel())
    return saved_bytes(lambda: token_losses(model, largest), model.parameters()), loss


def _learn(model: Any, batches: list[dict[str, Any]], *, lean: bool) -> tuple[float, float]:
    """(seconds, summed loss) of one pass over the examples, forward and backward."""
    from localft.training.kernels.lora import make_lean, make_plain
    from localft.training.losses import token_losses

    (make_lean if lean else make_plain)(model)
    model.zero_grad()
    total = 0.0
    started = time.perf_counter()
    for batch in batches:
        loss = token_losses(model, batch).sum()
        loss.backward()
        total += loss.item()
    return time.perf_counter() - started, total


if __name__ == "__main__":
    sys.exit(main())
