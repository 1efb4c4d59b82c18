"""A job keeps the computer awake while it works, and notices when it was not awake all the same."""

import sys
import threading
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager

# A process that has not been heard of for so long was halted, or the computer slept: a lid that is closed wins.
_ABSENT_SECONDS = 60.0
_BEAT_SECONDS = 1.0


@contextmanager
def kept_awake() -> Generator[None]:
    """Ask the system not to sleep meanwhile; its display may. Where it cannot be asked, nothing is different."""
    import wakepy

    with wakepy.keep.running(on_fail="pass"):
        yield


def moment() -> float:
    """Seconds on a clock that goes on while the computer sleeps, and that nobody sets."""
    if sys.platform == "linux":
        return time.clock_gettime(time.CLOCK_BOOTTIME)
    if sys.platform == "darwin":
        return time.clock_gettime(time.CLOCK_MONOTONIC_RAW)
    # On Windows this one goes on.
    return time.monotonic()


class WorkingClock:
    """A clock that stands still while the computer sleeps or the process is halted.

    A thread looks at the time each second, since a long step alone is no absence; without it this is a plain clock.
    """

    def __init__(self, read: Callable[[], float] = moment) -> None:
        self._read = read
        self._lock = threading.Lock()
        self._last_beat: float | None = None
        self._absent = 0.0

    @property
    def absent(self) -> float:
        """Seconds for which it has stood still so far."""
        return self._absent

    def now(self) -> float:
        """Seconds from some moment on, absences left out."""
        with self._lock:
            return self._read_on(beat=False)

    @contextmanager
    def beating(self) -> Generator[None]:
        """Notice absences meanwhile."""
        ended = threading.Event()

        def beat() -> None:
            while not ended.wait(_BEAT_SECONDS):
                self.beat()

        self.beat()
        thread = threading.Thread(target=beat, name="working-clock", daemon=True)
        thread.start()
        try:
            yield
        finally:
            ended.set()
            thread.join()
            with self._lock:
                self._last_beat = None

    def beat(self) -> None:
        """Note that the process is there."""
        with self._lock:
            self._read_on(beat=True)

    def _read_on(self, beat: bool) -> float:
        """The time; whoever looks first after an absence counts it."""
        moment = self._read()
        if self._last_beat is not None and moment - self._last_beat > _ABSENT_SECONDS:
            self._absent += moment - self._last_beat
            self._last_beat = moment
        if beat:
            self._last_beat = moment
        return moment - self._absent
