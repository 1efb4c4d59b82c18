"""Writing that survives a crash: atomic files, append-only logs, locks, and names that are safe on every system."""

import contextlib
import json
import os
import re
import secrets
import shutil
import tempfile
import time
import unicodedata
from collections.abc import Generator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO

from localft.errors import UserError, explain

_WINDOWS_RESERVED = {"con", "prn", "aux", "nul", *(f"com{n}" for n in range(10)), *(f"lpt{n}" for n in range(10))}
# Letters that no decomposition leads back to a-z.
_SPELT_OUT = str.maketrans(
    {
        "ß": "ss",
        "ø": "o",
        "ł": "l",
        "æ": "ae",
        "œ": "oe",
        "đ": "d",
        "þ": "th",
        "ð": "d",
        "ı": "i",
        "ħ": "h",
        "ŧ": "t",
        "ŋ": "n",
        "ĸ": "k",
    }
)


def write_bytes(path: Path, content: bytes) -> None:
    """Write a file so that a reader sees the old content or the new one, never a mixture, whatever dies meanwhile."""
    with writing(path) as file:
        file.write(content)


@contextlib.contextmanager
def writing(path: Path) -> Generator[BinaryIO]:
    """A file to write into, which comes into its place when it is whole; what is raised meanwhile leaves no trace."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, temporary = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        replace(Path(temporary), path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def write_text(path: Path, text: str) -> None:
    """Write UTF-8 text atomically, with line feeds kept as they are."""
    write_bytes(path, text.encode("utf-8"))


def write_json(path: Path, value: Any) -> None:
    """Write a value as indented JSON, atomically."""
    write_text(path, json.dumps(value, ensure_ascii=False, indent=2) + "\n")


def read_json(path: Path) -> Any:
    """Read a JSON file of ours.

    Raises:
        UserError: the file is missing, unreadable or not JSON.
    """
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise UserError(
            f"The file {path} is missing.", "It may have been moved or deleted by another program."
        ) from error
    except (ValueError, RecursionError) as error:
        raise UserError(f"The file {path} is damaged: {error}.", "Restore it from a backup, or delete it.") from error
    except OSError as error:
        raise explain(error) or UserError(f"The file {path} cannot be read: {error}.") from error


def replace(source: Path, target: Path) -> None:
    """Rename over the target and flush the folder; retried on Windows, where a reader may hold the target open."""
    for attempt in range(10):
        try:
            source.replace(target)
            break
        except PermissionError:
            if os.name != "nt" or attempt == 9:
                raise
            time.sleep(0.05 * 2**attempt)
    _flush_folder(target.parent)


def _flush_folder(folder: Path) -> None:
    """Make a rename durable: without this a power loss may undo it (POSIX only; Windows has no such call)."""
    if os.name != "posix":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def append_line(path: Path, value: dict[str, Any]) -> None:
    """Append one JSON object as one line, in a single write, so that lines of two writers never mix.

    A line torn by a crash is closed first, so that it spoils only itself.
    """
    line = json.dumps(value, ensure_ascii=False, separators=(",", ":")) + "\n"
    with path.open("a+b") as file:
        if file.tell() > 0:
            file.seek(-1, os.SEEK_END)
            if file.read(1) != b"\n":
                line = "\n" + line
        file.write(line.encode("utf-8", errors="backslashreplace"))


def read_lines(path: Path, offset: int = 0) -> tuple[list[dict[str, Any]], int]:
    """Read the whole JSON lines from a byte offset on.

    Returns the objects and the offset to continue from. A line still being written is left for the next call; a torn
    one is passed over.
    """
    if not path.exists():
        return [], offset
    with path.open("rb") as file:
        file.seek(offset)
        content = file.read()
    complete = content[: content.rfind(b"\n") + 1]
    values = []
    for line in complete.splitlines():
        with contextlib.suppress(ValueError):
            value = json.loads(line)
            if isinstance(value, dict):
                values.append(value)
    return values, offset + len(complete)


def read_last_lines(path: Path, limit_bytes: int = 65_536) -> list[dict[str, Any]]:
    """Read the whole JSON lines among the last bytes of a log."""
    if not path.exists():
        return []
    start = max(0, path.stat().st_size - limit_bytes)
    return read_lines(path, start)[0]


@contextlib.contextmanager
def all_or_nothing(folder: Path) -> Generator[None]:
    """Remove a folder of ours with all that is in it, where the block that fills it fails."""
    try:
        yield
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise


@contextlib.contextmanager
def locked(path: Path, timeout: float = 10.0) -> Generator[None]:
    """Hold an exclusive lock that the operating system gives back when this process dies.

    Raises:
        UserError: another process kept the lock for `timeout` seconds.
    """
    from filelock import FileLock, Timeout

    path.parent.mkdir(parents=True, exist_ok=True)
    lock = FileLock(path)
    try:
        lock.acquire(timeout=timeout)
    except Timeout as error:
        raise UserError(
            f"{path.parent.name} is being changed by another localft.", "Wait a moment and try again."
        ) from error
    try:
        yield
    finally:
        lock.release()


def new_id() -> str:
    """A name for a new folder: sorts by time, readable, unique, valid on every file system."""
    return f"{datetime.now(UTC):%Y%m%d-%H%M%S-%f}-{secrets.token_hex(2)}"


def now() -> str:
    """The present moment as an ISO 8601 string in UTC."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def slugify(name: str) -> str:
    """Turn a display name into a folder name: a-z, 0-9 and hyphens, at most 64 characters, no reserved names.

    Raises:
        UserError: nothing usable is left of the name, or it names a path.
    """
    if not name.strip() or len(name) > 200:
        raise UserError("A project name needs 1 to 200 characters.", "Choose a name such as `Support bot`.")
    if any(character in name for character in "/\\\0") or name.strip() in {".", ".."}:
        raise UserError(f"The name {name!r} looks like a path.", "Choose a plain name such as `Support bot`.")
    spelt = unicodedata.normalize("NFKD", name).lower().translate(_SPELT_OUT)
    plain = spelt.encode("ascii", "ignore").decode()
    slug = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:64].strip("-")
    if not slug:
        # A name in another script keeps its display form; the folder gets a stable neutral one.
        import hashlib

        slug = "project-" + hashlib.sha256(name.encode()).hexdigest()[:8]
    if slug in _WINDOWS_RESERVED:
        raise UserError(
            f"The name {name!r} is reserved by Windows.", "Choose another name, for example with a word added."
        )
    return slug


def folder_bytes(folder: Path) -> int:
    """The bytes that a folder's files take, links not followed."""
    return sum(path.lstat().st_size for path in folder.rglob("*") if path.is_file() and not path.is_symlink())
