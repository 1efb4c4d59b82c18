"""Large files that need not be held in memory: which of them can be read a block at a time."""

import codecs
import hashlib
import itertools
from dataclasses import replace
from pathlib import Path

from localft.data.readers.archive import is_archive
from localft.data.readers.array_blocks import ArrayRows, wrapped_rows
from localft.data.readers.blocks import CsvRows, FileLines, LineRows, guess_of
from localft.data.readers.chats.discord import read_discord, read_discord_table
from localft.data.readers.chats.found import found_in
from localft.data.readers.chats.long_chatgpt import long_chatgpt
from localft.data.readers.chats.pages import refuse_page
from localft.data.readers.chats.telegram import HOLDERS, read_telegram
from localft.data.readers.chats.telegram_page import is_telegram_page
from localft.data.readers.chats.whatsapp import is_whatsapp, read_whatsapp
from localft.data.readers.content import CSV, JSON_LINES, PARQUET, is_object, may_be_json
from localft.data.readers.documents import MARKDOWN, PLAIN, holds_document
from localft.data.readers.encoding import refuse_binary, wide_encoding
from localft.data.readers.header import header_note
from localft.data.readers.json_text import JsonText, LongArray
from localft.data.readers.long_text import text_rows
from localft.data.readers.parquet import TableRows, is_arrow
from localft.data.readers.questions import asks
from localft.data.readers.recoding import as_utf8
from localft.data.readers.typed_turns import begins_turn
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

    None where it is smaller, or of a format that others read: archives, workbooks, PDF, Word, web pages, questions and
    turns as people type them, chats as pages, and JSON that is no array, no chat, wraps no array, and has more than one
    object a line.

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
        following = (line for _ in range(20) if (line := file.readline(_LONGEST_FIRST_LINE).strip()))
        lines = list(itertools.islice(following, 2))
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
        return _of_array(path, name, choice) if is_array else _of_object(path, name, choice, begins or goes_on, tell)
    if suffix not in JSON_LINES | CSV | {".json"}:
        text = _of_text(path, name, suffix, start, choice, tell)
        if text is not None or suffix in MARKDOWN:
            return text
    return _of_lines(path, name, suffix, lines, choice, tell) if b"\n" in start else None


def _of_array(path: Path, name: str, choice: ChatChoice) -> Found | None:
    rows = ArrayRows(LongArray(path, name))
    talks = long_chatgpt(rows) if choice.taken_as != "document" else None
    return talks or (None if choice.taken_as == "chat" else Found(rows, []))


def _of_object(path: Path, name: str, choice: ChatChoice, may_be_lines: bool, tell: Tell) -> Found | None:
    """The chats in an object, or the rows that it wraps."""
    try:
        outline = JsonText(path, name, tell=tell).outline(HOLDERS)
    except UserError:
        if may_be_lines:
            # One object a line, of which the first or the second is broken.
            return None
        raise
    if outline is None:
        return None
    chat = (read_telegram(outline) or read_discord(outline)) if choice.taken_as != "document" else None
    if chat is not None:
        return found_in(chat, name, choice, [])
    found = wrapped_rows(outline, name) if choice.taken_as != "chat" else None
    return None if found is None else Found(*found)


def _objects(lines: list[bytes]) -> tuple[bool, bool]:
    """Whether the first line of a file is an object, and whether the second begins like one."""
    first, second = (line.decode("utf-8", errors="replace").lstrip("\ufeff").strip() for line in [*lines, b"", b""][:2])
    return is_object(first), second.startswith("{")


def _of_text(path: Path, name: str, suffix: str, start: bytes, choice: ChatChoice, tell: Tell) -> Found | None:
    """A chat, or the pieces of a text; None where it holds something else, or cannot be read."""
    encoding, notes = _encoding_of(path, name)
    if choice.taken_as != "document" and (suffix not in MARKDOWN or choice.taken_as == "chat"):
        refuse_page(start, name)
        if is_telegram_page(start):
            return None
        if b"\n" in start:
            chat = read_whatsapp(FileLines(path, encoding, name, tell), name, choice.taken_as == "chat")
            if chat is not None:
                return found_in(chat, name, choice, notes)
        text = start.decode(encoding, errors="replace").lstrip("\ufeff")
        lines = text.split("\n" if "\n" in text else "\r")
        first = next((line.strip() for line in lines if line.strip()), "")
        may_be_chat = choice.taken_as == "chat" or (b"\n" not in start and is_whatsapp((line, b"") for line in lines))
        if may_be_chat or asks(first) or begins_turn(first) or may_be_json(first):
            return None
    rows = text_rows(path, name, encoding, suffix in MARKDOWN) if suffix in PLAIN | MARKDOWN else None
    return None if rows is None else Found(rows, notes, PIECES)


def _of_lines(path: Path, name: str, suffix: str, lines: list[bytes], choice: ChatChoice, tell: Tell) -> Found | None:
    """What is found in a file of lines, of which these are the first."""
    encoding, notes = _encoding_of(path, name)
    first, second = (
        line.decode(encoding, errors="replace").lstrip("\ufeff").strip() for line in [*lines, b"", b""][:2]
    )
    if suffix in CSV and not is_object(first):
        delimiter = "\t" if suffix == ".tsv" else None
        return _of_table(CsvRows(path, name, delimiter, encoding, choice.has_header, tell), notes, choice)
    if suffix == ".json":
        # Many tools call JSON lines .json.
        by_line = is_object(first) and second.startswith("{")
        told = [*notes, f"{name} holds one JSON object a line."]
        return Found(LineRows(path, encoding), told) if by_line else None
    if first.startswith("{") or (suffix in JSON_LINES and not first.startswith("[")):
        return Found(LineRows(path, encoding), notes)
    return None


def _of_table(rows: CsvRows, notes: list[str], choice: ChatChoice) -> Found:
    channel = read_discord_table(rows, rows.name) if choice.taken_as != "document" else None
    if channel is not None:
        return found_in(channel, rows.name, choice, notes)
    looked_at = itertools.islice(rows, _ROWS_LOOKED_AT) if choice.has_header else []
    return Found(rows, [*notes, *header_note(looked_at, rows.name)])


def _encoding_of(path: Path, name: str) -> tuple[str, list[str]]:
    guess = guess_of(path)
    return ("utf-8", []) if guess is None else (guess.encoding, [guess.note(name)])


def _recoded(
    path: Path, name: str, suffix: str, encoding: str, note: str, choice: ChatChoice, tell: Tell
) -> Found | None:
    """What is found in a file of another encoding, read from a copy in UTF-8."""
    copy = as_utf8(path, encoding, name, tell, by_line=True)
    found = _found(copy.path, name, suffix, choice, tell)
    return replace(found, notes=[note, *found.notes], owner=copy.owner) if found is not None else None
