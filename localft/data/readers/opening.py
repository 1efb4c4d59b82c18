"""Open a file: one table, or several where it is a workbook or an archive."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

from localft.data.readers import large
from localft.data.readers.archive import chat_pages, files_in, is_archive, is_large_archive, names_in
from localft.data.readers.content import PARQUET, of_document, read_content
from localft.data.readers.documents import SUFFIXES, WORD, WORD_PART, document_of, is_pdf
from localft.data.readers.encoding import FORMATS
from localft.data.readers.guessing import called
from localft.data.readers.loading import load, measured
from localft.data.readers.open_assistant import unfolded
from localft.data.readers.parquet import is_arrow
from localft.data.readers.recoding import as_utf8
from localft.data.readers.unpacking import Unpacked, unpack
from localft.data.readers.workbook import OLE, is_workbook, read_workbook
from localft.data.shapes.chats import ChatChoice
from localft.data.shapes.rows import Contents
from localft.data.working import Tell, quiet
from localft.errors import UserError, explain

_WORKBOOKS = {".xlsx", ".xlsm", ".xlsb", ".xls", ".ods"}
_TABLES = {".jsonl", ".ndjson", ".json", ".csv", ".tsv", ".parquet", ".pq", ".arrow", ".feather"}
_PACKED = _WORKBOOKS | WORD | {".parquet", ".pq", ".arrow", ".feather", ".pdf", ".zip"}
_KNOWN = _WORKBOOKS | _TABLES | SUFFIXES
# The names in an archive of documents begin here.
_HEAD = 65_536
_OTHERWISE = f"localft reads {FORMATS}."


def open_files(path: Path, name: str = "", choice: ChatChoice | None = None, tell: Tell = quiet) -> Iterator[Contents]:
    """Read a file into rows, one table after the other; a workbook has several such contents, and so has an archive.

    Messages and notes call it `name`, or by its own name. A chat has rows where the choice names one of its speakers.

    Raises:
        UserError: it is missing, a folder, empty, unreadable, binary, of no known format, or a chat without a word.
    """
    name, choice = name or path.name, choice or ChatChoice()
    for contents in _tables(path, name, choice, tell):
        yield unfolded(contents, choice.branches, contents.name)


def _tables(path: Path, name: str, choice: ChatChoice, tell: Tell) -> Iterator[Contents]:
    try:
        unpacked = unpack(path, name, tell) if path.is_file() else None
    except (OSError, ValueError) as error:
        raise explain(error) or UserError(f"{path} cannot be read: {error}.", "Check the path.") from error
    if unpacked is None:
        yield from _as_told(path, path, name, choice, tell)
        return
    size, digest = measured(path)
    # What the person has is the packed file.
    for contents in _as_told(unpacked.path, path, name, choice, tell):
        yield replace(contents, bytes=size, sha256=digest, owner=(unpacked.owner, contents.owner))


def _as_told(path: Path, given: Path, name: str, choice: ChatChoice, tell: Tell) -> Iterator[Contents]:
    """What is in a file; if it is text whose encoding is told, in a copy of it in UTF-8."""
    if choice.encoding is None or not is_text(path):
        yield from _opened(path, name, choice, tell)
        return
    copy = as_utf8(path, choice.encoding, name, tell, by_line=True)
    size, digest = measured(given)
    note = f"{name} was read as {called(choice.encoding)}, as you said."
    for contents in _opened(copy.path, name, choice, tell):
        owner = (copy.owner, contents.owner)
        yield replace(contents, notes=[note, *contents.notes], bytes=size, sha256=digest, owner=owner)


def is_text(path: Path) -> bool:
    """Whether a file is text, whose encoding may be told."""
    if not path.is_file() or path.suffix.lower() in _PACKED:
        return False
    with path.open("rb") as file:
        head = file.read(8)
    return bool(head) and not (is_archive(head) or is_arrow(head) or head.startswith((PARQUET, OLE, b"%PDF")))


def _opened(path: Path, name: str, choice: ChatChoice, tell: Tell) -> Iterator[Contents]:
    found = large.open_large(path, name, choice, tell)
    if found is not None:
        yield found
    elif path.is_file() and _is_large_book(path, name):
        yield from _sheets(path, name, choice)
    elif is_pdf(path):
        yield _of_pdf(path, name, choice)
    elif is_large_archive(path):
        yield from _archived(path, name, choice, tell)
    else:
        yield from _read(load(path, name), name, path.suffix.lower(), choice)


def _read(content: bytes, name: str, suffix: str, choice: ChatChoice, is_inside: bool = False) -> Iterable[Contents]:
    """The tables in a file's contents; `is_inside` says that they come from an archive, in which no other is opened."""
    if not is_archive(content):
        book = suffix not in WORD and is_workbook(content)
        return _sheets(content, name, choice) if book else [_contents(content, name, suffix, choice)]
    inside = names_in(content, name)
    if is_workbook(content, inside):
        return _sheets(content, name, choice)
    if WORD_PART in inside:
        return [_contents(content, name, ".docx", choice)]
    if {"[Content_Types].xml", "mimetype"} & set(inside):
        raise UserError(f"{name} is an Office document that localft cannot read.", _OTHERWISE)
    if is_inside:
        raise UserError(f"{name} is an archive inside an archive.", "Unpack it yourself and add its files.")
    return _archived(content, name, choice)


def open_file(path: Path, name: str = "") -> Contents:
    """Read a text file, or one of another format that holds one table.

    Raises:
        UserError: as `open_files`, or it holds several.
    """
    contents = list(open_files(path, name))
    if len(contents) != 1:
        raise UserError(f"{name or path.name} holds {len(contents)} tables.", "Name a file that holds one.")
    return contents[0]


def _of_pdf(path: Path, name: str, choice: ChatChoice) -> Contents:
    """What is in a PDF, which is not held in memory."""
    document = document_of(path, name, ".pdf")
    return Contents(**vars(of_document(document, choice)), name=name, bytes=document.bytes, sha256=document.sha256)


def _contents(content: bytes, name: str, suffix: str, choice: ChatChoice) -> Contents:
    found = read_content(content, name, suffix, choice)
    size, digest = measured(content)
    return Contents(**vars(found), name=name, bytes=size, sha256=digest)


def _sheets(content: bytes | Path, name: str, choice: ChatChoice) -> Iterator[Contents]:
    """Each sheet of a workbook; the only one is called as the file. Those of a large file are read part by part."""
    size, digest = measured(content)
    sheets = read_workbook(content, name, choice.has_header)
    if not sheets:
        raise UserError(f"{name} has no rows.", "Choose a workbook with examples in it.")
    for sheet, rows, notes in sheets:
        called = name if len(sheets) == 1 else f"{name}, sheet {sheet}"
        yield Contents(rows if isinstance(content, Path) else [*rows], notes, name=called, bytes=size, sha256=digest)


def _is_large_book(path: Path, name: str) -> bool:
    """Whether a file is a workbook that is not held in memory."""
    with path.open("rb") as file:
        if path.stat().st_size < large.LARGE or not is_archive(head := file.read(_HEAD)):
            return False
    return is_workbook(head, names_in(path, name))


def _archived(content: bytes | Path, name: str, choice: ChatChoice, tell: Tell = quiet) -> Iterator[Contents]:
    """Each file of an archive that can be read; the others are told, with the file that follows them or the last."""
    waiting: Contents | None = None
    notes: list[str] = []
    copies = chat_pages(names_in(content, name))
    for inside, unpacked in files_in(content, name, tell=tell):
        if inside.removeprefix(f"{name}/") in copies:
            notes.append(f"Left out: {inside} shows the same chats as the file conversations.json beside it.")
            continue
        try:
            for contents in _inside(unpacked, inside, choice):
                if waiting is not None:
                    yield waiting
                waiting, notes = replace(contents, notes=[*notes, *contents.notes]), []
        except UserError as error:
            notes.append(f"Left out: {error.message}")
    if waiting is None:
        raise UserError(f"{name} holds no file that localft can read. {' '.join(notes[:3])}".strip(), _OTHERWISE)
    yield replace(waiting, notes=[*waiting.notes, *notes])


def _inside(unpacked: bytes | Unpacked, name: str, choice: ChatChoice) -> Iterator[Contents]:
    suffix = Path(name).suffix.lower()
    if isinstance(unpacked, Unpacked):
        found = large.open_large(unpacked.path, name, choice) if suffix in _KNOWN else None
        if found is not None:
            yield replace(found, owner=(unpacked.owner, found.owner))
            return
        if suffix in _WORKBOOKS and _is_large_book(unpacked.path, name):
            yield from _sheets(unpacked.path, name, choice)
            return
        unpacked = load(unpacked.path, name)
    if suffix not in _KNOWN and not is_archive(unpacked):
        raise UserError(f"{name} is of no format that localft reads inside an archive.")
    if not unpacked.strip():
        raise UserError(f"{name} is empty.")
    yield from _read(unpacked, name, suffix, choice, is_inside=True)
