"""Phrases that texts have in common: what a model hears again and again it says again and again."""

import zlib
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy

from localft.data.texts.normalising import normalise

RUN = 5
"""Words in a phrase."""

_MOST_WORDS = 400
_MULTIPLIER = numpy.uint64(0x9E3779B97F4A7C15)


@dataclass(frozen=True)
class Phrases:
    """How much of some texts is said in others too: `repeated` is the share of their phrases that an earlier text has,
    `commonest` holds the phrases that most texts share, each with the number of those."""

    repeated: float
    commonest: tuple[tuple[str, int], ...]


def find_phrases(texts: Sequence[str], most: int = 3) -> Phrases:
    """Compare the runs of five words of texts; a run counts once in each text."""
    words = [normalise(text).split()[:_MOST_WORDS] for text in texts]
    hashed = [_runs(text) for text in words]
    together = numpy.concatenate(hashed) if hashed else numpy.empty(0, numpy.uint64)
    if not len(together):
        return Phrases(0.0, ())
    runs, counts = numpy.unique(together, return_counts=True)
    order = numpy.argsort(-counts, kind="stable")[: 40 * most]
    common = {int(runs[place]): int(counts[place]) for place in order if counts[place] > 1}
    return Phrases(1 - len(runs) / len(together), tuple(_named(common, words, hashed, most)))


def _runs(words: Sequence[str]) -> numpy.ndarray:
    """The hashes of the different runs of a text."""
    if len(words) < RUN:
        return numpy.empty(0, numpy.uint64)
    hashes = numpy.fromiter((zlib.crc32(word.encode("utf-8", "surrogatepass")) for word in words), numpy.uint64)
    mixed = numpy.zeros(len(words) - RUN + 1, numpy.uint64)
    for offset in range(RUN):
        mixed = (mixed ^ hashes[offset : offset + len(mixed)]) * _MULTIPLIER
        mixed ^= mixed >> numpy.uint64(29)
    return numpy.unique(mixed)


def _named(
    common: dict[int, int], texts: Iterable[Sequence[str]], hashed: Iterable[numpy.ndarray], most: int
) -> list[tuple[str, int]]:
    """The commonest runs in words; of runs that overlap, as those of one longer phrase do, only the first."""
    spoken: Counter[str] = Counter()
    unseen = set(common)
    for words, runs in zip(texts, hashed, strict=True):
        if unseen.isdisjoint(runs.tolist()):
            continue
        for start in range(len(words) - RUN + 1):
            run = words[start : start + RUN]
            number = int(_runs(run)[0])
            if number in unseen:
                unseen.discard(number)
                spoken[" ".join(run)] = common[number]
        if not unseen:
            break
    kept: list[tuple[str, int]] = []
    for phrase, count in spoken.most_common():
        if len(kept) == most:
            break
        if not any(_overlap(phrase.split(), other.split()) for other, _ in kept):
            kept.append((phrase, count))
    return kept


def _overlap(one: Sequence[str], other: Sequence[str]) -> bool:
    return any(
        one[start:] == other[: len(one) - start] or other[start:] == one[: len(one) - start] for start in range(RUN - 1)
    )
