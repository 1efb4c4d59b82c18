"""Bytes to text: byte-order marks, UTF-16, and the old Windows code page, each decided openly."""

import codecs
import re
from dataclasses import dataclass

from localft.errors import UserError

_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_HEAD = 65_536
# Three in a row, or a pair that is not two letters: not how people write in Western languages.
_UNLIKE_LETTERS = re.compile(rb"[\x80-\xff]{3}|[\x80-\xff][\x80-\xbf]|[\x80-\xbf][\x80-\xff]")
_NOT_WINDOWS = re.compile(rb"[\x81\x8d\x8f\x90\x9d]")
_META = re.compile(rb"""<meta[^>]+charset\s*=\s*["']?\s*([A-Za-z0-9_:.-]{2,40})""", re.IGNORECASE)
# What Python has beside encodings of whole texts.
_NO_PAGES = {"idna", "mbcs", "oem", "punycode", "raw-unicode-escape", "undefined", "unicode-escape", "utf-7"}
_ENOUGH_TO_GUESS = 64
_CONTROL = bytes([*range(9), 11, 12, *range(14, 27), *range(28, 32)])


@dataclass(frozen=True)
class Lines:
    """The lines of a text file; one that cannot be decoded is None in `text` and stays in `raw`."""

    text: list[str | None]
    raw: list[bytes]
    notes: list[str]


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
    """Decode a whole file, None where some of it is not UTF-8; with notes on anything but plain UTF-8.

    Raises:
        UserError: it is binary, or damaged UTF-16 or UTF-32.
    """
    refuse_binary(content, name)
    encoding = next((encoding for mark, encoding in _MARKS if content.startswith(mark)), _wide_without_mark(content))
    try:
        text = content.decode(encoding or "utf-8")
    except UnicodeDecodeError as error:
        if encoding not in {None, "utf-8-sig"}:
            raise UserError(
                f"{name} is damaged {encoding[:6].upper()} text: {error.reason} at byte {error.start}.",
                "Save it again, as UTF-8.",
            ) from error
        return None, []
    notes = [f"{name} is {encoding[:6].upper()} text."] if encoding not in {None, "utf-8-sig"} else []
    return text, notes


def decode_text(content: bytes, name: str, declares: bool = False) -> tuple[str, list[str]]:
    """Decode a document, which may be of any encoding that people use; with notes on anything but plain UTF-8.

    `declares` says that a page may name its own encoding, as HTML does.

    Raises:
        UserError: it is binary, damaged UTF-16 or UTF-32, or of no encoding that can be told.
    """
    text, notes = decode(content, name)
    if text is not None:
        return text, notes
    guesses = [_declared(content)] if declares else []
    guesses += ["cp1252"] if _looks_windows(content) else []
    for encoding in [*guesses, _guessed(content)]:
        if encoding:
            try:
                text = content.decode(encoding)
            except UnicodeDecodeError:
                continue
            called = "Windows-1252" if encoding == "cp1252" else encoding
            return text, [f"{name} is not UTF-8; it was read as {called}."]
    line = content.count(b"\n", 0, _first_bad(content)) + 1
    raise UserError(f"{name}, line {line:,}: bytes that are not UTF-8.", "Save the file as UTF-8.")


def _declared(content: bytes) -> str:
    """The encoding that a page names, "" where there is none of that name in which such a page can be written."""
    found = _META.search(content[:4096])
    try:
        name = codecs.lookup(found[1].decode("ascii")).name if found else ""
        "".encode(name or "ascii")
    except (LookupError, UnicodeError):
        return ""
    return "" if name in _NO_PAGES or name.startswith(("utf-16", "utf-32")) else name


def _guessed(content: bytes) -> str:
    """The encoding that fits the letters best, "" where none does."""
    import charset_normalizer

    best = charset_normalizer.from_bytes(content[:_HEAD], cp_exclusion=["utf_7"]).best()
    return best.encoding if best is not None and len(content) >= _ENOUGH_TO_GUESS else ""


def _first_bad(content: bytes) -> int:
    try:
        content.decode("utf-8")
    except UnicodeDecodeError as error:
        return error.start
    return 0


def read_lines(content: bytes, name: str, may_be_windows: bool = False) -> Lines:
    """Split a text file into lines (at line feeds only) and decode each.

    `may_be_windows` lets a file be read as Windows-1252, as older Excel writes CSV, where none of it is UTF-8 beyond
    ASCII and the other bytes stand as letters with accents do; a note says so.

    Raises:
        UserError: it is binary, or damaged UTF-16 or UTF-32.
    """
    text, notes = decode(content, name)
    if text is None and may_be_windows and _looks_windows(content):
        text, notes = content.decode("cp1252"), [f"{name} is not UTF-8; it was read as Windows-1252."]
    if text is not None:
        # Only where there is no line feed at all does a carriage return end a line, as on very old Macs.
        lines = text.split("\n" if "\n" in text else "\r")
        return Lines([*lines], [], notes)
    raw = content.removeprefix(codecs.BOM_UTF8).split(b"\n")
    return Lines([decoded(line) for line in raw], raw, notes)


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


class WindowsLetters:
    """Looks at a file block by block for bytes beyond ASCII that do not stand as letters with accents do."""

    def __init__(self) -> None:
        self.all_like = True
        self._end = b""

    def look(self, block: bytes) -> None:
        """Look at the next block."""
        # What is unlike a letter may begin in the block before.
        self.all_like = self.all_like and (block.isascii() or _looks_windows(self._end + block))
        self._end = block[-2:]


def _looks_windows(content: bytes) -> bool:
    return not _UNLIKE_LETTERS.search(content) and not _NOT_WINDOWS.search(content)
