"""A further process of a job that several run together: it does the worker's part, and keeps nothing of it."""

import importlib
import logging
import os
import shutil
import signal
import time
from pathlib import Path

from localft.errors import StartAgain, Stopped, explain
from localft.jobs.context import JobContext
from localft.jobs.records import JobOrder

_POLL_SECONDS = 0.3
_PLACE = ".helper-"
# What is the first process's own, or nobody's any more.
_LEFT_OUT = ("*.lock", ".reserve", "*.log", "process.json", "stop", "events.jsonl", "weights", "quarantine", ".*")
_log = logging.getLogger(__name__)


def is_helper() -> bool:
    """Whether this process is not the first of several, as `accelerate launch` and torch number them."""
    return int(os.environ.get("RANK", "0")) > 0


def help_with(folder: Path) -> int:
    """Do the worker's part on a view of the job's folder; the exit status is 0, or 1 after a failure, which is told.

    The first process hears of a stop and tells the others. So signals, which a system sends to all, are left to it.
    """
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_IGN)
    while not (folder / "started.json").exists():
        time.sleep(_POLL_SECONDS)
    view = folder / f"{_PLACE}{os.environ['RANK']}"
    shutil.rmtree(view, ignore_errors=True)
    try:
        shutil.copytree(folder, view, ignore=shutil.ignore_patterns(*_LEFT_OUT), copy_function=_link_or_copy)
        order = JobOrder.load(view / "job.json")
        importlib.import_module(order.worker).run(JobContext(view, order))
    except Stopped:
        _log.info("Stopped, as all are")
    except Exception as error:  # noqa: BLE001 - the first process only sees that this one is gone
        _log.exception("A helping process failed")
        message = f"Another process: {_why(error)}"
        JobContext(folder, JobOrder.load(folder / "job.json")).event("warning", message=message)
        return 1
    finally:
        shutil.rmtree(view, ignore_errors=True)
    return 0


def _why(error: Exception) -> str:
    if isinstance(error, StartAgain):
        # What it says is a promise that several together do not keep.
        return f"it cannot go on, and the run ends with it. On one card it would: {error}"
    known = explain(error)
    return known.message if known else f"{type(error).__name__}: {str(error)[:300]}"


def clear(folder: Path) -> None:
    """Remove what helpers that were killed have left."""
    for view in folder.glob(f"{_PLACE}*"):
        shutil.rmtree(view, ignore_errors=True)


def _link_or_copy(source: str, target: str) -> str:
    """Checkpoints are gigabytes, and nobody writes into them: a second name is enough, where the disk has that."""
    if "checkpoints" in Path(source).parts:
        try:
            os.link(source, target)
        except OSError:
            _log.info("This disk has no second names for files")
        else:
            return target
    return shutil.copy2(source, target)
