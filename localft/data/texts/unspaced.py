"""Scripts that set no space between words: each of their signs counts as a word where texts are searched for others.

So a question is found in the middle of a sentence of Chinese, Japanese, Thai, Lao, Burmese or Khmer too.
"""

import re
import zlib
from array import array

import numpy
import numpy.typing as npt

# Ideographs, Japanese syllables, letters: the first and the last signs of each of their blocks in Unicode.
_BLOCKS = (
    ((0x3005, 0x3007), (0x3400, 0x9FFF), (0xF900, 0xFAFF), (0x20000, 0x3FFFF)),
    ((0x3040, 0x30FF),),
    ((0x0E00, 0x0EFF), (0x1000, 0x109F), (0x1780, 0x17FF)),
)
# So many of these signs are a word or so.
_SIGNS_A_WORD = (2, 3, 5)
_OTHER_WORD = re.compile(
    "[^ " + "".join(f"{chr(first)}-{chr(last)}" for kind in _BLOCKS for first, last in kind) + "]+"
)
# With these the signs begin in UTF-8, and little else.
_BEGINNINGS = {0xE0, 0xE1, *range(0xE3, 0xEA), 0xEF, 0xF0}
_NO_BEGINNING = bytes(set(range(256)) - _BEGINNINGS)
# Odd, so that no two signs have the same hash.
_MULTIPLIER = numpy.uint32(0x9E3779B1)
_SPACE = ord(" ")


def _kinds_of_signs() -> npt.NDArray[numpy.uint8]:
    """The kind of each sign of Unicode, from 1, up to the last of these signs; 0 of one that follows or is of none."""
    kinds = numpy.zeros(2 + max(last for kind in _BLOCKS for _, last in kind), dtype=numpy.uint8)
    for number, kind in enumerate(_BLOCKS, start=1):
        for first, last in kind:
            kinds[first : last + 1] = number
    return kinds


_KINDS = _kinds_of_signs()


def hashes_of_words(said: str) -> "array[int]":
    """A hash of each word of a text that is given as its words, and of each such sign in it; of others it is CRC-32."""
    if _has_no_sign(said):
        return array("I", map(zlib.crc32, said.encode("utf-8", "surrogatepass").split(b" ") if said else ()))
    codes, kinds, begins = _words_and_signs(said)
    hashes = codes[begins] * _MULTIPLIER
    is_word = kinds[begins] == 0
    if is_word.any():
        others = _OTHER_WORD.findall(said)
        hashes[is_word] = [zlib.crc32(word.encode("utf-8", "surrogatepass")) for word in others]
    return array("I", hashes.tobytes())


def count_words(said: str) -> int:
    """How many words a text has that is given as its words, where several such signs are one."""
    if _has_no_sign(said):
        return said.count(" ") + 1
    _, kinds, begins = _words_and_signs(said)
    others, *signs = numpy.bincount(kinds[begins], minlength=1 + len(_BLOCKS)).tolist()
    return others + sum(count // size for count, size in zip(signs, _SIGNS_A_WORD, strict=True))


def _has_no_sign(said: str) -> bool:
    """Whether it is known at a glance that there is none of these signs."""
    return said.isascii() or not said.encode("utf-8", "surrogatepass").translate(None, _NO_BEGINNING)


def _words_and_signs(
    said: str,
) -> tuple[npt.NDArray[numpy.uint32], npt.NDArray[numpy.uint8], npt.NDArray[numpy.bool_]]:
    """Of each character its code and its kind, and whether a word begins with it or it is such a sign."""
    codes = numpy.frombuffer(said.encode("utf-32-le", "surrogatepass"), dtype="<u4").astype(numpy.uint32, copy=False)
    kinds = _KINDS[numpy.minimum(codes, len(_KINDS) - 1)]
    is_letter = (kinds == 0) & (codes != _SPACE)
    begins = kinds > 0
    begins[:1] |= is_letter[:1]
    begins[1:] |= is_letter[1:] & ~is_letter[:-1]
    return codes, kinds, begins
