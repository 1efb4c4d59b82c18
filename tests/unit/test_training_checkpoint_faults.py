"""Saving fails at each of its file operations: a kill, a loss of power, a disk that reports an error."""

import errno
import itertools
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from localft.training.checkpoints import Checkpoints, is_whole, publish, published, restore, sweep
from tests.failing_disk import FailingDisk, Loss, killed

pytestmark = pytest.mark.skipif(os.name == "nt", reason="forks processes that are killed")

NAMES = ("optimiser", "state", "weights")


def content(step: int) -> Callable[[Path], None]:
    def write(folder: Path) -> None:
        for name in NAMES:
            (folder / name).write_bytes(f"{name} of step {step} ".encode() * 8)

    return write


def step_of(folder: Path) -> int:
    """The step that all files of a folder are of, byte for byte."""
    step = int((folder / "state").read_text().split()[3])
    for name in (name for name in NAMES if (folder / name).exists()):
        assert (folder / name).read_bytes() == f"{name} of step {step} ".encode() * 8
    return step


class Run:
    """The folder of a run that has saved three steps, the first of which is the best and published."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.weights = folder, folder / "weights"
        self.checkpoints = Checkpoints(folder / "checkpoints", "run")
        if not folder.exists():
            for step in (1, 2, 3):
                self.checkpoints.save(step, content(step), protected=1)
            publish(self.checkpoints.path(1), self.weights, ("weights", "state"), 1, "run")

    def save_the_next(self) -> None:
        """The fourth step is saved, and a checkpoint deleted for it."""
        self.checkpoints.save(4, content(4), protected=1)

    def save_again(self) -> None:
        """As after a resume from an older one: the step was saved before."""
        self.checkpoints.save(3, content(3), protected=1)

    def publish_the_newest(self) -> None:
        publish(self.checkpoints.path(3), self.weights, ("weights", "state"), 3, "run")

    def go_on(self) -> tuple[int, int]:
        """What a new process finds: the steps of the newest whole checkpoint and of the published weights."""
        sweep(self.checkpoints.folder)
        there = published(self.weights)
        assert there is not None and is_whole(there, "run"), "there are weights at every moment"
        restore(self.weights)
        newest = self.checkpoints.newest()
        assert newest is not None and step_of(newest[1]) == newest[0]
        assert step_of(self.checkpoints.path(1)) == 1, "the best one stays"
        aside = self.checkpoints.folder.glob("quarantine/*")
        assert all(is_whole(folder, "run") for folder in aside), "what looks complete is"
        assert [path.name for path in self.folder.rglob(".*")] == [], "nothing half-written is left"
        return newest[0], step_of(self.weights)


SAVES: dict[str, tuple[Callable[[Run], None], set[tuple[int, int]]]] = {
    "the next step": (Run.save_the_next, {(3, 1), (4, 1)}),
    "a step again": (Run.save_again, {(2, 1), (3, 1)}),
    "the weights": (Run.publish_the_newest, {(3, 1), (3, 3)}),
}
every_save = pytest.mark.parametrize(("save", "states"), SAVES.values(), ids=SAVES.keys())


@pytest.fixture
def copies(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], Run]:
    """Makes the same run anew in another folder."""
    # A disk that fails counts what is flushed; to wait for the real one would only take time.
    monkeypatch.setattr(os, "fsync", lambda descriptor: None)
    Run(tmp_path / "0")
    numbers = itertools.count(1)

    def copy() -> Run:
        return Run(Path(shutil.copytree(tmp_path / "0", tmp_path / str(next(numbers)))))

    return copy


def at_each_operation(
    copies: Callable[[], Run],
    save: Callable[[Run], None],
    before: Callable[[FailingDisk, Run], None] = lambda disk, run: None,
) -> list[tuple[int, int]]:
    """What is found after a kill in place of each file operation of a save; then saving goes on as ever."""
    found = []
    for at in itertools.count(1):
        run = copies()
        if not killed(lambda run=run: save(run), at, lambda disk, run=run: before(disk, run)):
            return found
        found.append(run.go_on())
        save(run)
        run.go_on()
    raise AssertionError


@every_save
def test_killed_between_any_two_operations_the_newest_is_whole(
    copies: Callable[[], Run], save: Callable[[Run], None], states: set[tuple[int, int]]
) -> None:
    found = at_each_operation(copies, save)
    assert len(found) > 20, "these are all operations"
    assert set(found) == states, "either the former state or the new one, and both occur"


@every_save
@pytest.mark.parametrize(
    ("loss", "renames"), [("cut to nothing", False), ("cut in half", True), ("gone", False), ("gone", True)]
)
def test_without_power_only_what_was_flushed_counts_and_is_whole(
    copies: Callable[[], Run],
    save: Callable[[Run], None],
    states: set[tuple[int, int]],
    loss: Loss,
    renames: bool,
) -> None:
    found = at_each_operation(copies, save, lambda disk, run: disk.lose_power(run.folder, loss, renames))
    assert set(found) == states


@every_save
def test_an_error_of_the_disk_loses_nothing(
    copies: Callable[[], Run], save: Callable[[Run], None], states: set[tuple[int, int]]
) -> None:
    """At any operation, be it a write or a flush."""

    def refuse(disk: FailingDisk) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    failed = 0
    for at in itertools.count(1):
        run = copies()
        with pytest.MonkeyPatch.context() as patch:
            disk = FailingDisk(patch, at, refuse)
            try:
                save(run)
            except OSError as error:
                assert error.errno == errno.EIO
                failed += 1
        if disk.count < at:
            break
        assert run.go_on() in states
        save(run)
        assert run.go_on() == max(states)
    assert failed > 15, "of what is written hardly anything may be missing"


@pytest.mark.parametrize(("number", "is_damage"), [(errno.EIO, True), (errno.EMFILE, False)])
def test_what_the_disk_cannot_read_any_more_is_damaged(
    copies: Callable[[], Run], monkeypatch: pytest.MonkeyPatch, number: int, is_damage: bool
) -> None:
    """What may be read another time is not."""
    run, opened = copies(), Path.open

    def refuse(self: Path, *args: Any, **kwargs: Any) -> Any:
        if self == run.checkpoints.path(3) / "weights":
            raise OSError(number, os.strerror(number))
        return opened(self, *args, **kwargs)

    monkeypatch.setattr(Path, "open", refuse)
    if is_damage:
        assert (run.checkpoints.newest() or (0,))[0] == 2
    else:
        with pytest.raises(OSError, match="Too many open files"):
            run.checkpoints.newest()
    assert run.checkpoints.path(3).exists() != is_damage
