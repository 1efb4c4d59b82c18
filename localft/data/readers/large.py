"""Large files that need not be held in memory: which of them can be read a block at a time."""

import codecs
import hashlib
from dataclasses import replace
from itertools import islice
from pathlib import Path

from localft.data.readers.archive import is_archive
from localft.data.readers.array_blocks import ArrayRows
from localft.data.readers.blocks import CsvRows, LineRows, guess_of
from localft.data.readers.content import CSV, JSON_LINES, PARQUET, is_object
from localft.data.readers.documents import holds_document
from localft.data.readers.encoding import refuse_binary, wide_encoding
from localft.data.readers.parquet import TableRows, is_arrow
from localft.data.readers.unpacking import as_utf8
from localft.data.readers.workbook import OLE
from localft.data.shapes.rows import Contents, Found
from localft.data.working import Tell, quiet
from localft.errors import UserError, explain

LARGE = 32 << 20
_HEAD = 65_536
_LOOKED_AT = 20
_LONGEST_FIRST_LINE = 16 << 20


def open_large(path: Path, name: str, tell: Tell = quiet) -> Contents | None:
    """A file of `LARGE` bytes or more, with rows that are read when they are asked for.

    None where it is smaller, or of a format that has to be read as a whole: archives, workbooks, documents, chats, and
    JSON that is neither an array nor one object a line.

    Raises:
        UserError: it cannot be read, or is binary.
    """
    try:
        if not path.is_file() or path.stat().st_size < LARGE:
            return None
        found = _found(path, name, path.suffix.lower(), tell)
        if found is None:
            return None
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
            return Contents(**vars(found), name=name, bytes=file.tell(), sha256=digest)
    except (OSError, ValueError) as error:
        raise explain(error) or UserError(f"{path} cannot be read: {error}.", "Check the path.") from error


def _found(path: Path, name: str, suffix: str, tell: Tell) -> Found | None:
    with path.open("rb") as file:
        head = file.read(_HEAD)
        file.seek(0)
        start = head + file.read(max(0, LARGE - len(head))) if b"\n" not in head else head
        file.seek(0)
        lines = [line for _ in range(20) if (line := file.readline(_LONGEST_FIRST_LINE).strip())]
    if head.startswith(PARQUET):
        return Found(TableRows(path, name, "Parquet"), [])
    if is_arrow(head):
        return Found(TableRows(path, name, "Arrow"), [])
    if (
        is_archive(head)
        or head.startswith(OLE)
        or holds_document(head, suffix)
        or suffix in {".arrow", ".feather", ".parquet", ".pq"}
    ):
        return None
    wide = wide_encoding(head)
    if wide is not None:
        return _recoded(path, name, suffix, wide, f"{name} is {wide[:6].upper()} text.", tell)
    refuse_binary(head, name)
    if suffix == ".json" and head.removeprefix(codecs.BOM_UTF8).lstrip().startswith(b"["):
        guess = guess_of(path)
        if guess is not None:
            return _recoded(path, name, suffix, guess.encoding, guess.note(name), tell)
        rows = ArrayRows(path, name)
        return None if _is_chat(rows) else Found(rows, [])
    return _of_lines(path, name, suffix, lines) if b"\n" in start else None


def _of_lines(path: Path, name: str, suffix: str, lines: list[bytes]) -> Found | None:
    """What is found in a file of lines, of which these are the first."""
    guess = guess_of(path)
    encoding, notes = ("utf-8", []) if guess is None else (guess.encoding, [guess.note(name)])
    first, second = (
        line.decode(encoding, errors="replace").lstrip("\ufeff").strip() for line in [*lines, b"", b""][:2]
    )
    if suffix in CSV and not is_object(first):
        return Found(CsvRows(path, name, "\t" if suffix == ".tsv" else None, encoding), notes)
    if suffix == ".json":
        # Many tools call JSON lines .json.
        by_line = is_object(first) and second.startswith("{")
        told = [*notes, f"{name} holds one JSON object a line."]
        return Found(LineRows(path, encoding), told) if by_line else None
    if first.startswith("{") or (suffix in JSON_LINES and not first.startswith("[")):
        return Found(LineRows(path, encoding), notes)
    return None


def _recoded(path: Path, name: str, suffix: str, encoding: str, note: str, tell: Tell) -> Found | None:
    """What is found in a file of another encoding, read from a copy in UTF-8."""
    copy = as_utf8(path, encoding, name, tell)
    found = _found(copy.path, name, suffix, tell)
    return replace(found, notes=[note, *found.notes], owner=copy.owner) if found is not None else None


def _is_chat(rows: ArrayRows) -> bool:
    """Whether an array holds conversations as ChatGPT exports them, which are trees."""
    return any(isinstance((row.values or {}).get("mapping"), dict) for row in islice(rows, _LOOKED_AT))
