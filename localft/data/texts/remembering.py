"""What was made of the last few texts: those who look at a row ask for the same one after the other."""

from collections.abc import Callable
from functools import lru_cache, wraps
from typing import TypeVar

_REMEMBERED, _LONGEST = 32, 50_000
Made = TypeVar("Made")


def remembering(work: Callable[[str], Made]) -> Callable[[str], Made]:
    """The same work, not done again on one of the last texts unless that is very long; what it makes never changes."""
    remembered = lru_cache(_REMEMBERED)(work)

    @wraps(work)
    def recall(text: str) -> Made:
        return remembered(text) if len(text) <= _LONGEST else work(text)

    return recall
