"""Whether an answer says only what its passage says: a look at its words, its numbers, its names, and its opposites.

Cheap and without a model, so it cannot read: it finds what contradicts the passage in nearly its words, and lets other
mistakes pass. The question to a second model (see `asking`) is the surer way.
"""

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache

from localft.synthesis.contradicting import Sayings, denies, why_contradicted
from localft.synthesis.opposites import KINDS, sides_of
from localft.synthesis.quantities import Quantity, is_number_word, is_unit, quantities, spelt_out
from localft.synthesis.stop_words import STOP_WORDS
from localft.synthesis.wording import DENSE, SHORTEST, Words, capitalises_nouns, folded, names_of, words_of

ENOUGH = 0.6
"""So large a share of an answer's words has to occur in the passage."""

_LIST_MARK = re.compile(r"^[ \t]*(?:\d{1,2}[.)]|[-*•])[ \t]+", re.MULTILINE)
# Several answers are weighed against one passage after the other.
_REMEMBERED = 32


def why_unsupported(answer: str, passage: str, enough: float = ENOUGH) -> str:
    """Why the passage does not support an answer, as the end of a sentence; "" where it seems to.

    Every number with its unit and every name of the answer has to occur in the passage, and the share `enough` of its
    other words that carry meaning, with whatever ending. What says nearly the same as the passage must not deny it, nor
    have an opposite, another number or another name in its place.
    """
    said = spelt_out(_LIST_MARK.sub("", answer))
    known = _known(spelt_out(passage))
    numbers = quantities(said, strict=True)
    for number in numbers:
        if not any(number.agrees(other) for other in known.numbers):
            return _why_no_number(number, known.numbers)
    nouns = known.nouns or capitalises_nouns(said)
    names = [name for name in names_of(said, nouns) if not known.names(folded(name))]
    if names:
        return f"the passage does not name {names[0]}"
    words = list(dict.fromkeys(_content_words(said)))
    missing = [word for word in words if not known.has(word)]
    # A number that stands in the passage says as much for it as a word.
    if words and 1 - len(missing) / (len(words) + len(numbers)) < enough:
        listed = ", ".join(missing[:4])
        return f"{len(missing)} of its {len(words)} words are not in the passage: {listed}"
    return why_contradicted(said, known.sayings)


def _why_no_number(number: Quantity, known: list[Quantity]) -> str:
    alike = next((other for other in known if other.readings & number.readings), None)
    return f"the passage has {alike.whole}, not {number.whole}" if alike else f"the passage has no {number.shown}"


class _Known:
    """A passage, ready to be compared with answers."""

    def __init__(self, passage: str) -> None:
        self.words = Words(passage)
        self.numbers = quantities(passage, strict=False)
        self.sayings = Sayings(passage)
        self.nouns = capitalises_nouns(passage)
        words = self._words = set(words_of(passage))
        self._things = {KINDS[word] for word in words & KINDS.keys()}
        self._lines = {line for word in words for line, _ in sides_of(word)}

    def has(self, word: str) -> bool:
        """Tell whether a folded word occurs, or one that means as much or the opposite."""
        turned = any(line in self._lines for line, _ in sides_of(word))
        return self.words.has(word) or turned or any(denies(word, other) for other in self._words)

    def names(self, name: str) -> bool:
        """Tell whether a folded name occurs; days and months in whatever language."""
        return self.words.has(name) or KINDS.get(name) in self._things


@lru_cache(_REMEMBERED)
def _known(passage: str) -> _Known:
    return _Known(passage)


def quoted(quote: str, passage: str) -> bool:
    """Tell whether a quotation stands in the passage, white space, case and kinds of quotation marks aside."""
    wanted = _plain(quote).strip(" .…\"'")
    return bool(wanted) and wanted in _plain(passage)


def _plain(text: str) -> str:
    folded = unicodedata.normalize("NFKC", text).casefold()
    straight = re.sub("[“”„«»]", '"', re.sub("[‘’‚`´]", "'", folded))
    return " ".join(straight.split())


def _content_words(text: str) -> Iterator[str]:
    """The words that carry meaning, without numbers and their units."""
    for word in words_of(text):
        if DENSE.match(word) is not None or (
            len(word) >= SHORTEST
            and not any(map(str.isdigit, word))
            and word not in STOP_WORDS
            and not is_number_word(word)
            and not is_unit(word)
        ):
            yield word
