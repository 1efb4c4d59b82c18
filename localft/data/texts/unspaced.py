"""Scripts that set no space between words: each of their signs counts as a word where texts are searched for others.

So a question is found in the middle of a sentence of Chinese, Japanese, Thai, Lao, Burmese or Khmer too.
"""

import re

_HAN, _KANA = "\u3005-\u3007\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff", "\u3040-\u30ff"
_OTHERS = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff"
_SIGNS = re.compile(f"[{_HAN}{_KANA}{_OTHERS}]+")
# So many of these signs are a word or so: ideographs, Japanese syllables, letters.
_KINDS = tuple((re.compile(f"[{signs}]"), count) for signs, count in ((_HAN, 2), (_KANA, 3), (_OTHERS, 5)))
# With these the signs begin in UTF-8, and little else.
_BEGINNINGS = {0xE0, 0xE1, *range(0xE3, 0xEA), 0xEF, 0xF0}
_NO_BEGINNING = bytes(set(range(256)) - _BEGINNINGS)


def signs_apart(said: str) -> bytes:
    """A text, given as its words, in UTF-8 with a space before and behind each such sign; any other as it is."""
    encoded = said.encode("utf-8", "surrogatepass")
    if said.isascii() or not encoded.translate(None, _NO_BEGINNING):
        return encoded
    if not _SIGNS.search(said):
        return encoded
    return b" ".join(_SIGNS.sub(_apart, said).encode("utf-8", "surrogatepass").split())


def _apart(signs: re.Match[str]) -> str:
    return f" {' '.join(signs[0])} "


def count_words(said: str) -> int:
    """How many words a text has that is given as its words, where several such signs are one."""
    if said.isascii() or not said.encode("utf-8", "surrogatepass").translate(None, _NO_BEGINNING):
        return said.count(" ") + 1
    signs = sum(len(pattern.findall(said)) // count for pattern, count in _KINDS)
    return len(_SIGNS.sub(" ", said).split()) + signs
