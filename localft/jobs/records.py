"""What a job's folder says: the order, the process, the outcome; and the state computed from them."""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, ClassVar

from localft.advice import Advice
from localft.store.records import Record, Upgrade


class JobOrder(Record):
    """job.json: what to run. Written once, before the start.

    `worker` names a module with a function `run(context: JobContext) -> dict`; only the job's own
    process imports it. One that can do with less memory has a function `relieve(context: JobContext) -> str` too: it is
    called first where the system has killed the process before for what it took, and says how the job goes on.
    `processes` run it together, the first of which is the job's.
    """

    worker: str
    title: str
    project: str = ""
    needs_device: bool = True
    yields_device: bool = False
    processes: int = 1
    created_at: str
    settings: dict[str, Any] = {}


class JobProcess(Record):
    """process.json: a process id alone is reused by the system, together with its creation time it is unique.

    `guard` is the process that sees how this one ends; None where there is none.
    """

    pid: int
    created: float
    guard: int | None = None


class Ticket(Record):
    """A file of the queue: the folder of a job that waits or runs."""

    folder: Path


def _with_one_hint(value: dict[str, Any]) -> dict[str, Any]:
    """From version 1, in which the hint was the same everywhere."""
    return value


class JobResult(Record):
    """result.json: written last. Its presence means that the job has ended in an orderly way.

    `hint` says what to do next; where that is something else in the app, `hint_in_app` says it.
    """

    VERSION: ClassVar[int] = 2
    UPGRADES: ClassVar[dict[int, Upgrade]] = {1: _with_one_hint}

    outcome: str
    message: str
    hint: str = ""
    hint_in_app: str = ""
    finished_at: str
    value: dict[str, Any] = {}

    @property
    def advice(self) -> str:
        """What to do next, for whoever shows it."""
        return Advice(self.hint, self.hint_in_app) if self.hint_in_app else self.hint


class JobState(StrEnum):
    """Where a job stands; the values are the words a person reads."""

    NEW = "new"
    QUEUED = "queued"
    RUNNING = "running"
    STOPPING = "stopping"
    FINISHED = "finished"
    STOPPED = "stopped"
    FAILED = "failed"
    INTERRUPTED = "stopped unexpectedly"

    @property
    def alive(self) -> bool:
        return self in {JobState.QUEUED, JobState.RUNNING, JobState.STOPPING}

    @property
    def resumable(self) -> bool:
        """Whether it can go on; a new job is one whose starter died before its process began."""
        return self in {JobState.NEW, JobState.STOPPED, JobState.FAILED, JobState.INTERRUPTED}


@dataclass(frozen=True)
class Progress:
    """How far a job is: `done` of `total` `unit`s (total 0: unknown), at `rate` units per second."""

    done: float
    total: float
    unit: str
    message: str
    rate: float | None
    seconds_left: float | None
    time: str

    @property
    def fraction(self) -> float:
        return min(1.0, self.done / self.total) if self.total else 0.0


@dataclass(frozen=True)
class JobView:
    """One consistent look at a job's folder."""

    folder: Path
    order: JobOrder
    state: JobState
    progress: Progress | None
    result: JobResult | None
    waits_for: str | None

    @property
    def sentence(self) -> str:
        """The state in words, for a status line."""
        if self.result is not None:
            return self.result.message
        if self.state is JobState.QUEUED:
            return f"Waits for {self.waits_for}" if self.waits_for else "Starting"
        if self.state is JobState.INTERRUPTED:
            return "Stopped unexpectedly; it can be resumed"
        if self.progress is None:
            return self.state.value.capitalize()
        return self.progress.message or self.state.value.capitalize()
