"""Documents (plain text, Markdown, web pages, PDF, Word) as Markdown, with the place of every passage."""

import bisect
import functools
import re
from collections import deque
from dataclasses import dataclass
from pathlib import Path

import pydantic

from localft import words
from localft.data.readers.archive import is_archive, names_in
from localft.data.readers.encoding import decode_text
from localft.data.readers.loading import load, measured
from localft.data.readers.sandbox import parse
from localft.errors import UserError

PLAIN, MARKDOWN, WORD, PDF = {".txt", ".text"}, {".md", ".markdown"}, {".docx"}, {".pdf"}
PAGE = {".html", ".htm", ".xhtml"}
SUFFIXES = PLAIN | MARKDOWN | PAGE | PDF | WORD
WORD_PART = "word/document.xml"
"""The file that makes an archive a Word document."""
_PDF = b"%PDF"
_OLD_OFFICE = b"\xd0\xcf\x11\xe0"
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
_HEADING = re.compile(r"#{1,6}[ \t]+(.*)")
_FENCE = re.compile(r"^ {0,3}(```|~~~)")


@dataclass(frozen=True)
class Part:
    """A page or a section of a document: where its text begins, in characters, and what it is called."""

    start: int
    name: str


@dataclass(frozen=True)
class Document:
    """What a document says: its title, its text as Markdown, and its parts in order (none in plain text).

    `notes` say how it was read where that is not obvious; `name` is what its file is called.
    """

    title: str
    text: str
    parts: tuple[Part, ...]
    notes: tuple[str, ...]
    name: str
    bytes: int
    sha256: str

    def place(self, start: int, end: int) -> str:
        """Where a passage of the text stands: "page 3", "pages 3 to 4", "section 2: Setup", "lines 12 to 30"."""
        if not self.parts:
            first, last = (bisect.bisect_left(self._line_ends, at) + 1 for at in (start, max(start, end - 1)))
            return line_place(first, last)
        starts = self._starts
        first, last = (self.parts[max(0, bisect.bisect_right(starts, at) - 1)] for at in (start, max(start, end - 1)))
        return between(first.name, last.name)

    # Kept: a long document is asked for thousands of places.
    @functools.cached_property
    def _line_ends(self) -> list[int]:
        return [match.start() for match in re.finditer("\n", self.text)]

    @functools.cached_property
    def _starts(self) -> list[int]:
        return [part.start for part in self.parts]


class _Text(pydantic.BaseModel):
    title: str
    text: str


class _PdfRecord(pydantic.BaseModel):
    title: str = ""
    pages: int = 0
    number: int = 0
    text: str = ""


def is_document(path: Path) -> bool:
    """Whether a file's name says that it is a document that localft reads."""
    return path.suffix.lower() in SUFFIXES


def holds_document(content: bytes, suffix: str) -> bool:
    """Whether a file's contents or the ending of its name (".md") say that it is a document, and no table or chat."""
    return content.startswith(_PDF) or suffix in MARKDOWN | PAGE | PDF | WORD


def read_document(path: Path, name: str = "") -> Document:
    """Read a document, by its contents first and its name second; messages call it `name`, or by its own name.

    Raises:
        UserError: it is missing, empty, damaged, protected by a password, too large, or has no text.
    """
    name = name or path.name
    return document_of(path if is_pdf(path) else load(path, name), name, path.suffix.lower())


def is_pdf(path: Path) -> bool:
    """Whether a file is a PDF by its contents."""
    try:
        if not path.is_file():
            return False
        with path.open("rb") as file:
            return file.read(len(_PDF)) == _PDF
    except (OSError, ValueError):
        # Whoever reads it says why.
        return False


def document_of(content: bytes | Path, name: str, suffix: str) -> Document:
    """The document in a file's contents, or in a file that is a PDF, as `read_document`.

    Raises:
        UserError: it is empty, damaged, protected by a password, too large, or has no text.
    """
    notes: list[str] = []
    if isinstance(content, Path) or content.startswith(_PDF) or suffix in PDF:
        title, text, parts = _pdf(content, name, notes)
    else:
        title, text, parts = _of_text(content, name, suffix, notes)
    if not text.strip():
        raise UserError(f"{name} has no text.", "Choose a document with text in it.")
    title = title or (_first_heading(text) if parts else "") or Path(name).stem
    return Document(title, text, parts, tuple(notes), name, *measured(content))


def _of_text(content: bytes, name: str, suffix: str, notes: list[str]) -> tuple[str, str, tuple[Part, ...]]:
    if content.startswith(_OLD_OFFICE):
        raise _old_office(content, name)
    if is_archive(content):
        if WORD_PART not in names_in(content, name):
            raise UserError(f"{name} is not a Word document.", "Save it as DOCX, PDF or text.")
        (found,) = parse("docx", content, name, _Text)
        return found.title, found.text, sections(found.text)
    if suffix in WORD:
        raise UserError(f"{name} is not a Word document, whatever its name says.", "Save it as DOCX, PDF or text.")
    text, told = decode_text(content, name, declares=suffix in PAGE)
    notes += told
    if suffix in PAGE:
        (found,) = parse("html", text.encode("utf-8"), name, _Text)
        return found.title, found.text, sections(found.text)
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return "", text, sections(text) if suffix in MARKDOWN else ()


def _pdf(content: bytes | Path, name: str, notes: list[str]) -> tuple[str, str, tuple[Part, ...]]:
    about, *pages = parse("pdf", content, name, _PdfRecord)
    parts, whole = [], ""
    for page in pages:
        # A sentence that goes on over the page is one.
        goes_on = whole[-1:].isalnum() and page.text[:1].islower()
        whole += " " if goes_on else "\n\n" if whole else ""
        parts.append(Part(len(whole), f"page {page.number}"))
        whole += page.text
    if len(pages) < about.pages:
        without = words.counted(about.pages - len(pages), "page")
        notes.append(f"{name}: {without} of {about.pages:,} without text: empty, or pictures.")
    return about.title, whole, tuple(parts)


def _old_office(content: bytes, name: str) -> UserError:
    if _ENCRYPTED in content:
        return UserError(f"{name} is protected by a password.", "Save a copy without the password and try again.")
    return UserError(f"{name} is an Office document of the old kind (before 2007).", "Save it as DOCX, PDF or text.")


class Sections:
    """The sections of Markdown, found line by line; `parts` are those so far, `number` how many headings there were."""

    def __init__(self) -> None:
        self.parts: deque[Part] = deque()
        self.number = 0
        self._start, self._fenced, self._begun = 0, False, False

    def look(self, line: str) -> None:
        """A line that begins here, or the beginning of one that is long."""
        if _FENCE.match(line):
            self._fenced = not self._fenced
        heading = "" if self._fenced else _heading(line)
        if heading:
            self.number += 1
            self.parts.append(Part(self._start, f"section {self.number}: {heading[:80]}"))
        elif not self._begun and line.strip():
            self.parts.append(Part(0, "the beginning"))
        self._begun |= bool(heading or line.strip())

    def go_on(self, length: int) -> None:
        """The next line begins after so many characters, a line feed included."""
        self._start += length


def sections(text: str) -> tuple[Part, ...]:
    """The sections of Markdown, each from a heading to the next; what stands before the first is the beginning."""
    found = Sections()
    for line in text.split("\n"):
        found.look(line)
        found.go_on(len(line) + 1)
    return tuple(found.parts) if found.number else ()


def between(first: str, last: str) -> str:
    """The place of a passage that goes from one part of a document to another."""
    if first == last:
        return first
    if first.startswith("page "):
        return f"pages {first.removeprefix('page ')} to {last.removeprefix('page ')}"
    return f"{first} to {last}"


def line_place(first: int, last: int) -> str:
    """The place of a passage in plain text, by its lines."""
    return f"line {first}" if first == last else f"lines {first:,} to {last:,}"


def _first_heading(text: str) -> str:
    return next((heading[:200] for line in text.split("\n", 50) if (heading := _heading(line))), "")


def _heading(line: str) -> str:
    """The words of a heading, without the number signs that may close it; "" of any other line."""
    found = _HEADING.match(line)
    said = found[1].strip(" \t") if found else ""
    bare = said.rstrip("#")
    return bare.rstrip(" \t") if bare.endswith((" ", "\t")) else said
