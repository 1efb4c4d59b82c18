"""The text of a document with the places in it: headings, so far of plain text and Markdown files."""

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

from localft.data.readers.encoding import read_lines
from localft.errors import UserError, explain

KINDS = (".txt", ".md", ".markdown")
_HEADING = re.compile(r"^#{1,6}[ \t]+(?P<name>.+?)[ \t]*#*[ \t]*$", re.MULTILINE)
_UNDERLINED = re.compile(r"^(?P<name>[^\s#>|-].*)\n(?:=+|-{3,})[ \t]*$", re.MULTILINE)
_FENCED = re.compile(r"^(```|~~~).*?^\1", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Place:
    """Where in a document a text stands from `start` on (in characters): a heading or a page.

    A heading `begins` something new; a page may turn in the middle of a sentence.
    """

    start: int
    name: str
    begins: bool = True


@dataclass(frozen=True)
class SourceDocument:
    """A document as text, with its places by their start; `bytes` and `sha256` are the file's."""

    name: str
    text: str
    places: tuple[Place, ...]
    bytes: int
    sha256: str


def read_source(path: Path) -> SourceDocument:
    """Read a document.

    Raises:
        UserError: it is of another kind, cannot be read, or holds no text.
    """
    if path.suffix.lower() not in KINDS:
        raise UserError(f"{path.name} is no document that localft reads.", f"It reads {', '.join(KINDS)}.")
    try:
        content = path.read_bytes()
    except OSError as error:
        raise explain(error) or UserError(f"{path.name} cannot be read: {error}.") from error
    lines = read_lines(content, path.name, may_be_windows=True).text
    wrong = next((number for number, line in enumerate(lines, start=1) if line is None), None)
    if wrong is not None:
        raise UserError(f"{path.name} is not UTF-8 text in line {wrong:,}.", "Save it again, as UTF-8.")
    text = "\n".join((line or "").rstrip("\r") for line in lines)
    if not text.strip():
        raise UserError(f"{path.name} holds no text.", "Choose a document with text in it.")
    places = () if path.suffix.lower() == ".txt" else _headings(text)
    return SourceDocument(path.name, text, places, len(content), hashlib.sha256(content).hexdigest())


def _headings(text: str) -> tuple[Place, ...]:
    """The headings of Markdown; what stands in a block of code is none."""
    code = [range(*match.span()) for match in _FENCED.finditer(text)]
    found = [*_HEADING.finditer(text), *_UNDERLINED.finditer(text)]
    places = [Place(match.start(), match["name"].strip()) for match in found if not _inside(match.start(), code)]
    return tuple(sorted(places, key=lambda place: place.start))


def _inside(position: int, blocks: list[range]) -> bool:
    return any(position in block for block in blocks)
