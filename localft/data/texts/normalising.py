"""What of a text counts when two are compared."""

import re
import unicodedata
from functools import cache

from localft.data.texts.disguises import INVISIBLE, in_one_alphabet
from localft.data.texts.remembering import remembering

_OTHER_GAP = re.compile(r"[^\x00-\x7f\w]")
_APOSTROPHES = "'’`´"

# What of ASCII is no letter and no digit stands between words, but for apostrophes.
_BETWEEN = bytes(ord(sign.lower()) if (sign := chr(number)).isalnum() else ord(" ") for number in range(128)).ljust(256)
_LEFT_OUT = b"'`"
# The same of UTF-8, whose other bytes belong to other letters.
_BETWEEN_OTHERS = _BETWEEN[:128] + bytes(range(128, 256))
# What Chinese and Japanese set between words, as NFKC would have it; a text without any is in that form at a glance.
_WIDE_SIGNS = tuple(zip("，：；！？（）\u3000", ",:;!?() ", strict=True))


def normalise(text: str) -> str:
    """Reduce a text to its words and digits: case, accents' encoding, punctuation, white space do not count.

    Nor do characters that nobody sees, nor from which alphabet a letter within a word is that looks the same. A text
    without any word is only freed of the space around it.
    """
    return words_in(text) or INVISIBLE.sub("", text).strip()


@remembering
def words_in(text: str) -> str:
    """The same of a text with words; "" of one without any."""
    if text.isascii():
        # The same, several times faster.
        return b" ".join(text.encode().translate(_BETWEEN, _LEFT_OUT).split()).decode()
    seen = INVISIBLE.sub("", text)
    for wide, sign in _WIDE_SIGNS:
        seen = seen.replace(wide, sign)
    folded = in_one_alphabet(unicodedata.normalize("NFKC", seen).casefold())
    for apostrophe in _APOSTROPHES:
        folded = folded.replace(apostrophe, "")
    # Most of what stands between words is ASCII, which needs no look at each sign.
    spaced = folded.encode("utf-8", "surrogatepass").translate(_BETWEEN_OTHERS).decode("utf-8", "surrogatepass")
    return " ".join(_OTHER_GAP.sub(_gap, spaced).split())


def _gap(between: re.Match[str]) -> str:
    return _stands_for(between[0])


@cache
def _stands_for(sign: str) -> str:
    """A space for what stands between words; the marks that Indic and Thai vowels are written with belong to words."""
    return sign if unicodedata.category(sign).startswith("M") else " "
