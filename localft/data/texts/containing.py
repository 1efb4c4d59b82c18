"""Which of many texts hold a few others word for word."""

from collections.abc import Iterator, Sequence

import numpy
import numpy.typing as npt

from localft.data.texts.runs import Texts, view
from localft.data.texts.unspaced import count_words, hashes_of_words

# A text of fewer words ("Hello", "Can you help me?") stands in texts that ask something else.
_FEWEST_WORDS = 5
# So many words are looked at at once.
_BLOCK = 1 << 22
_CELLS = 1 << 16
Words = npt.NDArray[numpy.uint32]


def says_enough(said: str) -> bool:
    """Whether a text, given as its words, is long enough to be looked for in others."""
    return count_words(said) >= _FEWEST_WORDS


def holding(texts: Texts, wanted: Sequence[str]) -> Iterator[tuple[int, int]]:
    """(number, position): which of the `wanted` texts, given as their words, stands in which text; some more than once.

    Words are compared by their hashes: in a run of so many, one that is another's by chance does not matter.
    """
    words = view(texts.words, "u4")
    sought = [numpy.array(hashes_of_words(said), dtype=numpy.uint32) for said in wanted]
    if not sought or not len(words):
        return
    ends = numpy.cumsum(view(texts.lengths, "u4"), dtype=numpy.int64)
    anchors = _rarest(words, sought)
    is_anchor = numpy.zeros(_CELLS, dtype=bool)
    is_anchor[[one[anchor] % _CELLS for one, anchor in zip(sought, anchors, strict=True)]] = True
    for begin in range(0, len(words), _BLOCK):
        met = numpy.flatnonzero(is_anchor[words[begin : begin + _BLOCK] % _CELLS]) + begin
        at = words[met]
        for number, (one, anchor) in enumerate(zip(sought, anchors, strict=True)):
            for start in _standing(words, one, met[at == one[anchor]] - anchor).tolist():
                position = int(numpy.searchsorted(ends, start, side="right"))
                if start + len(one) <= ends[position]:
                    yield number, position


def _rarest(words: Words, sought: Sequence[Words]) -> list[int]:
    """For each of the wanted texts the place of the word that is looked for first."""
    counts = numpy.zeros(_CELLS, dtype=numpy.int64)
    for begin in range(0, len(words), _BLOCK):
        counts += numpy.bincount(words[begin : begin + _BLOCK] % _CELLS, minlength=_CELLS)
    return [int(numpy.argmin(counts[one % _CELLS])) for one in sought]


def _standing(words: Words, one: Words, starts: npt.NDArray[numpy.int64]) -> npt.NDArray[numpy.int64]:
    """Those of the places at which a text could begin where it does."""
    found = starts[(starts >= 0) & (starts + len(one) <= len(words))]
    for place, word in enumerate(one):
        if not len(found):
            break
        found = found[words[found + place] == word]
    return found
