"""How many processor threads to compute with: on small models many threads wait for each other more than they work."""

import os
import time

import torch

_TOKENS = 256
_REPEATS = 5
# Fewer threads are taken unless more are at least this much faster.
_WORTHWHILE = 0.9


def choose_threads(hidden: int, intermediate: int) -> int:
    """Try powers of two up to torch's own choice on products of the model's size; takes some tenths of a second.

    OMP_NUM_THREADS, where set, is obeyed. Results of a run are exactly repeatable with the same number of threads only,
    so a resumed run must go on with the number it began with.
    """
    most = torch.get_num_threads()
    if os.environ.get("OMP_NUM_THREADS") or most == 1:
        return most
    candidates = [1]
    while candidates[-1] * 2 < most:
        candidates.append(candidates[-1] * 2)
    best, best_seconds = 1, _seconds(1, hidden, intermediate)
    for threads in [*candidates[1:], most]:
        seconds = _seconds(threads, hidden, intermediate)
        if seconds < _WORTHWHILE * best_seconds:
            best, best_seconds = threads, seconds
    torch.set_num_threads(best)
    return best


def _seconds(threads: int, hidden: int, intermediate: int) -> float:
    """The median time of a feed-forward block, products and elementwise work as in a layer."""
    torch.set_num_threads(threads)
    tokens, up = torch.ones(_TOKENS, hidden), torch.ones(hidden, intermediate)
    times = []
    for _ in range(_REPEATS + 1):
        start = time.perf_counter()
        for _ in range(4):
            inner = torch.nn.functional.silu(tokens @ up) * 2.0
            (inner @ up.T).sum()
        times.append(time.perf_counter() - start)
    # The first round warms up.
    return sorted(times[1:])[_REPEATS // 2]
