"""Documents to rows: pieces of a length that fits, cut where paragraphs end."""

import re
from collections.abc import Callable, Iterable, Iterator

from localft.data.readers.documents import Document
from localft.data.shapes.detecting import PIECES
from localft.data.shapes.rows import Found, Row

Span = tuple[int, int]
# In characters: about 800 tokens of English.
LONGEST = 3_000
_SHORTEST = 800
# A document that is not much longer than that gives so many pieces, so that some can be held out.
_FEWEST_PIECES = 20
BETWEEN = re.compile(r"\n[ \t]*\n\s*")
# Where a paragraph that is too long is divided, the best place first.
_BREAKS = ("\n", ". ", "! ", "? ", "。", " ")


def rows_of(document: Document) -> Found:
    """The pieces of a document as rows, each with its place; all of them are one group."""
    text = document.text
    spans = cut(text, size_of(len(text)))
    rows = [
        row_of(number, text[start:end], document.place(start, end), document.name, is_last=number == len(spans))
        for number, (start, end) in enumerate(spans, start=1)
    ]
    return Found(rows, list(document.notes), PIECES)


def row_of(number: int, text: str, place: str, name: str, is_last: bool) -> Row:
    """The row of a piece; all pieces of a document are one group, by its name."""
    return Row(number, {"text": text, "plain": "whole" if is_last else "part", "place": place, "group": name})


def size_of(length: int) -> int:
    """How many characters a piece of a document of this length has at most."""
    return min(LONGEST, max(_SHORTEST, length // _FEWEST_PIECES)) if length > LONGEST else LONGEST


def cut(text: str, most: int) -> list[Span]:
    """Cut a text into spans [start, end) of at most `most` characters that hold all of it but the blanks between.

    A span ends with a paragraph where it can, and never with a heading that has something below it.
    """

    def is_heading(start: int, end: int) -> bool:
        return text.startswith("#", start) and "\n" not in text[start:end]

    return list(joined(_paragraphs(text, most), is_heading, most))


def joined(paragraphs: Iterable[Span], is_heading: Callable[[int, int], bool], most: int) -> Iterator[Span]:
    """Paragraphs, or parts of long ones, as spans that are as long as they may be."""
    span: Span | None = None
    for start, end in _with_headings(paragraphs, is_heading, most):
        if span is not None and end - span[0] <= most:
            span = (span[0], end)
            continue
        if span is not None:
            yield span
        span = (start, end)
    if span is not None:
        yield span


def _with_headings(paragraphs: Iterable[Span], is_heading: Callable[[int, int], bool], most: int) -> Iterator[Span]:
    """The paragraphs, each together with the headings above it."""
    headings: Span | None = None
    for start, end in paragraphs:
        if is_heading(start, end):
            if headings and end - headings[0] > most:
                yield headings
                headings = None
            headings = (headings[0] if headings else start, end)
            continue
        if headings and end - headings[0] <= most:
            start = headings[0]
        elif headings:
            yield headings
        headings = None
        yield start, end
    if headings:
        yield headings


def _paragraphs(text: str, most: int) -> list[Span]:
    found: list[Span] = []
    start = len(text) - len(text.lstrip())
    ends = [(match.start(), match.end()) for match in BETWEEN.finditer(text, start)]
    for end, following in [*ends, (len(text.rstrip()), len(text))]:
        found += _divided(text, start, end, most) if end > start else []
        start = following
    return found


def _divided(text: str, start: int, end: int, most: int) -> list[Span]:
    """A paragraph, in parts that are no longer than they may be."""
    parts = []
    while end - start > most:
        length, step = first_part(text[start : start + most])
        parts.append((start, start + length))
        start += step
        while start < end and text[start].isspace():
            start += 1
    return [*parts, (start, end)] if end > start else parts


def first_part(window: str) -> tuple[int, int]:
    """Of the beginning of a paragraph that is too long: (how long its first part is, where the next one may begin)."""
    most = len(window)
    places = (window.rfind(sign) + len(sign) for sign in _BREAKS)
    at = next((place for place in places if place > most // 2), most)
    return len(window[:at].rstrip()) or at, at
