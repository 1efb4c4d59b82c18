"""The queue: one job at a time on the device, in the order of arrival, whatever dies meanwhile."""

import itertools
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from localft import jobs, paths
from localft.jobs import JobContext, JobState, queue
from localft.jobs.records import JobProcess
from localft.store import files
from tests.job_help import REPOSITORY, end_now, ended, order, wait_for


@pytest.fixture(autouse=True)
def workers_of_tests(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(REPOSITORY))


def started_at(folder: Path) -> str:
    return next(event["time"] for event in files.read_lines(folder / "events.jsonl")[0] if event["kind"] == "started")


def test_three_jobs_take_the_device_in_turn(tmp_path: Path) -> None:
    folders = [tmp_path / name for name in ("first", "second", "third")]
    for folder in folders:
        jobs.start(folder, order(folder.name, needs_device=True, steps=20, seconds=0.02))
    wait_for(lambda: jobs.read(folders[0]).state is JobState.RUNNING)
    assert [view.folder for view in jobs.active()] == folders
    waiting = jobs.read(folders[2])
    assert waiting.state is JobState.QUEUED
    assert waiting.waits_for == "second"
    assert waiting.sentence == "Waits for second"
    views = [ended(folder) for folder in folders]
    assert all(view.state is JobState.FINISHED for view in views)
    finished = [view.result.finished_at for view in views if view.result]
    assert started_at(folders[1]) >= finished[0]
    assert started_at(folders[2]) >= finished[1]


_STARTER = """
import sys
from pathlib import Path
from localft import jobs
from tests.job_help import order
for number in range(3):
    name = f"{sys.argv[2]}-{number}"
    jobs.start(Path(sys.argv[1]) / name, order(name, needs_device=True, steps=5, seconds=0.01))
"""


def test_two_programs_that_start_jobs_at_once_share_one_queue(tmp_path: Path) -> None:
    starters = [
        subprocess.Popen([sys.executable, "-c", _STARTER, str(tmp_path), name], cwd=REPOSITORY)
        for name in ("app", "terminal")
    ]
    assert [starter.wait(60) for starter in starters] == [0, 0]
    folders = [tmp_path / f"{name}-{number}" for name in ("app", "terminal") for number in range(3)]
    views = [ended(folder) for folder in folders]
    assert all(view.state is JobState.FINISHED for view in views)
    spans = sorted((started_at(view.folder), view.result.finished_at) for view in views if view.result)
    assert all(earlier[1] <= later[0] for earlier, later in itertools.pairwise(spans)), "two had the device at once"
    wait_for(lambda: not queue.tickets())


def test_a_job_that_needs_no_device_does_not_wait(tmp_path: Path) -> None:
    jobs.start(tmp_path / "long", order("long", needs_device=True, steps=1000, seconds=0.01))
    jobs.start(tmp_path / "short", order("short", needs_device=False))
    assert ended(tmp_path / "short").state is JobState.FINISHED
    assert jobs.read(tmp_path / "long").state.alive
    jobs.kill(tmp_path / "long", grace_seconds=5)


def test_the_death_of_the_first_lets_the_second_in(tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    jobs.start(first, order("first", needs_device=True, steps=2, seconds=60))
    wait_for(lambda: (first / "started.json").exists())
    jobs.start(second, order("second", needs_device=True))
    end_now(first)
    assert ended(second).state is JobState.FINISHED


def test_a_waiting_job_can_be_stopped_before_it_begins(tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    jobs.start(first, order("first", needs_device=True, steps=1000, seconds=0.01))
    wait_for(lambda: (first / "started.json").exists())
    jobs.start(second, order("second", needs_device=True))
    jobs.request_stop(second)
    view = ended(second)
    assert view.state is JobState.STOPPED
    assert "before it began" in view.sentence
    jobs.kill(first, grace_seconds=5)


def test_a_resumed_job_goes_to_the_end_of_the_queue(tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    jobs.start(first, order("first", needs_device=True, steps=1000, seconds=0.01))
    wait_for(lambda: jobs.read(first).progress is not None)
    jobs.start(second, order("second", needs_device=True, steps=30, seconds=0.01))
    end_now(first)
    jobs.resume(first)
    assert [view.folder for view in jobs.active()] == [second, first]
    jobs.kill(first, grace_seconds=5)
    assert ended(second).state is JobState.FINISHED


def test_after_a_reboot_waiting_jobs_start_again_and_begun_ones_do_not(tmp_path: Path) -> None:
    gone = JobProcess(pid=psutil.Process().pid, created=0.0)
    for name in ("waiting", "begun", "deleted"):
        order(name).save(tmp_path / name / "job.json")
        gone.save(tmp_path / name / "process.json")
        queue.enqueue(tmp_path / name)
    gone.save(tmp_path / "begun" / "started.json")
    for path in (tmp_path / "deleted").iterdir():
        path.unlink()
    (tmp_path / "deleted").rmdir()
    for number, damage in enumerate(("{", "[]", "{}", "null", '{"schema_version": 1, "folder": 3}')):
        (paths.queue_dir() / f"damaged-{number}.json").write_text(damage)
    jobs.revive()
    assert ended(tmp_path / "waiting").state is JobState.FINISHED
    assert jobs.read(tmp_path / "begun").state is JobState.INTERRUPTED
    wait_for(lambda: not list(paths.queue_dir().glob("*.json")))


def test_reviving_leaves_living_jobs_alone(tmp_path: Path) -> None:
    folder = tmp_path / "job"
    jobs.start(folder, order(steps=1000, seconds=0.01))
    wait_for(lambda: (folder / "started.json").exists())
    process = JobProcess.load(folder / "process.json")
    jobs.revive()
    assert JobProcess.load(folder / "process.json").pid == process.pid
    assert len(queue.tickets()) == 1
    jobs.kill(folder, grace_seconds=5)


def test_a_resident_job_sees_that_another_wants_the_device(tmp_path: Path) -> None:
    resident = tmp_path / "resident"
    jobs.start(resident, order("resident", needs_device=True, steps=1000, seconds=0.01))
    wait_for(lambda: (resident / "started.json").exists())
    context = JobContext(resident, order("resident"))
    assert not context.device_wanted()
    jobs.start(tmp_path / "other", order("other", needs_device=True))
    assert context.device_wanted()
    jobs.kill(resident, grace_seconds=5)
    ended(tmp_path / "other")


def test_progress_tells_rate_and_time_left(tmp_path: Path) -> None:
    context = JobContext(tmp_path, order())
    context.progress(0, 10, "steps", "Working", at_once=True)
    time.sleep(0.05)
    context.progress(5, 10, "steps", "Working", at_once=True)
    event = files.read_last_lines(tmp_path / "events.jsonl")[-1]
    assert event["rate"] == pytest.approx(5 / event["seconds_left"])
    assert 0 < event["rate"] < 100


def test_frequent_reports_are_thinned_out_but_the_last_is_written(tmp_path: Path) -> None:
    context = JobContext(tmp_path, order())
    for done in range(1, 1001):
        context.progress(done, 1000, "steps", "Working")
    events = files.read_lines(tmp_path / "events.jsonl")[0]
    assert len(events) < 100
    assert events[-1]["done"] == 1000
