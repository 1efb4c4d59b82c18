"""Texts that say nearly the same: found without comparing each with each, then compared exactly.

Two texts are near when the sets of their runs of three words (case, punctuation and white space aside) have a Jaccard
similarity of at least 0.8. MinHash (Broder 1997) in bands (Leskovec, Rajaraman and Ullman, Mining of Massive Datasets,
section 3.4) proposes pairs: 16 bands of 6 hashes find a pair of similarity 0.8 with 99.2 %, one of 0.9 with more than
99.99 %. Only pairs whose similarity, counted exactly, is high enough are kept, so none is kept wrongly.

Runs that a tenth of all texts share are a form that they follow ("Classify the following ticket ..."), and do not
count: else all that is asked in one form would be near.
"""

import hashlib
import zlib
from array import array
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import numpy
import numpy.typing as npt

from localft.data.grouping import Grouping
from localft.data.normalising import normalise

SIMILAR = 0.8
_BANDS, _HASHES = 16, 6
_SEED = 42
# So many texts are hashed at once.
_BLOCK = 20_000
# In a crowd of texts that share a band each meets so many neighbours: enough to join all of them.
_NEIGHBOURS = 8
# A run is a form from this share of all texts on, and no fewer texts than that.
_FORM_SHARE, _FORM_TEXTS = 0.1, 50
_COUNTERS = 22  # as a power of two
_MULTIPLIER = numpy.uint64(0x9E3779B97F4A7C15)

Runs = npt.NDArray[numpy.uint64]
"""A set of runs of three words: their hashes, ascending."""


class NearPair(NamedTuple):
    """Two texts by their positions, the earlier one first, and their Jaccard similarity from 0.8 to 1."""

    first: int
    second: int
    similarity: float


def near_pairs(texts: Iterable[str]) -> list[NearPair]:
    """Pairs of texts that say nearly the same, by position, in ascending order.

    A text that says exactly the same as an earlier one is paired with the first such one only. In a crowd of near texts
    not every pair is listed, but enough to join all of them.
    """
    known = _Texts(texts)
    pairs = [NearPair(first, position, 1.0) for position, first in enumerate(known.twins) if first != position]
    for one, other in _candidates(known):
        similarity = _jaccard(known.runs(one), known.runs(other))
        if similarity >= SIMILAR:
            pairs.append(NearPair(one, other, similarity))
    return sorted(pairs)


def near_groups(texts: Sequence[str]) -> list[list[int]]:
    """Positions of texts that are joined by near pairs, two or more in a group, all in ascending order."""
    grouping = Grouping(len(texts))
    for pair in near_pairs(texts):
        grouping.join(pair.first, pair.second)
    return [group for group in grouping.groups() if len(group) > 1]


class _Texts:
    """Texts as hashes of their words, of which 4 bytes a word are kept.

    `twins` holds for each text the position of the first one that says exactly the same; `different` holds those firsts
    in an order that follows from what they say, so that what is found does not depend on the order of the texts.
    """

    def __init__(self, texts: Iterable[str]) -> None:
        self.twins: list[int] = []
        words, self._starts = array("I"), [0]
        firsts: dict[bytes, int] = {}
        for position, text in enumerate(texts):
            said = normalise(text).encode("utf-8", "surrogatepass")
            digest = hashlib.blake2b(said, digest_size=16).digest()
            self.twins.append(firsts.setdefault(digest, position))
            if self.twins[-1] == position:
                words.extend(map(zlib.crc32, said.split(b" ")))
                # A text of fewer than three words is one run.
                words.extend([0] * (self._starts[-1] + 3 - len(words)))
            self._starts.append(len(words))
        self.different = [firsts[digest] for digest in sorted(firsts)]
        self._words = numpy.array(words, dtype=numpy.uint32)
        self._forms = self._find_forms()

    def runs(self, position: int) -> Runs:
        """The set of runs of a text without the common form; of all of them where nothing else is left."""
        return numpy.unique(self.own_runs(position))

    def own_runs(self, position: int) -> Runs:
        """As `runs`, in the order of the text, each as often as it occurs."""
        runs = self._all_runs(position)
        own = runs[~self._forms[_cells(runs)]]
        return own if len(own) else runs

    def _all_runs(self, position: int) -> Runs:
        words = self._words[self._starts[position] : self._starts[position + 1]].astype(numpy.uint64)
        return _mixed(_mixed(words[:-2] * _MULTIPLIER + words[1:-1]) * _MULTIPLIER + words[2:])

    def _find_forms(self) -> npt.NDArray[numpy.bool_]:
        """Which runs too many texts share, by the first bits of their hash."""
        counters = numpy.zeros(1 << _COUNTERS, dtype=numpy.uint32)
        for position in self.different:
            # A run counts once in each text, however often it stands there.
            counters[_cells(self._all_runs(position))] += 1
        return counters > max(_FORM_TEXTS, _FORM_SHARE * len(self.different))


def _cells(runs: Runs) -> Runs:
    """The first bits of each hash."""
    return runs >> numpy.uint64(64 - _COUNTERS)


def _mixed(numbers: npt.NDArray[numpy.uint64]) -> npt.NDArray[numpy.uint64]:
    """The high bits of each number spread over the low ones."""
    return (numbers ^ (numbers >> numpy.uint64(31))) * _MULTIPLIER


def _candidates(texts: _Texts) -> Iterator[tuple[int, int]]:
    """Pairs of positions that share a band, the earlier one first, each pair once."""
    positions = numpy.array(texts.different, dtype=numpy.int64)
    bands = _band_hashes(texts)
    met: set[tuple[int, int]] = set()
    for band in range(_BANDS):
        order = numpy.argsort(bands[:, band], kind="stable")
        ordered, where = bands[order, band], positions[order]
        for distance in range(1, min(_NEIGHBOURS, len(ordered) - 1) + 1):
            alike = numpy.flatnonzero(ordered[distance:] == ordered[:-distance])
            one, other = where[alike], where[alike + distance]
            earlier, later = numpy.minimum(one, other).tolist(), numpy.maximum(one, other).tolist()
            new = set(zip(earlier, later, strict=True)) - met
            met |= new
            yield from new


def _band_hashes(texts: _Texts) -> npt.NDArray[numpy.uint64]:
    """One number for each different text and band: [texts, bands]. Texts that share one are probably near."""
    from rensa import RMinHash  # ty: ignore[missing-module-member] - compiled, without types

    bands = numpy.empty((len(texts.different), _BANDS), dtype=numpy.uint64)
    for start in range(0, len(bands), _BLOCK):
        block = [texts.own_runs(position) for position in texts.different[start : start + _BLOCK]]
        starts = numpy.cumsum([0, *map(len, block)], dtype=numpy.uint64)
        digests = RMinHash.digest_matrix_from_flat_token_hashes(
            numpy.concatenate(block), starts, _BANDS * _HASHES, _SEED
        )
        rows = numpy.array(digests.to_rows(), dtype=numpy.uint64).reshape(len(block), _BANDS, _HASHES)
        mixed = numpy.zeros((len(block), _BANDS), dtype=numpy.uint64)
        for number in range(_HASHES):
            mixed = _mixed(mixed + rows[:, :, number])
        bands[start : start + len(block)] = mixed
    return bands


def _jaccard(one: Runs, other: Runs) -> float:
    """|A ∩ B| / |A ∪ B| of two sets."""
    shared = len(numpy.intersect1d(one, other, assume_unique=True))
    return shared / (len(one) + len(other) - shared)
