"""Which of many texts stand word for word within others that say more: found by the rarest run of words of each."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

import numpy
import numpy.typing as npt

from localft.data.texts.runs import Runs, Texts, mixed, view

# A text is looked for by so many of its words, or all where it has fewer.
_RUN = 5
# What so many of the texts have as their rarest run is a form.
_MOST_ALIKE = 100
# As powers of two: so many counters, and no text has so many words.
_CELLS, _PLACES = 20, 32
# So many words, or places at which a text may stand, are looked at at once.
_BLOCK = 1 << 17
_MULTIPLIER = numpy.uint64(0x9E3779B97F4A7C15)
Positions = npt.NDArray[numpy.int64]
Words = npt.NDArray[numpy.uint32]


class Standing(NamedTuple):
    """Numbers of texts, and for each the position of a text that says it among other words."""

    numbers: Positions
    positions: Positions


class _Sought(NamedTuple):
    """Texts by their rarest runs, ascending: the run, the text's number, and how many words stand before the run."""

    runs: Runs
    numbers: Positions
    before: Positions


def standing_in(texts: Texts, wanted: Texts) -> Standing:
    """Which of the `wanted` texts stand in which texts among other words; those that say nothing else are none.

    It takes time by the number of all words, however many texts are wanted.
    """
    lengths = view(wanted.lengths, "u4").astype(numpy.int64)
    found = []
    for size in numpy.unique(numpy.minimum(lengths, _RUN)).tolist():
        numbers = numpy.flatnonzero(numpy.minimum(lengths, _RUN) == size)
        found += _found(texts, wanted, _sought(texts, wanted, numbers, size), size)
    pairs = numpy.unique(numpy.concatenate([numpy.empty((0, 2), numpy.int64), *found]), axis=0)
    return Standing(pairs[:, 0], pairs[:, 1])


def _runs(words: Words, size: int) -> Runs:
    """A hash of each run of so many words."""
    count = max(0, len(words) - size + 1)
    return _mixed_runs(words[place : place + count] for place in range(size))


def _runs_at(words: Words, places: Positions, size: int) -> Runs:
    """A hash of the run that begins at each of the places."""
    return _mixed_runs(words[places + place] for place in range(size))


def _mixed_runs(columns: Iterable[Words]) -> Runs:
    runs = numpy.zeros(1, dtype=numpy.uint64)
    for column in columns:
        runs = mixed(runs * _MULTIPLIER + column.astype(numpy.uint64))
    return runs


def _cells(runs: Runs) -> Positions:
    return (runs >> numpy.uint64(64 - _CELLS)).astype(numpy.int64)


def _sought(texts: Texts, wanted: Texts, numbers: Positions, size: int) -> _Sought:
    """The rarest run of each of these texts, the first of equally rare ones."""
    words, sought = view(texts.words, "u4"), view(wanted.words, "u4")
    counts = numpy.zeros(1 << _CELLS, dtype=numpy.uint32)
    for begin in range(0, len(words), _BLOCK):
        numpy.add.at(counts, _cells(_runs(words[begin : begin + _BLOCK + size - 1], size)), numpy.uint32(1))
    lengths = view(wanted.lengths, "u4").astype(numpy.int64)
    starts, room = (numpy.cumsum(lengths) - lengths)[numbers], lengths[numbers] - size + 1
    before = numpy.empty(len(numbers), dtype=numpy.int64)
    runs = numpy.empty(len(numbers), dtype=numpy.uint64)
    for some in _in_blocks(room):
        ends = numpy.cumsum(room[some])
        first = ends - room[some]
        places = numpy.arange(int(ends[-1])) - numpy.repeat(first, room[some])
        own = _runs_at(sought, numpy.repeat(starts[some], room[some]) + places, size)
        rarest = numpy.minimum.reduceat((counts[_cells(own)].astype(numpy.int64) << _PLACES) + places, first)
        before[some] = rarest & ((1 << _PLACES) - 1)
        runs[some] = own[first + before[some]]
    order = numpy.argsort(runs, kind="stable")
    return _Sought(runs[order], numbers[order], before[order])


def _in_blocks(sizes: Positions) -> Iterator[Positions]:
    """Places in a row, so many that their sizes come to a block or that there is one."""
    owed = numpy.cumsum(sizes) // _BLOCK
    yield from filter(len, numpy.split(numpy.arange(len(sizes)), numpy.flatnonzero(numpy.diff(owed)) + 1))


def _found(texts: Texts, wanted: Texts, sought: _Sought, size: int) -> list[npt.NDArray[numpy.int64]]:
    """(number, position) of those that stand in the texts, as rows."""
    words = view(texts.words, "u4")
    ends = numpy.cumsum(view(texts.lengths, "u4"), dtype=numpy.int64)
    is_sought = numpy.zeros(1 << _CELLS, dtype=bool)
    is_sought[_cells(sought.runs)] = True
    found = []
    for begin in range(0, len(words), _BLOCK):
        runs = _runs(words[begin : begin + _BLOCK + size - 1], size)
        met = numpy.flatnonzero(is_sought[_cells(runs)])
        left = numpy.searchsorted(sought.runs, runs[met], side="left")
        count = numpy.searchsorted(sought.runs, runs[met], side="right") - left
        count[count > _MOST_ALIKE] = 0
        for some in _in_blocks(count):
            place = numpy.repeat(some, count[some])
            nth = numpy.arange(len(place)) - numpy.repeat(numpy.cumsum(count[some]) - count[some], count[some])
            at = left[place] + nth
            starts = begin + met[place] - sought.before[at]
            found.append(_standing(words, ends, wanted, sought.numbers[at], starts))
    return found


def _standing(
    words: Words, ends: Positions, wanted: Texts, numbers: Positions, starts: Positions
) -> npt.NDArray[numpy.int64]:
    """(number, position) where a text stands from such a place on, in one that says more."""
    all_lengths = view(wanted.lengths, "u4").astype(numpy.int64)
    sought = view(wanted.words, "u4")
    positions = numpy.searchsorted(ends, numpy.maximum(starts, 0), side="right")
    lengths = all_lengths[numbers]
    begins = numpy.where(positions > 0, ends[positions - 1], 0)
    fits = (starts >= begins) & (starts + lengths <= ends[positions]) & (ends[positions] - begins > lengths)
    at = numpy.flatnonzero(fits)
    first = (numpy.cumsum(all_lengths) - all_lengths)[numbers]
    whole = []
    place = 0
    while len(at):
        at = at[words[starts[at] + place] == sought[first[at] + place]]
        place += 1
        is_done = lengths[at] == place
        whole.append(at[is_done])
        at = at[~is_done]
    ended = numpy.concatenate([numpy.empty(0, numpy.int64), *whole])
    return numpy.stack([numbers[ended], positions[ended]], axis=1)
