"""Linux kills the process of a job to gain memory: that is told as it is, and the job goes on with less."""

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from localft import jobs
from localft.jobs import JobState, queue
from localft.jobs.guarding import kills_for_memory
from localft.jobs.records import JobProcess
from localft.store import files
from tests.hungry_worker import count_a_kill
from tests.job_help import REPOSITORY, ended, order, wait_for

_GUARDED = """
import sys
from pathlib import Path
from typing import Any
from localft.jobs import guarding, runner
folder, root = map(Path, sys.argv[1:])
sys.exit(guarding.guarded(folder, lambda guard: runner.main(folder, guard), root))
"""

linux_only = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux kills for memory")


def run_guarded(folder: Path, root: Path, worker: str = "tests.hungry_worker", **settings: Any) -> tuple[int, str]:
    """Run a job under a guard that looks for the system's counters below `root`; its status, and what it printed."""
    made = order(root=str(root), **settings).model_copy(update={"worker": worker})
    made.save(folder / "job.json")
    queue.enqueue(folder)
    command = [sys.executable, "-c", _GUARDED, str(folder), str(root)]
    done = subprocess.run(command, cwd=REPOSITORY, check=False, capture_output=True, text=True, timeout=60)
    return done.returncode, done.stderr


def warnings(folder: Path) -> list[str]:
    events = files.read_lines(folder / "events.jsonl")[0]
    return [event["message"] for event in events if event["kind"] == "warning"]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    count_a_kill(tmp_path / "system")
    return tmp_path / "system"


@linux_only
def test_a_job_that_can_do_with_less_goes_on_by_itself(tmp_path: Path, root: Path) -> None:
    status, printed = run_guarded(tmp_path / "job", root, counts=True)
    assert status == 86, printed
    view = ended(tmp_path / "job")
    assert (view.state, view.sentence) == (JobState.FINISHED, "Done with less.")
    assert warnings(tmp_path / "job") == ["Linux killed it; it goes on with half as much."]


@linux_only
def test_one_that_cannot_says_what_it_was(tmp_path: Path, root: Path) -> None:
    status, printed = run_guarded(tmp_path / "job", root, worker="tests.killed_worker", counts=True)
    assert status == 86, printed
    view = ended(tmp_path / "job")
    assert (view.state, view.sentence) == (JobState.FAILED, "This computer ran out of memory.")
    assert view.result is not None and view.result.hint == "Close other programs, or choose a smaller model."


@linux_only
@pytest.mark.parametrize("settings", [{"counts": False}, {"counts": True, "stop": True}], ids=str)
def test_a_kill_for_another_reason_is_only_an_end(tmp_path: Path, root: Path, settings: dict[str, Any]) -> None:
    """Nobody ran out of memory, or a person has asked it to stop and then lost patience."""
    status, printed = run_guarded(tmp_path / "job", root, **settings)
    assert status == 137, printed
    assert jobs.read(tmp_path / "job").state is JobState.INTERRUPTED
    assert warnings(tmp_path / "job") == []


@linux_only
def test_a_system_that_does_not_count_is_no_trouble(tmp_path: Path) -> None:
    (tmp_path / "system").mkdir()
    status, printed = run_guarded(tmp_path / "job", tmp_path / "system", worker="tests.job_workers", steps=2)
    assert status == 0, printed
    assert ended(tmp_path / "job").state is JobState.FINISHED


@linux_only
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=str)
def test_who_asks_the_guard_to_stop_asks_the_job(tmp_path: Path, number: signal.Signals) -> None:
    """Both look alike to a person or a service manager; the guard alone would end, and the job go on."""
    folder = tmp_path / "job"
    jobs.start(folder, order(steps=600, seconds=0.05))
    wait_for(lambda: jobs.read(folder).state is JobState.RUNNING)
    guard = JobProcess.load(folder / "process.json").guard
    if guard is None:
        pytest.skip("this system does not count what it kills, so there is no guard")
    os.kill(guard, number)
    assert ended(folder).state is JobState.STOPPED
    assert "Traceback" not in (folder / "worker.log").read_text()


@linux_only
def test_what_goes_on_hears_signals_again(tmp_path: Path, root: Path) -> None:
    """A process inherits which signals are blocked, and the guard blocks those that it waits for."""
    assert run_guarded(tmp_path / "job", root, counts=True)[0] == 86
    assert ended(tmp_path / "job").state is JobState.FINISHED
    assert (tmp_path / "job/blocked.txt").read_text() == "[]"


@linux_only
@pytest.mark.parametrize(("fail", "status"), [("none", 0), ("user", 1), ("crash", 3), ("again", 86)])
def test_the_status_of_the_work_is_the_guards(tmp_path: Path, root: Path, fail: str, status: int) -> None:
    assert run_guarded(tmp_path / "job", root, worker="tests.job_workers", fail=fail, steps=2)[0] == status
    ended(tmp_path / "job")


def test_a_job_whose_guard_is_looking_at_its_end_is_not_over(tmp_path: Path) -> None:
    """Else whoever follows it would give up, or start it a second time."""
    folder = tmp_path / "job"
    order().save(folder / "job.json")
    command = [sys.executable, "-c", "import time; time.sleep(60)", str(folder)]
    guard = subprocess.Popen(command)
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    try:
        JobProcess(pid=gone.pid, created=0.0, guard=guard.pid).save(folder / "process.json")
        assert jobs.read(folder).state.alive
    finally:
        guard.kill()
        guard.wait()
    assert jobs.read(folder).state is JobState.INTERRUPTED


def test_the_counters_of_the_computer_and_of_containers_are_found(tmp_path: Path) -> None:
    assert kills_for_memory(tmp_path) is None
    told = {
        "proc/self/cgroup": "4:cpu,memory:/box\n0::/user.slice/run\n",
        "proc/vmstat": "oom_kill 3\noom_killer 100\n",
        "sys/fs/cgroup/user.slice/run/memory.events": "low 0\noom 9\noom_kill 20\noom_group_kill 5\n",
        "sys/fs/cgroup/memory/box/memory.oom_control": "oom_kill_disable 0\nunder_oom 0\noom_kill 100\n",
    }
    for name, text in told.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    assert kills_for_memory(tmp_path) == 123
    (tmp_path / "proc/vmstat").write_text("oom_kill many\n")
    assert kills_for_memory(tmp_path) == 120
