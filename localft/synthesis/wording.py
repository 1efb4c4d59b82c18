"""The words of a text as they are compared: without case, accents and endings; and which of them are names."""

import re
import unicodedata
from collections.abc import Iterator

from localft.synthesis.stop_words import STOP_WORDS

WORD = re.compile(r"[^\W_]+(?:['’][^\W\d_]+)?")
# Scripts without spaces between words are compared by pairs of letters.
DENSE = re.compile("[\u0e00-\u0eff\u3040-\u30ff\u3400-\u9fff]+")
SHORTEST = 4
"""Shorter words carry little meaning as a rule."""

_ELIDED = re.compile(r"^(?:[dlnsjmtc]|qu)'(?=..)|'(?:s|t|re|ve|ll|d|m)$")
_SENTENCE_END = re.compile(r"[.!?:…\n\"“„»«(\[]\s*$")
_TITLE = re.compile(r"\b(?:Frau|Herrn?|Dr\.|Prof\.|Mrs?\.?|Ms\.?|Mme|Madame|Monsieur|Señora?|Sra?\.)\s+$")
# What words end in, with "" for a word that is the stem itself.
_WORD_ENDINGS = (
    "s es e n en er ers em est ed d ing ly y ies ied ier al ally ic ation ations ion ions or ors ive ment ments "
    "ance ence ant ent ness ity able ible t te ten tet st ung ungen lich a as o os mente amente aient ait ant "
    "ants"
)
# English verbs whose forms share no stem; "left" is a side too, and stays.
_FORMS = (
    "freeze froze frozen, break broke broken, choose chose chosen, speak spoke spoken, steal stole stolen, wake "
    "woke woken, write wrote written, give gave given, take took taken, drive drove driven, rise rose risen, eat "
    "ate eaten, fall fell fallen, keep kept, sleep slept, feel felt, mean meant, meet met, send sent, spend "
    "spent, build built, lend lent, bring brought, buy bought, think thought, teach taught, catch caught, seek "
    "sought, tell told, sell sold, hold held, stand stood, understand understood, find found, begin began begun, "
    "drink drank drunk, swim swam swum, ring rang rung, sing sang sung, run ran, come came, become became, win "
    "won, lose lost, make made, pay paid, say said, lead led, grow grew grown, know knew known, throw threw "
    "thrown, draw drew drawn, show showed shown, wear wore worn, tear tore torn, forget forgot forgotten, hide "
    "hid hidden, ride rode ridden, shake shook shaken, shrink shrank shrunk, shoot shot, stick stuck"
)
_IRREGULAR = {form: verb.split()[0] for verb in _FORMS.split(",") for form in verb.split()[1:]}
# A word may be the stem itself.
_ENDINGS = frozenset({"", *_WORD_ENDINGS.split()})
_SHORTEST_PART, _SHORTEST_PARTICIPLE = 5, 6
# Where so many words within sentences are capitalised, that is how the language writes its nouns.
_NOUNS_ARE_CAPITALISED = 0.2


class Words:
    """The words of a text, ready to be looked for."""

    def __init__(self, text: str) -> None:
        self._exact = set(words_of(text))
        self._by_start: dict[str, list[str]] = {}
        for word in self._exact:
            self._by_start.setdefault(word[:SHORTEST], []).append(word)
        self._parts = [word for word in self._exact if len(word) >= _SHORTEST_PART]

    def has(self, word: str) -> bool:
        """Tell whether a folded word occurs, perhaps with another ending, or as a part of a compound."""
        if word in self._exact:
            return True
        if len(word) < SHORTEST:
            return any(same_stem(word, other) for other in self._exact if other.startswith(word[:2]))
        if any(same_stem(word, other) for other in self._by_start.get(word[:SHORTEST], [])):
            return True
        # German and its relatives write compounds as one word.
        return len(word) >= _SHORTEST_PART and any(
            (_is_part(part, word) and 2 * len(part) >= len(word)) or _is_part(word, part) for part in self._parts
        )


def _is_part(part: str, whole: str) -> bool:
    """Tell whether a compound begins or ends with a word."""
    return len(whole) >= len(part) + SHORTEST and (whole.startswith(part) or whole.endswith(part))


def same_stem(one: str, other: str) -> bool:
    """Tell whether two words differ in their endings only; German participles in "ge-" too."""
    shared = 0
    for mine, theirs in zip(one, other, strict=False):
        if mine != theirs:
            break
        shared += 1
    # "stopped" and "stop", "running" and "run": a letter that is doubled before an ending belongs to the stem.
    rests = [_undoubled(word, shared) for word in (one, other)]
    return (
        shared >= min(3, len(one), len(other))
        and 2 * shared >= max(map(len, rests)) + 3
        and all(rest in _ENDINGS for rest in rests)
    ) or any(
        word.startswith("ge")
        and len(word) >= _SHORTEST_PARTICIPLE
        and word[2:4] == plain[:2]
        and same_stem(word[2:], plain)
        for word, plain in ((one, other), (other, one))
    )


def _undoubled(word: str, shared: int) -> str:
    rest = word[shared:]
    return rest[1:] if rest[1:] and rest[0] == word[shared - 1 : shared] else rest


def folded(word: str) -> str:
    """Case and accents aside; the "'s" of possession belongs to no word, nor does the "l'" of French."""
    decomposed = unicodedata.normalize("NFKD", word.casefold().replace("’", "'"))
    plain = "".join(character for character in decomposed if not unicodedata.combining(character))
    stem = _ELIDED.sub("", plain)
    return _IRREGULAR.get(stem, stem)


def words_of(text: str) -> Iterator[str]:
    """The words of a text, folded; dense scripts as pairs of letters."""
    for match in WORD.finditer(unicodedata.normalize("NFKC", text)):
        if DENSE.search(match[0]):
            for run in DENSE.findall(match[0]):
                yield from (run[start : start + 2] for start in range(max(1, len(run) - 1)))
        else:
            yield folded(match[0])


def names_of(text: str, nouns: bool) -> list[str]:
    """Words that are names: capitalised within a sentence, with capitals inside, letters with digits, or after a title.

    Where all `nouns` are capitalised, a capital says nothing by itself.
    """
    return [
        word
        for word, is_odd, is_within in _capitalised(text)
        if (is_odd or (is_within and not nouns)) and folded(word) not in STOP_WORDS
    ]


def capitalises_nouns(text: str) -> bool:
    """Tell whether nouns are capitalised in a text: so many words are, and it is German."""
    within = [is_within for _, _, is_within in _capitalised(text)].count(True)
    words = len(WORD.findall(text))
    return within > max(2.0, _NOUNS_ARE_CAPITALISED * words) and _looks_german(text)


def _capitalised(text: str) -> Iterator[tuple[str, bool, bool]]:
    """Of words that may be names: the word, whether it is one in any language, whether it is capitalised within."""
    text = unicodedata.normalize("NFKC", text)
    for match in WORD.finditer(text):
        word = re.sub(r"['’]\w+$", "", match[0])
        if len(word) < 2 or word.isdigit() or DENSE.search(word):
            continue
        odd = any(map(str.isupper, word[1:])) or (any(map(str.isdigit, word)) and word[0].isalpha())
        odd = odd or (word[0].isupper() and _TITLE.search(text, max(0, match.start() - 12), match.start()) is not None)
        starts = match.start() == 0 or _SENTENCE_END.search(text, 0, match.start()) is not None
        yield word, odd, word[0].isupper() and not starts


def _looks_german(text: str) -> bool:
    """German alone capitalises all nouns: then capitals say nothing about names."""
    words = set(words_of(text))
    return len(words & {"der", "die", "das", "und", "ist", "ein", "eine", "den", "dem", "mit", "nicht", "im"}) >= 1
