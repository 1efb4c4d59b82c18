"""Rows apart by their system prompt: what is odd under one may be right under another."""

from collections.abc import Callable
from typing import Any, Generic, Protocol, Self, TypeVar

from localft.data.checks.finding import Row
from localft.data.checks.looking import Tally

# Where each row has a system prompt of its own, it is no instruction but what is asked about.
_MOST = 20
# A prompt of fewer rows, or a smaller share, is a slip: its rows are compared with those under the usual one.
_FEWEST, _LEAST_SHARE = 10, 0.05


class Joinable(Protocol):
    """What is known of some rows, and can take in what is known of others."""

    def join(self, later: Any, /) -> None:
        """Take in what is known of later rows."""


Known = TypeVar("Known", bound=Joinable)


class PromptGroups(Generic[Known]):
    """What is known of the rows under each of the first 20 system prompts, and of all others together."""

    def __init__(self, make: Callable[[], Known]) -> None:
        self._make = make
        self._known: dict[int, Known] = {}
        self._counts: dict[int, int] = {}

    def count(self, row: Row) -> Known:
        """Count a row; what is known of those under its system prompt, to add to."""
        key = self._place(_key(row))
        self._counts[key] += 1
        return self._known[key]

    def join(self, later: Self) -> None:
        """Take in what is known of later rows."""
        for key, known in later._known.items():
            place = self._place(key)
            self._counts[place] += later._counts[key]
            self._known[place].join(known)

    def _place(self, key: int) -> int:
        if key not in self._known:
            key = key if len(self._known) < _MOST else 0
            self._known.setdefault(key, self._make())
            self._counts.setdefault(key, 0)
        return key

    @property
    def all(self) -> list[Known]:
        """What is known under each system prompt, slips counted to the usual one."""
        return list({id(known): known for known in self._settled().values()}.values())

    def settled(self) -> Callable[[Row], Known]:
        """Tells what is known of the rows with which a row is compared."""
        places = self._settled()
        rest = places.get(0, self._make())
        return lambda row: places.get(_key(row), rest)

    def _settled(self) -> dict[int, Known]:
        if not self._known:
            return {}
        usual = max(self._counts, key=self._counts.__getitem__)
        fewest = max(_FEWEST, _LEAST_SHARE * sum(self._counts.values()))
        slips = [key for key, count in self._counts.items() if key != usual and count < fewest]
        together = self._make()
        for key in (usual, *slips):
            together.join(self._known[key])
        return {key: together if key == usual or key in slips else known for key, known in self._known.items()}


def _key(row: Row) -> int:
    first = row.example.messages[0]
    return Tally.hashed(first.content.strip()) if first.role == "system" else 1
