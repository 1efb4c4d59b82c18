"""Texts as their runs of three words, kept small: 4 bytes a word."""

import copy
import hashlib
from array import array
from collections.abc import Iterable, Iterator
from typing import Any, Self, TypeVar

import numpy
import numpy.typing as npt

from localft.data.texts.normalising import normalise, words_in
from localft.data.texts.remembering import remembering
from localft.data.texts.unspaced import hashes_of_words
from localft.data.working import Tell, quiet

Runs = npt.NDArray[numpy.uint64]
"""Runs of three words, as their hashes."""

_DIGEST = 16
# So many words, or one text, are looked at at once.
_BLOCK = 1 << 19
# A run is a form from this share of all texts on, and no fewer texts than that; from the other share on without doubt.
_FORM_SHARE, _FORM_TEXTS = 0.1, 50
SURE_FORM_SHARE = 0.25
_COUNTERS = 22  # as a power of two
_COUNTING = "Counting what many texts share"
AnyInteger = TypeVar("AnyInteger", numpy.int64, numpy.uint64)
_MULTIPLIER = numpy.uint64(0x9E3779B97F4A7C15)


class Texts:
    """What many texts say: a digest of each, and a hash of each of its words."""

    def __init__(self, texts: Iterable[str] = ()) -> None:
        self.digests = bytearray()
        self.words, self.lengths = array("I"), array("I")
        for text in texts:
            self.add(text)

    def __len__(self) -> int:
        return len(self.lengths)

    def add(self, *parts: str) -> None:
        """Put a text behind the others, in one part or in several that stand on lines of their own."""
        said = " ".join(filter(None, map(words_in, parts)))
        hashes = [_hashes(part) for part in parts] if said else []
        if not said:
            said = normalise("\n".join(parts))
            hashes = [hashes_of_words(said)]
        self.digests += hashlib.blake2b(said.encode("utf-8", "surrogatepass"), digest_size=_DIGEST).digest()
        before = len(self.words)
        for part in hashes:
            self.words += part
        # A text of fewer than three words is one run.
        self.words.extend([0] * (before + 3 - len(self.words)))
        self.lengths.append(len(self.words) - before)

    def join(self, later: Self) -> None:
        """Put other texts behind these."""
        self.digests += later.digests
        self.words.extend(later.words)
        self.lengths.extend(later.lengths)

    def each_digest(self) -> Iterator[bytes]:
        """A digest of each text."""
        return (bytes(self.digests[start : start + _DIGEST]) for start in range(0, len(self.digests), _DIGEST))

    def chosen(self, positions: npt.NDArray[numpy.int64]) -> "Texts":
        """Those at these positions, in this order."""
        some, words, lengths = Texts(), view(self.words, "u4"), view(self.lengths, "u4")
        starts, wanted = numpy.cumsum(lengths, dtype=numpy.int64) - lengths, lengths[positions]
        ends = numpy.cumsum(wanted, dtype=numpy.int64)
        # The place of a word takes twice the memory of the word.
        for part in numpy.split(numpy.arange(len(positions)), numpy.flatnonzero(numpy.diff(ends // _BLOCK)) + 1):
            before = numpy.cumsum(wanted[part], dtype=numpy.int64) - wanted[part]
            places = numpy.arange(int(wanted[part].sum()))
            places += numpy.repeat(starts[positions[part]] - before, wanted[part])
            some.words.frombytes(words[places].tobytes())
        some.digests = bytearray(view(self.digests, "u8").reshape(-1, 2)[positions].tobytes())
        some.lengths = array("I", wanted.tobytes())
        return some


@remembering
def _hashes(text: str) -> "array[int]":
    """A hash of each word; not to be changed."""
    return hashes_of_words(words_in(text))


class Searchable:
    """Texts of which the runs can be had.

    `different` holds the positions of those that say what none before them says, in an order that follows from what
    they say, so that what is found does not depend on the order of the texts.
    """

    def __init__(self, texts: Texts, tell: Tell = quiet) -> None:
        self._words = view(texts.words, "u4")
        self._starts = numpy.append(
            numpy.zeros(1, numpy.int64), numpy.cumsum(view(texts.lengths, "u4"), dtype=numpy.int64)
        )
        self._firsts = self._find_firsts(texts)
        self._forms, self._sure_forms = self._find_forms(tell)

    def __len__(self) -> int:
        return len(self._starts) - 1

    def _find_firsts(self, texts: Texts) -> npt.NDArray[numpy.int64]:
        """For each text the position of the first one that says exactly the same."""
        digests = view(texts.digests, ">u8").reshape(-1, 2)
        order = numpy.lexsort((digests[:, 1], digests[:, 0]))
        ordered = digests[order]
        is_new = numpy.ones(len(order), dtype=bool)
        is_new[1:] = (ordered[1:] != ordered[:-1]).any(axis=1)
        # The order is stable: of equal ones the earliest comes first.
        self.different = order[is_new]
        firsts = numpy.empty(len(order), dtype=numpy.int64)
        firsts[order] = self.different[numpy.cumsum(is_new) - 1] if len(order) else order
        return firsts

    def twins(self) -> Iterator[tuple[int, int]]:
        """(position, first): texts that say exactly the same as an earlier one, and the first such one."""
        for position in numpy.flatnonzero(self._firsts != numpy.arange(len(self))).tolist():
            yield position, int(self._firsts[position])

    def runs(self, position: int) -> Runs:
        """The set of runs of a text without the common form, ascending; of all of them where nothing else is left."""
        words = self._words[self._starts[position] : self._starts[position + 1]]
        runs = runs_of(words)
        own = runs[~self._forms[_cells(runs)]]
        return distinct(own if len(own) else runs)

    def blocks(self) -> Iterator[tuple[int, Runs, Runs]]:
        """(position of the first text, runs, starts): the runs of many texts in a row, as `runs` has them.

        The runs are in the order of the texts, each as often as it occurs. Those of the text `number` begin at
        `starts[number]`.
        """
        for first, runs, owner, count in self._all_blocks():
            own = ~self._forms[_cells(runs)]
            has_own = numpy.bincount(owner[own], minlength=count) > 0
            kept = own | ~has_own[owner]
            lengths = numpy.bincount(owner[kept], minlength=count)
            starts = numpy.append(0, numpy.cumsum(lengths)).astype(numpy.uint64)
            yield first, runs[kept], starts

    def _all_blocks(self) -> Iterator[tuple[int, Runs, npt.NDArray[numpy.int64], int]]:
        """(position of the first text, its and the next ones' runs, whose each run is, how many texts)."""
        last = 0
        while last < len(self):
            first = last
            # Not so many texts: some are a hundred times as long as others, or of signs, each of which is a word.
            most = int(numpy.searchsorted(self._starts, self._starts[first] + _BLOCK, side="right")) - 1
            last = max(first + 1, most)
            start, end = self._starts[first], self._starts[last]
            lengths = numpy.diff(self._starts[first : last + 1])
            owner = numpy.repeat(numpy.arange(last - first), lengths)
            # The runs that begin with one of the last two words of a text would end in the next one.
            whole = owner[2:] == owner[:-2]
            yield first, runs_of(self._words[start:end])[whole], owner[:-2][whole], last - first

    def with_sure_forms(self) -> Self | None:
        """The same texts where only what very many share is a form; None where that makes no difference."""
        if numpy.array_equal(self._forms, self._sure_forms):
            return None
        same = copy.copy(self)
        same._forms = self._sure_forms
        return same

    def _find_forms(self, tell: Tell) -> tuple[npt.NDArray[numpy.bool_], npt.NDArray[numpy.bool_]]:
        """Which runs too many texts share, and which very many do, by the first bits of their hash."""
        most, sure = (max(_FORM_TEXTS, share * len(self.different)) for share in (_FORM_SHARE, SURE_FORM_SHARE))
        occurring = numpy.zeros(1 << _COUNTERS, dtype=numpy.int64)
        for first, runs, _, _ in self._all_blocks():
            tell(_COUNTING, first, 2 * len(self), "texts")
            occurring += numpy.bincount(_cells(runs), minlength=1 << _COUNTERS)
        common = occurring > most
        if not common.any():
            return common, common
        is_first = self._firsts == numpy.arange(len(self))
        counters = numpy.zeros(1 << _COUNTERS, dtype=numpy.int64)
        for first, runs, owner, _ in self._all_blocks():
            tell(_COUNTING, len(self) + first, 2 * len(self), "texts")
            cells = _cells(runs)
            counted = common[cells] & is_first[owner + first]
            # A run counts once in each text, however often it stands there.
            once = numpy.unique((owner[counted] << _COUNTERS) | cells[counted])
            counters += numpy.bincount(once & ((1 << _COUNTERS) - 1), minlength=1 << _COUNTERS)
        return counters > most, counters > sure


def view(numbers: "array[int] | bytearray", kind: str) -> npt.NDArray[Any]:
    """Numbers as an array, without a copy; as long as it is there, they cannot grow."""
    return numpy.frombuffer(numbers, dtype=kind) if len(numbers) else numpy.empty(0, dtype=kind)


def runs_of(words: npt.NDArray[numpy.uint32]) -> Runs:
    """All runs of words that follow each other."""
    wide = words.astype(numpy.uint64)
    return mixed(mixed(wide[:-2] * _MULTIPLIER + wide[1:-1]) * _MULTIPLIER + wide[2:])


def _cells(runs: Runs) -> npt.NDArray[numpy.int64]:
    """The first bits of each hash."""
    return (runs >> numpy.uint64(64 - _COUNTERS)).astype(numpy.int64)


def distinct(numbers: npt.NDArray[AnyInteger]) -> npt.NDArray[AnyInteger]:
    """Each number once, ascending: as `numpy.unique` says, which takes several times as long to sort what it hashes."""
    found = numpy.sort(numbers)
    return found[numpy.append(True, found[1:] != found[:-1])] if len(found) else found


def mixed(numbers: npt.NDArray[numpy.uint64]) -> npt.NDArray[numpy.uint64]:
    """The high bits of each number spread over the low ones."""
    return (numbers ^ (numbers >> numpy.uint64(31))) * _MULTIPLIER
