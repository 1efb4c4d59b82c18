"""Personal data and secrets: a model may repeat them word for word to whoever asks."""

import re
from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from localft.data.checks import bank_accounts, secret_keys
from localft.data.checks.calls import texts_of
from localft.data.checks.finding import CheckContext, Finding, Row, Severity, counted
from localft.data.checks.looking import SeveralKinds
from localft.data.examples import Example
from localft.data.texts.disguises import Seen, as_seen
from localft.data.texts.remembering import remembering
from localft.data.texts.signs import Signs, has_any

_EMAIL = re.compile(
    r"\b[\w.+-]{1,64}(?:"
    r"@(?!example\.)[\w-]{1,63}(?:\.[\w-]{1,63})*\.(?:[A-Za-z]{2,10}(?![A-Za-z0-9_])|[^\W\d_]{2,10}\b)"
    # "anna [at] firma [dot] de", hidden from programs that look for addresses.
    r"| ?[\[({] ?[aA][tT] ?[\])}] ?(?!example\b)[\w-]{1,63}"
    r"(?:(?:\.| ?[\[({] ?(?i:dot|punkt) ?[\])}] ?)[\w-]{1,63}){0,5}(?:\.| ?[\[({] ?(?i:dot|punkt) ?[\])}] ?)"
    r"[A-Za-z]{2,10}(?![A-Za-z0-9_]))"
)
# Where files lie on another machine: git@host:owner/repo.git, user@host:/folder, user@host:file.txt.
_PATH_BEHIND = re.compile(r":(?:[~/]|[\w.+-]+/|[\w+-]+\.\w)")
# Before the "@" of an address to connect to.
_USER_AND_PASSWORD = re.compile(r"://[^\s/@:]{0,64}:[^\s/]{0,200}\Z")
_PHONE = re.compile(
    r"(?<![\w.])\+\d{1,3}[ .-]?(?:\(?\d{1,4}\)?[ .-]?){2,5}\d{2,4}\b|(?<!\d)\(?[2-9]\d{2}\)?[ .-]\d{3}[ .-]\d{4}(?!\d)"
    # Within a country: 06 12 34 56 78, then 030 1234567 or (030) 123 45 67, 06 12345678, then 0161 496 0000.
    r"|(?<![\w.,/+-])(?:0[1-9]([ .-])\d\d(?:\1\d\d){3}|\(?0[1-9]\d{1,3}\)?[ /-]\d{6,8}|06[ -]\d{8}"
    r"|\(?0[1-9]\d{1,3}\)? \d{3,4} \d{2,4}(?: \d\d)?"
    # Into another country: 0049 170 1234567. In Japan, in Russia, in Brazil.
    r"|00[1-9]\d{0,2}[ /-]\(?\d{1,4}\)?[ /-]\d{3,4}[ /-]?\d{3,5}"
    r"|0[5789]0-\d{4}-\d{4}|8 \(\d{3}\) ?\d{3}-\d\d-\d\d|\(\d\d\) ?9\d{4}-\d{4}"
    # Without anything between them, where it is said what they are.
    r"|\d{9,14})(?![\w/-]|[.,:]\d)"
)
_CALLED = re.compile(
    r"\b(?:(?:tele|mobile ?|cell ?|smart)?phone(?: number)?|tel|mobile(?: number)?|fax|whatsapp"
    r"|(?:call|ring|dial)(?: (?:me|us|him|her|them))?|(?:text|reach) (?:me|us|him|her|them)"
    r"|(?:mobil|handy|telefon|fax|ruf)(?:nummer|nr)?"
    r"|anrufen|erreichbar unter|t[ée]l[ée]phone|portable|tel[ée]fono|m[óo]vil|celular|telefone|telem[óo]vel|telefono"
    r"|cellulare|telefoon(?:nummer)?|mobiel|телефон|тел|моб|電話|电话|手机|전화)\b"
    # Hardly anything stands between the word and the number.
    r"(?: ?(?:is|ist|est|es|è|é|number|nummer|no|nr|at|on|under|unter|to|:)\b)?[^\w\n]{0,4}\Z",
    re.IGNORECASE,
)
# Digits in which a card's number may stand, with what is written before and behind it, a date or a check number.
_CARD = re.compile(r"(?<!\d)(?<!\d[.-])\d(?:[ -]?\d){12,}(?![.-]?\d)")
# How a card's number is written among other digits; found at each place where it may begin.
_WRITTEN = re.compile(
    r"(?<!\d)(?=(\d{13,19}(?!\d)|\d{4}([ -])\d{4}\2\d{4}\2\d{4}(?!\d)|\d{4}([ -])\d{6}\3\d{5}(?!\d)))"
)
# As the patterns have them, wherever they stand.
_CARD_SIGNS = Signs(r"\p{Nd}(?:[ -]?\p{Nd}){12}")
_PHONE_SIGNS = Signs(
    r"\+\p{Nd}", r"\p{Nd}{3}\)?[ .-]\p{Nd}{3}[ .-]\p{Nd}{4}", r"0[1-9](?:[ .-]\p{Nd}{2}){4}",
    r"0[1-9]\p{Nd}{0,3}\)?[ /-]\p{Nd}{6}", r"0[1-9]\p{Nd}{1,3}\)? \p{Nd}{3,4} \p{Nd}{2}",
    r"00[1-9]\p{Nd}{0,2}[ /-]\(?\p{Nd}{1,4}\)?[ /-]\p{Nd}{3}", r"0[5789]0-\p{Nd}{4}-", r"8 \(\p{Nd}{3}\)",
    r"\(\p{Nd}{2}\) ?9\p{Nd}{4}-", r"\p{Nd}{9}",
)  # fmt: skip
_SPELLED_AT = Signs(r"[\[({] ?at ?[\])}]")
_EMAIL_SIGNS = Signs.together([Signs("@"), _SPELLED_AT])
_WITHOUT_DIGITS = Signs.together([secret_keys.SIGNS, _SPELLED_AT])
# In three parts; with spaces or points between them only where it is said what they are.
_SOCIAL_SECURITY = re.compile(
    r"(?<![\w.,/+-])(?!000|666|9)[0-9]{3}([ .-])(?!00)[0-9]{2}\1(?!0000)[0-9]{4}(?![\w/-]|[.,:]\d)"
)
_NAMED_SO = re.compile(r"\b(?:SSNs?|social[ -]security)\b[^\d\n]{0,40}\Z", re.IGNORECASE)
_SOCIAL_SECURITY_SIGNS = Signs(r"[0-9]{3}[ .-][0-9]{2}[ .-][0-9]{4}")
# Typesetters and web pages put these where no line may end; they are as long as what stands for them here.
_SET = {"\u00a0": " ", "\u202f": " ", "\u2009": " ", "\u2011": "-"}
_TYPED = str.maketrans(_SET)
# Mastercard has these beside the older ones that begin with 5.
_LATER_CARDS = range(2221, 2721)
# Of 19 digits, with something between any two of them.
_LONGEST_CARD = 37


@dataclass(frozen=True)
class Kind:
    """A kind of personal data: how it is found, what it is, and what it is replaced by.

    A text without any of the `signs` holds none, which is told faster than by the pattern. The pattern matches at each
    of the `places` where a find is, and at more than these.
    """

    name: str
    signs: Signs
    pattern: re.Pattern[str]
    what: str
    severity: Severity
    stand_in: str
    places: Callable[[str], Iterator[tuple[int, int]]]


def _cards_in(text: str) -> Iterator[tuple[int, int]]:
    return (place for match in _CARD.finditer(text) for place in _cards(text, *match.span()))


def _emails_in(text: str) -> Iterator[tuple[int, int]]:
    """Where addresses stand; a password before a host is none, nor is where files lie on another machine."""
    for match in _EMAIL.finditer(text):
        begin, end = match.span()
        if _PATH_BEHIND.match(text, end) or text.startswith("git@", begin):
            continue
        if not _USER_AND_PASSWORD.search(text, max(0, begin - 270), begin):
            yield begin, end


def _social_security_numbers_in(text: str) -> Iterator[tuple[int, int]]:
    for match in _SOCIAL_SECURITY.finditer(text):
        if match[1] == "-" or _NAMED_SO.search(text, max(0, match.start() - 60), match.start()):
            yield match.span()


def _phones_in(text: str) -> Iterator[tuple[int, int]]:
    """Where numbers stand that are written as telephone numbers are, or are digits alone behind a word for one."""
    for match in _PHONE.finditer(text):
        if not match[0].isdigit() or _CALLED.search(text, max(0, match.start() - 40), match.start()):
            yield match.span()


KINDS = (
    Kind(
        "secrets", secret_keys.SIGNS, secret_keys.PATTERN, "what looks like a secret key or a password", "problem",
        "[key]", secret_keys.places,
    ),
    Kind(
        "bank account numbers", bank_accounts.SIGNS, bank_accounts.PATTERN, "the number of a bank account", "problem",
        "[IBAN]", bank_accounts.places,
    ),
    Kind("card numbers", _CARD_SIGNS, _CARD, "a payment card number", "problem", "[card number]", _cards_in),
    Kind(
        "social security numbers", _SOCIAL_SECURITY_SIGNS, _SOCIAL_SECURITY, "a social security number of the USA",
        "problem", "[social security number]", _social_security_numbers_in,
    ),
    Kind("e-mail addresses", _EMAIL_SIGNS, _EMAIL, "an e-mail address", "warning", "[e-mail address]", _emails_in),
    Kind("telephone numbers", _PHONE_SIGNS, _PHONE, "a telephone number", "warning", "[telephone number]", _phones_in),
)  # fmt: skip
"""What is a part of a find of one kind is no find of the kinds after it."""

_ANY_SIGN = Signs.together(kind.signs for kind in KINDS)


class Privacy(SeveralKinds):
    """Finds personal data; card numbers have a right checksum."""

    def __init__(self) -> None:
        super().__init__([kind.name for kind in KINDS])

    def look(self, row: Row) -> None:
        """Keep enough of the first find of each kind to find it by."""
        texts = [text for text in _texts(row.example) if _legible(text)]
        for kind in KINDS if texts else ():
            find = _first(kind, texts)
            if find is not None:
                self.found[kind.name].add(row, _masked(find))

    def findings(self, context: CheckContext) -> list[Finding]:
        """One for each kind of which there are such examples."""
        findings = []
        for kind in KINDS:
            found = self.found[kind.name]
            if found.count:
                meaning = f"{counted(found.count, 'example holds', 'examples hold')} {kind.what}."
                advice = "Replace them by made-up ones: the tuned model may repeat them to anyone."
                findings.append(
                    Finding(kind.name, kind.severity, found.count, meaning, found.rows, advice, found.places)
                )
        return findings


def first_find(kind: Kind, example: Example) -> str | None:
    """The first find of a kind in an example."""
    return _first(kind, _texts(example))


def _first(kind: Kind, texts: Sequence[str]) -> str | None:
    return next((text[begin:end] for text in texts for begin, end in _places(kind, text)), None)


def redacted(text: str, kind: Kind) -> str:
    """A text in which a word in brackets stands for each find of a kind."""
    parts, start = [], 0
    for begin, end in _places(kind, text):
        parts += [text[start:begin], kind.stand_in]
        start = end
    return "".join((*parts, text[start:])) if parts else text


def _texts(example: Example) -> list[str]:
    texts: list[str] = []
    for message in example.messages:
        texts += texts_of(message) if message.tool_calls else (message.content,)
    return [*texts, example.rejected] if example.rejected else texts


def _places(kind: Kind, text: str) -> Iterator[tuple[int, int]]:
    """Where the finds of a kind begin and end, also of what only looks so: keys with characters that nobody sees."""
    seen = _legible(text)
    if seen is None:
        return
    for begin, end in _places_as_written(kind, seen.text):
        yield seen.place(begin), seen.place(end - 1) + 1


@remembering
def _legible(text: str) -> Seen | None:
    """A text as it looks, as it would be typed; None where it holds no find of any kind, which is told at once."""
    if text.isascii():
        signs = _ANY_SIGN if has_any(text, b"0123456789@") else _WITHOUT_DIGITS
        return Seen(text, []) if signs.stand_in(text) else None
    seen = as_seen(text) or Seen(text, [])
    typed = seen._replace(text=seen.text.translate(_TYPED)) if any(one in seen.text for one in _SET) else seen
    return typed if _ANY_SIGN.stand_in(typed.text) else None


def _places_as_written(kind: Kind, text: str) -> Iterator[tuple[int, int]]:
    if not kind.signs.stand_in(text):
        return
    taken: list[tuple[int, int]] | None = None
    for begin, end in kind.places(text):
        if taken is None:
            before = KINDS[: KINDS.index(kind)]
            taken = sorted(place for one in before if one.signs.stand_in(text) for place in one.places(text))
        # The last that begins before this one ends.
        nearest = bisect_left(taken, (end, 0)) - 1
        if nearest < 0 or taken[nearest][1] <= begin:
            yield begin, end


def _cards(text: str, begin: int, end: int) -> Iterator[tuple[int, int]]:
    """Where card numbers stand among digits: all of them are one, or those that are written as one is."""
    if is_card_number(text[begin:end]):
        yield begin, end
        return
    free = begin
    for written in _WRITTEN.finditer(text, begin, end):
        if written.start() >= free and is_card_number(written[1]):
            yield written.span(1)
            free = written.end(1)


def _masked(text: str) -> str:
    """Enough of a text to find it by, never all of it."""
    return text[:3] + "…" + text[-2:] if len(text) > 8 else "…"


def is_card_number(text: str) -> bool:
    """Tell whether digits are a payment card number: 13 to 19 of them with Luhn's checksum, not all the same."""
    if len(text) > _LONGEST_CARD:
        return False
    digits = [int(character) for character in text if character.isdigit()]
    if not 13 <= len(digits) <= 19 or len(set(digits)) < 2 or not _may_begin_card(digits):
        return False
    total = sum(digits[-1::-2]) + sum(sum(divmod(2 * digit, 10)) for digit in digits[-2::-2])
    return total % 10 == 0


def _may_begin_card(digits: list[int]) -> bool:
    """Whether cards have numbers that begin so."""
    first_four = 1000 * digits[0] + 100 * digits[1] + 10 * digits[2] + digits[3]
    return digits[0] in {3, 4, 5, 6} or (len(digits) == 16 and first_four in _LATER_CARDS)
