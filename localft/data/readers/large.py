"""Large files that need not be held in memory: which of them can be read a block at a time."""

import codecs
import hashlib
import itertools
from dataclasses import replace
from pathlib import Path

from localft.data.readers.archive import is_archive
from localft.data.readers.array_blocks import ArrayRows, wrapped_rows
from localft.data.readers.blocks import CsvRows, LineRows, guess_of
from localft.data.readers.chats.long_chatgpt import long_chatgpt
from localft.data.readers.chats.whatsapp import is_whatsapp
from localft.data.readers.content import CSV, JSON_LINES, PARQUET, is_object, may_be_json
from localft.data.readers.documents import MARKDOWN, PLAIN, holds_document
from localft.data.readers.encoding import refuse_binary, wide_encoding
from localft.data.readers.header import header_note
from localft.data.readers.json_file import told_beside
from localft.data.readers.long_text import text_rows
from localft.data.readers.parquet import TableRows, is_arrow
from localft.data.readers.questions import asks
from localft.data.readers.recoding import as_utf8
from localft.data.readers.workbook import OLE
from localft.data.shapes.chats import ChatChoice
from localft.data.shapes.detecting import PIECES
from localft.data.shapes.rows import Contents, Found
from localft.data.working import Tell, quiet
from localft.errors import UserError, explain

LARGE = 32 << 20
_HEAD = 65_536
_ROWS_LOOKED_AT = 20
_LONGEST_FIRST_LINE = 16 << 20


def open_large(path: Path, name: str, choice: ChatChoice | None = None, tell: Tell = quiet) -> Contents | None:
    """A file of `LARGE` bytes or more, with rows that are read when they are asked for.

    None where it is smaller, or of a format that has to be read as a whole: archives, workbooks, PDF, Word, web pages,
    chats between people, questions and answers as people type them, and JSON that is neither an array nor wraps one,
    and has more than one object a line.

    Raises:
        UserError: it cannot be read, is binary, or is a text without words.
    """
    try:
        if not path.is_file() or path.stat().st_size < LARGE:
            return None
        found = _found(path, name, path.suffix.lower(), choice or ChatChoice(), tell)
        if found is None:
            return None
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
            return Contents(**vars(found), name=name, bytes=file.tell(), sha256=digest)
    except (OSError, ValueError) as error:
        raise explain(error) or UserError(f"{path} cannot be read: {error}.", "Check the path.") from error


def _found(path: Path, name: str, suffix: str, choice: ChatChoice, tell: Tell) -> Found | None:
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
        or (holds_document(head, suffix) and suffix not in MARKDOWN)
        or suffix in {".arrow", ".feather", ".parquet", ".pq"}
    ):
        return None
    wide = wide_encoding(head)
    if wide is not None:
        return _recoded(path, name, suffix, wide, f"{name} is {wide[:6].upper()} text.", choice, tell)
    refuse_binary(head, name)
    opening = head.removeprefix(codecs.BOM_UTF8).lstrip()
    begins, goes_on = _objects(lines)
    is_array = suffix == ".json" and opening.startswith(b"[")
    if is_array or (suffix == ".json" and opening.startswith(b"{") and not (begins and goes_on)):
        guess = guess_of(path)
        if guess is not None:
            return _recoded(path, name, suffix, guess.encoding, guess.note(name), choice, tell)
        return _of_array(path, name, choice) if is_array else _of_object(path, name, choice, begins or goes_on)
    if suffix in PLAIN | MARKDOWN:
        document = _of_text(path, name, suffix, choice)
        if document is not None or suffix in MARKDOWN:
            return document
    return _of_lines(path, name, suffix, lines, choice) if b"\n" in start else None


def _of_array(path: Path, name: str, choice: ChatChoice) -> Found | None:
    rows = ArrayRows(path, name)
    talks = long_chatgpt(rows) if choice.taken_as != "document" else None
    return talks or (None if choice.taken_as == "chat" else Found(rows, []))


def _of_object(path: Path, name: str, choice: ChatChoice, may_be_lines: bool) -> Found | None:
    """What an object wraps: rows, unless it is a chat."""
    try:
        found = wrapped_rows(path, name) if choice.taken_as != "chat" else None
    except UserError:
        if may_be_lines:
            # One object a line, of which the first or the second is broken.
            return None
        raise
    return None if found is None else Found(found[0], told_beside(found[1], name))


def _objects(lines: list[bytes]) -> tuple[bool, bool]:
    """Whether the first line of a file is an object, and whether the second begins like one."""
    first, second = (line.decode("utf-8", errors="replace").lstrip("\ufeff").strip() for line in [*lines, b"", b""][:2])
    return is_object(first), second.startswith("{")


def _of_text(path: Path, name: str, suffix: str, choice: ChatChoice) -> Found | None:
    """The pieces of a text, None where it holds something else, or cannot be read."""
    if choice.taken_as == "chat":
        return None
    guess = guess_of(path)
    encoding, notes = ("utf-8", []) if guess is None else (guess.encoding, [guess.note(name)])
    if suffix in PLAIN and choice.taken_as != "document":
        with path.open("rb") as file:
            start = file.read(_LONGEST_FIRST_LINE).decode(encoding, errors="replace").lstrip("\ufeff")
        lines = start.split("\n" if "\n" in start else "\r")
        first = next((line.strip() for line in lines if line.strip()), "")
        if is_whatsapp(lines) or asks(first) or may_be_json(first):
            return None
    rows = text_rows(path, name, encoding, suffix in MARKDOWN)
    return None if rows is None else Found(rows, notes, PIECES)


def _of_lines(path: Path, name: str, suffix: str, lines: list[bytes], choice: ChatChoice) -> Found | None:
    """What is found in a file of lines, of which these are the first."""
    guess = guess_of(path)
    encoding, notes = ("utf-8", []) if guess is None else (guess.encoding, [guess.note(name)])
    first, second = (
        line.decode(encoding, errors="replace").lstrip("\ufeff").strip() for line in [*lines, b"", b""][:2]
    )
    if suffix in CSV and not is_object(first):
        rows = CsvRows(path, name, "\t" if suffix == ".tsv" else None, encoding, choice.has_header)
        looked_at = itertools.islice(rows, _ROWS_LOOKED_AT) if choice.has_header else []
        return Found(rows, [*notes, *header_note(looked_at, name)])
    if suffix == ".json":
        # Many tools call JSON lines .json.
        by_line = is_object(first) and second.startswith("{")
        told = [*notes, f"{name} holds one JSON object a line."]
        return Found(LineRows(path, encoding), told) if by_line else None
    if first.startswith("{") or (suffix in JSON_LINES and not first.startswith("[")):
        return Found(LineRows(path, encoding), notes)
    return None


def _recoded(
    path: Path, name: str, suffix: str, encoding: str, note: str, choice: ChatChoice, tell: Tell
) -> Found | None:
    """What is found in a file of another encoding, read from a copy in UTF-8."""
    copy = as_utf8(path, encoding, name, tell, by_line=True)
    found = _found(copy.path, name, suffix, choice, tell)
    return replace(found, notes=[note, *found.notes], owner=copy.owner) if found is not None else None
