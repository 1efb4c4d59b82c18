"""Text that was decoded wrongly somewhere on its way: "Ã¼" for "ü", and replacement characters."""

import re

from localft.data.checks.finding import CheckContext, Finding, counted, references

# A lead byte of UTF-8 read as Windows-1252, followed by a continuation byte read so.
NAME = "encoding damage"
_DAMAGE = re.compile(
    r"[ÂÃ][\u0080-\u00bf\u2018-\u201d\u2020-\u2026\u20ac\u0152\u0153\u0160\u0161\u017d\u017e]|â€[\u0080-\u00bf\u2013-\u2122]|\ufffd"
)


def check(context: CheckContext) -> list[Finding]:
    """Find examples with such characters."""
    found = []
    for row in context.rows:
        for message in row.example.messages:
            match = _DAMAGE.search(message.content)
            if match:
                found.append((row, message.content[max(0, match.start() - 40) : match.end() + 40]))
                break
    if not found:
        return []
    rows, texts = [row for row, _ in found], [text for _, text in found]
    meaning = f"{counted(len(found), 'example holds', 'examples hold')} characters that were decoded wrongly."
    return [
        Finding(
            NAME, "warning", len(found), meaning, references(rows, texts),
            "Export the data again as UTF-8 from where it came from.",
        )
    ]  # fmt: skip


def mended(text: str) -> str:
    """The text as it was before, where that can be told; what is lost for good ("\ufffd") stays."""
    import ftfy

    return ftfy.fix_encoding(text) if _DAMAGE.search(text) else text
