"""More examples than one wants in memory: bounded memory, stopping, and being killed on the way."""

import json
import os
import random
import signal
import subprocess
import sys
import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from localft import jobs, paths
from localft.cli import progress, telling
from localft.cli.main import main
from localft.data.checks.checking import check_version
from localft.data.making.importing import import_files
from localft.data.versions import list_versions, load_split, newest_version
from localft.data.works.background import look_at_check, start_check, start_import, works_folder
from localft.errors import UserError
from localft.jobs import JobState
from localft.store.projects import Project, create_project
from localft.ui import data_checks
from localft.ui.data_checks import Checks
from localft.ui.models import present_model

ROWS, FEW = 50_000, 2_000
PATIENCE_SECONDS = 300.0
POSIX = pytest.mark.skipif(os.name == "nt", reason="POSIX signals and limits")


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Conversations of about 1 KB."""
    chooser = random.Random(5)
    words = ["".join(chooser.choices("abcdefghijklmnoprstuvw", k=chooser.randint(2, 9))) for _ in range(5_000)]
    path = tmp_path_factory.mktemp("many") / "many.jsonl"
    with path.open("w", encoding="utf-8") as file:
        for _ in range(ROWS):
            question, answer = (" ".join(chooser.choices(words, k=count)).capitalize() + "." for count in (50, 90))
            file.write(json.dumps({"prompt": question, "completion": answer}) + "\n")
    assert path.stat().st_size > 32 << 20
    return path


@pytest.fixture
def project() -> Project:
    return create_project("Many")


def begin(*words: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "localft", "data", *words]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def peak(*words: str) -> int:
    """The most bytes that a command held."""
    process = begin(*words)
    assert process.stdout is not None
    process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    assert os.waitstatus_to_exitcode(status) == 0
    return usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def bytes_of_one(project: Project) -> float:
    """What an example takes as an object."""
    tracemalloc.start()
    held = list(load_split(project, newest_version(project).id, "train"))
    taken, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return taken / len(held)


def wait_until(happened: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not happened():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def scratch_folders() -> list[Path]:
    return [folder for folder in (paths.cache_dir() / "reading").glob("*") if folder.is_dir()]


def written(project: Project) -> list[Path]:
    return list(project.datasets.glob(".[0-9]*"))


@POSIX
def test_import_and_check_within_bounded_memory(many: Path, project: Project, tmp_path: Path) -> None:
    """More examples take less than they alone would, were they all in memory."""
    few = tmp_path / "few.jsonl"
    few.write_bytes(b"".join(many.read_bytes().splitlines(keepends=True)[:FEW]))
    little = [peak("import", project.slug, str(few)), peak("check", project.slug)]
    alone = (ROWS - FEW) * bytes_of_one(project)
    much = [peak("import", project.slug, str(many)), peak("check", project.slug)]
    assert [version.total for version in list_versions(project).items] == [ROWS, FEW]
    imported, checked = (more - less for more, less in zip(much, little, strict=True))
    assert imported < alone / 2
    assert checked < alone
    assert scratch_folders() == []


@POSIX
@pytest.mark.parametrize("while_writing", [False, True])
def test_a_killed_import_leaves_no_version_and_no_processes(
    while_writing: bool, many: Path, project: Project, tmp_path: Path
) -> None:
    process = begin("import", project.slug, str(many))
    family = psutil.Process(process.pid)
    wait_until(lambda: bool(written(project) if while_writing else family.children(recursive=True)))
    workers = family.children(recursive=True)
    process.kill()
    process.communicate()
    assert scratch_folders()
    assert list_versions(project).items == []
    psutil.wait_procs(workers, timeout=30)
    assert [worker for worker in workers if worker.is_running() and worker.status() != psutil.STATUS_ZOMBIE] == []
    few = tmp_path / "few.jsonl"
    few.write_bytes(b"".join(many.read_bytes().splitlines(keepends=True)[:100]))
    done = begin("import", project.slug, str(few))
    assert "100 examples" in done.communicate()[0]
    assert written(project) == []
    assert len(list_versions(project).items) == 1
    # What lies elsewhere goes with the next import of many.
    again = begin("import", project.slug, str(many))
    again.communicate()
    assert again.returncode == 0
    assert scratch_folders() == []


@POSIX
def test_ctrl_c_stops_an_import(many: Path, project: Project) -> None:
    process = begin("import", project.slug, str(many))
    wait_until(lambda: bool(scratch_folders()))
    process.send_signal(signal.SIGINT)
    _, said = process.communicate()
    assert process.returncode == 130
    assert "Stopped." in said
    assert "Traceback" not in said
    assert list_versions(project).items == []
    assert scratch_folders() == written(project) == []


def test_progress_is_told_with_rate_and_time_left(
    many: Path, project: Project, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(progress, "_SECONDS_BETWEEN_LINES", 0.0)
    monkeypatch.setattr(telling, "_MOMENT", 0.0)
    assert main(["data", "import", project.slug, str(many), "--json"]) == 0
    answer, said = capsys.readouterr()
    assert json.loads(answer)["examples"] == ROWS
    reading = [line for line in said.splitlines() if line.startswith("Reading many.jsonl: ")]
    assert any("MB/s" in line and "left" in line for line in reading)


def test_a_job_imports_and_can_be_stopped_and_resumed(many: Path, project: Project) -> None:
    folder = start_import(project, [many]).folder
    with pytest.raises(UserError, match="being taken in already"):
        start_import(project, [many])
    wait_until(lambda: jobs.read(folder).progress is not None)
    jobs.request_stop(folder)
    stopped = list(jobs.follow(folder))[-1]
    assert (stopped.state, stopped.sentence) == (JobState.STOPPED, "Stopped; no examples were taken in.")
    assert list_versions(project).items == []
    assert scratch_folders() == written(project) == []
    jobs.resume(folder)
    seen = list(jobs.follow(folder))
    assert (seen[-1].state, seen[-1].sentence) == (JobState.FINISHED, f"{ROWS:,} examples are in.")
    told = [view.progress for view in seen if view.progress is not None]
    assert any(one.rate and one.seconds_left for one in told)
    assert {one.message for one in told} >= {"Reading many.jsonl", "Looking at what the examples ask"}
    assert newest_version(project).total == ROWS


def test_a_job_adds_to_what_is_there(many: Path, tmp_path: Path, project: Project) -> None:
    few = tmp_path / "few.jsonl"
    few.write_text("".join(many.read_text(encoding="utf-8").splitlines(keepends=True)[:FEW]), encoding="utf-8")
    before = import_files(project, [few]).version
    seen = list(jobs.follow(start_import(project, [many], add_to=before).folder))
    assert (seen[-1].state, seen[-1].sentence) == (JobState.FINISHED, f"{ROWS:,} examples are in.")
    after = newest_version(project)
    assert (after.parent, after.note) == (before.id, f"{ROWS - FEW:,} examples added from many.jsonl")
    kept = {one.prompt[-1].content for one in load_split(project, before.id, "test")}
    assert kept < {one.prompt[-1].content for one in load_split(project, after.id, "test")}


def test_a_job_checks_what_the_app_shows(tmp_path: Path, project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    few = tmp_path / "few.jsonl"
    rows = [{"prompt": f"Say {n}.", "completion": f"As an AI language model, I say {n}."} for n in range(40)]
    few.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    version = import_files(project, [few]).version
    monkeypatch.setattr(data_checks, "check_is_work", lambda version: True)
    checks = Checks()
    begun = checks.look(project, version)
    assert begun.report is None
    with pytest.raises(UserError, match="not checked yet"):
        checks.report(project, version)
    (folder,) = works_folder(project).iterdir()
    assert list(jobs.follow(folder))[-1].state is JobState.FINISHED
    model = present_model(project)
    report = check_version(project, version, model)
    assert checks.report(project, version) == report
    assert look_at_check(project, version, model).report == report
    assert start_check(project, version, model).state is JobState.FINISHED
