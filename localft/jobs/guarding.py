"""A guard beside the process of a job: it sees how that ends, and lets a job go on that Linux killed to gain memory.

Whoever is killed cannot say so. Only a parent learns by what signal, and the kernel counts how often memory ran out.
"""

import logging
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

from localft.jobs import control

_log = logging.getLogger(__name__)
# Both the count and the end of the process have to be news of the last seconds: others are killed at other times.
_LOOK_SECONDS = 10.0
_AGAIN = 86
# What asks a job to stop is handed on: whoever sends it to the first process of a job may mean either.
_TO_STOP = {signal.SIGTERM, signal.SIGINT}


def guarded(folder: Path, work: Callable[[int | None], int], root: Path = Path("/")) -> int:
    """Do the work of a job in a child of this process and return its exit status; 86: it goes on in another process.

    Where the system does not count what it kills, it is done right here; and where several processes work together,
    whose launcher sees how each of them ends. `work` is told the id of the guard, if there is one; `root` is where the
    counters of the system are looked for.
    """
    if not sys.platform.startswith("linux") or "RANK" in os.environ or kills_for_memory(root) is None:
        return work(None)
    guard = os.getpid()
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGCHLD, *_TO_STOP})
    child = os.fork()
    if child == 0:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        return work(guard)
    status, ran_out = _wait(child, root)
    # Else the process that goes on would never hear of a signal.
    signal.pthread_sigmask(signal.SIG_SETMASK, before)
    code = os.waitstatus_to_exitcode(status)
    if code != -signal.SIGKILL:
        return code if code >= 0 else 128 - code
    wanted = (folder / "job.json").exists() and not (folder / "stop").exists()
    if not (ran_out and wanted):
        return 128 + signal.SIGKILL
    _log.warning("Linux has killed process %s, since memory ran out; the job goes on in a new one", child)
    control.start_again(folder, memory_ran_out=True)
    return _AGAIN


def kills_for_memory(root: Path = Path("/")) -> int | None:
    """How often Linux has killed a process because memory ran out: that of the computer, or what a container may have.

    Only a rise says something. None: this system does not tell.
    """
    counts = [count for path in _counters(root) for count in _counts_in(path)]
    return sum(counts) if counts else None


def _wait(child: int, root: Path) -> tuple[int, bool]:
    """The status with which a child ended, and whether a process was killed for memory shortly before.

    Signals of its end, and those that ask to stop, are blocked: they are waited for here.
    """
    earlier = recent = kills_for_memory(root) or 0
    while True:
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            return status, (kills_for_memory(root) or 0) > earlier
        heard = signal.sigtimedwait({signal.SIGCHLD, *_TO_STOP}, _LOOK_SECONDS)
        if heard is None:
            earlier, recent = recent, kills_for_memory(root) or 0
        elif heard.si_signo in _TO_STOP:
            os.kill(child, heard.si_signo)


def _counters(root: Path) -> list[Path]:
    """The files with such counts: of the computer, and of the control groups of this process, of both versions."""
    found = [root / "proc/vmstat", root / "sys/fs/cgroup/memory.events"]
    for line in _lines_of(root / "proc/self/cgroup"):
        _, kinds, group = [*line.split(":", 2), "", ""][:3]
        place = group.strip("/")
        if not kinds:
            found.append(root / "sys/fs/cgroup" / place / "memory.events")
        elif "memory" in kinds.split(","):
            found.append(root / "sys/fs/cgroup/memory" / place / "memory.oom_control")
    return sorted(set(found))


def _counts_in(path: Path) -> list[int]:
    pairs = (line.split() for line in _lines_of(path))
    return [int(pair[1]) for pair in pairs if len(pair) == 2 and pair[0] == "oom_kill" and pair[1].isdecimal()]


def _lines_of(path: Path) -> list[str]:
    """The lines of a file of the system; without it, or the right to read it, none."""
    try:
        return path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return []
