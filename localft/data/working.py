"""Work on many rows that is divided among processes, in order and within memory."""

import contextlib
import gc
import multiprocessing
import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from functools import partial
from multiprocessing.connection import wait
from typing import Any, Protocol, Self, TypeVar, runtime_checkable

Given = TypeVar("Given")
Made = TypeVar("Made")
Some = TypeVar("Some", covariant=True)
Item = TypeVar("Item", contravariant=True)
Kept = TypeVar("Kept", bound="Looker[Any]")

_MOST_WORKERS = 8
# So many parts a worker are under way: enough to keep it busy, few enough to hold in memory.
_AHEAD = 2


# A part of so many bytes is given to a worker at once; less than a few of them is not worth starting any.
_PART, _ALONE = 8 << 20, 32 << 20


Tell = Callable[[str, float, float, str], None]
"""Is told on the way what is being done, how much of how much (0: unknown) is, and the unit; may raise to stop it."""


def quiet(message: str, done: float, total: float, unit: str) -> None:
    """Tell nobody."""


class Looker(Protocol[Item]):
    """Looks at items one by one and keeps something of each; what was kept of parts can be joined."""

    def look(self, item: Item, /) -> None:
        """Take an item into account."""

    def join(self, later: Self, /) -> None:
        """Take into account what was kept of the items that follow."""


@runtime_checkable
class Divisible(Protocol[Some]):
    """Items that lie in a file."""

    @property
    def size(self) -> int:
        """How many bytes they take."""
        ...

    def __len__(self) -> int: ...
    def __iter__(self) -> Iterator[Some]: ...
    def parts(self, most_bytes: int) -> Iterator[Self]:
        """All of them in parts of about so many bytes, each of which can be given to another process."""
        ...


def look_at_all(
    make: Callable[[], Kept],
    items: Divisible[Any] | Sequence[Any],
    tell: Tell = quiet,
    message: str = "Looking at the examples",
) -> Kept:
    """What a looker keeps of all items, in several processes where there are many of them in a file."""
    if not isinstance(items, Divisible):
        return _look(make, items)[0]
    total, done = make(), 0
    for part, count in in_order(partial(_look, make), items.parts(_PART), alone=items.size < _ALONE):
        total.join(part)
        done += count
        tell(message, done, len(items), "rows")
    return total


def _look(make: Callable[[], Kept], items: Divisible[Any] | Sequence[Any]) -> tuple[Kept, int]:
    looker = make()
    for item in items:
        looker.look(item)
    return looker, len(items)


def in_order(work: Callable[[Given], Made], parts: Iterable[Given], alone: bool = False) -> Iterator[Made]:
    """What `work` makes of each part, in the order of the parts; in several processes unless `alone`.

    `parts` are taken as they are needed. `work`, the parts and what is made of them have to be picklable.
    """
    if alone:
        yield from map(work, parts)
        return
    with _workers() as (pool, count):
        waiting: deque[Future[Made]] = deque()
        for part in parts:
            waiting.append(pool.submit(work, part))
            if len(waiting) >= _AHEAD * count:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


@contextlib.contextmanager
def _workers() -> Generator[tuple[ProcessPoolExecutor, int]]:
    """A process for each core that this one may use; all of them have ended afterwards."""
    count = max(1, min(_MOST_WORKERS, _cores()))
    # Not by fork: the app has threads.
    pool = ProcessPoolExecutor(count, multiprocessing.get_context("spawn"), _begin)
    try:
        yield pool, count
    finally:
        pool.shutdown(cancel_futures=True)


def _cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _begin() -> None:
    """Be a worker: leave Ctrl-C to the process that one works for, and end with it, however it ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # What is there at the beginning stays: it need not be gone through again and again for what is not.
    gc.freeze()
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)
