"""What will be free once localft's own work has ended: that is what the next job is planned with."""

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from localft import jobs
from localft.hardware import Disk, Gpu, Hardware, Memory
from localft.jobs.holding import once_free
from localft.jobs.records import JobProcess
from localft.planning.plan import make_plan
from localft.planning.recipe import Recipe, TrainingSettings
from tests.job_help import REPOSITORY, order, wait_for
from tests.unit.test_planning_plan import QWEN, STATS

GIB = 2**30
TOTAL, FREE = 12 * GIB, 2 * GIB
# A process that is there, and not of localft's jobs.
OTHER = os.getpid()


def computer(*holders: tuple[int, int | None]) -> Hardware:
    card = Gpu(0, "GPU-0", "NVIDIA GeForce RTX 3060", TOTAL, FREE, (8, 6), holders)
    memory = Memory(32 * GIB, 4 * GIB, 0)
    return Hardware("Linux", (card,), "580.1", "", memory, Disk(Path(), 10**12, 10**12), 8, 16)


@pytest.fixture
def running(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """The id of a process that has the device."""
    monkeypatch.setenv("PYTHONPATH", str(REPOSITORY))
    folder = tmp_path / "first"
    jobs.start(folder, order("Training Qwen3-4B", needs_device=True, steps=10_000, seconds=0.02))
    wait_for(lambda: (folder / "started.json").exists())
    yield JobProcess.load(folder / "process.json").pid
    jobs.kill(folder, grace_seconds=5)


def test_what_a_running_job_holds_of_the_card_will_be_free(running: int) -> None:
    found = once_free(computer((running, 8 * GIB), (OTHER, GIB)))
    assert found.gpus[0].free_bytes == FREE + 8 * GIB
    assert found.waits_for == ("Training Qwen3-4B",)


def test_a_job_that_has_taken_nothing_yet_gives_nothing_back(running: int) -> None:
    full = computer((OTHER, 9 * GIB + 600 * 2**20))
    assert once_free(full).gpus[0].free_bytes == FREE


@pytest.mark.parametrize("holders", ["windows", "wsl", "container"])
def test_where_the_driver_does_not_tell_all_counts_but_what_others_hold(running: int, holders: str) -> None:
    told = {"windows": ((running, None), (OTHER, None)), "wsl": (), "container": ((2**30, 9 * GIB),)}[holders]
    room = once_free(computer(*told)).gpus[0].free_bytes
    assert 0.9 * TOTAL < room < TOTAL
    partly = computer((OTHER, 3 * GIB), (running, None))
    assert once_free(partly).gpus[0].free_bytes == room - 3 * GIB


def test_the_memory_of_its_process_will_be_free_too(running: int) -> None:
    before = computer()
    gained = once_free(before).memory.available_bytes - before.memory.available_bytes
    assert 2**20 < gained < GIB, "a small Python process"
    full = replace(before, memory=Memory(4 * GIB, 4 * GIB - 1, 0))
    assert once_free(full).memory.available_bytes <= 4 * GIB


def test_work_that_needs_no_device_and_none_at_all_change_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = computer((OTHER, 9 * GIB))
    assert once_free(before) == before
    monkeypatch.setenv("PYTHONPATH", str(REPOSITORY))
    jobs.start(tmp_path / "reading", order("Reading", needs_device=False, steps=10_000, seconds=0.02))
    assert once_free(before) == before
    jobs.kill(tmp_path / "reading", grace_seconds=5)


def test_a_run_behind_another_is_planned_as_if_it_were_alone(running: int) -> None:
    """Not refused, nor frozen with fewer examples at once than the card has room for when its turn comes."""
    recipe = Recipe(base_model="owner/model", dataset="d", settings=TrainingSettings())
    held = 8 * GIB
    alone = computer()
    alone = replace(alone, gpus=(replace(alone.gpus[0], free_bytes=FREE + held),))
    expected = make_plan(recipe, QWEN, STATS, alone)
    now, behind = (
        make_plan(recipe, QWEN, STATS, hardware)
        for hardware in (computer((running, held)), once_free(computer((running, held))))
    )
    assert now.fits == "no"
    assert (behind.fits, behind.micro_batch_size, behind.recomputed_layers) == (
        expected.fits,
        expected.micro_batch_size,
        expected.recomputed_layers,
    )
    assert behind.waits_for == ("Training Qwen3-4B",)
