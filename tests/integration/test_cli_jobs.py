"""Following, stopping and resuming real jobs from a real `localft` process, with a worker that only counts."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from localft import jobs
from localft.cli.main import main
from localft.jobs import JobContext, JobOrder, JobState
from localft.jobs.records import JobProcess, JobResult
from localft.store import files
from localft.store.projects import Project, create_project

_PATIENCE_SECONDS = 60


def run(context: JobContext) -> dict[str, object]:
    """The worker: counts, and does as its settings say."""
    total = int(context.settings["steps"])
    for step in range(total):
        if not context.settings.get("deaf"):
            context.raise_if_stopped()
        context.progress(step, total, "steps", "Counting", at_once=True)
        if step == 1:
            context.event("validation", step=step, loss=0.5, best=True)
        time.sleep(0.05)
    return {"message": f"Counted to {total}."}


@pytest.fixture
def project(monkeypatch: pytest.MonkeyPatch) -> Iterator[Project]:
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).resolve().parents[2]))
    made = create_project("Support bot")
    yield made
    for view in jobs.active():
        jobs.kill(view.folder, grace_seconds=0)


def make_job(project: Project, **settings: object) -> Path:
    """A stopped evaluation, which `localft resume` takes up."""
    folder = project.evaluations / files.new_id()
    order = JobOrder(
        worker="tests.integration.test_cli_jobs",
        title="Counting",
        project=project.slug,
        created_at=files.now(),
        settings={"steps": 5, **settings},
    )
    order.save(folder / "job.json")
    JobResult(outcome="stopped", message="Stopped.", finished_at=files.now()).save(folder / "result.json")
    return folder


def start_cli(*arguments: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "localft", *arguments]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def wait_until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while not true():
        assert time.monotonic() < deadline, "it never happened"
        time.sleep(0.02)


def has_counted(folder: Path) -> Callable[[], bool]:
    return lambda: jobs.read(folder).progress is not None and jobs.read(folder).result is None


def test_a_job_is_followed_to_its_end(project: Project, capsys: pytest.CaptureFixture[str]) -> None:
    make_job(project)
    assert main(["resume", "support-bot", "--json"]) == 0
    printed = capsys.readouterr()
    assert json.loads(printed.out)["message"] == "Counted to 5."
    assert "Counting: " in printed.err
    assert "/5 steps" in printed.err
    assert "Step 1: validation loss 0.500, the best so far." in printed.err


def test_ctrl_c_asks_to_save_and_stop(project: Project) -> None:
    folder = make_job(project, steps=10_000)
    process = start_cli("resume", "support-bot")
    wait_until(has_counted(folder))
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=_PATIENCE_SECONDS)
    assert process.returncode == 130
    assert "`localft resume support-bot`" in err
    assert "Traceback" not in out + err
    assert jobs.read(folder).state is JobState.STOPPED


def test_a_second_ctrl_c_leaves_it_to_the_background(project: Project) -> None:
    folder = make_job(project, steps=10_000, deaf=True)
    process = start_cli("resume", "support-bot")
    wait_until(has_counted(folder))
    process.send_signal(signal.SIGINT)
    assert process.stderr is not None
    assert any("Saving and stopping" in line for line in process.stderr)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=_PATIENCE_SECONDS)
    assert process.returncode == 130
    assert "`localft stop support-bot`" in err
    assert jobs.read(folder).state is JobState.STOPPING


def test_closing_the_terminal_touches_nothing(project: Project) -> None:
    folder = make_job(project, steps=10_000)
    process = start_cli("resume", "support-bot")
    wait_until(has_counted(folder))
    process.kill()
    process.communicate()
    before = jobs.read(folder).progress
    wait_until(lambda: jobs.read(folder).progress != before)
    assert jobs.read(folder).state is JobState.RUNNING


def test_detached_work_is_stopped_by_name_and_resumed(project: Project, capsys: pytest.CaptureFixture[str]) -> None:
    folder = make_job(project, steps=10_000)
    assert main(["resume", "support-bot", "--detach"]) == 0
    assert "localft stop support-bot" in capsys.readouterr().err
    wait_until(has_counted(folder))
    assert main(["resume", "support-bot"]) == 1
    assert "is running" in capsys.readouterr().err
    assert main(["stop", "support-bot", "--json"]) == 0
    printed = capsys.readouterr()
    assert json.loads(printed.out)["stopped"][0]["state"] == "stopped"
    assert "localft resume support-bot" in printed.err
    assert main(["stop", "support-bot"]) == 1
    assert "Nothing is running in support-bot." in capsys.readouterr().err


def test_force_ends_what_does_not_listen(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = make_job(project, steps=10_000, deaf=True)
    assert main(["resume", "support-bot", "--detach"]) == 0
    wait_until(has_counted(folder))
    real = jobs.kill
    monkeypatch.setattr(jobs, "kill", lambda folder: real(folder, grace_seconds=0.1))
    assert main(["stop", "support-bot", "--force"]) == 0
    assert jobs.read(folder).state is JobState.INTERRUPTED


def test_a_killed_worker_is_reported_and_can_be_resumed(project: Project) -> None:
    folder = make_job(project, steps=10_000)
    process = start_cli("resume", "support-bot")
    wait_until(has_counted(folder))
    psutil.Process(JobProcess.load(folder / "process.json").pid).kill()
    _, err = process.communicate(timeout=_PATIENCE_SECONDS)
    assert process.returncode == 1
    assert err.splitlines()[-2:] == [
        "localft: Counting stopped unexpectedly: its process is gone.",
        f"  `localft resume support-bot` goes on from where it was. Its log is {folder / 'worker.log'}.",
    ]


def test_nothing_to_resume_is_a_sentence(project: Project, capsys: pytest.CaptureFixture[str]) -> None:
    folder = make_job(project)
    (folder / "result.json").unlink()
    JobResult(outcome="finished", message="Done.", finished_at=files.now()).save(folder / "result.json")
    assert main(["resume", "support-bot"]) == 1
    assert "There is nothing to resume in support-bot" in capsys.readouterr().err


@pytest.mark.skipif(os.name == "nt", reason="no pseudo-terminal")
def test_a_terminal_gets_a_bar(project: Project) -> None:
    import pty

    make_job(project, steps=20)
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "localft", "resume", "support-bot"]
    environment = {**os.environ, "TERM": "xterm", "COLUMNS": "120"}
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=theirs, env=environment, text=True)
    os.close(theirs)
    shown = b""
    while process.poll() is None:
        try:
            shown += os.read(ours, 65_536)
        except OSError:
            break
    out, _ = process.communicate()
    os.close(ours)
    assert out == "Counted to 20.\n"
    assert b"/20 steps" in shown
    assert b"Step 1: validation loss" in shown
