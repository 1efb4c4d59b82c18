"""Text that was decoded wrongly somewhere on its way: "Ã¼" for "ü", and replacement characters."""

import re

from localft.data.checks.finding import CheckContext, Finding, Row, counted
from localft.data.checks.looking import RowCheck

NAME = "encoding damage"
# A lead byte of UTF-8 read as Windows-1252, followed by a continuation byte read so.
_DAMAGE = re.compile(
    r"[ÂÃ][\u0080-\u00bf\u2018-\u201d\u2020-\u2026\u20ac\u0152\u0153\u0160\u0161\u017d\u017e]|â€[\u0080-\u00bf\u2013-\u2122]|\ufffd"
)


class EncodingDamage(RowCheck):
    """Finds examples with such characters."""

    def seen(self, row: Row) -> str | None:
        """The first of them with what stands around it."""
        for message in row.example.messages:
            text = message.content
            match = None if text.isascii() else _DAMAGE.search(text)
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

    return ftfy.fix_encoding(text) if _DAMAGE.search(text) else text
