"""A disk that fails at one file operation: the process is killed there, the power goes, or the operation is refused.

Only where processes can be forked. Operations are those of `os` and `io` that change or read files; a write is one too.
"""

import io
import os
import signal
import stat
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

import pytest

Loss = Literal["cut to nothing", "cut in half", "gone"]

_OPERATIONS = ("open", "fsync", "replace", "rename", "mkdir", "link", "unlink", "rmdir")


class FailingDisk:
    """Counts the file operations of this process, and calls `fault` in place of the one with number `at`, from 1 on.

    Nothing is really flushed: what has been, is remembered, so that a loss of power can take the rest away.
    """

    def __init__(self, patch: pytest.MonkeyPatch, at: int, fault: "Callable[[FailingDisk], None]") -> None:
        self.count = 0
        self._at, self._fault = at, fault
        # Of each file that was written, by its number: what of it has been flushed.
        self._written: dict[int, bytes | None] = {}
        self._renames: list[tuple[Path, Path]] = []
        self._real = {name: getattr(os, name) for name in _OPERATIONS}
        self._open_file: Any = io.open
        for name in _OPERATIONS:
            patch.setattr(os, name, getattr(self, f"_{name}", None) or self._counted(name))
        patch.setattr(io, "open", self._open_as_file)

    def step(self) -> None:
        """The next operation; the fault, where it is its turn."""
        self.count += 1
        if self.count == self._at:
            self._fault(self)

    def lose_power(self, folder: Path, loss: Loss, renames: bool) -> None:
        """Take from the files below a folder what was not flushed; with `renames` also those of no flushed folder."""
        for source, target in reversed(self._renames if renames else []):
            self._real["rename"](target, source)
        for path in [path for path in folder.rglob("*") if path.is_file()]:
            with self._open_file(path, "rb+") as file:
                content = file.read()
                kept = self._written.get(path.stat().st_ino, content)
                if kept is None:
                    kept = b"" if loss == "cut to nothing" else content[: len(content) // 2]
                    if loss == "gone":
                        self._real["unlink"](path)
                file.seek(0)
                file.truncate()
                file.write(kept)

    def _counted(self, name: str) -> Callable[..., Any]:
        def operation(*args: Any, **kwargs: Any) -> Any:
            self.step()
            return self._real[name](*args, **kwargs)

        return operation

    def _open(self, path: Any, flags: int, *args: Any, **kwargs: Any) -> int:
        self.step()
        descriptor = self._real["open"](path, flags, *args, **kwargs)
        if flags & os.O_CREAT:
            self._written[os.fstat(descriptor).st_ino] = None
        return descriptor

    def _fsync(self, descriptor: int) -> None:
        self.step()
        status = os.fstat(descriptor)
        if stat.S_ISDIR(status.st_mode):
            self._renames.clear()
        else:
            with self._open_file(f"/proc/self/fd/{descriptor}", "rb") as file:
                self._written[status.st_ino] = file.read()

    def _replace(self, source: Any, target: Any) -> None:
        self.step()
        if not Path(target).exists():
            self._renames.append((Path(source), Path(target)))
        self._real["replace"](source, target)

    def _open_as_file(self, file: Any, mode: str = "r", *args: Any, **kwargs: Any) -> Any:
        self.step()
        if not set(mode) & set("wax+"):
            return self._open_file(file, mode, *args, **kwargs)
        assert "b" in mode, "what is saved is bytes"
        raw = _Written(file, mode, self.step)
        if "w" in mode:
            self._written[os.fstat(raw.fileno()).st_ino] = None
        return io.BufferedRandom(raw) if "+" in mode else io.BufferedWriter(raw)


class _Written(io.FileIO):
    """A file each of whose writes is an operation."""

    def __init__(self, file: Any, mode: str, step: Callable[[], None]) -> None:
        super().__init__(file, mode)
        self._step = step

    def write(self, content: Any, /) -> int:
        self._step()
        return super().write(content) or 0


def killed(work: Callable[[], None], at: int, before: Callable[[FailingDisk], None] = lambda disk: None) -> bool:
    """Do some work in a process that is killed in place of its file operation `at`; whether it came so far.

    `before` is called with the disk just before.
    """
    pid = os.fork()
    if pid == 0:
        _die_within(work, at, before)
    _, status = os.waitpid(pid, 0)
    assert os.WIFSIGNALED(status) or os.waitstatus_to_exitcode(status) == 0, "the work failed"
    return os.WIFSIGNALED(status)


def _die_within(work: Callable[[], None], at: int, before: Callable[[FailingDisk], None]) -> None:
    def die(disk: FailingDisk) -> None:
        before(disk)
        os.kill(os.getpid(), signal.SIGKILL)

    try:
        with pytest.MonkeyPatch.context() as patch:
            FailingDisk(patch, at, die)
            work()
    except BaseException:  # noqa: BLE001 - a forked process must not go on with the tests of its parent
        traceback.print_exc()
        os._exit(1)
    os._exit(0)
