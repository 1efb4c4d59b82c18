"""How many golden questions are enough, and how sure a verdict on so many is."""

import math

from localft import words

FEWEST, ENOUGH = 50, 100
# Half of a 95 % interval of a share that is nowhere wider, times the root of the count.
_HALF_INTERVAL = 0.98


def half_interval(count: int) -> float:
    """How far a difference of shares may be off with so many questions, at 95 %: from 0 to 1.

    A quarter of the answers turns from wrong to right or back; then it is as wide as that of any single share.
    """
    return _HALF_INTERVAL / math.sqrt(count)


def told_amount(count: int) -> str:
    """How many golden questions there are, against the 50 to 100 that are advised, and what that means."""
    if not count:
        return (
            f"There are no golden questions yet. {FEWEST} to {ENOUGH}, written by hand and never learned, say best "
            "whether the tuned model answers what matters to you."
        )
    here = words.counted(count, "golden question")
    sure = f"a difference between base and tuned model is sure to about ± {_points(count)} percentage points"
    if count < FEWEST:
        with_more = f"with {FEWEST} to ± {_points(FEWEST)}, with {ENOUGH} to ± {_points(ENOUGH)}"
        return f"{here}; {FEWEST} to {ENOUGH} are advised. With so few, {sure}; {with_more}."
    advised = (
        f"within the {FEWEST} to {ENOUGH} advised"
        if count <= ENOUGH
        else f"more than the {ENOUGH} advised, which is fine"
    )
    return f"{here}, {advised}: {sure}."


def _points(count: int) -> str:
    return f"{min(100.0, 100 * half_interval(count)):.0f}"
