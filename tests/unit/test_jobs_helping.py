"""A further process of a job: it works on a view of the folder, leaves nothing, and says why it ended."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from localft.jobs import helping
from localft.store import files
from tests.job_help import order


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "job"
    (made / "checkpoints" / "step-1").mkdir(parents=True)
    (made / "checkpoints" / "step-1" / "weights.bin").write_bytes(b"much")
    (made / "weights").mkdir()
    (made / "weights" / "best.bin").write_bytes(b"more")
    files.append_line(made / "events.jsonl", {"kind": "started"})
    (made / "started.json").write_text("{}")
    return made


def start(folder: Path) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "localft.jobs.runner", str(folder)]
    return subprocess.Popen(command, env={**os.environ, "RANK": "1"}, stderr=subprocess.PIPE)


def told(folder: Path) -> list[str]:
    return [event.get("message", event["kind"]) for event in files.read_lines(folder / "events.jsonl")[0]]


def test_it_does_the_work_and_leaves_nothing(folder: Path) -> None:
    order(steps=2).save(folder / "job.json")
    before = {path.relative_to(folder) for path in folder.rglob("*")}
    process = start(folder)
    process.communicate(timeout=60)
    assert process.returncode == 0
    assert {path.relative_to(folder) for path in folder.rglob("*")} == before
    assert told(folder) == ["started"]


@pytest.mark.parametrize(
    ("fail", "says"),
    [
        ("user", "The sky is down."),
        ("bug", "ZeroDivisionError: one over"),
        ("again", "it cannot go on, and the run ends with it. On one card it would: Once more."),
    ],
)
def test_why_it_ended_is_told_in_the_jobs_own_events(folder: Path, fail: str, says: str) -> None:
    order(steps=1, fail=fail).save(folder / "job.json")
    process = start(folder)
    _, printed = process.communicate(timeout=60)
    assert process.returncode == 1, printed
    assert told(folder)[1].startswith(f"Another process: {says}")
    assert not list(folder.glob(".helper-*"))


@pytest.mark.skipif(os.name == "nt", reason="signals")
def test_signals_are_the_first_process_s_to_hear(folder: Path) -> None:
    order(steps=20, seconds=0.1).save(folder / "job.json")
    process = start(folder)
    view = folder / ".helper-1"
    while not (view / "steps.txt").exists():
        assert process.poll() is None
    process.send_signal(signal.SIGTERM)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=60)
    assert process.returncode == 0


def test_its_view_has_no_copy_of_what_is_large(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    order(steps=20, seconds=0.1).save(folder / "job.json")
    process = start(folder)
    view = folder / ".helper-1"
    while not (view / "steps.txt").exists():
        assert process.poll() is None
    shared = (view / "checkpoints" / "step-1" / "weights.bin").stat()
    assert shared.st_ino == (folder / "checkpoints" / "step-1" / "weights.bin").stat().st_ino
    assert not (view / "weights").exists()
    process.kill()
    process.communicate(timeout=60)
    helping.clear(folder)
    assert not view.exists()
    assert (folder / "checkpoints" / "step-1" / "weights.bin").read_bytes() == b"much"
