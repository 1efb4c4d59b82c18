"""What localft's own work holds of cards and memory, and what will be free once it has ended.

Jobs take the device in turn: whoever plans the next one may count on what those before it will have let go.
"""

import contextlib
from collections.abc import Set
from dataclasses import replace
from pathlib import Path

import psutil

from localft.errors import UserError
from localft.hardware import Gpu, Hardware, read_hardware
from localft.jobs.control import active
from localft.jobs.records import JobProcess, JobState

# What a card's driver and a desktop take of it, where nobody tells who holds what.
_DESKTOP_SHARE = 0.07
# The driver itself holds some hundred MB that belong to no process.
_UNEXPLAINED = 1 << 30


def hardware_for_next_job() -> Hardware:
    """This computer as the next job on the device will find it."""
    return once_free(read_hardware())


def once_free(hardware: Hardware) -> Hardware:
    """The computer with that memory counted as free which living jobs on the device hold; they are named in it."""
    holding = [job for job in active() if job.order.needs_device]
    if not holding:
        return hardware
    begun = [job for job in holding if job.state is not JobState.QUEUED]
    # One that waits holds nothing to speak of.
    processes = {process.pid: process for job in begun for process in _processes_of(job.folder)}
    memory = hardware.memory
    room = min(memory.total_bytes, memory.available_bytes + sum(map(_own_bytes, processes.values())))
    gpus = tuple(replace(gpu, free_bytes=_room(gpu, processes.keys())) for gpu in hardware.gpus)
    return replace(
        hardware,
        gpus=gpus if begun else hardware.gpus,
        memory=replace(memory, available_bytes=max(room, memory.available_bytes)),
        waits_for=tuple(job.order.title for job in holding),
    )


def _processes_of(folder: Path) -> list[psutil.Process]:
    """The process of a job and all that it has started."""
    with contextlib.suppress(UserError, psutil.Error):
        root = psutil.Process(JobProcess.load(folder / "process.json").pid)
        return [root, *root.children(recursive=True)]
    return []


def _room(gpu: Gpu, own: Set[int]) -> int:
    """What a card can give once `own` processes have let go of it.

    Where the driver does not say how much they hold: the whole card, less what others are known to hold and a desktop's
    usual share.
    """
    # In a container the ids are those of the computer around it.
    known = {pid: count for pid, count in gpu.holders if count is not None and psutil.pid_exists(pid)}
    held = sum(count for pid, count in known.items() if pid in own)
    unexplained = gpu.total_bytes - gpu.free_bytes - sum(known.values())
    if held or (len(known) == len(gpu.holders) and unexplained <= _UNEXPLAINED):
        return min(gpu.total_bytes, gpu.free_bytes + held)
    others = sum(count for pid, count in known.items() if pid not in own)
    return max(gpu.free_bytes, int((1 - _DESKTOP_SHARE) * gpu.total_bytes) - others)


def _own_bytes(process: psutil.Process) -> int:
    """What the end of a process would free: files that it has mapped are counted as available already."""
    with contextlib.suppress(psutil.Error):
        info = process.memory_info()
        return max(0, info.rss - getattr(info, "shared", 0))
    return 0
