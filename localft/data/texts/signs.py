"""Whether a text may hold what a pattern looks for, told in one pass over it.

A pattern of many alternatives is tried by Python at each place of a text, one after the other. RE2 looks for all of
them at once, but knows less: its word borders and classes are those of ASCII, and it looks neither ahead nor behind.
So it only tells in which texts it is worth looking.
"""

import re
from collections.abc import Iterable
from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import re2

# The classes of Python in the words of RE2, as they stand within brackets; wider ones where they differ.
_CLASSES = {r"\w": r"\pL\pN\pM_", r"\d": r"\p{Nd}", r"\s": r"\s\pZ\x0b\x1c-\x1f\x{85}"}
_TOKEN = re.compile(r"\\.|\[\^?\]?|\]|[^\\\[\]]+", re.DOTALL)


class Signs:
    """What has to stand in a text where a pattern matches: one of `signs`, in the syntax of RE2; `in_any_case` or not.

    It can be pickled.
    """

    def __init__(self, *signs: str, in_any_case: bool = True) -> None:
        self._signs, self._in_any_case = signs, in_any_case

    @classmethod
    def of(cls, pattern: re.Pattern[str]) -> "Signs":
        """What a pattern looks for, wherever a word begins or ends."""
        return cls(loosened(pattern.pattern), in_any_case=bool(pattern.flags & re.IGNORECASE))

    @classmethod
    def together(cls, several: "Iterable[Signs]") -> "Signs":
        """The signs of all of them; the case of a letter then counts for none."""
        return cls(*(sign for one in several for sign in one._signs))

    def stand_in(self, text: str) -> bool:
        """Whether any of them stands in a text."""
        if self._in_any_case and not text.isascii():
            # To Python these two letters of Turkish are an i in any case, to RE2 they are not.
            text = text.replace("\u0130", "i").replace("\u0131", "i")
        return self._pattern.search(text.encode("utf-8", "replace")) is not None

    @cached_property
    def _pattern(self) -> "re2._Regexp":
        import re2

        options = re2.Options()
        options.case_sensitive = not self._in_any_case
        options.never_capture = True
        # Where a pattern needs too much memory it goes on more slowly, which concerns nobody.
        options.log_errors = False
        return re2.compile("|".join(f"(?:{sign})" for sign in self._signs), options)

    def __getstate__(self) -> dict[str, object]:
        return {"_signs": self._signs, "_in_any_case": self._in_any_case}


def loosened(pattern: str) -> str:
    """A pattern of Python for RE2 that matches wherever the pattern does, and at word borders that it misses too."""
    parts, within = [], False
    for token in _TOKEN.findall(pattern):
        if token == r"\b" and not within:
            continue
        if token in _CLASSES:
            parts.append(_CLASSES[token] if within else f"[{_CLASSES[token]}]")
            continue
        within = (within or token.startswith("[")) and token != "]"
        parts.append(token)
    return "".join(parts)


def has_any(text: str, characters: bytes) -> bool:
    """Whether a text has any of some characters of ASCII; told of other texts only after they are encoded."""
    encoded = text.encode("utf-8", "replace")
    return len(encoded.translate(None, characters)) != len(encoded)
