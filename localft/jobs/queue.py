"""The queue: a ticket file for each job that waits or runs, and one lock for the device.

A waiting job is a small process of its own, without torch, that watches the tickets before its own. Nothing coordinates
them but the files, so the queue survives the app, and after a power loss `jobs.revive` starts what had not begun.
"""

import contextlib
import math
import os
from contextlib import AbstractContextManager
from pathlib import Path

import psutil

from localft import paths
from localft.errors import UserError
from localft.jobs.records import JobOrder, JobProcess, Ticket
from localft.store import files


def changing() -> AbstractContextManager[None]:
    """The lock under which tickets are written and processes started."""
    return files.locked(paths.make_private(paths.queue_dir()) / ".lock")


def enqueue(folder: Path) -> None:
    """Write the ticket of a job, its only one; its name sorts by arrival."""
    leave(folder)
    Ticket(folder=folder).save(paths.queue_dir() / f"{files.new_id()}.json")


def tickets() -> list[tuple[Path, Path]]:
    """(ticket, job folder) of every job in the queue, by arrival. Tickets of deleted folders are passed over."""
    found = []
    for ticket in sorted(paths.queue_dir().glob("*.json")):
        with contextlib.suppress(UserError):
            folder = Ticket.load(ticket).folder
            if folder.is_dir():
                found.append((ticket, folder))
    return found


def drop_orphans() -> None:
    """Remove the tickets of folders that are gone, and damaged ones."""
    known = {ticket for ticket, _ in tickets()}
    for ticket in paths.queue_dir().glob("*.json"):
        if ticket not in known:
            ticket.unlink(missing_ok=True)


def leave(folder: Path) -> None:
    """Remove the tickets of a job that has ended."""
    for ticket, holder in tickets():
        if holder == folder:
            ticket.unlink(missing_ok=True)


def process_alive(folder: Path) -> bool:
    """Tell whether the process that owns a job's folder still runs (a zombie does not), or its guard, which may let
    another one go on.
    """
    try:
        process = JobProcess.load(folder / "process.json")
    except UserError:
        return False
    return _runs(folder, process.pid, process.created) or (process.guard is not None and _runs(folder, process.guard))


def _runs(folder: Path, pid: int, created: float = -math.inf) -> bool:
    try:
        running = psutil.Process(pid)
        # Times of creation move when the clock is set, since they are counted from the boot: then the command tells.
        same = abs(running.create_time() - created) < 1.0 or str(folder) in running.cmdline()
        return same and running.status() != psutil.STATUS_ZOMBIE
    except (psutil.NoSuchProcess, psutil.AccessDenied):
        return False


def ahead_of(folder: Path) -> Path | None:
    """The living job with an earlier ticket that holds or waits for the device; None when it is this job's turn."""
    ahead = None
    for _, other in tickets():
        if other == folder:
            return ahead
        if _wants_device(other) and process_alive(other):
            ahead = other
    return ahead


def others_wait(folder: Path) -> bool:
    """Tell whether a living job with a later ticket waits for the device."""
    later = False
    for _, other in tickets():
        if other == folder:
            later = True
        elif later and _wants_device(other) and process_alive(other):
            return True
    return False


def device_lock() -> Path:
    """The lock file of the device. One lease for the whole machine: training, evaluation and export take it whole."""
    return paths.queue_dir() / "device.lock"


def _wants_device(folder: Path) -> bool:
    try:
        return JobOrder.load(folder / "job.json").needs_device
    except UserError:
        return False


def own_process(guard: int | None = None) -> JobProcess:
    """The identity of the calling process, and of its guard where it has one."""
    return JobProcess(pid=os.getpid(), created=psutil.Process().create_time(), guard=guard)
