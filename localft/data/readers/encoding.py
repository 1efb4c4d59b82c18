"""Bytes to text, the same way for all text files, each decision told.

A byte-order mark decides; without one it is UTF-8, or UTF-16 where every other byte is zero. What is neither is read as
the encoding that its words tell (see `guessing`), unless it is UTF-8 in which some bytes are damaged.
"""

import codecs
import io
import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass

from localft.data.readers.guessing import Guess, called, guess
from localft.errors import UserError

_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_HEAD = 65_536
_META = re.compile(rb"""<meta[^>]+charset\s*=\s*["']?\s*([A-Za-z0-9_:.-]{2,40})""", re.IGNORECASE)
# What Python has beside encodings of whole texts.
_NO_PAGES = {"idna", "mbcs", "oem", "punycode", "raw-unicode-escape", "undefined", "unicode-escape", "utf-7"}
_CONTROL = bytes([*range(9), 11, 12, *range(14, 27), *range(28, 32)])


# No character: in text of UTF-16 and UTF-32 it stands where bytes are none, and encoded it is a byte that is no UTF-8.
_TORN = "\udcff"
TORN_TOO = "localft-torn"
"""How UTF-16 and UTF-32 are decoded so that what is damaged in a line stays there; `torn_to_utf8` writes it."""


def _torn(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return _TORN, error.end


codecs.register_error(TORN_TOO, _torn)


def torn_to_utf8(text: str) -> bytes:
    """Text that was decoded `TORN_TOO`, of which a line with damage is no UTF-8."""
    return text.encode("utf-8", "surrogateescape")


Line = tuple[str | None, bytes]
"""A line without its line feed: its text, None where it cannot be decoded, and then its bytes."""


@dataclass(frozen=True)
class Lines:
    """The lines of a text file; one that cannot be decoded is None in `text` and stays in `raw`."""

    text: list[str | None]
    raw: list[bytes]
    notes: list[str]

    def __iter__(self) -> Iterator[Line]:
        return zip(self.text, self.raw or itertools.repeat(b""), strict=False)


def refuse_binary(content: bytes, name: str) -> None:
    """Refuse what is not text.

    Raises:
        UserError: the file is a known binary format, or full of control characters.
    """
    for start, kind in _SIGNATURES:
        if content.startswith(start):
            raise UserError(f"{name} is {kind}, not a text file.", _FORMATS)
    if content.startswith(tuple(mark for mark, _ in _MARKS)) or _wide_without_mark(content):
        return
    head = content[:_HEAD]
    controls = len(head) - len(head.translate(None, _CONTROL))
    if controls > max(8, len(head) // 50):
        raise UserError(f"{name} is a binary file, not a text file.", _FORMATS)


FORMATS = (
    "JSONL, JSON, CSV, XLSX, XLS, ODS, Parquet and Arrow, documents (TXT, Markdown, HTML, PDF, DOCX), ZIP archives of "
    "these, and chats as apps export them"
)
_FORMATS = f"localft reads {FORMATS}; save the data as one of them."
_SIGNATURES = (
    (b"PK\x03\x04", "a ZIP archive or an Office document"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"%PDF", "a PDF"),
    (b"\xd0\xcf\x11\xe0", "an old Office document, or one protected by a password"),
    (b"SQLite format 3", "an SQLite database"),
    (b"GGUF", "a GGUF model"),
    (b"\x89PNG", "a picture"),
    (b"\xff\xd8\xff", "a picture"),
    (b"\x80\x04\x95", "a pickle"),
)


def _wide_without_mark(content: bytes) -> str | None:
    """UTF-16 without a byte-order mark: every other byte of Western text is then zero."""
    head = content[: 2 * (min(len(content), 4096) // 2)]
    if len(head) < 8:
        return None
    even, odd = head[0::2].count(0), head[1::2].count(0)
    half = len(head) // 2
    if odd > 0.4 * half and even < 0.05 * half:
        return "utf-16-le"
    if even > 0.4 * half and odd < 0.05 * half:
        return "utf-16-be"
    return None


def decode(content: bytes, name: str) -> tuple[str | None, list[str]]:
    """Decode a whole file, None where some of it cannot be; with notes on anything but plain UTF-8.

    Raises:
        UserError: it is binary.
    """
    text, notes = _as_unicode(content, name)
    found = guessed(content) if text is None else None
    if found is None:
        return text, notes
    text = decoded(content, found.encoding)
    return text, [] if text is None else [found.note(name)]


def guessed(content: bytes) -> Guess | None:
    """The encoding of what is not UTF-8 as a whole, None where it is damaged UTF-8, -16 or -32, or cannot be told."""
    is_told = content.startswith(codecs.BOM_UTF8) or wide_encoding(content) is not None
    return None if is_told else guess(io.BytesIO(content))


def _as_unicode(content: bytes, name: str) -> tuple[str | None, list[str]]:
    """The text of a whole file of UTF-8, UTF-16 or UTF-32, None where it is none of them, or damaged."""
    refuse_binary(content, name)
    wide = wide_encoding(content)
    text = decoded(content, wide or "utf-8-sig")
    return text, [] if text is None or wide is None else [_told_wide(name, wide)]


def _told_wide(name: str, encoding: str) -> str:
    return f"{name} is {encoding[:6].upper()} text."


def decode_text(content: bytes, name: str, declares: bool = False) -> tuple[str, list[str]]:
    """Decode a document, which may be of any encoding that people use; with notes on anything but plain UTF-8.

    `declares` says that a page may name its own encoding, as HTML does.

    Raises:
        UserError: it is binary, damaged, or of no encoding that can be told.
    """
    text, notes = _as_unicode(content, name)
    is_told = content.startswith(codecs.BOM_UTF8)
    declared = _declared(content) if declares and text is None and not is_told else ""
    if declared:
        text, notes = decoded(content, declared), [f"{name} is not UTF-8; it was read as {called(declared)}."]
    if text is None:
        text, notes = decode(content, name)
    if text is not None:
        return text, notes
    line = _first_bad_line(content)
    raise UserError(f"{name}, line {line:,}: bytes that are not text in its encoding.", "Save the file as UTF-8.")


def _declared(content: bytes) -> str:
    """The encoding that a page names, "" where there is none of that name in which such a page can be written."""
    found = _META.search(content[:4096])
    try:
        name = codecs.lookup(found[1].decode("ascii")).name if found else ""
        "".encode(name or "ascii")
    except (LookupError, UnicodeError):
        return ""
    return "" if name in _NO_PAGES or name.startswith(("utf-16", "utf-32")) else name


def _first_bad_line(content: bytes) -> int:
    wide = wide_encoding(content)
    if wide is not None:
        return content.decode(wide, TORN_TOO).partition(_TORN)[0].count("\n") + 1
    try:
        content.decode("utf-8")
    except UnicodeDecodeError as error:
        return content.count(b"\n", 0, error.start) + 1
    return 1


def read_lines(content: bytes, name: str) -> Lines:
    """Split a text file into lines (at line feeds only) and decode each.

    Raises:
        UserError: it is binary.
    """
    text, notes = _as_unicode(content, name)
    if text is not None:
        # Only where there is no line feed at all does a carriage return end a line, as on very old Macs.
        lines = text.split("\n" if "\n" in text else "\r")
        return Lines([*lines], [], notes)
    wide = wide_encoding(content)
    if wide is not None:
        torn = read_lines(codecs.BOM_UTF8 + torn_to_utf8(content.decode(wide, TORN_TOO)), name)
        return Lines(torn.text, torn.raw, [_told_wide(name, wide)])
    found = guessed(content)
    raw = content.removeprefix(codecs.BOM_UTF8).split(b"\n" if b"\n" in content else b"\r")
    encoding = "utf-8" if found is None else found.encoding
    return Lines([decoded(line, encoding) for line in raw], raw, [] if found is None else [found.note(name)])


def decoded(line: bytes, encoding: str = "utf-8") -> str | None:
    """The text of a line, None where it has none in this encoding."""
    try:
        return line.decode(encoding)
    except UnicodeDecodeError:
        return None


def wide_encoding(head: bytes) -> str | None:
    """The encoding of a file that begins so where it is UTF-16 or UTF-32, None where it is neither."""
    marked = next((encoding for mark, encoding in _MARKS if head.startswith(mark)), None)
    return _wide_without_mark(head) if marked is None else None if marked == "utf-8-sig" else marked
