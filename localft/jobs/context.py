"""What a worker sees of the outside: a folder to own, a place to report to, and the question whether to stop."""

from collections import deque
from pathlib import Path
from typing import Any

from localft.errors import Stopped
from localft.jobs import queue
from localft.jobs.awake import WorkingClock
from localft.jobs.records import JobOrder
from localft.store import files

_MEMORY_OF_RATE = 20


class JobContext:
    """Handed to `run(context)` of every worker."""

    def __init__(self, folder: Path, order: JobOrder) -> None:
        self.folder = folder
        self.order = order
        self.clock = WorkingClock()
        self._begun = self.clock.now()
        self._reports: deque[tuple[float, float]] = deque(maxlen=_MEMORY_OF_RATE)
        self._unit = ""
        self._last_written = 0.0

    @property
    def settings(self) -> dict[str, Any]:
        """The settings the job was ordered with (plain JSON values)."""
        return self.order.settings

    def begin(self) -> None:
        """The work begins now: what was waited for until then is no part of it."""
        self._begun = self.clock.now()

    @property
    def seconds(self) -> float:
        """Seconds since the work began in this process, absences left out."""
        return self.clock.now() - self._begun

    def event(self, kind: str, **values: Any) -> None:
        """Append an event to events.jsonl; `values` must be JSON values."""
        files.append_line(self.folder / "events.jsonl", {"time": files.now(), "kind": kind, **values})

    def progress(
        self,
        done: float,
        total: float,
        unit: str,
        message: str,
        *,
        at_once: bool = False,
        rate: float | None = None,
        seconds_left: float | None = None,
    ) -> None:
        """Report `done` of `total` units; rate (units/s) and time left are worked out over the last reports.

        Unless they are given, by work that knows better what is still to come.

        At most five reports a second are written, the last one always (`done == total`), others `at_once` on demand.
        """
        moment = self.clock.now()
        if unit != self._unit or (self._reports and done < self._reports[-1][1]):
            self._reports.clear()
            self._unit = unit
        self._reports.append((moment, done))
        if moment - self._last_written < 0.2 and done < total and not at_once:
            return
        self._last_written = moment
        elapsed = moment - self._reports[0][0]
        gained = done - self._reports[0][1]
        if rate is None and elapsed > 0 and gained > 0:
            rate = gained / elapsed
        if seconds_left is None and rate and total:
            seconds_left = (total - done) / rate
        self.event("progress", done=done, total=total, unit=unit, message=message, rate=rate, seconds_left=seconds_left)

    def stop_requested(self) -> bool:
        """Tell whether the user has asked this job to stop. Cheap enough to ask at every step."""
        return (self.folder / "stop").exists()

    def raise_if_stopped(self) -> None:
        """Raise `Stopped` where the user has asked for it; call it where nothing half-done would be left behind."""
        if self.stop_requested():
            raise Stopped

    def device_wanted(self) -> bool:
        """Tell whether another job waits for the device; one that `yields_device` then ends when it is idle."""
        return queue.others_wait(self.folder)
