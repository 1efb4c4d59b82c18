"""Do two questions ask the same in other words of courtesy, and do their answers say something clearly different?"""

import re
import zlib
from collections.abc import Collection

import numpy
import numpy.typing as npt

from localft.data.texts.normalising import normalise

# What may stand in a question or not, and asks nothing.
_FILLERS = frozenset({
    "a", "an", "the", "please", "kindly", "just", "really", "actually", "so", "well", "ok", "okay", "um", "uh", "hmm",
    "sorry", "hi", "hello", "hey", "dear", "thanks", "bitte", "hallo", "danke", "bonjour", "salut", "merci", "svp",
    "hola", "gracias", "ciao", "salve", "grazie", "olá", "oi", "obrigado", "obrigada", "hoi", "alstublieft", "bedankt",
})  # fmt: skip
# What follows these means something else in another place: from here to there.
_BEFORE_PLACES = frozenset({
    "from", "to", "into", "than", "before", "after", "von", "nach", "vor", "bis",
})  # fmt: skip
_NEGATIONS = frozenset({
    "no", "not", "never", "none", "nobody", "nothing", "neither", "nor", "cannot", "without", "dont", "doesnt", "didnt",
    "isnt", "arent", "wasnt", "werent", "wont", "cant", "couldnt", "shouldnt", "wouldnt", "nein", "nicht", "nie",
    "niemals", "kein", "keine", "keinen", "keiner", "non", "ne", "pas", "jamais", "aucun", "aucune", "nunca", "ningún",
    "ninguna", "mai", "nessun", "nessuna", "não", "nenhum", "nenhuma", "nee", "niet", "nooit", "geen",
})  # fmt: skip
_NUMBER = re.compile(r"\d+")
Words = npt.NDArray[numpy.uint32]
# Two answers that share less of their words say something else; two that say it in other words share about as much.
_LEAST_SHARED = 0.35


def _hashes(words: Collection[str]) -> Words:
    return numpy.sort(numpy.fromiter((zlib.crc32(word.encode()) for word in words), numpy.uint32, len(words)))


_FILLER_HASHES, _PLACE_HASHES = _hashes(_FILLERS), _hashes(_BEFORE_PLACES)


def asked_words(hashes: Words) -> bytes:
    """What is asked, whatever the order of its words, of the CRC-32 of each; courtesies and fillers left out.

    A word that follows one such as "from" is told from the same one elsewhere.
    """
    # A text of one or two words is filled up with zeros.
    kept = hashes[(hashes != 0) & ~_are_of(hashes, _FILLER_HASHES)]
    before = numpy.append(numpy.zeros(1, numpy.uint32), kept)[:-1].astype(numpy.uint64)
    before[~_are_of(before, _PLACE_HASHES)] = 0
    return numpy.sort((before << numpy.uint64(32)) | kept).tobytes()


def _are_of(hashes: npt.NDArray[numpy.unsignedinteger], known: Words) -> npt.NDArray[numpy.bool_]:
    """Which of them are known; as `numpy.isin` says, which takes several times as long for so few."""
    return known[numpy.minimum(numpy.searchsorted(known, hashes), len(known) - 1)] == hashes


def clearly_differ(one: str, other: str) -> bool:
    """Whether two answers share few words, have other numbers, or only one of them says no."""
    mine, others = set(normalise(one).split()), set(normalise(other).split())
    if mine == others:
        return False
    if mine.isdisjoint(_NEGATIONS) != others.isdisjoint(_NEGATIONS):
        return True
    numbers, other_numbers = set(_NUMBER.findall(one)), set(_NUMBER.findall(other))
    if numbers - other_numbers and other_numbers - numbers:
        return True
    return len(mine & others) < _LEAST_SHARED * len(mine | others)
