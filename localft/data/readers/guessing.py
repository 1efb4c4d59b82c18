"""Which encoding a text is in that is not UTF-8 and has no byte-order mark, as far as its words tell.

The words with bytes beyond ASCII are looked at, from the beginning of the file on until there are enough of them, so
that small and large files are judged alike. Ten ordinary sentences tell Windows-1250, -1251, -1252, -1253 and -1254,
ISO-8859-2, Mac Roman, KOI8-R, code page 866, Shift JIS, EUC-JP, GB18030, Big5 and EUC-KR apart. A few words may be
taken for a near relative: letters that stand at the same place in two encodings tell nothing, and Turkish of two words
looks like Icelandic. So what was taken is always told with some words, by which a person sees whether it is right.
"""

import re
from collections import Counter
from dataclasses import dataclass
from typing import BinaryIO

from localft.advice import ENCODING_FOLD, Advice

IF_WRONG = Advice(
    "If that looks wrong, save it as UTF-8 or import it with --encoding.",
    f"If that looks wrong, choose another below, under “{ENCODING_FOLD}”.",
)
"""With this ends what is told of an encoding that was found; where there is another way to name one, say that."""

_ENOUGH = 65_536
_LONGEST_LINE = 65_536
_SHOWN = 3
_LONGEST_SHOWN = 24
_HIGH = re.compile(rb"[\x80-\xff]")
_LETTERS = re.compile(r"[^\W\d_]+")
# By the names that chardet has for them, in the order of its own; none in which a line feed may be part of a letter.
_ENCODINGS = [
    *(f"cp{number}" for number in (866, 874, 932, 949, *range(1250, 1259))),
    *(f"iso8859-{number}" for number in (2, 5, 7)),
    *("big5hkscs", "euc_jis_2004", "gb18030", "koi8-r", "koi8-u", "mac-latin2", "mac-roman"),
]
# What it says where none of them fits.
_NONE = ("ascii", "utf-8")
_CALLED = {
    **{f"cp{number}": f"Windows-{number}" for number in range(1250, 1259)},
    "cp932": "Shift JIS",
    "cp949": "EUC-KR",
    "euc_jis_2004": "EUC-JP",
    "euc_jp": "EUC-JP",
    "big5hkscs": "Big5",
    "mac-roman": "Mac Roman",
    "mac-latin2": "Mac Central European",
}
# Quotation marks, apostrophes, dashes, dots, the euro sign and the space that does not break: all that English needs.
_WESTERN_SIGNS = re.compile(rb"[\x00-\x7f\x80\x82\x84\x85\x91-\x97\x99\xa0\xa9\xae]*")
# What French, German, Italian, Portuguese and Spanish are written with. Other encodings have some of their own letters
# at the same places, and in a few words nothing tells them apart but a sign inside a word.
_WESTERN_LETTERS = re.compile("[\x00-\x7f¡¿«»“”„‘’–—…€£°\u00a0ßœàâäáãçèéêëíîïñòóôöõùúûüÀÂÄÁÃÇÈÉÊËÍÎÏÑÓÔÖÕÙÚÛÜ]*")
_INSIDE_WORDS = re.compile("[A-Za-z](?:[¿¡£]|[«»“”„…–—](?=[a-z]))|£[A-Za-z]")
_NEAR = {"cp1250", "cp1254", "cp1257", "cp1258", "iso8859-2", "mac-latin2", "mac-roman"}
# Where both read the same, the one of Windows has more signs.
_SAME_WITH_MORE = {"iso8859-2": "cp1250", "iso8859-7": "cp1253"}
_CENTRAL = {"cp1250", "iso8859-2", "mac-latin2"}
_FEW = 16
_MOST_QUARTERS = 3
# Fewer bytes are no word of another script.
_LEAST = 4
_UNLIKE_TEXT = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufffd\uff61-\uff9f\ue000-\uf8ff]"
    "|[A-Za-z][\u0370-\u04ff]|[\u0370-\u04ff][A-Za-z]"
)
# In a few words: what is no letter and no sign that stands in sentences.
_UNLIKE_SIGNS = re.compile("[^\x00-\x7f\\w¡¿«»“”„‘’–—…€£§©®°№\u00a0\u3000-\u303f\uff00-\uffef]|[ªº²³¹µ¼½¾]")
# Only the Slavonic languages have so many letters with accents in a row.
_UNLIKE_WESTERN = re.compile("[\u00c0-\u024f]{3}")


@dataclass(frozen=True)
class Guess:
    """An encoding by the name that Python has for it, and some words of the text as they read in it."""

    encoding: str
    words: tuple[str, ...]

    def note(self, name: str) -> str:
        """What a person is told, to see whether it is right."""
        shown = ", ".join(f"“{word}”" for word in self.words)
        read = f"{name} is not UTF-8; it was read as {called(self.encoding)}"
        return IF_WRONG.after(f"{read}: {shown}. ")


def called(encoding: str) -> str:
    """What people call an encoding."""
    encoding = encoding.lower()
    return _CALLED.get(encoding) or encoding.upper().replace("_", "-").replace("ISO8859", "ISO-8859")


def guess(file: BinaryIO) -> Guess | None:
    """The encoding of a file that is not UTF-8 as a whole, None where it is damaged UTF-8 or cannot be told.

    Raises:
        OSError: it cannot be read.
    """
    words = _words(file)
    if 5 * sum(_is_utf8(word) for word in words) >= len(words):
        return None
    sample = b"\n".join(words)
    count = len(_HIGH.findall(sample))
    few = count < _FEW
    encoding = "cp1252" if _WESTERN_SIGNS.fullmatch(sample) else _of_most(words, few)
    if few and (encoding in _NEAR or count < _LEAST) and _is_western(sample):
        encoding = "cp1252"
    if encoding is None or (count < _LEAST and encoding not in _NEAR | {"cp1252"}):
        return None
    read = [word.decode(encoding, errors="replace") for word in words]
    unlike = sum(bool(_UNLIKE_TEXT.search(word)) for word in read)
    if 20 * unlike > len(read) or (few and any(_is_unlike(word, encoding) for word in read)):
        return None
    return Guess(encoding, _shown(read))


def _shown(read: list[str]) -> tuple[str, ...]:
    """The first words with letters beyond ASCII; where only signs are beyond it, the first words with those."""
    letters = [found for word in read for found in _LETTERS.findall(word) if not found.isascii()]
    return tuple(dict.fromkeys(word[:_LONGEST_SHOWN] for word in letters or read))[:_SHOWN]


def _words(file: BinaryIO) -> list[bytes]:
    """The words with bytes beyond ASCII, from the beginning on until there are enough."""
    words: list[bytes] = []
    length = 0
    for line in iter(lambda: file.readline(_LONGEST_LINE), b""):
        if line.isascii():
            continue
        found = [word for word in line.split() if not word.isascii()]
        words += found
        length += sum(map(len, found))
        if length >= _ENOUGH:
            break
    return words


def _is_western(sample: bytes) -> bool:
    text = sample.decode("cp1252", errors="replace")
    return bool(_WESTERN_LETTERS.fullmatch(text)) and not _INSIDE_WORDS.search(text)


def _is_unlike(word: str, encoding: str) -> bool:
    return bool(_UNLIKE_SIGNS.search(word) or (encoding not in _CENTRAL and _UNLIKE_WESTERN.search(word)))


def _is_utf8(word: bytes) -> bool:
    try:
        # Some write half characters so, which is no UTF-8 and nothing else either.
        word.decode("utf-8", errors="surrogatepass")
    except UnicodeDecodeError:
        return False
    return True


def _of_most(words: list[bytes], few: bool) -> str | None:
    """The encoding of all the words, or of most where some damaged bytes have ruled that out."""
    sample = b"\n".join(words)
    of_all = _detected(sample)
    if few:
        return of_all
    most, times = Counter(_detected(b"\n".join(words[start::4])) for start in range(4)).most_common(1)[0]
    damaged = most is not None and "\ufffd" in sample.decode(most, errors="replace")
    return most if damaged and times >= _MOST_QUARTERS else of_all


def _detected(sample: bytes) -> str | None:
    import chardet

    found = chardet.detect(
        sample,
        compat_names=False,
        include_encodings=[*_ENCODINGS, *_NONE],
        no_match_encoding="ascii",
        empty_input_encoding="ascii",
    )
    encoding = found["encoding"]
    more = _SAME_WITH_MORE.get(encoding or "")
    if encoding and more and sample.decode(encoding, "replace") == sample.decode(more, "replace"):
        return more
    return None if encoding in _NONE else encoding
