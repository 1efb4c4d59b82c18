"""A click that starts something starts it once, however often it arrives."""

import secrets
import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")
_REMEMBERED = 256


class Once(Generic[T]):
    """Remembers by key what was started. The key lies in the page: a double click sends the same one twice."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._started: OrderedDict[str, T] = OrderedDict()

    def run(self, key: str, start: Callable[[], T]) -> T:
        """Call `start`, or return what it returned when it was called with this key before.

        What fails is not remembered, so that it can be tried again.
        """
        with self._lock:
            if key in self._started:
                return self._started[key]
            result = start()
            self._started[key] = result
            while len(self._started) > _REMEMBERED:
                self._started.popitem(last=False)
            return result


def new_key() -> str:
    """A key that no click has had."""
    return secrets.token_hex(8)
