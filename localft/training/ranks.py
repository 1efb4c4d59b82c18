"""Several processes that learn together, as `accelerate launch` starts them: one for each card.

Each has the whole list of steps, learns from its share of a step's micro-batches, and adds its gradient to those of the
others. So all have the same weights after every step, and they are those that one process would have, up to rounding.
"""

import os

from torch import distributed


def is_first() -> bool:
    """Whether this process is the one that speaks for all: a process alone is."""
    return int(os.environ.get("RANK", "0")) == 0


def ranks() -> int:
    """How many processes learn together: 1 alone."""
    return int(os.environ.get("WORLD_SIZE", "1"))


def local_rank() -> int:
    """The number of this process's card."""
    return int(os.environ.get("LOCAL_RANK", "0"))


def agreed(*answers: bool) -> tuple[bool, ...]:
    """What the first process answers, so that all do the same; alone, the answers themselves."""
    if not (distributed.is_available() and distributed.is_initialized()):
        return answers
    told = [answers]
    distributed.broadcast_object_list(told, src=0)
    return told[0]
