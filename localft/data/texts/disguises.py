"""Characters that look like others, or like nothing: what is written with them is compared and searched as it looks.

Nothing is changed by it. What may look so is told in one pass, so that other texts cost little, and those of ASCII
nothing.
"""

import re
import unicodedata
from bisect import bisect_right
from typing import NamedTuple

from localft.data.texts.remembering import remembering
from localft.data.texts.signs import Signs

# Soft hyphens, zero-width characters, fillers, marks of direction, selectors of variants, tags.
_UNSEEN = (
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f"
    "\ufeff\uffa0\ufff9-\ufffb\U000e0000-\U000e0fff"
)
INVISIBLE = re.compile(f"[{_UNSEEN}]")
# Letters, digits and marks of full width, and those of formulas: each looks like one of ASCII.
_WIDE = "\uff01-\uff5e\U0001d400-\U0001d7ff"
_TO_PLAIN = {
    number: plain
    for number in (*range(0xFF01, 0xFF5F), *range(0x1D400, 0x1D800))
    if len(plain := unicodedata.normalize("NFKC", chr(number))) == 1
}
# Letters of Cyrillic and Greek, and the Latin ones that they look like.
_CYRILLIC = dict(zip("асԁеһіјкорԛѕѵԝхуАВСЕНІЈКМОРԚЅТѴԜХУ", "acdehijkopqsvwxyABCEHIJKMOPQSTVWXY", strict=True))
_GREEK = dict(zip("αικνορτυχΑΒΕΖΗΙΚΜΝΟΡΤΥΧ", "aikvoptuxABEZHIKMNOPTYX", strict=True))
# Of a text in which case does not count, a letter looks like another in one of the two cases.
_CYRILLIC_FOLDED = {other.casefold(): latin.casefold() for other, latin in _CYRILLIC.items()}
_GREEK_FOLDED = dict(zip("αβεζικνορτυχ", "abezikvoptux", strict=True))


class _Letters(NamedTuple):
    """The letters of one alphabet for those of another that look like them."""

    to_latin: dict[int, str]
    to_cyrillic: dict[int, str]


def _letters(cyrillic: dict[str, str], greek: dict[str, str]) -> _Letters:
    return _Letters(
        str.maketrans(cyrillic | greek), str.maketrans({latin: other for other, latin in reversed(cyrillic.items())})
    )


_AS_WRITTEN = _letters(_CYRILLIC, _GREEK)
_FOLDED = _letters(_CYRILLIC_FOLDED, _GREEK_FOLDED)
# With these bytes letters of Greek and Cyrillic begin in UTF-8.
_BEGINNINGS = {*range(0xCD, 0xD5)}
_NO_BEGINNING = bytes(set(range(256)) - _BEGINNINGS)
_OTHERS = "\u0370-\u052f"
_WORD = re.compile(rf"[A-Za-z{_OTHERS}]+")
# In a shorter word letters of Greek mean themselves: "αx".
_FEWEST_WITH_GREEK = 4
_IS_GREEK = re.compile("[\u0370-\u03ff]")


def _for_re2(characters: str) -> str:
    return "".join(one if one in "-" else f"\\x{{{ord(one):x}}}" for one in characters)


# Where letters of two alphabets stand side by side.
_MIXED = (f"[A-Za-z][{_for_re2(_OTHERS)}]", f"[{_for_re2(_OTHERS)}][A-Za-z]")
_MIXED_SIGNS = Signs(*_MIXED, in_any_case=False)
_SIGNS = Signs(f"[{_for_re2(_UNSEEN + _WIDE)}]", *_MIXED, in_any_case=False)


class Seen(NamedTuple):
    """A text as it looks; `gone` are the places in it before which something is that nobody sees, ascending."""

    text: str
    gone: list[int]

    def place(self, at: int) -> int:
        """Where a character of it stands in the text that was given."""
        return at + bisect_right(self.gone, at)


@remembering
def as_seen(text: str) -> Seen | None:
    """A text with letters for those that look like them, and without what nobody sees; None if that is the same."""
    if text.isascii() or not _SIGNS.stand_in(text):
        return None
    gone = [match.start() - number for number, match in enumerate(INVISIBLE.finditer(text))]
    seen = _in_one_alphabet((INVISIBLE.sub("", text) if gone else text).translate(_TO_PLAIN), _AS_WRITTEN)
    return Seen(seen, gone) if seen != text else None


def in_one_alphabet(folded: str) -> str:
    """A text in which case does not count, its words of letters of two alphabets spelled in one.

    In Latin where each other letter has its double there, else in Cyrillic if so there; where that is neither, a word
    means what it says.
    """
    return _in_one_alphabet(folded, _FOLDED)


def _in_one_alphabet(text: str, letters: _Letters) -> str:
    begins = text.encode("utf-8", "surrogatepass").translate(None, _NO_BEGINNING)
    if not begins or not _MIXED_SIGNS.stand_in(text):
        return text
    return _WORD.sub(lambda word: _in_one(word[0], letters), text)


def _in_one(said: str, letters: _Letters) -> str:
    latin = sum(one.isascii() for one in said)
    if not 0 < latin < len(said) or (len(said) < _FEWEST_WITH_GREEK and _IS_GREEK.search(said)):
        return said
    for looking_so in letters:
        spelled = said.translate(looking_so)
        if spelled.isascii() or not any(one.isascii() for one in spelled):
            return spelled
    return said
