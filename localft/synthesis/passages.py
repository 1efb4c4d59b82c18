"""A document's text in passages of about one size, cut where the text itself pauses."""

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

import pydantic

from localft.data.readers.documents import Document, Part
from localft.data.source_passages import SourcePassage

_PARAGRAPH = re.compile(r"\n[ \t]*\n\s*")
# After a full stop, with what closes a quotation; East Asian full stops need no space behind them.
_SENTENCE = re.compile(r"(?:(?<![.!?…])[.!?…]+[\"'»”’)\]]*\s+|[。！？]+[」』”]*\s*|\n)")
_SPACE = re.compile(r"\s+")
# What is shorter is joined to its neighbour where there is one, and tells too little alone.
_SHORT_SHARE = 0.25
_FEWEST_WORDS = 8


class Passage(SourcePassage):
    """One of the pieces that documents are split into: an example that is written from it is kept with its source."""

    model_config = pydantic.ConfigDict(extra="forbid")

    index: int


class _Span(NamedTuple):
    start: int
    end: int

    @property
    def length(self) -> int:
        return self.end - self.start


def split_documents(documents: Sequence[Document], size: int, overlap: int) -> list[Passage]:
    """All passages of the documents, numbered in their order.

    A passage has at most `size` characters. It ends at a heading, else at the end of a paragraph; a paragraph that is
    longer is cut between sentences, and what follows repeats up to `overlap` characters of whole sentences.
    """
    passages: list[Passage] = []
    for document in documents:
        for span in _spans(document, size, overlap):
            text = document.text[span.start : span.end]
            if not _says_something(text):
                continue
            place = document.place(span.start, span.end)
            passages.append(
                Passage(
                    index=len(passages), document=document.name, place=place, start=span.start, end=span.end, text=text
                )
            )
    return passages


def sentences(text: str) -> list[str]:
    """The sentences of a text, without the white space between them; a line is one too."""
    return [text[piece.start : piece.end] for piece in _pieces(text, _Span(0, len(text)), _SENTENCE)]


def choose_evenly(passages: Sequence[Passage], count: int) -> list[Passage]:
    """So many of the passages, from everywhere in the documents; all of them where there are no more."""
    if count >= len(passages):
        return list(passages)
    return [passages[number * len(passages) // count] for number in range(count)]


def _says_something(text: str) -> bool:
    """Whether there are words enough to ask about; scripts without spaces are counted by their letters."""
    if len(text.split(None, _FEWEST_WORDS)) >= _FEWEST_WORDS and any(map(str.isalpha, text)):
        return True
    dense = sum("\u0e00" <= character <= "\u0eff" or "\u3040" <= character <= "\u9fff" for character in text)
    return dense >= 2 * _FEWEST_WORDS


def _begins(part: Part) -> bool:
    """Whether something new begins there; a page may turn in the middle of a sentence."""
    return not part.name.startswith("page ")


def _spans(document: Document, size: int, overlap: int) -> Iterator[_Span]:
    """The passages of one document without the white space around them."""
    begins = sorted({0, *(part.start for part in document.parts if _begins(part)), len(document.text)})
    waiting: _Span | None = None
    for start, end in pairwise(begins):
        section = _trimmed(document.text, start, end)
        if section is None:
            continue
        if waiting is not None and section.end - waiting.start > size:
            yield from _within(document.text, waiting, size, overlap)
            waiting = None
        # A short section goes on into the next one, so that no passage is a heading with one line.
        joined = section if waiting is None else _Span(waiting.start, section.end)
        if joined.length < _SHORT_SHARE * size:
            waiting = joined
            continue
        yield from _within(document.text, joined, size, overlap)
        waiting = None
    if waiting is not None:
        yield from _within(document.text, waiting, size, overlap)


def _within(text: str, section: _Span, size: int, overlap: int) -> Iterator[_Span]:
    """Whole paragraphs, as many as fit; longer ones in sentences."""
    if section.length <= size:
        yield section
        return
    packed: _Span | None = None
    for paragraph in _pieces(text, section, _PARAGRAPH):
        if packed is not None and paragraph.end - packed.start <= size:
            packed = _Span(packed.start, paragraph.end)
            continue
        if packed is not None:
            yield packed
        packed = paragraph if paragraph.length <= size else None
        if packed is None:
            yield from _sentences(text, paragraph, size, overlap)
    if packed is not None:
        yield packed


def _sentences(text: str, paragraph: _Span, size: int, overlap: int) -> Iterator[_Span]:
    """A long paragraph in runs of whole sentences, each beginning with the last ones of the run before."""
    whole = [piece for sentence in _pieces(text, paragraph, _SENTENCE) for piece in _short_enough(text, sentence, size)]
    first = 0
    for number, sentence in enumerate(whole):
        if sentence.end - whole[first].start <= size:
            continue
        yield _Span(whole[first].start, whole[number - 1].end)
        first = _after_overlap(whole, first, number, size, overlap)
    yield _Span(whole[first].start, whole[-1].end)


def _after_overlap(whole: Sequence[_Span], first: int, number: int, size: int, overlap: int) -> int:
    """Which sentence the next run begins with, so that it repeats some and still gets on."""
    begin = number
    while begin - 1 > first and whole[number - 1].end - whole[begin - 1].start <= overlap:
        begin -= 1
    while begin < number and whole[number].end - whole[begin].start > size:
        begin += 1
    return begin


def _short_enough(text: str, sentence: _Span, size: int) -> Iterator[_Span]:
    """A sentence, or parts of one that is longer than a passage: cut at white space, else anywhere."""
    start = sentence.start
    while sentence.end - start > size:
        gaps = list(_SPACE.finditer(text, start + size // 2, start + size))
        cut = gaps[-1].start() if gaps else start + size
        yield _Span(start, cut)
        start = gaps[-1].end() if gaps else cut
    if start < sentence.end:
        yield _Span(start, sentence.end)


def _pieces(text: str, span: _Span, between: re.Pattern[str]) -> list[_Span]:
    """What stands between the gaps; a full stop that is part of a gap stays with what it ends."""
    found, start = [], span.start
    for gap in between.finditer(text, span.start, span.end):
        piece = _trimmed(text, start, gap.end())
        if piece is not None:
            found.append(piece)
        start = gap.end()
    last = _trimmed(text, start, span.end)
    return [*found, last] if last is not None else found


def _trimmed(text: str, start: int, end: int) -> _Span | None:
    """A span without the white space around it; None where there is nothing else."""
    piece = text[start:end]
    kept = piece.strip()
    if not kept:
        return None
    begin = start + len(piece) - len(piece.lstrip())
    return _Span(begin, begin + len(kept))
