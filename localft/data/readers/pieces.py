"""Documents to rows: pieces of a length that fits, cut where paragraphs end."""

import re

from localft.data.readers.documents import Document
from localft.data.shapes.detecting import PIECES
from localft.data.shapes.rows import Found, Row

# In characters: about 800 tokens of English.
LONGEST = 3_000
_SHORTEST = 800
# A document that is not much longer than that gives so many pieces, so that some can be held out.
_FEWEST_PIECES = 20
_BETWEEN = re.compile(r"\n[ \t]*\n\s*")
# Where a paragraph that is too long is divided, the best place first.
_BREAKS = ("\n", ". ", "! ", "? ", "。", " ")


def rows_of(document: Document) -> Found:
    """The pieces of a document as rows, each with its place; all of them are one group."""
    text = document.text
    size = min(LONGEST, max(_SHORTEST, len(text) // _FEWEST_PIECES)) if len(text) > LONGEST else LONGEST
    spans = cut(text, size)
    last = len(spans) - 1
    rows = [
        Row(
            number + 1,
            {
                "text": text[start:end],
                "plain": "whole" if number == last else "part",
                "place": document.place(start, end),
                "group": document.name,
            },
        )
        for number, (start, end) in enumerate(spans)
    ]
    return Found(rows, list(document.notes), PIECES)


def cut(text: str, most: int) -> list[tuple[int, int]]:
    """Cut a text into spans [start, end) of at most `most` characters that hold all of it but the blanks between.

    A span ends with a paragraph where it can, and never with a heading that has something below it.
    """
    spans: list[tuple[int, int]] = []
    for start, end in _with_headings(text, most):
        if spans and end - spans[-1][0] <= most:
            spans[-1] = (spans[-1][0], end)
        else:
            spans.append((start, end))
    return spans


def _with_headings(text: str, most: int) -> list[tuple[int, int]]:
    """The paragraphs, each together with the headings above it."""
    found: list[tuple[int, int]] = []
    headings: tuple[int, int] | None = None
    for start, end in _paragraphs(text, most):
        if text.startswith("#", start) and "\n" not in text[start:end]:
            if headings and end - headings[0] > most:
                found.append(headings)
                headings = None
            headings = (headings[0] if headings else start, end)
            continue
        if headings and end - headings[0] <= most:
            start = headings[0]
        elif headings:
            found.append(headings)
        headings = None
        found.append((start, end))
    return [*found, headings] if headings else found


def _paragraphs(text: str, most: int) -> list[tuple[int, int]]:
    found: list[tuple[int, int]] = []
    start = len(text) - len(text.lstrip())
    ends = [(match.start(), match.end()) for match in _BETWEEN.finditer(text, start)]
    for end, following in [*ends, (len(text.rstrip()), len(text))]:
        found += _divided(text, start, end, most) if end > start else []
        start = following
    return found


def _divided(text: str, start: int, end: int, most: int) -> list[tuple[int, int]]:
    """A paragraph, in parts that are no longer than they may be."""
    parts = []
    while end - start > most:
        window = text[start : start + most]
        places = ((window.rfind(sign) + len(sign), sign) for sign in _BREAKS)
        at = next((place for place, _ in places if place > most // 2), most)
        parts.append((start, start + len(window[:at].rstrip()) or at))
        start += at
        while start < end and text[start].isspace():
            start += 1
    return [*parts, (start, end)] if end > start else parts
