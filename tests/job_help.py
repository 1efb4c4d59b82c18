"""Helpers for tests that start jobs: an order for the counting worker, waiting (for anything), killing."""

import time
from collections.abc import Callable
from pathlib import Path

import psutil

from localft import jobs
from localft.jobs import JobOrder, JobView, queue
from localft.jobs.records import JobProcess
from localft.store import files

REPOSITORY = Path(__file__).parents[1]


def order(title: str = "Counting", needs_device: bool = False, **settings: object) -> JobOrder:
    return JobOrder(
        worker="tests.job_workers",
        title=title,
        needs_device=needs_device,
        created_at=files.now(),
        settings={"steps": 1, **settings},
    )


def wait_for(condition: Callable[[], object], seconds: float = 30.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.01)


def ended(folder: Path) -> JobView:
    return list(jobs.follow(folder, poll_seconds=0.02))[-1]


def end_now(folder: Path) -> None:
    """Kill the process of a job as power loss would, and wait until it is gone."""
    process = psutil.Process(JobProcess.load(folder / "process.json").pid)
    process.kill()
    wait_for(lambda: not queue.process_alive(folder))
