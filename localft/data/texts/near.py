"""Texts that say nearly the same: found without comparing each with each, then compared exactly.

Two texts are near when the sets of their runs of three words (in scripts without spaces of three signs; case,
punctuation and white space aside) have a Jaccard similarity of at least 0.8. MinHash (Broder 1997) in bands (Leskovec,
Rajaraman and Ullman, Mining of Massive Datasets, section 3.4) proposes pairs: 16 bands of 6 hashes find a pair of
similarity 0.8 with 99.2 %, one of 0.9 with more than 99.99 %. Only pairs whose similarity, counted exactly, is high
enough are kept, so none is kept wrongly.

Runs that a tenth of all texts share are a form that they follow ("Classify the following ticket ..."), and do not
count: else all that is asked in one form would be near. Up to a quarter of all texts may be copies of each other just
as well: they are, where they are similar enough as a whole.
"""

from collections import OrderedDict
from collections.abc import Iterable, Iterator
from typing import NamedTuple

import numpy
import numpy.typing as npt

from localft.data.texts.grouping import Grouping, Positions
from localft.data.texts.runs import Runs, Searchable, Texts, distinct, mixed
from localft.data.working import Tell, in_order, quiet

SIMILAR = 0.8
_BANDS, _HASHES = 16, 6
_SEED = 42
# In a crowd of texts that share a band each meets so many neighbours: enough to join all of them.
_NEIGHBOURS = 8
# From so many texts on their hashes are taken in several processes.
_MANY = 150_000
# So many proposed pairs are compared between two reports.
_PAIRS_A_REPORT = 20_000
# So many looks at who is a neighbour of whom; and at most so many runs are kept while texts are compared: 8 MB.
_LOOKS, _RUNS_AT_HAND = 3, 1 << 20
_HASHING, _COMPARING = "Looking for what says nearly the same", "Comparing what may say nearly the same"
Bands = npt.NDArray[numpy.uint64]


class NearPair(NamedTuple):
    """Two texts by their positions, the earlier one first, and their Jaccard similarity from 0.8 to 1."""

    first: int
    second: int
    similarity: float


def near_pairs(texts: Iterable[str] | Texts, tell: Tell = quiet) -> list[NearPair]:
    """Pairs of texts that say nearly the same, by position, in ascending order.

    A text that says exactly the same as an earlier one is paired with the first such one only. In a crowd of near texts
    not every pair is listed, but enough to join all of them. How far it is is told on the way.
    """
    known = Searchable(texts if isinstance(texts, Texts) else Texts(texts), tell)
    pairs = [NearPair(first, position, 1.0) for position, first in known.twins()]
    compared = _Compared(known)
    for one, other in _candidates(known, tell):
        similarity = compared.similarity(one, other)
        if similarity >= SIMILAR:
            pairs.append(NearPair(one, other, similarity))
    grouping = Grouping(len(known))
    for pair in pairs:
        grouping.join(pair.first, pair.second)
    return sorted([*pairs, *_copies(known, grouping, tell)])


def _copies(known: Searchable, grouping: Grouping, tell: Tell) -> Iterator[NearPair]:
    """Pairs of texts that are near with what a tenth of all share, and are joined by that; none that were before."""
    whole = known.with_sure_forms()
    if whole is None:
        return
    compared = _Compared(whole)
    for one, other in _candidates(whole, tell):
        if grouping.are_joined(one, other):
            continue
        similarity = compared.similarity(one, other)
        if similarity >= SIMILAR:
            grouping.join(one, other)
            yield NearPair(one, other, similarity)


def near_groups(texts: Iterable[str] | Texts, tell: Tell = quiet) -> list[list[int]]:
    """Positions of texts that are joined by near pairs, two or more in a group, all in ascending order.

    What is joined already is not compared: where many ask about one text each, that saves most of the comparing.
    """
    known = Searchable(texts if isinstance(texts, Texts) else Texts(texts), tell)
    grouping = Grouping(len(known))
    for position, first in known.twins():
        grouping.join(first, position)
    compared = _Compared(known)
    for one, other in _candidates(known, tell):
        if not grouping.are_joined(one, other) and compared.are_near(one, other):
            grouping.join(one, other)
    for _pair in _copies(known, grouping, tell):
        pass
    return grouping.groups(smallest=2)


def _candidates(texts: Searchable, tell: Tell) -> Iterator[tuple[int, int]]:
    """Pairs of positions that share a band, the earlier one first, each pair once; each is compared as it comes.

    Those of one crowd come together.
    """
    pairs = _by_crowds(_proposed(texts, tell), len(texts))
    # Proposing them is half of the way.
    half = len(texts) / 2
    for begin in range(0, len(pairs), _PAIRS_A_REPORT):
        tell(_COMPARING, round(half + half * begin / len(pairs)), len(texts), "texts")
        one, other = pairs[begin : begin + _PAIRS_A_REPORT].T.tolist()
        yield from zip(one, other, strict=True)


def _proposed(texts: Searchable, tell: Tell) -> Positions:
    """The same, [pairs, 2], in ascending order."""
    positions = texts.different
    bands = _band_hashes(texts, tell)
    # Each pair as one number.
    met, count = numpy.empty(0, dtype=numpy.int64), max(1, len(texts))
    for band in range(_BANDS):
        tell(_COMPARING, round(band / (2 * _BANDS) * len(texts)), len(texts), "texts")
        order = numpy.argsort(bands[:, band], kind="stable")
        ordered, where = bands[order, band], positions[order]
        found = [met]
        for distance in range(1, min(_NEIGHBOURS, len(ordered) - 1) + 1):
            alike = numpy.flatnonzero(ordered[distance:] == ordered[:-distance])
            one, other = where[alike], where[alike + distance]
            found.append(numpy.minimum(one, other) * count + numpy.maximum(one, other))
        met = distinct(numpy.concatenate(found))
    return numpy.stack(numpy.divmod(met, count), axis=1)


def _by_crowds(pairs: Positions, count: int) -> Positions:
    """The pairs of each crowd one after the other, as far as a few looks tell who belongs to it."""
    one, other = pairs[:, 0], pairs[:, 1]
    crowds = numpy.arange(count)
    for _ in range(_LOOKS):
        first = numpy.minimum(crowds[one], crowds[other])
        numpy.minimum.at(crowds, one, first)
        numpy.minimum.at(crowds, other, first)
    return pairs[numpy.argsort(crowds[one], kind="stable")]


class _Compared:
    """Tells how near two texts are; the runs of those that were compared last are at hand."""

    def __init__(self, texts: Searchable) -> None:
        self._texts = texts
        self._runs: OrderedDict[int, Runs] = OrderedDict()
        self._size = 0

    def similarity(self, one: int, other: int) -> float:
        """The Jaccard similarity of two texts."""
        return _jaccard(self._runs_of(one), self._runs_of(other))

    def are_near(self, one: int, other: int) -> bool:
        """Whether they are similar enough."""
        return self.similarity(one, other) >= SIMILAR

    def _runs_of(self, position: int) -> Runs:
        known = self._runs.get(position)
        if known is not None:
            self._runs.move_to_end(position)
            return known
        found = self._runs[position] = self._texts.runs(position)
        self._size += len(found)
        while self._size > _RUNS_AT_HAND and len(self._runs) > 2:
            self._size -= len(self._runs.popitem(last=False)[1])
        return found


def _band_hashes(texts: Searchable, tell: Tell) -> Bands:
    """One number for each different text and band: [texts, bands]. Texts that share one are probably near."""
    bands = numpy.zeros((len(texts), _BANDS), dtype=numpy.uint64)
    for first, block in in_order(_bands_of, texts.blocks(), alone=len(texts) < _MANY):
        bands[first : first + len(block)] = block
        tell(_HASHING, first + len(block), len(texts), "texts")
    return bands[texts.different]


def _bands_of(block: tuple[int, Runs, Runs]) -> tuple[int, Bands]:
    """(position of the first text, bands) of a block of texts."""
    from rensa import RMinHash  # ty: ignore[missing-module-member] - compiled, without types

    first, runs, starts = block
    digests = RMinHash.digest_matrix_from_flat_token_hashes(runs, starts, _BANDS * _HASHES, _SEED)
    rows = numpy.array(digests.to_rows(), dtype=numpy.uint64).reshape(len(starts) - 1, _BANDS, _HASHES)
    bands = numpy.zeros((len(rows), _BANDS), dtype=numpy.uint64)
    for number in range(_HASHES):
        bands[:] = mixed(bands + rows[:, :, number])
    return first, bands


def _jaccard(one: Runs, other: Runs) -> float:
    """|A ∩ B| / |A ∪ B| of two sets."""
    both = numpy.concatenate((one, other))
    both.sort()
    # Each occurs once in either, so that what follows itself is in both.
    shared = int(numpy.count_nonzero(both[1:] == both[:-1]))
    return shared / (len(one) + len(other) - shared)
