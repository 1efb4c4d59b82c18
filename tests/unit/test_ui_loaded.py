"""Closing the app asks the models that its chats keep loaded to go, and no others."""

from pathlib import Path

import pytest

from localft import jobs
from localft.jobs import JobOrder, JobState
from localft.jobs.queue import own_process
from localft.serving.service import Service
from localft.ui.loaded import Loaded


def running(folder: Path, idle_minutes: float) -> Service:
    """A service as it looks on disk while it runs; its process is this one."""
    order = JobOrder(
        worker="w", title="Serving", yields_device=True, created_at="2026-01-01T00:00:00+00:00",
        settings={"idle_minutes": idle_minutes},
    )  # fmt: skip
    order.save(folder / "job.json")
    own_process().save(folder / "process.json")
    own_process().save(folder / "started.json")
    return Service(folder, "", "", ("base",), jobs.read(folder))


@pytest.mark.parametrize(("idle_minutes", "state"), [(30.0, JobState.STOPPING), (0.0, JobState.RUNNING)])
def test_what_stays_for_convenience_goes(tmp_path: Path, idle_minutes: float, state: JobState) -> None:
    loaded, service = Loaded(), running(tmp_path / "one", idle_minutes)
    other = running(tmp_path / "other", idle_minutes)
    assert loaded.remember(service) is service
    loaded.let_go()
    assert jobs.read(service.folder).state is state
    assert jobs.read(other.folder).state is JobState.RUNNING
