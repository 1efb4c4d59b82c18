"""Rows apart by their system prompt: what is odd under one may be right under another."""

from collections.abc import Callable, Iterable
from typing import Any, Generic, Protocol, Self, TypeVar

from localft.data.checks.finding import Row
from localft.data.checks.looking import Tally

# Where each row has a system prompt of its own, it is no instruction but what is asked about.
_MOST = 20


class Joinable(Protocol):
    """What is known of some rows, and can take in what is known of others."""

    def join(self, later: Any, /) -> None:
        """Take in what is known of later rows."""


Known = TypeVar("Known", bound=Joinable)


class PromptGroups(Generic[Known]):
    """What is known of the rows under each of the first 20 system prompts, and of all others together."""

    def __init__(self, make: Callable[[], Known]) -> None:
        self._make = make
        self._groups: dict[int, Known] = {}

    def of(self, row: Row) -> Known:
        """What is known of the rows under the same system prompt."""
        first = row.example.messages[0]
        return self._of(Tally.hashed(first.content.strip()) if first.role == "system" else 1)

    def _of(self, key: int) -> Known:
        if key not in self._groups and len(self._groups) >= _MOST:
            key = 0
        return self._groups.setdefault(key, self._make())

    def join(self, later: Self) -> None:
        """Take in what is known of later rows."""
        for key, known in later._groups.items():
            self._of(key).join(known)

    @property
    def all(self) -> Iterable[Known]:
        """What is known, by system prompt."""
        return self._groups.values()
