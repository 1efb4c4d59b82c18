"""A full disk, a port in use, two at once, a small card: one sentence, exit 1; the project as it was."""

import os
import re
import signal
import socket
import subprocess
import sys
import urllib.request
from dataclasses import replace
from pathlib import Path

import pytest

from localft.data.versions import list_versions, newest_version
from localft.doctor import findings, read_facts
from localft.errors import UserError
from localft.hardware import Gpu, Memory, read_hardware
from localft.models.find import find_model
from localft.planning.lengths import measure_tokens
from localft.planning.plan import make_plan
from localft.planning.recipe import Recipe, TrainingSettings
from localft.store.projects import Project
from localft.training.runs import list_runs, start_run
from tests.bad_input import (
    PATIENCE_SECONDS,
    as_lines,
    conversation,
    good_rows,
    one_sentence,
    project_with_good_data,
    run_cli,
    snapshot,
)


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return project_with_good_data(tmp_path)


@pytest.mark.skipif(os.name == "nt", reason="POSIX limits")
def test_no_space_left(project: Project, tmp_path: Path) -> None:
    """The system refuses to write beyond a size, as it does on a full disk."""
    import resource  # Windows has none

    source = tmp_path / "large.jsonl"
    source.write_text(as_lines(good_rows(3000)))
    before = snapshot(project.folder)

    def limit() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))

    command = [sys.executable, "-m", "localft", "data", "import", "support-bot", str(source)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, preexec_fn=limit)
    assert done.returncode == 1
    one_sentence(done.stderr)
    assert snapshot(project.folder) == before
    assert len(list_versions(project).items) == 1


@pytest.mark.skipif(not sys.platform.startswith("linux") or os.geteuid() != 0, reason="needs a small disk of its own")
def test_a_full_disk(tmp_path: Path) -> None:
    small = tmp_path / "small"
    small.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=300k", "tmpfs", str(small)], capture_output=True, check=False
    )
    if mounted.returncode != 0:
        pytest.skip("mounting is not allowed here")
    try:
        source = tmp_path / "large.jsonl"
        source.write_text(as_lines(good_rows(5000)))
        assert run_cli("new", "small", LOCALFT_HOME=str(small)).returncode == 0
        before = snapshot(small / "projects" / "small")
        done = run_cli("data", "import", "small", str(source), LOCALFT_HOME=str(small))
        assert done.returncode == 1
        one_sentence(done.stderr, "disk is full", "Free some space")
        assert snapshot(small / "projects" / "small") == before
    finally:
        subprocess.run(["umount", str(small)], check=True)


@pytest.mark.skipif(os.name == "nt", reason="POSIX paths")
@pytest.mark.parametrize("place", ["a file", "below a file", "forbidden"])
def test_a_home_that_is_no_folder(place: str, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    home = {"a file": tmp_path / "file", "below a file": tmp_path / "file" / "home", "forbidden": Path("/proc/home")}
    for command in (["new", "x"], ["app", "--no-browser"], ["demo"]):
        done = run_cli(*command, LOCALFT_HOME=str(home[place]))
        assert done.returncode == 1
        one_sentence(done.stderr)


def test_a_port_in_use() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        done = run_cli("app", "--no-browser", "--port", str(taken.getsockname()[1]))
    assert done.returncode == 1
    one_sentence(done.stderr, "already in use", "--port")


def test_two_apps_on_the_same_projects(project: Project) -> None:
    """The second app takes a port and a key of its own; both show what is on the disk."""
    command = [sys.executable, "-m", "localft", "--no-browser"]
    apps = [subprocess.Popen(command, stderr=subprocess.PIPE, text=True) for _ in range(2)]
    try:
        addresses = []
        for app in apps:
            assert app.stderr is not None
            addresses.append(next(match[0] for line in app.stderr if (match := re.search(r"http://127\S+", line))))
        assert len({address.split("/?")[0] for address in addresses}) == 2
        for address in addresses:
            opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor())
            with opener.open(address, timeout=60) as answer:
                assert answer.status == 200
    finally:
        for app in apps:
            app.send_signal(signal.SIGINT)
        for app in apps:
            app.communicate(timeout=PATIENCE_SECONDS)


def test_two_at_once_on_one_project(project: Project, tmp_path: Path) -> None:
    """Two imports at the same moment: both complete, none of them mixed."""
    sources = []
    for number in range(2):
        source = tmp_path / f"part-{number}.jsonl"
        source.write_text(as_lines([conversation(f"{number}: {row}?", f"Answer {row}.") for row in range(100)]))
        sources.append(source)
    command = [sys.executable, "-m", "localft", "data", "import", "support-bot"]
    both = [subprocess.Popen([*command, str(source)], stderr=subprocess.PIPE, text=True) for source in sources]
    for process in both:
        _, err = process.communicate(timeout=PATIENCE_SECONDS)
        assert process.returncode == 0, err
    versions = list_versions(project)
    assert not versions.broken
    assert sorted(version.total for version in versions.items) == [40, 100, 100]


def test_two_make_the_same_project() -> None:
    command = [sys.executable, "-m", "localft", "new", "twice"]
    both = [subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for _ in range(2)]
    errors = [process.communicate(timeout=PATIENCE_SECONDS)[1] for process in both]
    assert sorted(process.returncode for process in both) == [0, 1]
    one_sentence(next(error for process, error in zip(both, errors, strict=True) if process.returncode), "already")


def test_a_card_that_is_too_small(project: Project) -> None:
    small = Gpu(0, "GPU-1", "Small card", 400 * 2**20, 300 * 2**20, (8, 6))
    hardware = replace(read_hardware(), gpus=(small,), driver="580.65")
    model = find_model("starter").model_copy(update={"parameters": 7_000_000_000})
    recipe = Recipe(base_model="starter", dataset=newest_version(project).id, settings=TrainingSettings())
    plan = make_plan(recipe, model, measure_tokens(project, recipe.dataset, model), hardware)
    assert plan.fits == "no"
    before = snapshot(project.folder)
    with pytest.raises(UserError) as error:
        start_run(project, recipe, plan)
    assert "Small card" in error.value.message
    assert error.value.hint
    assert snapshot(project.folder) == before
    assert not list_runs(project).items


def test_windows_without_a_page_file() -> None:
    facts = read_facts()
    hardware = replace(facts.hardware, system="Windows", memory=Memory(16 * 2**30, 12 * 2**30, 0))
    found = [finding for finding in findings(replace(facts, hardware=hardware)) if finding.subject == "Page file"]
    assert len(found) == 1
    assert "no page file" in found[0].what or "page file of" in found[0].what
    assert "Virtual memory" in found[0].fix
