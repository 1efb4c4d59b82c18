"""Text that was pasted, or came through a pipe: kept as a file for the time that it is read, by what it looks like."""

import csv
import tempfile
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path

from localft.data.readers.chats.whatsapp import read_whatsapp
from localft.data.readers.content import may_be_json
from localft.data.readers.encoding import decode, read_lines
from localft.data.readers.questions import read_questions
from localft.data.readers.typed_turns import read_turns
from localft.data.shapes.values import BadValue, parse_json
from localft.errors import UserError

_LINES_LOOKED_AT = 20
_LONGEST_HEADING = 80


@contextmanager
def as_file(content: bytes, name: str = "pasted") -> Generator[Path]:
    """The content as a file that every import reads, gone afterwards; `name` is what the rows are said to come from.

    Raises:
        UserError: there is nothing in it.
    """
    with tempfile.TemporaryDirectory(prefix="localft-") as folder:
        yield keep_in(Path(folder), content, name)


def keep_in(folder: Path, content: bytes, name: str = "pasted") -> Path:
    """Write the content into a folder, under a name whose ending says what it looks like.

    Raises:
        UserError: there is nothing in it.
    """
    if not content.strip():
        raise UserError("There is nothing in the text.", "Paste some examples: JSON lines, a table, or Q: and A:.")
    path = folder / f"{name}{_ending(content)}"
    path.write_bytes(content)
    return path


def _ending(content: bytes) -> str:
    """The ending that such a file has; "" where its bytes say it, or nothing does."""
    try:
        text, _ = decode(content, "the text")
    except UserError:
        return ""
    text = content.decode("utf-8", errors="replace") if text is None else text
    start = text.lstrip()
    lines = read_lines(content, "the text")
    if read_whatsapp(lines, "the text") or read_questions(lines) or read_turns(lines):
        return ".txt"
    if start.startswith("[") and may_be_json(start.partition("\n")[0].strip()):
        return ".json"
    if start.startswith("{"):
        return ".json" if _is_whole(start) else ".jsonl"
    delimiter = _delimiter(text)
    return {None: ".txt", "\t": ".tsv"}.get(delimiter, ".csv")


def _is_whole(text: str) -> bool:
    """Whether the text is one JSON value over several lines, and not one a line."""
    try:
        parse_json(text.partition("\n")[0])
    except BadValue:
        pass
    else:
        return False
    try:
        parse_json(text)
    except BadValue:
        return False
    return True


def _delimiter(text: str) -> str | None:
    """What stands between the columns, if the text is a table: as many cells in nearly every line as in the first."""
    for delimiter in ("\t", ",", ";", "|"):
        rows = list(_first_rows(text, delimiter))
        width = len(rows[0]) if rows else 0
        headings = [cell.strip() for cell in rows[0]] if rows else []
        if width < 2 or len(rows) < 2 or any(not cell or len(cell) > _LONGEST_HEADING for cell in headings):
            continue
        if sum(len(row) == width for row in rows) > 0.8 * len(rows) - 0.5:
            return delimiter
    return None


def _first_rows(text: str, delimiter: str) -> Iterator[list[str]]:
    lines = (line for line in text.splitlines(keepends=True) if line.strip())
    reader = csv.reader(lines, delimiter=delimiter)
    try:
        for _, row in zip(range(_LINES_LOOKED_AT), reader, strict=False):
            yield row
    except csv.Error:
        return
