"""How far work is that a command does by itself: shown once it takes longer than a moment."""

import contextlib
import time
from collections.abc import Generator

from localft.cli.output import Output
from localft.cli.progress import LiveProgress, PlainProgress, progress_display
from localft.data.working import Tell
from localft.jobs import Progress
from localft.store import files

_MOMENT = 2.0


@contextlib.contextmanager
def shown(output: Output) -> Generator[Tell]:
    """What to tell of the work meanwhile; its rate and the time left are worked out. Ctrl-C stops it."""
    with contextlib.ExitStack() as stack:
        yield _Telling(output, stack).tell


class _Telling:
    def __init__(self, output: Output, stack: contextlib.ExitStack) -> None:
        self._output, self._stack = output, stack
        self._display: PlainProgress | LiveProgress | None = None
        self._begun = self._phase_begun = time.monotonic()
        self._phase, self._first = "", 0.0

    def tell(self, message: str, done: float, total: float, unit: str) -> None:
        """Show it."""
        now = time.monotonic()
        if message != self._phase:
            self._phase, self._phase_begun, self._first = message, now, done
        if self._display is None and now - self._begun >= _MOMENT:
            self._display = self._stack.enter_context(progress_display(self._output))
        if self._display is not None:
            elapsed, gained = now - self._phase_begun, done - self._first
            rate = gained / elapsed if elapsed > 0 and gained > 0 else None
            left = (total - done) / rate if rate and total else None
            self._display.move(message, Progress(done, total, unit, message, rate, left, files.now()))
