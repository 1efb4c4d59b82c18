"""ZIP archives: every file inside as if it had been named on its own.

Small ones are read in memory, large ones from a file for the time of the reading; no name in an archive is a path.
"""

import io
import itertools
import struct
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from fnmatch import fnmatch
from pathlib import Path, PurePosixPath

from localft.data.readers.unpacking import Unpacked, refuse_bomb, write_out
from localft.data.shapes.rows import excerpt
from localft.data.working import Tell, quiet
from localft.errors import UserError

_MOST_FILES = 10_000
_MOST_BYTES = 16 << 30
_CHUNK = 1 << 20
# A file of so many bytes is not held in memory.
LARGE = 32 << 20
# Names in workbooks, texts and other documents of offices.
_OF_DOCUMENTS = {"[Content_Types].xml", "mimetype"}
# Of the others some take as much memory as they like, and none is what systems make.
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2)


_PLAIN_ZIP = "Unpack it yourself and add the files that you want."


def is_archive(content: bytes) -> bool:
    """Whether a file's contents are a ZIP archive, or a document that is one inside."""
    return content.startswith((b"PK\x03\x04", b"PK\x05\x06"))


def is_large_archive(path: Path) -> bool:
    """Whether a file is an archive of files that is not held in memory; documents that are archives inside are none."""
    try:
        with path.open("rb") as file:
            if path.stat().st_size < LARGE or not is_archive(file.read(4)):
                return False
    except (OSError, ValueError):
        # Whoever reads it says why.
        return False
    return not _OF_DOCUMENTS & set(names_in(path, path.name))


def names_in(content: bytes | Path, name: str) -> list[str]:
    """The names of the files in an archive.

    Raises:
        UserError: it is damaged, or holds too many files.
    """
    with _open(content, name) as archive:
        return [entry.filename for entry in archive.infolist() if not _is_folder(entry)]


def chat_pages(names: Iterable[str]) -> set[str]:
    """Of the files in an archive those that show as a page what ChatGPT exports beside it as data."""
    paths = {excerpt(name): PurePosixPath(name) for name in names}
    talks = {path.parent for path in paths.values() if fnmatch(path.name, "conversations*.json")}
    return {name for name, path in paths.items() if path.name == "chat.html" and path.parent in talks}


def files_in(
    content: bytes | Path, name: str, most_bytes: int = _MOST_BYTES, tell: Tell = quiet
) -> Iterator[tuple[str, bytes | Unpacked]]:
    """Each file of an archive that people mean, with its contents, or unpacked where it is large.

    Hidden files and what systems put there are left out.

    Raises:
        UserError: it is damaged, protected by a password, packed in a strange way, or too large unpacked.
    """
    total = 0
    with _open(content, name) as archive:
        for entry in archive.infolist():
            if _is_folder(entry) or _is_hidden(entry.filename):
                continue
            inside = f"{name}/{excerpt(entry.filename)}"
            if entry.flag_bits & 1:
                raise UserError(f"{inside} is protected by a password.", "Unpack it yourself and add the files.")
            if entry.compress_type not in _METHODS:
                raise UserError(f"{inside} is packed in a way that localft does not read.", _PLAIN_ZIP)
            parts = _limited(_unpack(archive, entry, inside), most_bytes - total, name, most_bytes)
            held: list[bytes] = []
            # What an archive says of its sizes need not be true.
            while (size := sum(map(len, held))) < LARGE and (part := next(parts, b"")):
                held.append(part)
                refuse_bomb(size + len(part), entry.compress_size, inside)
            if size < LARGE:
                total += size
                yield inside, b"".join(held)
                continue
            suffix = PurePosixPath(entry.filename).suffix.lower()
            unpacked = write_out(itertools.chain(held, parts), suffix, inside, entry.compress_size, tell)
            # Not while the file is read.
            held.clear()
            total += unpacked.path.stat().st_size
            yield inside, unpacked


def _limited(parts: Iterator[bytes], room: int, name: str, most_bytes: int) -> Iterator[bytes]:
    for part in parts:
        room -= len(part)
        if room < 0:
            raise UserError(f"{name} holds more than {most_bytes >> 20:,} MB of files.", _PLAIN_ZIP)
        yield part


def _open(content: bytes | Path, name: str) -> zipfile.ZipFile:
    try:
        archive = zipfile.ZipFile(io.BytesIO(content) if isinstance(content, bytes) else content)
    except (zipfile.BadZipFile, struct.error, OSError, RuntimeError, ValueError) as error:
        raise UserError(f"{name} is a damaged ZIP archive: {error}.", "Make it again from its source.") from error
    if len(archive.infolist()) > _MOST_FILES:
        raise UserError(f"{name} holds more than {_MOST_FILES:,} files.", "Unpack it and add what you want of it.")
    return archive


def _unpack(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, inside: str) -> Iterator[bytes]:
    try:
        with archive.open(entry) as file:
            while part := file.read(_CHUNK):
                yield part
    except (zipfile.BadZipFile, zlib.error, struct.error, EOFError, OSError, RuntimeError, ValueError) as error:
        raise UserError(f"{inside} is damaged: {error}.", "Make the archive again from its source.") from error


def _is_folder(entry: zipfile.ZipInfo) -> bool:
    # Its own way of telling breaks on a name that is empty, or begins with a NUL.
    return entry.filename.endswith("/")


def _is_hidden(name: str) -> bool:
    parts = PurePosixPath(name.replace("\\", "/")).parts
    return "__MACOSX" in parts or any(part.startswith(".") and part not in {".", ".."} for part in parts)
