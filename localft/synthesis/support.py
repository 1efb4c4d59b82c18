"""Whether an answer says only what its passage says: a look at its words, its numbers and its names.

Cheap and in every language, so it cannot read: an answer that turns a sentence into its opposite, or puts the right
names in the wrong places, passes. The question to a second model (see `asking`) is for those.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Set

from localft.synthesis.stop_words import STOP_WORDS

ENOUGH = 0.6
"""So large a share of an answer's words has to occur in the passage."""

_WORD = re.compile(r"[^\W_]+(?:['’][^\W\d_]+)?")
_NUMBER = re.compile(r"\d+(?:[.,\u00a0\u202f']\d+)*")
_GROUPED = re.compile(r"\d{1,3}([.,\u00a0\u202f'])\d{3}(?:\1\d{3})*")
_LIST_MARK = re.compile(r"^[ \t]*(?:\d{1,2}[.)]|[-*•])[ \t]+", re.MULTILINE)
_SENTENCE_END = re.compile(r"[.!?:…\n\"“„»«(\[]\s*$")
# Scripts without spaces between words are compared by pairs of letters.
_DENSE = re.compile("[\u0e00-\u0eff\u3040-\u30ff\u3400-\u9fff]+")
# What words end in, with "" for a word that is the stem itself.
_WORD_ENDINGS = (
    "s es e n en er ers em est ed d ing ly y ies ied ier al ally ic ation ations ion ions or ors ive ment ments "
    "ance ence ant ent ness ity able ible t te ten tet st ung ungen lich a as o os mente amente aient ait ant "
    "ants"
)
# A word may be the stem itself.
_ENDINGS = frozenset({"", *_WORD_ENDINGS.split()})
_SHORTEST = 4
_SHORTEST_PART = 5
# Where so many words within sentences are capitalised, that is how the language writes its nouns.
_NOUNS_ARE_CAPITALISED = 0.2
_SMALL = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
    "eighteen nineteen twenty",
    "null ein zwei drei vier fünf sechs sieben acht neun zehn elf zwölf dreizehn vierzehn fünfzehn sechzehn siebzehn "
    "achtzehn neunzehn zwanzig",
)
_NUMBER_WORDS = {word: str(value) for words in _SMALL for value, word in enumerate(words.split())} | {
    word: str(value)
    for words in (
        "thirty forty fifty sixty seventy eighty ninety hundred",
        "dreißig vierzig fünfzig sechzig siebzig achtzig neunzig hundert",
    )
    for value, word in zip((30, 40, 50, 60, 70, 80, 90, 100), words.split(), strict=True)
}
# Mostly articles and pronouns: an answer with one of them counts nothing.
_NO_COUNT = frozenset({"one", "ein", "zero", "null"})


def why_unsupported(answer: str, passage: str, enough: float = ENOUGH) -> str:
    """Why the passage does not support an answer, as the end of a sentence; "" where it seems to.

    Every number and every name of the answer has to occur in the passage, and the share `enough` of its other words
    that carry meaning, with whatever ending.
    """
    said = _LIST_MARK.sub("", answer)
    known = _Words(passage)
    numbers = [shown for shown, readings in _numbers(said, strict=True) if not readings & known.numbers]
    if numbers:
        return f"the passage has no {numbers[0]}"
    names = [name for name in _names(said) if not known.has(_folded(name))]
    if names:
        return f"the passage does not name {names[0]}"
    words = list(dict.fromkeys(_content_words(said)))
    missing = [word for word in words if not known.has(word)]
    if words and 1 - len(missing) / len(words) < enough:
        listed = ", ".join(missing[:4])
        return f"{len(missing)} of its {len(words)} words are not in the passage: {listed}"
    return ""


def quoted(quote: str, passage: str) -> bool:
    """Tell whether a quotation stands in the passage, white space, case and kinds of quotation marks aside."""
    wanted = _plain(quote).strip(" .…\"'")
    return bool(wanted) and wanted in _plain(passage)


def _plain(text: str) -> str:
    folded = unicodedata.normalize("NFKC", text).casefold()
    straight = re.sub("[“”„«»]", '"', re.sub("[‘’‚`´]", "'", folded))
    return " ".join(straight.split())


class _Words:
    """The words and numbers of a passage, ready to be looked for."""

    def __init__(self, text: str) -> None:
        self.numbers: Set[str] = {reading for _, readings in _numbers(text, strict=False) for reading in readings}
        self._exact = set(_words(text))
        self._by_start: dict[str, list[str]] = {}
        for word in self._exact:
            self._by_start.setdefault(word[:_SHORTEST], []).append(word)
        self._parts = [word for word in self._exact if len(word) >= _SHORTEST_PART]

    def has(self, word: str) -> bool:
        """Tell whether a folded word occurs, perhaps with another ending, or as a part of a compound."""
        if word in self._exact:
            return True
        if len(word) < _SHORTEST:
            return any(_same_stem(word, other) for other in self._exact if other.startswith(word[:2]))
        if any(_same_stem(word, other) for other in self._by_start.get(word[:_SHORTEST], [])):
            return True
        # German and its relatives write compounds as one word.
        return len(word) >= _SHORTEST_PART and any(
            (_is_part(part, word) and 2 * len(part) >= len(word)) or _is_part(word, part) for part in self._parts
        )


def _is_part(part: str, whole: str) -> bool:
    """Tell whether a compound begins or ends with a word."""
    return len(whole) >= len(part) + _SHORTEST and (whole.startswith(part) or whole.endswith(part))


def _same_stem(one: str, other: str) -> bool:
    """Tell whether two words differ in their endings only."""
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
    )


def _undoubled(word: str, shared: int) -> str:
    rest = word[shared:]
    return rest[1:] if rest[1:] and rest[0] == word[shared - 1 : shared] else rest


def _folded(word: str) -> str:
    """Case and accents aside; the "'s" of possession belongs to no word."""
    decomposed = unicodedata.normalize("NFKD", word.casefold().replace("’", "'"))
    plain = "".join(character for character in decomposed if not unicodedata.combining(character))
    return re.sub(r"'(?:s|t|re|ve|ll|d|m)$", "", plain)


_NUMBERS_FOLDED = {_folded(word): value for word, value in _NUMBER_WORDS.items()}


def _words(text: str) -> Iterator[str]:
    """The words of a text, folded; dense scripts as pairs of letters."""
    for match in _WORD.finditer(unicodedata.normalize("NFKC", text)):
        if _DENSE.search(match[0]):
            for run in _DENSE.findall(match[0]):
                yield from (run[start : start + 2] for start in range(max(1, len(run) - 1)))
        else:
            yield _folded(match[0])


def _content_words(text: str) -> Iterator[str]:
    """The words that carry meaning, without numbers."""
    for word in _words(text):
        if _DENSE.match(word) is not None or (
            len(word) >= _SHORTEST
            and not any(map(str.isdigit, word))
            and word not in STOP_WORDS
            and word not in _NUMBERS_FOLDED
        ):
            yield word


def _numbers(text: str, strict: bool) -> Iterator[tuple[str, Set[str]]]:
    """The numbers of a text with their possible readings: "1.200" may be 1200 or 1.2. Not `strict`: "one" is one."""
    for match in _NUMBER.finditer(unicodedata.normalize("NFKC", text)):
        yield match[0], set(_readings(match[0]))
    for word in _words(text):
        value = _NUMBERS_FOLDED.get(word)
        if value is not None and not (strict and word in _NO_COUNT):
            yield word, {value}


def _readings(number: str) -> Iterable[str]:
    if _GROUPED.fullmatch(number):
        yield re.sub(r"\D", "", number)
    digits = re.split(r"[.,\u00a0\u202f']", number)
    separators = re.findall(r"\D", number)
    if len(digits) > 2 and separators[-1] not in separators[:-1]:
        # "1.200,50"
        number, digits = number[: -len(digits[-1]) - 1], ["".join(digits[:-1]), digits[-1]]
    if len(digits) == 2:
        yield f"{digits[0].lstrip('0') or '0'}.{digits[1].rstrip('0')}".rstrip(".")
    elif len(digits) == 1:
        yield number.lstrip("0") or "0"
    else:
        # A date, a version, a number with several separators: as it is, and without them.
        yield ".".join(part.lstrip("0") or "0" for part in digits)
        yield "".join(digits)


def _names(text: str) -> Iterator[str]:
    """Words that are names: capitalised within a sentence, with capitals inside, or letters with digits."""
    text = unicodedata.normalize("NFKC", text)
    found, within = [], 0
    for match in _WORD.finditer(text):
        word = re.sub(r"['’]\w+$", "", match[0])
        if word.isdigit() or _DENSE.search(word):
            continue
        starts = match.start() == 0 or _SENTENCE_END.search(text, 0, match.start()) is not None
        odd = any(map(str.isupper, word[1:])) or (any(map(str.isdigit, word)) and word[0].isalpha())
        within += not starts
        if len(word) > 1 and (odd or (word[0].isupper() and not starts)):
            found.append((word, odd))
    nouns = len(found) > max(2.0, _NOUNS_ARE_CAPITALISED * within) and _looks_german(text)
    for word, odd in found:
        if (odd or not nouns) and _folded(word) not in STOP_WORDS:
            yield word


def _looks_german(text: str) -> bool:
    """German alone capitalises all nouns: then capitals say nothing about names."""
    words = set(_words(text))
    return len(words & {"der", "die", "das", "und", "ist", "ein", "eine", "den", "dem", "mit", "nicht", "im"}) >= 1
