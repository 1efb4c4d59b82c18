"""The contents of one file to rows: which format it has, by its contents first and its name second."""

import re
from dataclasses import replace
from typing import Any

from localft.data.readers.chats.chatgpt import read_chatgpt
from localft.data.readers.chats.discord import read_discord, read_discord_table
from localft.data.readers.chats.found import found_in
from localft.data.readers.chats.pages import refuse_page
from localft.data.readers.chats.telegram import read_telegram
from localft.data.readers.chats.telegram_page import is_telegram_page, read_telegram_page
from localft.data.readers.chats.whatsapp import read_whatsapp
from localft.data.readers.csv_file import read_csv
from localft.data.readers.documents import MARKDOWN, PAGE, PLAIN, Document, document_of, holds_document
from localft.data.readers.encoding import FORMATS, Lines, decode, read_lines
from localft.data.readers.header import header_note
from localft.data.readers.json_file import beside_note, parse_file, rows_of
from localft.data.readers.jsonl import read_jsonl
from localft.data.readers.parquet import is_arrow, read_arrow, read_parquet
from localft.data.readers.pieces import rows_of as rows_of_document
from localft.data.readers.questions import questions_in, read_questions
from localft.data.readers.tables_in_text import table_in
from localft.data.readers.typed_turns import read_turns, turns_in
from localft.data.shapes.chats import ChatChoice, ChatLog
from localft.data.shapes.rows import Found, Row
from localft.data.shapes.values import BadValue, parse_json
from localft.errors import UserError

PARQUET = b"PAR1"
JSON_LINES = {".jsonl", ".ndjson"}
CSV = {".csv", ".tsv"}
# A text may begin with a bracket too: "[1] See below".
_MAY_BE_JSON = re.compile(r"""[\[{]\s*(?:$|["{\[\]}])""")


def read_content(content: bytes, name: str, suffix: str, choice: ChatChoice) -> Found:
    """Read what is no archive: by its contents first, by the ending of its name (".csv") second.

    Raises:
        UserError: it is binary, damaged, of no known format, or a chat without a word.
    """
    if choice.taken_as != "document" and suffix in PLAIN | PAGE:
        refuse_page(content, name)
        if is_telegram_page(content):
            chat, notes = read_telegram_page(content, name)
            return _of_chat(chat, name, choice, notes)
    if holds_document(content, suffix) and not (suffix in MARKDOWN and choice.taken_as == "chat"):
        return of_document(document_of(content, name, suffix), choice)
    if content.startswith(PARQUET):
        return Found(read_parquet(content, name), [])
    if is_arrow(content):
        return Found(read_arrow(content, name), [])
    if suffix in {".arrow", ".feather"}:
        raise UserError(f"{name} is not an Arrow file, whatever its name says.", "Write it again from its source.")
    if suffix in {".parquet", ".pq"}:
        raise UserError(f"{name} is not a Parquet file, whatever its name says.", "Write it again from its source.")
    if suffix == ".json":
        return _read_json(content, name, choice)
    lines = read_lines(content, name)
    first = next((line.strip() for line in lines.text if line and line.strip()), "")
    if suffix in CSV and not is_object(first):
        rows = read_csv(lines, name, "\t" if suffix == ".tsv" else None, choice.has_header)
        channel = read_discord_table(rows, name) if choice.taken_as != "document" else None
        if channel is not None:
            return _of_chat(channel, name, choice, lines.notes)
        return Found(rows, [*lines.notes, *(header_note(rows, name) if choice.has_header else [])])
    if suffix in JSON_LINES and first.startswith("["):
        return Found(_array_or_lines(lines, name), lines.notes)
    if choice.taken_as == "document" and suffix not in JSON_LINES:
        return rows_of_document(document_of(content, name, suffix))
    chat = read_whatsapp(lines, name, choice.taken_as == "chat") if suffix not in JSON_LINES else None
    if chat is not None:
        return _of_chat(chat, name, choice, lines.notes)
    if choice.taken_as == "chat" and suffix in PLAIN | MARKDOWN:
        raise _no_chat(name)
    typed = read_questions(lines) or read_turns(lines) if suffix not in JSON_LINES else None
    if typed is not None:
        return typed
    if suffix in PLAIN and not may_be_json(first):
        return rows_of_document(document_of(content, name, suffix))
    if first.startswith("["):
        return _read_json(content, name, choice)
    if suffix in JSON_LINES or first.startswith("{"):
        return Found(read_jsonl(lines), lines.notes)
    raise UserError(f"{name} is of no format that localft knows.", f"localft reads {FORMATS}.")


def of_document(document: Document, choice: ChatChoice) -> Found:
    """Its questions with answers, or its conversations, where it is made of them, else its pieces."""
    if choice.taken_as != "document":
        found = questions_in(document.text) or turns_in(document.text) or table_in(document.text, document.name)
        if found is not None:
            return replace(found, notes=[*document.notes, *found.notes])
    return rows_of_document(document)


def _of_chat(chat: ChatLog, name: str, choice: ChatChoice, notes: list[str]) -> Found:
    found = found_in(chat, name, choice, notes)
    return replace(found, rows=[*found.rows])


def _of_json(value: Any, name: str, choice: ChatChoice, notes: list[str]) -> Found:
    if choice.taken_as != "document":
        talks = read_chatgpt(value, name)
        if talks is not None:
            return replace(talks, notes=[*notes, *talks.notes])
        chat = read_telegram(value) or read_discord(value)
        if chat is not None:
            return _of_chat(chat, name, choice, notes)
        if choice.taken_as == "chat":
            raise _no_chat(name)
    return Found(rows_of(value), [*notes, *beside_note(value, name)])


def _no_chat(name: str) -> UserError:
    return UserError(
        f"{name} holds no chat that localft knows.",
        "It reads what ChatGPT, Discord, Telegram and WhatsApp export; read it as it looks, or as a document.",
    )


def may_be_json(line: str) -> bool:
    """Whether a text whose first line is this one may be JSON."""
    return bool(_MAY_BE_JSON.match(line))


def is_object(line: str) -> bool:
    """Whether a line is a JSON object."""
    try:
        return line.startswith("{") and isinstance(parse_json(line), dict)
    except BadValue:
        return False


def _array_or_lines(lines: Lines, name: str) -> list[Row]:
    """JSON lines that begin with a bracket: the array of a JSON file, or a row that is a list before better ones."""
    text = [line for line in lines.text if line is not None]
    if len(text) == len(lines.text):
        try:
            return rows_of(parse_file("\n".join(text), name))
        except UserError:
            if text[0].strip() in {"[", "[{"}:
                raise
    return read_jsonl(lines)


def _read_json(content: bytes, name: str, choice: ChatChoice) -> Found:
    text, notes = decode(content, name)
    if text is None:
        lines = read_lines(content, name)
        if sum(line is not None and line.lstrip().startswith("{") for line in lines.text) > 1:
            return Found(read_jsonl(lines), lines.notes)
        number = next(number for number, line in enumerate(lines.text, start=1) if line is None)
        raise UserError(f"{name}, line {number}: bytes that are not text in its encoding.", "Save the file as UTF-8.")
    try:
        value = parse_file(text, name)
    except UserError:
        # Many tools call JSON lines .json.
        lines = read_lines(content, name)
        rows = read_jsonl(lines)
        if sum(row.values is not None for row in rows) > len(rows) // 2 and len(rows) > 1:
            return Found(rows, [*notes, f"{name} holds one JSON object a line."])
        raise
    return _of_json(value, name, choice, notes)
