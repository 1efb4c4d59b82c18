"""The folder .venv: where its programs lie, whether it is whole, and the stamp that says with what it was finished."""

import contextlib
import hashlib
import json
import os
import time
from collections.abc import Generator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from installer.say import say

_WINDOWS = os.name == "nt"


@dataclass(frozen=True)
class Stamp:
    """What a finished set-up was made of. It is written last: without it the set-up was interrupted."""

    fingerprint: str
    """Of everything that decides what is installed."""
    root: str
    """The checkout; the programs in .venv name it, so a moved checkout is set up anew."""
    extras: tuple[str, ...]
    torch: str
    llama_cpp: bool
    """Whether there is a llama-cpp-python that computes."""


class Environment:
    """The virtual environment of a checkout."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.folder = root / ".venv"
        self.python = self.folder / ("Scripts/python.exe" if _WINDOWS else "bin/python")
        self.log = self.folder / "localft-setup.log"
        self._stamp = self.folder / "localft-stamp.json"
        self._installing = self.folder / "localft-installing"

    def program(self, name: str) -> Path:
        """Return the path of a console script."""
        return self.python.parent / (f"{name}.exe" if _WINDOWS else name)

    def exists(self) -> bool:
        """Tell whether there is a folder at all."""
        return self.folder.is_dir()

    def is_broken(self) -> bool:
        """Tell whether the folder is no usable environment, say because the Python it was made with is gone."""
        return self.exists() and not (self.python.exists() and (self.folder / "pyvenv.cfg").is_file())

    def was_interrupted(self) -> bool:
        """Tell whether an installation began here and did not end."""
        return self._installing.exists()

    def begin(self) -> None:
        """Note that an installation is under way."""
        self._stamp.unlink(missing_ok=True)
        self._installing.touch()

    def finish(self, stamp: Stamp) -> None:
        """Note with what it was finished."""
        temporary = self._stamp.with_suffix(".new")
        temporary.write_text(json.dumps(asdict(stamp), indent=1), encoding="utf-8")
        temporary.replace(self._stamp)
        self._installing.unlink(missing_ok=True)

    def stamp(self) -> Stamp | None:
        """Return the stamp of the last finished set-up, None where there is none that can be read."""
        try:
            fields: dict[str, Any] = json.loads(self._stamp.read_text(encoding="utf-8"))
            fields["extras"] = tuple(fields["extras"])
            return Stamp(**fields)
        except (OSError, ValueError, TypeError, KeyError):
            return None

    def is_ready(self, extras: tuple[str, ...]) -> bool:
        """Tell whether nothing has to be done: this is all that a second start costs."""
        stamp = self.stamp()
        return (
            stamp is not None
            and not self.was_interrupted()
            and not self.is_broken()
            and stamp.root == str(self.root)
            and set(extras) <= set(stamp.extras)
            and stamp.fingerprint == fingerprint(self.root)
        )


def fingerprint(root: Path) -> str:
    """Return a digest of the files that decide what is installed: the dependencies and the set-up's pins."""
    digest = hashlib.sha256()
    for name in ("pyproject.toml", "build/installer/plan.py", "localft/torch_builds.py"):
        digest.update((root / name).read_bytes())
    return digest.hexdigest()


@contextlib.contextmanager
def exclusive(root: Path) -> Generator[None]:
    """Let one set-up at a time work in a checkout; the system lets go of the lock when a process ends in any way."""
    with (root / ".localft-setup.lock").open("a+b") as handle:
        if not _try_lock(handle.fileno()):
            say("another set-up is at work here; waiting for it to end")
            while not _try_lock(handle.fileno()):
                time.sleep(0.5)
        yield


def _try_lock(descriptor: int) -> bool:
    try:
        if _WINDOWS:
            import msvcrt

            os.lseek(descriptor, 0, os.SEEK_SET)
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
