"""Files that are unpacked from another one (gzip, bzip2, Zstandard), for the time of the reading.

They are written a piece at a time, so that they need no memory, and never more than the disk has room for.
"""

import bz2
import gzip
import shutil
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from localft import words
from localft.data.scratch import Scratch
from localft.data.working import Tell, quiet
from localft.errors import UserError

_CHUNK = 1 << 20
# What people pack shrinks to a tenth or a fiftieth; from so many bytes on, more is a file made to fill the disk.
MOST_SHRUNK, SHRUNK_FROM = 200, 64 << 20
MOST_BYTES = 64 << 30
_LEFT_FREE = 1 << 30
_KINDS = {b"\x1f\x8b": "gzip", b"BZh": "bzip2", b"\x28\xb5\x2f\xfd": "Zstandard"}
_ENDINGS = {".gz", ".gzip", ".bz2", ".zst", ".zstd"}
_TAR_AT, _TAR = 257, b"ustar"
_PLAIN = "Unpack it yourself and add the files that you want."


@dataclass(frozen=True)
class Unpacked:
    """A file for the time that its `owner` lives; `suffix` is the ending of the name that it has outside (".csv")."""

    path: Path
    suffix: str
    owner: Scratch


def kind_of(head: bytes) -> str:
    """How a file that begins so is packed, "" where it is not."""
    return next((kind for mark, kind in _KINDS.items() if head.startswith(mark)), "")


def unpack(path: Path, name: str, tell: Tell = quiet) -> Unpacked | None:
    """What is in a packed file; None where it is none. How far it is is told on the way.

    Raises:
        UserError: it is damaged, an archive of several files, or unpacks to more than there is room for.
        OSError: it cannot be read.
    """
    with path.open("rb") as file:
        kind = kind_of(file.read(4))
    if not kind:
        return None
    inner = Path(path.name)
    suffix = Path(inner.stem).suffix.lower() if inner.suffix.lower() in _ENDINGS else inner.suffix.lower()
    written = write_out(_parts(path, kind, name), suffix, name, path.stat().st_size, tell)
    with written.path.open("rb") as file:
        file.seek(_TAR_AT)
        if file.read(len(_TAR)) == _TAR:
            raise UserError(f"{name} is a TAR archive, which localft does not read.", _PLAIN)
    return written


def write_out(parts: Iterable[bytes], suffix: str, name: str, packed: int, tell: Tell = quiet) -> Unpacked:
    """The parts as a file; `packed` is how many bytes they were.

    Raises:
        UserError: they are more than the disk has room for, or far more than what they were packed into.
    """
    scratch = Scratch()
    path, size = scratch.folder / f"content{suffix}", 0
    with path.open("wb") as file:
        for part in parts:
            size += len(part)
            refuse_bomb(size, packed, name)
            if size > MOST_BYTES or shutil.disk_usage(scratch.folder).free < _LEFT_FREE + len(part):
                raise UserError(f"{name} unpacks to {words.size(size)} and more, too much for the disk.", _PLAIN)
            file.write(part)
            tell(f"Unpacking {name}", size, 0, "bytes")
    return Unpacked(path, suffix, scratch)


def refuse_bomb(size: int, packed: int, name: str) -> None:
    """Refuse what has become so large out of so little.

    Raises:
        UserError: nothing that people pack does so.
    """
    if size > SHRUNK_FROM and size > MOST_SHRUNK * max(1, packed):
        raise UserError(f"{name} unpacks to more than {MOST_SHRUNK} times its size.", _PLAIN)


def _parts(path: Path, kind: str, name: str) -> Iterator[bytes]:
    opener: Any = {"gzip": gzip.open, "bzip2": bz2.open, "Zstandard": _zstandard}[kind]
    try:
        with opener(path) as file:
            while part := file.read(_CHUNK):
                yield part
    except (OSError, EOFError, zlib.error, ValueError) as error:
        raise UserError(f"{name} is damaged {kind} data.", "Make it again from its source.") from error


def _zstandard(path: Path) -> Any:
    import pyarrow

    return pyarrow.CompressedInputStream(pyarrow.OSFile(str(path)), "zstd")
