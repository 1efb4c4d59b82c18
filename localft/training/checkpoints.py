"""Checkpoints that survive a kill at any moment: staged, hashed, complete with one rename; damaged ones set aside."""

import contextlib
import errno
import hashlib
import os
import secrets
import shutil
from collections.abc import Callable
from pathlib import Path

from localft.errors import UserError
from localft.store import files
from localft.store.records import Record

_MANIFEST = "manifest.json"
CHECKPOINTS, WEIGHTS = "checkpoints", "weights"
"""The folders of a run for its checkpoints, and for its published weights."""
_PREFIX = "ckpt-"
_STAGING = ".staging-"
_FORMER = ".former-"
_QUARANTINE = "quarantine"
_KEEP = 2
_BLOCK = 1 << 20


class StoredFile(Record):
    """A file of a checkpoint."""

    bytes: int
    sha256: str


class Manifest(Record):
    """manifest.json of a checkpoint, written last: without it the folder is not complete.

    `identity` says what the checkpoint belongs to; another recipe, dataset or base model must not resume from it.
    """

    step: int
    identity: str
    stored: dict[str, StoredFile]


class Checkpoints:
    """The checkpoints of one run, in one folder."""

    MOST = _KEEP + 2
    """So many lie here at once: the newest ones, the best one, and one that is being written."""

    def __init__(self, folder: Path, identity: str) -> None:
        self.folder = folder
        self.identity = identity

    def save(self, step: int, write: Callable[[Path], None], protected: int | None = None) -> Path:
        """Write a checkpoint by calling `write(folder)` and make it complete with one rename.

        Then the oldest are deleted: the two newest stay, and the one of step `protected`.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        staged = self.folder / f"{_STAGING}{step}-{secrets.token_hex(3)}"
        staged.mkdir()
        try:
            write(staged)
            seal(staged, step, self.identity)
            target = self.path(step)
            if target.exists():
                self._set_aside(target)
            files.replace(staged, target)
        except BaseException:
            shutil.rmtree(staged, ignore_errors=True)
            raise
        self._prune(protected)
        return target

    def path(self, step: int) -> Path:
        """Where the checkpoint of a step lies, whether it exists or not."""
        return self.folder / f"{_PREFIX}{step:08d}"

    def newest(self) -> tuple[int, Path] | None:
        """The newest checkpoint that is whole, (step, folder); damaged ones met on the way are moved to quarantine/."""
        for step in sorted(self._steps(), reverse=True):
            if is_whole(self.path(step), self.identity):
                return step, self.path(step)
            self._set_aside(self.path(step))
        return None

    def count(self) -> int:
        """How many there are, whole or not."""
        return len(self._steps())

    def clear(self) -> None:
        """Delete all checkpoints of a finished run; its weights have been published. What is in quarantine stays."""
        for step in self._steps():
            shutil.rmtree(self.path(step), ignore_errors=True)
        sweep(self.folder)
        with contextlib.suppress(OSError):
            self.folder.rmdir()

    def _steps(self) -> list[int]:
        if not self.folder.is_dir():
            return []
        names = (path.name.removeprefix(_PREFIX) for path in self.folder.glob(f"{_PREFIX}*") if path.is_dir())
        return [int(name) for name in names if name.isdecimal()]

    def _prune(self, protected: int | None) -> None:
        for step in sorted(self._steps(), reverse=True)[_KEEP:]:
            if step == protected:
                continue
            # Renamed first, so that a half-deleted folder is never taken for a checkpoint.
            doomed = self.folder / f"{_STAGING}old-{step}-{secrets.token_hex(3)}"
            with contextlib.suppress(OSError):
                files.replace(self.path(step), doomed)
                shutil.rmtree(doomed, ignore_errors=True)

    def _set_aside(self, damaged: Path) -> None:
        quarantine = self.folder / _QUARANTINE
        quarantine.mkdir(parents=True, exist_ok=True)
        files.replace(damaged, quarantine / f"{damaged.name}-{secrets.token_hex(3)}")


def sweep(folder: Path) -> None:
    """Remove what a killed process left half-written in a folder. Call it when no other process writes there."""
    for leftover in folder.glob(f"{_STAGING}*"):
        shutil.rmtree(leftover, ignore_errors=True)


def seal(folder: Path, step: int, identity: str) -> None:
    """Flush every file of a folder to the disk and write its manifest, last of all."""
    stored = {}
    for path in sorted(folder.iterdir()):
        with path.open("rb+") as file:
            os.fsync(file.fileno())
        stored[path.name] = StoredFile(bytes=path.stat().st_size, sha256=_sha256(path))
    Manifest(step=step, identity=identity, stored=stored).save(folder / _MANIFEST)


def is_whole(folder: Path, identity: str) -> bool:
    """Tell whether a sealed folder holds exactly what its manifest says, byte for byte, and belongs to `identity`.

    Raises:
        OSError: it cannot be read now, for a reason that is not the disk's.
    """
    try:
        manifest = Manifest.load(folder / _MANIFEST)
        return manifest.identity == identity and all(
            (folder / name).is_file()
            and (folder / name).stat().st_size == stored.bytes
            and _sha256(folder / name) == stored.sha256
            for name, stored in manifest.stored.items()
        )
    except UserError:
        return False
    except OSError as error:
        if error.errno != errno.EIO:
            raise
        return False


def publish(source: Path, target: Path, names: tuple[str, ...], step: int, identity: str) -> None:
    """Put the named files of a checkpoint into `target`, replacing what it held; `published` always finds one of both.

    Files are linked where the disk can, so that a full model does not take its space twice.
    """
    staged = target.with_name(f"{_STAGING}{target.name}-{secrets.token_hex(3)}")
    staged.mkdir(parents=True)
    try:
        for name in names:
            try:
                os.link(source / name, staged / name)
            except OSError:
                shutil.copy2(source / name, staged / name)
        seal(staged, step, identity)
    except BaseException:
        shutil.rmtree(staged, ignore_errors=True)
        raise
    if target.exists():
        # No system exchanges two folders portably. A kill between the renames leaves the former one, which
        # `published` then finds and `restore` puts back.
        former = target.with_name(f"{_FORMER}{target.name}-{secrets.token_hex(3)}")
        files.replace(target, former)
    files.replace(staged, target)
    _forget_formers(target)


def published(target: Path) -> Path | None:
    """Where the published weights lie that belong in `target`: there, or, while they are replaced, beside it.

    None: none have been published yet.
    """
    # Looked at twice: new weights may have come into their place between the looks.
    for folder in (target, *_formers(target), target):
        if (folder / _MANIFEST).exists():
            return folder
    return None


def restore(target: Path) -> None:
    """Put back published weights whose replacement was cut off by a kill, and sweep what is left of it."""
    there = published(target)
    if there is not None and there != target:
        shutil.rmtree(target, ignore_errors=True)
        files.replace(there, target)
    _forget_formers(target)
    sweep(target.parent)


def _formers(target: Path) -> list[Path]:
    return sorted(target.parent.glob(f"{_FORMER}{target.name}-*"))


def _forget_formers(target: Path) -> None:
    for former in _formers(target):
        shutil.rmtree(former, ignore_errors=True)


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()
