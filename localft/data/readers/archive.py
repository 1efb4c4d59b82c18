"""ZIP archives: every file inside as if it had been named on its own, read in memory and never unpacked to the disk."""

import io
import struct
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import PurePosixPath

from localft.data.shapes.rows import excerpt
from localft.errors import UserError

_MOST_FILES = 10_000
_MOST_BYTES = 2 << 30
_CHUNK = 1 << 20
# What people pack shrinks to a tenth or a fiftieth; from so many bytes on, more is a file made to fill the memory.
_MOST_SHRUNK, _SHRUNK_FROM = 200, 64 << 20
# Of the others some take as much memory as they like, and none is what systems make.
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2)


_PLAIN_ZIP = "Unpack it yourself and add the files that you want."


def is_archive(content: bytes) -> bool:
    """Whether a file's contents are a ZIP archive, or a document that is one inside."""
    return content.startswith((b"PK\x03\x04", b"PK\x05\x06"))


def names_in(content: bytes, name: str) -> list[str]:
    """The names of the files in an archive.

    Raises:
        UserError: it is damaged, or holds too many files.
    """
    with _open(content, name) as archive:
        return [entry.filename for entry in archive.infolist() if not entry.is_dir()]


def files_in(content: bytes, name: str, most_bytes: int = _MOST_BYTES) -> Iterator[tuple[str, bytes]]:
    """Each file of an archive that people mean, with its contents; hidden files and what systems put there are not.

    Raises:
        UserError: it is damaged, protected by a password, packed in a strange way, or too large unpacked.
    """
    total = 0
    with _open(content, name) as archive:
        for entry in archive.infolist():
            if entry.is_dir() or _is_hidden(entry.filename):
                continue
            inside = f"{name}/{excerpt(entry.filename)}"
            if entry.flag_bits & 1:
                raise UserError(f"{inside} is protected by a password.", "Unpack it yourself and add the files.")
            if entry.compress_type not in _METHODS:
                raise UserError(f"{inside} is packed in a way that localft does not read.", _PLAIN_ZIP)
            parts, size = [], 0
            # What an archive says of its sizes need not be true.
            for part in _unpack(archive, entry, inside):
                total += len(part)
                size += len(part)
                if size > _SHRUNK_FROM and size > _MOST_SHRUNK * max(1, entry.compress_size):
                    raise UserError(f"{inside} unpacks to more than {_MOST_SHRUNK} times its size.", _PLAIN_ZIP)
                if total > most_bytes:
                    raise UserError(
                        f"{name} holds more than {most_bytes >> 20:,} MB of files.",
                        _PLAIN_ZIP,
                    )
                parts.append(part)
            yield inside, b"".join(parts)


def _open(content: bytes, name: str) -> zipfile.ZipFile:
    try:
        archive = zipfile.ZipFile(io.BytesIO(content))
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


def _is_hidden(name: str) -> bool:
    parts = PurePosixPath(name.replace("\\", "/")).parts
    return "__MACOSX" in parts or any(part.startswith(".") and part not in {".", ".."} for part in parts)
