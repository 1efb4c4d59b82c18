"""Jobs in processes forked from one that has imported the libraries already: a restart costs a moment, not seconds.

Where processes cannot be forked (Windows) each starts afresh and imports them itself.
"""

import multiprocessing
import os
import random
import sys
import time
from collections.abc import Callable
from multiprocessing.process import BaseProcess
from pathlib import Path

from localft.jobs import queue, runner

_PRELOADED = ["localft.training.worker", "localft.training.session", "localft.jobs.runner"]


class Nursery:
    """Starts job folders in children forked from a parent that has imported torch and its companions.

    Not where there is a card: importing bitsandbytes begins with CUDA, which a child could not begin with again.
    """

    def __init__(self, preloaded: bool = os.name != "nt") -> None:
        if preloaded:
            self._context = multiprocessing.get_context("forkserver")
            self._context.set_forkserver_preload(_PRELOADED)
        else:
            self._context = multiprocessing.get_context("spawn")

    def start(self, folder: Path, fault: Callable[[], None] | None = None) -> BaseProcess:
        """Run the job of a folder as `jobs.start` and `jobs.resume` would; `fault` is called in its process first."""
        for name in ("result.json", "stop", "process.json", "started.json"):
            (folder / name).unlink(missing_ok=True)
        queue.leave(folder)
        queue.enqueue(folder)
        child = self._context.Process(target=_run, args=(folder, dict(os.environ), fault))
        child.start()
        return child

    def finish(self, folder: Path, seconds: float = 120, fault: Callable[[], None] | None = None) -> float:
        """Run a job to its end and return how long that took."""
        begin = time.monotonic()
        child = self.start(folder, fault)
        child.join(seconds)
        assert not child.is_alive(), "the job did not end in time"
        return time.monotonic() - begin

    def kill_at_random(self, folder: Path, kills: int, most_steps: int, seed: int) -> int:
        """Kill and restart a job until it has been killed `kills` times or has finished; return the number of kills.

        Each part lives for up to `most_steps` steps and a moment more, however busy the computer is: some die while the
        libraries load, some between two steps, some in the middle of a save.
        """
        chooser = random.Random(seed)
        done = 0
        while done < kills:
            aim = _steps_reported(folder) + chooser.randint(0, most_steps)
            child = self.start(folder)
            while child.is_alive() and _steps_reported(folder) < aim:
                time.sleep(0.002)
            child.join(chooser.uniform(0.0, 0.1))
            if not child.is_alive():
                break
            # SIGKILL; on Windows, TerminateProcess.
            child.kill()
            child.join(10)
            done += 1
        return done


def _steps_reported(folder: Path) -> int:
    events = folder / "events.jsonl"
    return events.read_bytes().count(b'"kind":"metrics"') if events.exists() else 0


def _run(folder: Path, environment: dict[str, str], fault: Callable[[], None] | None) -> None:
    os.environ.update(environment)
    if fault is not None:
        fault()
    log = os.open(folder / "worker.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(log, 1)
    os.dup2(log, 2)
    sys.exit(runner.main(folder))
