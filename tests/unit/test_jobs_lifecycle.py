"""A job's life: start, follow, stop, resume, fail, die; its state is what its folder says."""

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from localft import jobs, paths
from localft.advice import in_app, on_command_line
from localft.errors import UserError
from localft.jobs import JobState, queue
from localft.jobs.records import JobProcess, JobResult
from localft.store import files
from tests.job_help import REPOSITORY, end_now, ended, order, wait_for


def test_a_job_runs_to_its_end(tmp_path: Path) -> None:
    view = jobs.start(tmp_path / "job", order(steps=3))
    assert view.state.alive
    seen = list(jobs.follow(tmp_path / "job", poll_seconds=0.02))
    assert seen[-1].state is JobState.FINISHED
    assert seen[-1].sentence == "Counted to 3."
    assert seen[-1].result is not None
    assert seen[-1].result.value == {"done": 3}
    assert seen[-1].progress is not None
    assert seen[-1].progress.fraction == 1.0
    wait_for(lambda: not queue.tickets())
    assert not list((tmp_path / "job").glob(".reserve"))


def test_a_folder_takes_one_job(tmp_path: Path) -> None:
    jobs.start(tmp_path / "job", order())
    with pytest.raises(UserError, match="started already"):
        jobs.start(tmp_path / "job", order())
    ended(tmp_path / "job")


def test_a_folder_without_a_job_is_no_job(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"job\.json is missing"):
        jobs.read(tmp_path)


def test_a_users_error_is_told_as_it_is(tmp_path: Path) -> None:
    jobs.start(tmp_path / "job", order(fail="user"))
    view = ended(tmp_path / "job")
    assert view.state is JobState.FAILED
    assert view.result is not None
    assert (view.result.message, view.result.hint) == ("The sky is down.", "Look up.")


def test_what_to_do_next_is_told_by_each_surface_in_its_words(tmp_path: Path) -> None:
    jobs.start(tmp_path / "job", order(fail="advised"))
    result = ended(tmp_path / "job").result
    assert result is not None and result.hint == "Say --up."
    assert (in_app(result.advice), on_command_line(result.advice)) == ("Look up.", "Say --up.")


def test_a_result_of_an_earlier_version_is_read(tmp_path: Path) -> None:
    record = {"schema_version": 1, "outcome": "failed", "message": "No.", "hint": "Look up.", "finished_at": "now"}
    (tmp_path / "result.json").write_text(json.dumps(record), encoding="utf-8")
    result = JobResult.load(tmp_path / "result.json")
    assert (result.schema_version, result.advice) == (2, "Look up.")


def test_a_job_that_goes_on_in_a_new_process_ends_with_a_status_of_its_own(tmp_path: Path) -> None:
    folder = tmp_path / "job"
    order(fail="again", steps=2).save(folder / "job.json")
    queue.enqueue(folder)
    first = subprocess.run([sys.executable, "-m", "localft.jobs.runner", str(folder)], cwd=REPOSITORY, check=False)
    assert first.returncode == 86
    assert ended(folder).state is JobState.FINISHED
    events = files.read_lines(folder / "events.jsonl")[0]
    assert [event["message"] for event in events if event["kind"] == "warning"] == ["Once more."]
    assert sum(event["kind"] == "started" for event in events) == 2


def test_what_is_deleted_under_a_job_does_not_come_back(tmp_path: Path) -> None:
    folder = tmp_path / "job"
    jobs.start(folder, order(steps=1_000, seconds=0.02))
    wait_for(lambda: jobs.read(folder).progress is not None)
    process = psutil.Process(JobProcess.load(folder / "process.json").pid)
    shutil.rmtree(folder, ignore_errors=True)
    # What was written meanwhile.
    shutil.rmtree(folder, ignore_errors=True)
    psutil.wait_procs([process], timeout=60)
    assert not (folder / "result.json").exists()


def test_a_bug_is_told_with_its_place(tmp_path: Path) -> None:
    jobs.start(tmp_path / "job", order(fail="bug"))
    view = ended(tmp_path / "job")
    assert view.state is JobState.FAILED
    assert "ZeroDivisionError" in view.sentence
    assert "Traceback" in (tmp_path / "job" / "worker.log").read_text()


def test_a_crash_is_noticed_and_can_be_resumed(tmp_path: Path) -> None:
    jobs.start(tmp_path / "job", order(fail="crash"))
    view = ended(tmp_path / "job")
    assert view.state is JobState.INTERRUPTED
    assert view.state.value == "stopped unexpectedly"
    assert view.state.resumable


def test_killed_then_resumed_it_goes_on_where_it_was(tmp_path: Path) -> None:
    folder = tmp_path / "job"
    jobs.start(folder, order(steps=400, seconds=0.01))
    wait_for(lambda: (view := jobs.read(folder)).progress is not None and view.progress.done >= 3)
    end_now(folder)
    view = jobs.read(folder)
    assert view.state is JobState.INTERRUPTED
    before = int((folder / "steps.txt").read_text())
    assert 3 <= before < 400
    jobs.resume(folder)
    assert len([holder for _, holder in queue.tickets() if holder == folder]) == 1
    view = ended(folder)
    assert view.state is JobState.FINISHED
    counts = [event["done"] for event in files.read_lines(folder / "events.jsonl")[0] if event["kind"] == "progress"]
    assert counts == sorted(counts), "the resumed part counted from the beginning"


def test_a_stop_ends_it_within_a_step_and_resume_continues(tmp_path: Path) -> None:
    folder = tmp_path / "job"
    jobs.start(folder, order(steps=400, seconds=0.01))
    wait_for(lambda: jobs.read(folder).progress is not None)
    jobs.request_stop(folder)
    view = ended(folder)
    assert view.state is JobState.STOPPED
    done = int((folder / "steps.txt").read_text())
    assert done < 400
    jobs.resume(folder)
    jobs.request_stop(folder)
    assert ended(folder).state is JobState.STOPPED


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such signals")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_to_end_means_the_same_as_a_stop(tmp_path: Path, number: signal.Signals) -> None:
    folder = tmp_path / "job"
    jobs.start(folder, order(steps=1000, seconds=0.01))
    wait_for(lambda: jobs.read(folder).progress is not None)
    os.kill(JobProcess.load(folder / "process.json").pid, number)
    assert ended(folder).state is JobState.STOPPED


def test_finished_and_running_jobs_are_not_resumed(tmp_path: Path) -> None:
    folder = tmp_path / "job"
    jobs.start(folder, order(steps=400, seconds=0.01))
    with pytest.raises(UserError, match="cannot be resumed"):
        jobs.resume(folder)
    jobs.kill(folder, grace_seconds=5)
    other = tmp_path / "other"
    jobs.start(other, order())
    ended(other)
    with pytest.raises(UserError, match="cannot be resumed"):
        jobs.resume(other)


def test_kill_ends_a_job_that_does_not_listen(tmp_path: Path) -> None:
    folder = tmp_path / "job"
    jobs.start(folder, order(steps=1000, seconds=0.01))
    wait_for(lambda: jobs.read(folder).progress is not None)
    psutil.Process(JobProcess.load(folder / "process.json").pid).suspend()
    jobs.kill(folder, grace_seconds=0.2)
    wait_for(lambda: not queue.process_alive(folder))
    assert jobs.read(folder).state is JobState.INTERRUPTED


def test_the_death_of_the_starter_touches_nothing(tmp_path: Path, home: Path) -> None:
    folder = tmp_path / "job"
    starter = (
        "import os, sys; from pathlib import Path; from localft import jobs; from localft.jobs import JobOrder;"
        "order = JobOrder(worker='tests.job_workers', title='x', needs_device=False, created_at='now',"
        " settings={'steps': 100, 'seconds': 0.01});"
        "jobs.start(Path(sys.argv[1]), order); os.kill(os.getpid(), 9) if os.name != 'nt' else os._exit(1)"
    )
    subprocess.run([sys.executable, "-c", starter, str(folder)], check=False, cwd=REPOSITORY)
    view = ended(folder)
    assert view.state is JobState.FINISHED


def test_a_recycled_process_id_is_not_taken_for_the_job(tmp_path: Path) -> None:
    folder = tmp_path / "job"
    order().save(folder / "job.json")
    own = psutil.Process()
    JobProcess(pid=own.pid, created=own.create_time() - 1_000).save(folder / "process.json")
    assert jobs.read(folder).state is JobState.INTERRUPTED
    JobProcess(pid=own.pid, created=own.create_time()).save(folder / "process.json")
    assert jobs.read(folder).state.alive


def test_a_second_process_in_the_same_folder_gives_up(tmp_path: Path) -> None:
    folder = tmp_path / "job"
    jobs.start(folder, order(steps=400, seconds=0.01))
    wait_for(lambda: (folder / "started.json").exists())
    second = subprocess.run(
        [sys.executable, "-m", "localft.jobs.runner", str(folder)], check=False, capture_output=True, text=True
    )
    assert second.returncode == 1
    assert "owns this job" in second.stderr
    assert jobs.read(folder).state is JobState.RUNNING
    jobs.kill(folder, grace_seconds=5)


def test_torn_lines_in_the_events_spoil_only_themselves(tmp_path: Path) -> None:
    folder = tmp_path / "job"
    jobs.start(folder, order(steps=2))
    ended(folder)
    with (folder / "events.jsonl").open("ab") as log:
        log.write(b'{"kind":"progress","done":99,"tot')
    view = jobs.read(folder)
    assert view.progress is not None
    assert view.progress.done == 2
    files.append_line(folder / "events.jsonl", {"kind": "note"})
    assert files.read_last_lines(folder / "events.jsonl")[-1] == {"kind": "note"}


def test_a_job_whose_starter_died_before_its_process_began_can_go_on(tmp_path: Path) -> None:
    order().save(tmp_path / "job" / "job.json")
    assert jobs.read(tmp_path / "job").state is JobState.NEW
    jobs.resume(tmp_path / "job")
    assert ended(tmp_path / "job").state is JobState.FINISHED


def test_a_start_that_fails_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "job"
    files.write_text(folder / "recipe.json", "{}")
    real = files.write_text

    def refuse(path: Path, text: str) -> None:
        if path.name == "process.json":
            raise OSError(28, "No space left on device")
        real(path, text)

    monkeypatch.setattr(files, "write_text", refuse)
    with pytest.raises(OSError, match="No space left"):
        jobs.start(folder, order(steps=1000, seconds=0.01))
    assert not folder.exists()
    assert queue.tickets() == []
    running = [child for child in psutil.Process().children() if child.status() != psutil.STATUS_ZOMBIE]
    assert not [child for child in running if str(folder) in child.cmdline()]


@pytest.mark.skipif(not sys.platform.startswith("linux") or os.geteuid() != 0, reason="needs a small disk of its own")
def test_a_disk_that_is_full_from_the_start_is_told(tmp_path: Path) -> None:
    """Room for the order, none for the work: the outcome still gets its place."""
    small = tmp_path / "small"
    small.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(small)], capture_output=True, check=False
    )
    if mounted.returncode != 0:
        pytest.skip("mounting is not allowed here")
    try:
        jobs.start(small / "job", order(steps=3))
        view = ended(small / "job")
        assert view.state is JobState.FAILED, view.sentence
        assert "The disk is full" in view.sentence
        wait_for(lambda: not queue.process_alive(small / "job"))
    finally:
        # A process that ends tells no command any more, and holds its folder for a moment yet.
        wait_for(lambda: subprocess.run(["umount", str(small)], check=False).returncode == 0)


def test_jobs_below_a_folder_are_found_while_they_live(tmp_path: Path) -> None:
    folder = tmp_path / "project" / "runs" / "job"
    jobs.start(folder, order(steps=400, seconds=0.01))
    assert [view.folder for view in jobs.live_below(tmp_path / "project")] == [folder]
    assert jobs.live_below(tmp_path / "elsewhere") == []
    jobs.kill(folder, grace_seconds=5)
    assert jobs.live_below(tmp_path / "project") == []
    assert paths.queue_dir().exists()
