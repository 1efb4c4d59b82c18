"""A kill and what comes after it on every system, where each process of a run starts afresh as it does for a user."""

import pytest

from localft.models.base_model import BaseModel
from tests.forked_jobs import Nursery
from tests.kill_and_resume import kill_and_resume
from tests.sample_projects import make_project


@pytest.mark.timeout(900)
@pytest.mark.usefixtures("one_thread")
def test_killed_and_started_afresh_it_ends_with_the_same_bits(base: BaseModel) -> None:
    """On Windows by the termination of the process."""
    report = kill_and_resume(Nursery(preloaded=False), make_project(train=32), base, kills=2)
    assert report.kills == 2
    assert report.resumed >= 1
