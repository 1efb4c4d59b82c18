"""Long work in processes of their own: start, read, stop, resume, queue."""

from localft.jobs.context import JobContext
from localft.jobs.control import active, follow, kill, live_below, read, request_stop, resume, revive, start
from localft.jobs.records import JobOrder, JobResult, JobState, JobView, Progress

__all__ = [
    "JobContext",
    "JobOrder",
    "JobResult",
    "JobState",
    "JobView",
    "Progress",
    "active",
    "follow",
    "kill",
    "live_below",
    "read",
    "request_stop",
    "resume",
    "revive",
    "start",
]
