"""Lines on pages to paragraphs: which lines belong together, which are headings, and what every page repeats."""

import itertools
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from localft.data.readers.parsers.marks import MARK

# What pdfium writes where a line ends with a hyphen: the word may have one, or was only divided.
DIVIDED = "\x02"
_LARGER = 1.15
_LONGEST_HEADING = 160
_REPEATED = 0.5
_FEWEST_PAGES, _FEWEST_NUMBERED = 4, 3
# What a line says without its numbers, and how far one of them is from the number of the page.
Key = tuple[str, int | None]
_BULLET = re.compile(r"^[•◦▪‣●○∙·–—-]\s+")
_NUMBERED = re.compile(r"^(?:\d{1,3}|[a-z])[.)]\s+\S")
_ENDS = (".", "!", "?", ":", ";", "…", '"', "”", "»", ")")


@dataclass(frozen=True)
class Line:
    """A line of a page: its text, where it is in points (from the bottom left), and how high its letters are."""

    text: str
    left: float
    right: float
    top: float
    bottom: float
    size: float


def pages_to_markdown(pages: Iterable[list[Line]]) -> Iterator[str]:
    """The text of each page: paragraphs apart by an empty line, headings and bullets marked as Markdown does.

    Lines at the top and the bottom that most pages repeat, page numbers apart, are left out. The pages are gone through
    several times, and need not be in memory.
    """
    repeated = _repeated(pages)
    sizes, heading_sizes = Counter[float](), set[float]()
    for line in itertools.chain.from_iterable(_kept(pages, repeated)):
        sizes[line.size] += len(line.text)
        if _may_head(line):
            heading_sizes.add(line.size)
    levels = _levels(heading_sizes, sizes.most_common(1)[0][0] if sizes else 0.0)
    words = {word for text in _written(pages, repeated, levels) for word in re.findall(r"\w+(?:-\w+)+", text)}
    for text in _written(pages, repeated, levels):
        yield _whole_words(text, words)


def _kept(pages: Iterable[list[Line]], repeated: set[Key]) -> Iterator[list[Line]]:
    return (_without(lines, index, repeated) for index, lines in enumerate(pages))


def _written(pages: Iterable[list[Line]], repeated: set[Key], levels: dict[float, int]) -> Iterator[str]:
    return ("\n\n".join(_paragraphs(lines, levels)) for lines in _kept(pages, repeated))


def _repeated(pages: Iterable[list[Line]]) -> set[Key]:
    """What stands at the top or the bottom of most pages, or of some together with the number of the page."""
    full, counts = 0, Counter[Key]()
    for index, lines in enumerate(pages):
        full += bool(lines)
        counts.update(_edges(lines, index))
    many = max(_FEWEST_PAGES, _REPEATED * full)
    return {key for key, count in counts.items() if count >= (many if key[1] is None else _FEWEST_NUMBERED)}


def _without(lines: list[Line], index: int, repeated: set[Key]) -> list[Line]:
    edge = {line for line in _at_edges(lines) if repeated & _keys(line, index)}
    return [line for line in lines if line not in edge]


def _edges(lines: list[Line], index: int) -> set[Key]:
    return {key for line in _at_edges(lines) for key in _keys(line, index)}


def _at_edges(lines: list[Line]) -> list[Line]:
    """The highest and the lowest lines of a page; in many files both are drawn before the text."""
    highest = max((line.top for line in lines), default=0.0)
    lowest = min((line.bottom for line in lines), default=0.0)
    return [line for line in lines if line.top > highest - line.size / 2 or line.bottom < lowest + line.size / 2]


def _keys(line: Line, index: int) -> set[Key]:
    """What a line says; and without its numbers, with how far the first and the last of them are from the page's.

    The distance of a page's own number is always the same; that of a chapter's is not.
    """
    text = line.text.strip().lower()
    pattern, numbers = re.sub(r"\d+", "#", text), re.findall(r"\d{1,5}", text)
    return {(text, None), *((pattern, int(number) - index) for number in numbers[:1] + numbers[-1:])}


def _levels(sizes: set[float], body: float) -> dict[float, int]:
    """The level of a heading for each size that only headings have: the largest is the first level."""
    apart: list[float] = []
    levels: dict[float, int] = {}
    for size in sorted((size for size in sizes if size >= _LARGER * body > 0), reverse=True):
        if not apart or apart[-1] / size > 1.05:
            apart.append(size)
        levels[size] = min(len(apart), 4)
    return levels


def _may_head(line: Line) -> bool:
    return len(line.text) <= _LONGEST_HEADING and any(character.isalpha() for character in line.text)


def _paragraphs(lines: list[Line], levels: dict[float, int]) -> list[str]:
    paragraphs: list[str] = []
    edge = max((line.right for line in lines), default=0.0)
    before: Line | None = None
    for line in lines:
        text = _BULLET.sub("- ", line.text.strip())
        level = levels.get(line.size, 0) if len(line.text) <= _LONGEST_HEADING else 0
        if before is not None and _goes_on(before, line, edge, bool(level)):
            glue = "" if paragraphs[-1].endswith(DIVIDED) else " "
            paragraphs[-1] += glue + text
        else:
            paragraphs.append(f"{'#' * level} {text}" if level else text)
        before = line
    return paragraphs


def _goes_on(before: Line, line: Line, edge: float, heading: bool) -> bool:
    """Whether a line belongs to the paragraph of the line before it."""
    if any(mark.match(line.text) for mark in (_BULLET, _NUMBERED, MARK)):
        return False
    if abs(before.size - line.size) > 0.1 * max(before.size, line.size):
        return False
    ended = before.text.rstrip().endswith(_ENDS)
    step = before.bottom - line.bottom
    if step <= 0:  # the next column, or a table: only a sentence that is not done goes on there
        return not ended and not heading and line.text[:1].islower()
    if step > 1.6 * max(before.size, 1.0):
        return False
    if heading:
        return True
    # A line that leaves much of the width free ends its paragraph, unless the sentence clearly goes on.
    return before.right > 0.75 * edge or (not ended and line.text[:1].islower())


def _whole_words(text: str, hyphenated: set[str]) -> str:
    """Join the words that a line's end divided; the hyphen stays where the document writes the word with one."""

    def joined(found: re.Match[str]) -> str:
        first, second = found[1], found[2]
        keeps = f"{first}-{second}" in hyphenated or not second[:1].islower() or first[-1:].isdigit()
        return f"{first}-{second}" if keeps else first + second

    return re.sub(rf"(\w+){DIVIDED}(\w+)", joined, text).replace(DIVIDED, "-")
