"""Checkpoints: complete or ignored, verified before use, the newest whole one resumed, old ones deleted safely."""

import random
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from localft.store import files
from localft.training.checkpoints import Checkpoints, is_whole, publish, published, restore, seal, sweep

REPOSITORY = Path(__file__).parents[2]

_SAVER = """
import sys
from pathlib import Path
from localft.training.checkpoints import Checkpoints, sweep
checkpoints = Checkpoints(Path(sys.argv[1]), "run")
sweep(checkpoints.folder)
step = (checkpoints.newest() or (0, None))[0]
while True:
    step += 1
    def write(folder):
        for name in ("weights", "optimiser", "state"):
            (folder / name).write_bytes(step.to_bytes(4, "big") * 50_000)
    checkpoints.save(step, write)
"""


def content(step: int) -> Callable[[Path], None]:
    def write(folder: Path) -> None:
        (folder / "weights").write_bytes(bytes([step]) * 1_000)
        (folder / "state").write_text(str(step))

    return write


@pytest.fixture
def checkpoints(tmp_path: Path) -> Checkpoints:
    return Checkpoints(tmp_path / "checkpoints", "run")


def steps(checkpoints: Checkpoints) -> list[int]:
    return sorted(int(path.name.rpartition("-")[2]) for path in checkpoints.folder.glob("ckpt-*"))


def test_none_yet(checkpoints: Checkpoints) -> None:
    assert checkpoints.newest() is None


def test_the_two_newest_stay_and_the_best(checkpoints: Checkpoints) -> None:
    for step in range(1, 7):
        checkpoints.save(step, content(step), protected=2 if step >= 2 else None)
    assert steps(checkpoints) == [2, 5, 6]
    newest = checkpoints.newest()
    assert newest is not None
    assert (newest[0], (newest[1] / "state").read_text()) == (6, "6")


def test_a_failed_save_leaves_nothing_behind(checkpoints: Checkpoints) -> None:
    checkpoints.save(1, content(1))

    def fail(folder: Path) -> None:
        (folder / "weights").write_bytes(b"half")
        raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space left"):
        checkpoints.save(2, fail)
    assert [path.name for path in checkpoints.folder.iterdir()] == ["ckpt-00000001"]


DAMAGES: dict[str, Callable[[Path], object]] = {
    "one bit": lambda folder: (folder / "weights").write_bytes(b"\x01" * 999 + b"\x03"),
    "cut short": lambda folder: (folder / "weights").write_bytes(b"\x01" * 500),
    "gone": lambda folder: (folder / "weights").unlink(),
    "no manifest": lambda folder: (folder / "manifest.json").unlink(),
    "torn manifest": lambda folder: (folder / "manifest.json").write_text('{"schema'),
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES.keys())
def test_a_damaged_one_is_set_aside_and_the_one_before_taken(
    checkpoints: Checkpoints, damage: Callable[[Path], object]
) -> None:
    checkpoints.save(1, content(1))
    damage(checkpoints.save(2, content(2)))
    newest = checkpoints.newest()
    assert newest is not None
    assert newest[0] == 1
    assert len(list((checkpoints.folder / "quarantine").iterdir())) == 1
    checkpoints.save(2, content(2))
    assert steps(checkpoints) == [1, 2]


def test_a_checkpoint_of_another_run_is_not_resumed(checkpoints: Checkpoints) -> None:
    checkpoints.save(1, content(1))
    assert Checkpoints(checkpoints.folder, "another recipe").newest() is None


def test_leftovers_of_a_kill_are_swept_and_nothing_else(checkpoints: Checkpoints) -> None:
    checkpoints.save(1, content(1))
    (checkpoints.folder / ".staging-2-abc").mkdir()
    (checkpoints.folder / ".staging-2-abc" / "weights").write_bytes(b"half")
    sweep(checkpoints.folder)
    assert [path.name for path in checkpoints.folder.iterdir()] == ["ckpt-00000001"]


def test_killed_while_saving_the_newest_is_always_whole(checkpoints: Checkpoints) -> None:
    chooser = random.Random(2)
    reached = 0
    for _ in range(10):
        saver = subprocess.Popen([sys.executable, "-c", _SAVER, str(checkpoints.folder)], cwd=REPOSITORY)
        deadline = time.monotonic() + 30
        while max(steps(checkpoints), default=0) <= reached:
            assert time.monotonic() < deadline
            time.sleep(0.005)
        time.sleep(chooser.uniform(0.0, 0.08))
        saver.kill()
        saver.wait()
        newest = checkpoints.newest()
        assert newest is not None
        assert newest[0] > reached
        assert (newest[1] / "state").read_bytes() == newest[0].to_bytes(4, "big") * 50_000
        reached = newest[0]
    assert not (checkpoints.folder / "quarantine").exists(), "a kill left a folder that looked complete"


def test_publishing_replaces_what_was_there(checkpoints: Checkpoints, tmp_path: Path) -> None:
    target = tmp_path / "weights"
    publish(checkpoints.save(1, content(1)), target, ("weights",), 1, "run")
    second = checkpoints.save(2, content(2))
    publish(second, target, ("weights",), 2, "run")
    assert (target / "weights").read_bytes() == bytes([2]) * 1_000
    assert sorted(path.name for path in target.iterdir()) == ["manifest.json", "weights"]
    assert is_whole(target, "run")
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []
    checkpoints.clear()
    assert is_whole(target, "run"), "published weights must outlive the checkpoints they are linked to"


@pytest.mark.parametrize("renames", [0, 1, 2])
def test_killed_while_publishing_there_are_weights_at_every_moment(
    checkpoints: Checkpoints, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, renames: int
) -> None:
    """After so many renames the process is killed."""
    target = tmp_path / "weights"
    assert published(target) is None
    publish(checkpoints.save(1, content(1)), target, ("weights",), 1, "run")
    second = checkpoints.save(2, content(2))
    rename, left = files.replace, [renames]

    def rename_or_die(source: Path, to: Path) -> None:
        if to.name == "manifest.json":
            return rename(source, to)
        if not left[0]:
            raise KeyboardInterrupt
        left[0] -= 1
        return rename(source, to)

    def die(*args: object, **kwargs: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as killed:
        killed.setattr(files, "replace", rename_or_die)
        # A kill clears nothing away.
        killed.setattr("shutil.rmtree", die)
        with pytest.raises(KeyboardInterrupt):
            publish(second, target, ("weights",), 2, "run")
    expected = bytes([2 if renames == 2 else 1]) * 1_000
    there = published(target)
    assert there is not None and (there / "weights").read_bytes() == expected
    restore(target)
    assert (target / "weights").read_bytes() == expected and is_whole(target, "run")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["checkpoints", "weights"]


def test_a_seal_covers_every_file(tmp_path: Path) -> None:
    (tmp_path / "weights").write_bytes(b"1")
    seal(tmp_path, 1, "run")
    assert is_whole(tmp_path, "run")
    (tmp_path / "weights").write_bytes(b"2")
    assert not is_whole(tmp_path, "run")
