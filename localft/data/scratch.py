"""Files for the time of some work, gone with it: also where the work was killed, when the next one begins."""

import shutil
import weakref
from pathlib import Path

from filelock import FileLock, Timeout

from localft import paths
from localft.store import files


class Scratch:
    """A folder of its own, removed when this object is."""

    def __init__(self) -> None:
        parent = paths.make_private(paths.cache_dir() / "reading")
        with files.locked(parent / ".lock"):
            _sweep(parent)
            self.folder = parent / files.new_id()
            # The system gives it back when this process dies.
            lock = FileLock(_lock_of(self.folder))
            lock.acquire(timeout=0)
            # Before there is a folder, so that no interruption leaves one behind.
            self._end = weakref.finalize(self, _remove, self.folder, lock)
            self.folder.mkdir()

    def close(self) -> None:
        """Remove it now."""
        self._end()


def _lock_of(folder: Path) -> Path:
    return folder.with_name(f"{folder.name}.lock")


def _remove(folder: Path, lock: FileLock) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    lock.release()
    _lock_of(folder).unlink(missing_ok=True)


def _sweep(parent: Path) -> None:
    for folder in parent.iterdir():
        if folder.is_dir():
            lock = FileLock(_lock_of(folder))
            try:
                lock.acquire(timeout=0)
            except Timeout:
                continue
            _remove(folder, lock)
