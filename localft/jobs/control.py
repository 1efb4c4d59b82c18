"""Start, read, follow, stop and resume jobs. Reading is pure: the state is computed from the files each time."""

import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import psutil

from localft.errors import UserError
from localft.hardware import cuda_variables
from localft.jobs import queue
from localft.jobs.records import JobOrder, JobProcess, JobResult, JobState, JobView, Progress
from localft.store import files

MEMORY_RAN_OUT = "--memory-ran-out"
"""Tells the process of a job that the system has killed the one before it, to gain memory."""


def start(folder: Path, order: JobOrder, secrets: Mapping[str, str] | None = None) -> JobView:
    """Write the order into a folder, queue the job and start its process, detached from this one.

    The folder is the job's own: where the start fails (a full disk, say) it is removed with what was prepared in it.
    `secrets` are variables of the environment of that one process: they stand in no file, and a restart needs them
    again.

    Raises:
        UserError: the folder has an order already.
    """
    with queue.changing():
        if (folder / "job.json").exists():
            raise UserError("This job was started already.", "Resume it, or start a new one.")
        with files.all_or_nothing(folder):
            try:
                order.save(folder / "job.json")
                _start_process(folder, secrets)
            except BaseException:
                queue.leave(folder)
                raise
    return read(folder)


def resume(folder: Path, secrets: Mapping[str, str] | None = None) -> JobView:
    """Start a stopped, failed or interrupted job again in its folder; the worker continues from what it saved.

    `secrets`: as for `start`.

    Raises:
        UserError: it is still running, or has finished.
    """
    with queue.changing():
        view = read(folder)
        if not view.state.resumable:
            raise UserError(
                f"This job cannot be resumed: it is {view.state.value}.", "Only stopped or failed jobs can."
            )
        for name in ("result.json", "stop", "process.json", "started.json"):
            (folder / name).unlink(missing_ok=True)
        _start_process(folder, secrets)
    return read(folder)


def start_again(folder: Path, *, memory_ran_out: bool = False) -> None:
    """Let a new process go on with a job that its present one, which calls this, cannot; it keeps its place.

    `memory_ran_out`: that is why, and the new one has to do with less.
    """
    with queue.changing():
        (folder / "started.json").unlink(missing_ok=True)
        _spawn(folder, options=[MEMORY_RAN_OUT] if memory_ran_out else [])


def revive() -> None:
    """Clean the queue after a crash: start what was still waiting, drop the tickets of what had begun or ended."""
    # Under the lock, so that two apps that open together do not start a job twice.
    with queue.changing():
        for ticket, folder in queue.tickets():
            if queue.process_alive(folder):
                continue
            ticket.unlink(missing_ok=True)
            if not (folder / "result.json").exists() and not _has_started(folder) and (folder / "job.json").exists():
                _start_process(folder)
        queue.drop_orphans()


def _start_process(folder: Path, secrets: Mapping[str, str] | None = None) -> None:
    """Queue a job and start its process; called under the lock of the queue, so that none is seen without the other."""
    queue.enqueue(folder)
    _spawn(folder, secrets)


def _spawn(folder: Path, secrets: Mapping[str, str] | None = None, options: Sequence[str] = ()) -> None:
    """Start the process of a job, detached from this one, and note which it is."""
    several = JobOrder.load(folder / "job.json").processes
    log = (folder / "worker.log").open("ab")
    windows_flags = 0
    if os.name == "nt":
        flags = ("CREATE_NEW_PROCESS_GROUP", "DETACHED_PROCESS")
        windows_flags = sum(getattr(subprocess, flag) for flag in flags)
    together = ["torch.distributed.run", "--standalone", "--nproc-per-node", str(several), "-m"] if several > 1 else []
    with log:
        process = subprocess.Popen(
            [sys.executable, "-P", "-X", "faulthandler", "-m", *together, "localft.jobs.runner", str(folder), *options],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd=folder,
            # As -P, for the processes that one of several starts: no module is taken from the job's folder.
            env={**os.environ, **cuda_variables(), **(secrets or {}), "PYTHONSAFEPATH": "1"},
            start_new_session=True,
            creationflags=windows_flags,
        )
    try:
        with contextlib.suppress(psutil.NoSuchProcess):
            JobProcess(pid=process.pid, created=psutil.Process(process.pid).create_time()).save(folder / "process.json")
    except BaseException:
        # Nobody would know it, nor what it has started.
        _kill_tree(process.pid)
        process.wait()
        raise


def read(folder: Path) -> JobView:
    """One consistent look at a job.

    Raises:
        UserError: the folder holds no job.
    """
    order = JobOrder.load(folder / "job.json")
    result = JobResult.load(folder / "result.json") if (folder / "result.json").exists() else None
    events = files.read_last_lines(folder / "events.jsonl")
    progress = next((_progress(event) for event in reversed(events) if event.get("kind") == "progress"), None)
    waits_for = None
    if result is not None:
        state = JobState(result.outcome)
    elif queue.process_alive(folder):
        state = JobState.RUNNING if _has_started(folder) else JobState.QUEUED
        if (folder / "stop").exists():
            state = JobState.STOPPING
        if state is JobState.QUEUED and order.needs_device:
            ahead = queue.ahead_of(folder)
            waits_for = JobOrder.load(ahead / "job.json").title if ahead else None
    elif (folder / "result.json").exists():
        # It ended between the two looks.
        return read(folder)
    elif (folder / "process.json").exists():
        state = JobState.INTERRUPTED
    else:
        state = JobState.NEW
    return JobView(folder, order, state, progress, result, waits_for)


def _has_started(folder: Path) -> bool:
    """Tell whether the job has begun its work, as opposed to waiting for its turn."""
    return (folder / "started.json").exists()


def _progress(event: dict[str, object]) -> Progress:
    return Progress(**{name: event.get(name) for name in Progress.__dataclass_fields__})  # ty: ignore[invalid-argument-type]


def active() -> list[JobView]:
    """The jobs that wait or run on this machine, in the order of the queue."""
    views = []
    for _, folder in queue.tickets():
        with contextlib.suppress(UserError):
            view = read(folder)
            if view.state.alive:
                views.append(view)
    return views


def live_below(folder: Path) -> list[JobView]:
    """The jobs that wait or run inside a folder (a project, say): it must not be moved while there are any."""
    return [view for view in active() if view.folder.is_relative_to(folder)]


def request_stop(folder: Path) -> None:
    """Ask a job to save and end; it does so after its present step."""
    (folder / "stop").touch()


def follow(folder: Path, poll_seconds: float = 0.2) -> Iterator[JobView]:
    """Yield the job's view whenever it changes, until it has ended. Reading only: leaving the loop stops nothing."""
    last: JobView | None = None
    while True:
        view = read(folder)
        if view != last:
            yield view
            last = view
        if not view.state.alive:
            return
        time.sleep(poll_seconds)


def kill(folder: Path, grace_seconds: float = 10.0) -> None:
    """Ask a job to stop, and end its whole process tree when it has not within the grace period."""
    request_stop(folder)
    deadline = time.monotonic() + grace_seconds
    while queue.process_alive(folder) and time.monotonic() < deadline:
        time.sleep(0.1)
    if not queue.process_alive(folder):
        return
    _kill_tree(JobProcess.load(folder / "process.json").pid)


def _kill_tree(pid: int) -> None:
    """End a process and all that it has started."""
    with contextlib.suppress(psutil.NoSuchProcess):
        root = psutil.Process(pid)
        for process in [*root.children(recursive=True), root]:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
