"""A file's bytes, or a sentence why they cannot be had."""

import hashlib
from pathlib import Path

import psutil

from localft import words
from localft.errors import UserError, explain

# What a file takes while it is read as a whole, in times its size: values of JSON and of tables, or what is packed.
_OF_TEXT, _OF_BYTES = 6, 2
_TEXT = {"", ".json", ".jsonl", ".ndjson", ".csv", ".tsv", ".txt", ".text", ".md", ".markdown"}
_ALWAYS = 64 << 20


def load(path: Path, name: str) -> bytes:
    """The bytes of a file that people know as `name`.

    Raises:
        UserError: it is missing, a folder, a device, empty, may not be read, or would take more memory than is free.
    """
    if path.is_dir():
        raise UserError(f"{path} is a folder, not a file.", "Name the files inside it.")
    if path.is_char_device() or path.is_block_device():
        raise UserError(f"{path} is a device, not a file.", "Name a file with examples in it.")
    try:
        _refuse_too_large(path, name)
        content = path.read_bytes()
    except (OSError, ValueError) as error:
        known = explain(error)
        if known is not None:
            raise known from error
        raise UserError(f"{path} cannot be read: {error}.", "Check the path.") from error
    if not content.strip():
        raise UserError(f"{name} is empty.", "Choose a file with examples in it.")
    return content


def measured(content: bytes | Path) -> tuple[int, str]:
    """How many bytes a file or its contents have, and their SHA-256."""
    if isinstance(content, bytes):
        return len(content), hashlib.sha256(content).hexdigest()
    with content.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        return file.tell(), digest


def _refuse_too_large(path: Path, name: str) -> None:
    """Refuse what only a machine with more memory could read; what is read a part at a time does not come here."""
    size = path.stat().st_size
    needed = size * (_OF_TEXT if path.suffix.lower() in _TEXT else _OF_BYTES)
    if size > _ALWAYS and needed > (free := psutil.virtual_memory().available):
        raise UserError(
            f"{name} ({words.size(size)}) has to be read as a whole, which takes about {words.size(needed)} of memory; "
            f"{words.size(free)} are free.",
            "Divide it, or export less at once. JSON lines, arrays of JSON, CSV, XLSX, Parquet, text and chats are "
            "read a part at a time, whatever their size.",
        )
