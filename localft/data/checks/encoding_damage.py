"""Text that was decoded wrongly somewhere on its way: "Ã¼" for "ü", and replacement characters."""

import re

from localft.data.checks.finding import CheckContext, Finding, Row, counted
from localft.data.checks.looking import RowCheck

NAME = "encoding damage"
# A byte of UTF-8 that goes on with a character, read as Windows-1252 or ISO 8859-1.
_NEXT = (
    r"\u0080-\u00bf\u0152\u0153\u0160\u0161\u0178\u017d\u017e\u0192\u02c6\u02dc\u2013\u2014\u2018-\u201e\u2020-\u2026\u2030"
    r"\u2039\u203a\u20ac\u2122"
)
_DAMAGE = re.compile(
    # One with which a character begins, followed by such a byte.
    r"[ÂÃ][\u0080-\u00bf\u2018-\u201d\u2020-\u2026\u20ac\u0152\u0153\u0160\u0161\u017d\u017e]|â€[\u0080-\u00bf\u2013-\u2122]|\ufffd"
    # Greek, Cyrillic, Hebrew and Arabic, then Chinese and the like: two in a row, since "Ñ”" ends a Spanish word.
    rf"|(?:[Î-Ñ×-Ù][{_NEXT}]){{2}}|(?:[à-ï][{_NEXT}]{{2}}){{2}}"
)
# What each of them begins with, but for U+FFFD; most texts with other letters have none.
_SIGN = re.compile(rf"[ÂÃÎ-Ñ×-Ùà-ï][{_NEXT}]")


class EncodingDamage(RowCheck):
    """Finds examples with such characters."""

    def seen(self, row: Row) -> str | None:
        """The first of them with what stands around it."""
        for message in row.example.messages:
            text = message.content
            match = _damage(text)
            if match:
                return text[max(0, match.start() - 40) : match.end() + 40]
        return None

    def findings(self, context: CheckContext) -> list[Finding]:
        """One where there are such examples."""
        found = self.found
        if not found.count:
            return []
        meaning = f"{counted(found.count, 'example holds', 'examples hold')} characters that were decoded wrongly."
        advice = "Export the data again as UTF-8 from where it came from."
        return [Finding(NAME, "warning", found.count, meaning, found.rows, advice, found.places)]


def mended(text: str) -> str:
    """The text as it was before, where that can be told; what is lost for good ("\ufffd") stays."""
    import ftfy

    return ftfy.fix_encoding(text) if _damage(text) else text


def _damage(text: str) -> re.Match[str] | None:
    if text.isascii() or not ("\ufffd" in text or _SIGN.search(text)):
        return None
    return _DAMAGE.search(text)
