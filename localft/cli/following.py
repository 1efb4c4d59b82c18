"""Watching a job from the terminal: Ctrl-C asks it to save and stop, a second Ctrl-C leaves it running by itself."""

import contextlib
import signal
import threading
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any

from localft import jobs
from localft.cli.output import Output
from localft.cli.progress import LiveProgress, PlainProgress, progress_display
from localft.errors import Stopped, UserError
from localft.jobs import JobResult, JobState
from localft.store import files
from localft.store.projects import Project

# What a person should read while the job goes on; None for events that are only for the record.
Narrator = Callable[[dict[str, Any]], str | None]


@dataclass(frozen=True)
class Ways:
    """The commands by which a person gets at a job again."""

    stop: str
    resume: str
    look: str


def ways_of(project: Project) -> Ways:
    """The commands for the jobs of a project."""
    return Ways(*(f"localft {verb} {project.slug}" for verb in ("stop", "resume", "runs")))


def silent(event: dict[str, Any]) -> str | None:
    """Narrate nothing but the progress."""
    return None


def wait_for(output: Output, folder: Path, ways: Ways, narrate: Narrator = silent) -> JobResult:
    """Follow a job to its end and return how it ended well.

    Raises:
        Stopped: it was stopped, or the person left it running in the background.
        UserError: it failed.
    """
    with _ctrl_c_stops([folder], ways), progress_display(output) as display:
        _show_until_ended(display, folder, narrate)
    return outcome(folder, ways)


def follow_in_turn(output: Output, folders: Sequence[Path], ways: Ways, narrate: Narrator = silent) -> None:
    """Follow jobs that wait for each other, each to its end, well or not. Ctrl-C asks all of them to stop.

    Raises:
        Stopped: the person left them running in the background.
    """
    with _ctrl_c_stops(folders, ways), progress_display(output) as display:
        for folder in folders:
            _show_until_ended(display, folder, narrate)
            last = jobs.read(folder)
            display.note(f"{last.order.title}: {last.sentence}")


def _show_until_ended(display: PlainProgress | LiveProgress, folder: Path, narrate: Narrator) -> None:
    events = _Events(folder, narrate)
    told = False
    for view in jobs.follow(folder):
        if view.state is JobState.STOPPING and not told:
            display.note("Saving and stopping. Press Ctrl-C again to leave that to the background.")
            told = True
        display.show(view)
        _tell(display, events)
    _tell(display, events)


@contextlib.contextmanager
def _ctrl_c_stops(folders: Sequence[Path], ways: Ways) -> Generator[None]:
    """Let the first Ctrl-C ask the jobs to stop, and the second one leave them.

    A signal handler, since an exception at the first one could come at any point, also while the second is awaited.
    """

    def react(number: int, frame: FrameType | None) -> None:
        if all((folder / "stop").exists() for folder in folders):
            raise Stopped(f"It goes on in the background. Stop it with `{ways.stop}`, look at it with `{ways.look}`.")
        # The last first: else the next one would begin when the one that goes on ends.
        for folder in reversed(folders):
            jobs.request_stop(folder)

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, react)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def outcome(folder: Path, ways: Ways) -> JobResult:
    """The result of a job that has ended.

    Raises:
        Stopped: it was stopped.
        UserError: it failed, or its process died.
    """
    view = jobs.read(folder)
    resumed = f"`{ways.resume}` goes on from where it was."
    if view.result is None:
        raise UserError(
            f"{view.order.title} stopped unexpectedly: its process is gone.",
            f"{resumed} Its log is {folder / 'worker.log'}.",
        )
    if view.state is JobState.STOPPED:
        raise Stopped(f"{view.result.message} {resumed}")
    if view.state is JobState.FAILED:
        log = str(folder / "worker.log")
        raise UserError(view.result.message, view.result.hint.replace("worker.log in the job's folder", log))
    return view.result


def _tell(display: PlainProgress | LiveProgress, events: "_Events") -> None:
    for line in events.new_lines():
        display.note(line)


class _Events:
    """The lines of a job's event log that have not been told yet."""

    def __init__(self, folder: Path, narrate: Narrator) -> None:
        self._path = folder / "events.jsonl"
        self._narrate = narrate
        # A resumed job's earlier events were told by whoever followed it then.
        self._offset = files.read_lines(self._path)[1] if self._path.exists() else 0

    def new_lines(self) -> Iterator[str]:
        events, self._offset = files.read_lines(self._path, self._offset)
        for event in events:
            line = self._narrate(event)
            if line:
                yield line


def started_in_background(output: Output, folder: Path, ways: Ways) -> None:
    """Say that a job was started and left alone, and how to see and stop it."""
    output.say(f"{jobs.read(folder).order.title}: started in the background.")
    output.hint(f"Look: {ways.look}    Stop: {ways.stop}")
