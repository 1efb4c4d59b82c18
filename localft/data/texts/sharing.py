"""How much of each of many texts stands in others too: a quick look before texts are compared one by one."""

from collections.abc import Iterator

import numpy
import numpy.typing as npt

from localft.data.texts.runs import Texts, runs_of, view

# Of words that are looked at at once.
_BLOCK = 1 << 18
# Cells for each run of words, so that few share one; as powers of two, with the fewest and the most of all.
_ROOM, _FEWEST, _MOST = 3, 12, 27
Places = npt.NDArray[numpy.int64]
Wanted = npt.NDArray[numpy.bool_]


class Shared:
    """The runs of three words of some texts."""

    def __init__(self, words: int) -> None:
        """For texts of about so many words."""
        self._bits = min(_MOST, max(_FEWEST, words.bit_length() + _ROOM))
        self._is_there = numpy.zeros(1 << self._bits, dtype=bool)

    def add(self, texts: Texts, wanted: Wanted) -> None:
        """Put down the runs of those texts that are wanted."""
        for runs, owners in _blocks(texts):
            self._is_there[self._cells(runs[wanted[owners]])] = True

    def shares(self, texts: Texts) -> npt.NDArray[numpy.float64]:
        """For each text the share of its runs, from 0 to 1, that were put down; a few more by chance."""
        found, lengths = numpy.zeros(len(texts)), numpy.zeros(len(texts))
        for runs, owners in _blocks(texts):
            first, count = int(owners[0]), int(owners[-1] - owners[0]) + 1
            is_shared = self._is_there[self._cells(runs)]
            found[first : first + count] += numpy.bincount(owners[is_shared] - first, minlength=count)
            lengths[first : first + count] += numpy.bincount(owners - first, minlength=count)
        return found / numpy.maximum(lengths, 1)

    def _cells(self, runs: npt.NDArray[numpy.uint64]) -> Places:
        return (runs >> numpy.uint64(64 - self._bits)).astype(numpy.int64)


def _blocks(texts: Texts) -> Iterator[tuple[npt.NDArray[numpy.uint64], Places]]:
    """(runs, owners): the runs of all texts, each with the position of its text."""
    words, ends = view(texts.words, "u4"), numpy.cumsum(view(texts.lengths, "u4"), dtype=numpy.int64)
    for begin in range(0, max(0, len(words) - 2), _BLOCK):
        block = words[begin : begin + _BLOCK + 2]
        owners = numpy.searchsorted(ends, numpy.arange(begin, begin + len(block)), side="right")
        # The runs that begin with one of the last two words of a text would end in the next one.
        whole = owners[2:] == owners[:-2]
        if whole.any():
            yield runs_of(block)[whole], owners[:-2][whole]
