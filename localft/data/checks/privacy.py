"""Personal data and secrets: a model may repeat them word for word to whoever asks."""

import re
from collections.abc import Iterator

from localft.data.checks.finding import CheckContext, Finding, Row, counted, references

_EMAIL = re.compile(r"\b[\w.+-]{1,64}@(?!example\.)[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63})*\.[A-Za-z]{2,10}\b")
_PHONE = re.compile(
    r"(?<![\w.])\+\d{1,3}[ .-]?(?:\(?\d{1,4}\)?[ .-]?){2,5}\d{2,4}\b|(?<!\d)\(?\d{3}\)?[ .-]\d{3}[ .-]\d{4}(?!\d)"
)
_CARD = re.compile(r"(?<![\d.-])(?:\d[ -]?){12,18}\d(?![\d.-])")
_SECRET = re.compile(
    r"\b(?:sk-[A-Za-z0-9_-]{20,}|hf_[A-Za-z0-9]{30,}|gh[pousr]_[A-Za-z0-9]{30,}|AKIA[0-9A-Z]{16}|xox[abp]-[\w-]{20,}"
    r"|AIza[\w-]{30,})\b|-----BEGIN [A-Z ]*PRIVATE KEY-----"
)


def check(context: CheckContext) -> list[Finding]:
    """Find e-mail addresses, telephone and card numbers (with a right checksum), and keys."""
    findings = []
    for name, pattern, what, severity in (
        ("secrets", _SECRET, "what looks like a secret key", "problem"),
        ("card numbers", _CARD, "a payment card number", "problem"),
        ("e-mail addresses", _EMAIL, "an e-mail address", "warning"),
        ("telephone numbers", _PHONE, "a telephone number", "warning"),
    ):
        rows = [row for row in context.rows if any(_matches(pattern, row))]
        if rows:
            texts = [_masked(next(_matches(pattern, row))) for row in rows]
            kind = "problem" if severity == "problem" else "warning"
            meaning = f"{counted(len(rows), 'example holds', 'examples hold')} {what}."
            advice = "Replace them by made-up ones: the tuned model may repeat them to anyone."
            findings.append(Finding(name, kind, len(rows), meaning, references(rows, texts), advice))
    return findings


def _matches(pattern: re.Pattern[str], row: Row) -> Iterator[str]:
    for message in row.example.messages:
        for match in pattern.finditer(message.content):
            if pattern is not _CARD or is_card_number(match[0]):
                yield match[0]


def _masked(text: str) -> str:
    """Enough of a text to find it by, never all of it."""
    return text[:3] + "…" + text[-2:] if len(text) > 8 else "…"


def is_card_number(text: str) -> bool:
    """Tell whether digits are a payment card number: 13 to 19 of them with Luhn's checksum, not all the same."""
    digits = [int(character) for character in text if character.isdigit()]
    if not 13 <= len(digits) <= 19 or len(set(digits)) < 2 or digits[0] not in {3, 4, 5, 6}:
        return False
    total = sum(digits[-1::-2]) + sum(sum(divmod(2 * digit, 10)) for digit in digits[-2::-2])
    return total % 10 == 0
