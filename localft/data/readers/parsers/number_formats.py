"""What a workbook shows of a number: 7.10 by the format `0.00`, 50% by `0%`, 00123 by `00000`, $1,200.00, (3).

Formats are written in one way in every file: with a decimal point, and commas between thousands. So are the texts,
wherever a spreadsheet that runs in another language writes them otherwise.
"""

import functools
import math
import re
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Context, Decimal
from typing import Any

# Those that have numbers instead of a code in the file, and are the same in every language.
BUILT_IN = {
    1: "0", 2: "0.00", 3: "#,##0", 4: "#,##0.00", 9: "0%", 10: "0.00%", 11: "0.00E+00", 12: "# ?/?", 13: "# ??/??",
    37: "#,##0_);(#,##0)", 38: "#,##0_);(#,##0)", 39: "#,##0.00_);(#,##0.00)", 40: "#,##0.00_);(#,##0.00)",
    41: '_(* #,##0_);_(* (#,##0);_(* "-"_);_(@_)', 43: '_(* #,##0.00_);_(* (#,##0.00);_(* "-"??_);_(@_)',
    48: "##0.0E+0",
}  # fmt: skip
_EXACT = 10**15
_CONTEXT = Context(prec=200, rounding=ROUND_HALF_UP)
# Spreadsheets take no longer code, and no more places.
_LONGEST_CODE, _MOST_PLACES = 255, 30
_DIGITS = "0#?"
# Stand for themselves without a quotation mark; so does all that is no ASCII, as "€".
_LITERAL = frozenset("$-+():!^&'~{}<>= ")
_IN_BRACKETS = re.compile(r"\$(?P<sign>[^-\]]*)(?:-[0-9A-Za-z]*)?$")
_COLOUR = re.compile(r"(?:black|blue|cyan|green|magenta|red|white|yellow|colou?r ?\d+)$", re.IGNORECASE)


@dataclass
class _Section:
    """A part of a format between semicolons: what stands before the decimal point and behind it, in order.

    A placeholder of a digit is one of the signs 0, # and ?; other texts are literal, marked by an apostrophe before.
    """

    whole: list[str] = field(default_factory=list)
    fraction: list[str] = field(default_factory=list)
    has_point: bool = False
    thousands: bool = False
    scale: int = 0

    @property
    def tokens(self) -> list[str]:
        return self.whole + self.fraction


def shown(value: float, code: str) -> tuple[str, bool] | None:
    """(the text that a number has by a format, whether it has fewer digits than the number).

    None where the format is one that is not followed: fractions, exponents, conditions, what shows nothing, and dates.
    """
    sections = _sections(code)
    chosen = 1 if value < 0 and len(sections) > 1 else 2 if value == 0 and len(sections) > 2 else 0
    section = sections[chosen]
    if section is None or not math.isfinite(value) or abs(value) >= _EXACT:
        return None
    exact = _CONTEXT.scaleb(Decimal(f"{abs(value):.15g}"), section.scale)
    places = sum(token in _DIGITS for token in section.fraction)
    rounded = _CONTEXT.quantize(exact, Decimal(1).scaleb(-places))
    digits = f"{rounded:f}"
    whole, _, fraction = digits.partition(".")
    text = _whole(section, whole.lstrip("0")) + ("." if section.has_point else "") + _fraction(section, fraction)
    sign = "-" if value < 0 and chosen == 0 else ""
    text = f"{sign}{text}".strip()
    return (text, rounded != exact) if text else None


def _whole(section: _Section, digits: str) -> str:
    """The digits before the point in their places, from the right; the first place takes all that are left."""
    places = [index for index, token in enumerate(section.whole) if token in _DIGITS]
    needed = next((len(places) - number for number, index in enumerate(places) if section.whole[index] == "0"), 0)
    first, left, written = places[0] if places else -1, list(digits), 0
    made: list[str] = []
    for index in range(len(section.whole) - 1, -1, -1):
        token = section.whole[index]
        if token not in _DIGITS:
            made.append(token[1:])
            continue
        while True:
            digit = left.pop() if left else "0" if written < needed else " " if token == "?" else ""
            if digit.isdigit() and section.thousands and written and written % 3 == 0:
                made.append(",")
            made.append(digit)
            written += digit.isdigit()
            if index != first or not left:
                break
    return "".join(reversed(made))


def _fraction(section: _Section, digits: str) -> str:
    """The digits behind the point, without the zeros at the end that the format does not ask for."""
    last = max((index for index, token in enumerate(section.fraction) if token == "0"), default=-1)
    given = iter(digits)
    kept = [(token, next(given) if token in _DIGITS else token[1:]) for token in section.fraction]
    made = []
    for index, (token, text) in enumerate(kept):
        rest = kept[index:]
        is_end = index > last and all(digit == "0" for other, digit in rest if other in _DIGITS)
        made.append((" " if token == "?" else "") if token in _DIGITS and is_end else text)
    return "".join(made)


@functools.lru_cache(maxsize=512)
def _sections(code: str) -> tuple[_Section | None, ...]:
    """The parts of a format for numbers, None for one that is not followed or shows nothing."""
    return tuple(map(_section, _parts(code)[:3])) if len(code) <= _LONGEST_CODE else (None,)


def _parts(code: str) -> list[list[str]]:
    """The tokens of each part: literals with an apostrophe before them, other signs as they are."""
    parts: list[list[str]] = [[]]
    for match in re.finditer(r'"([^"]*)"?|\\(.)|[_*].|\[([^\]]*)\]?|General|(.)', code, re.DOTALL):
        token = match[0]
        quoted = match[1] or match[2]
        if token[0] in '"\\':
            parts[-1] += [f"'{quoted}"] if quoted else []
        elif token == ";":
            parts.append([])
        elif token[0] not in "_*":
            parts[-1].append(token)
    return parts


def _section(tokens: list[str]) -> _Section | None:
    section = _Section()
    commas = 0
    for token in tokens:
        side = section.fraction if section.has_point else section.whole
        if token in _DIGITS:
            section.thousands |= bool(commas) and not section.has_point
            commas = 0
            side.append(token)
        elif token == ",":
            # Between digits it divides thousands, behind all of them it shows thousands as ones.
            commas += any(other in _DIGITS for other in section.tokens)
        elif token == "." and not section.has_point:
            section.scale -= 3 * commas
            section.has_point, commas = True, 0
        elif token == "%":
            section.scale += 2
            side.append("'%")
        elif token.startswith("["):
            sign = _IN_BRACKETS.match(token[1:].rstrip("]"))
            if sign is None and not _COLOUR.match(token[1:].rstrip("]")):
                return None
            side += [f"'{sign['sign']}"] if sign is not None else []
        elif token.startswith("'") or token in _LITERAL or not token.isascii():
            side.append(token if token.startswith("'") and len(token) != 1 else f"'{token}")
        else:
            return None
    section.scale -= 3 * commas
    places = sum(token in _DIGITS for token in section.fraction)
    return section if section.tokens and max(places, abs(section.scale)) <= _MOST_PLACES else None


class Shown:
    """What the cells of a sheet show, and what is to be said of it: by column, what one shows, and what is plain.

    `codes` are the formats by the numbers of the styles, None where a style has none of its own.
    """

    def __init__(self, codes: list[str | None]) -> None:
        self._codes = codes
        self._changed: dict[int, str] = {}
        self._plain: dict[int, str] = {}
        self._dates: set[int] = set()
        self._shortened = 0

    def cells(self, styles: dict[int, int], given: list[Any], plain: list[Any]) -> list[Any]:
        """The cells of a row with these styles; `given` are its values, `plain` what they are without a format."""
        shown = [*plain]
        for column, style in styles.items():
            if column < len(given):
                shown[column] = self._cell(column, style, given[column], plain[column])
        return shown

    def cell(self, column: int, style: int | None, given: Any, plain: Any) -> Any:
        """One of them."""
        return plain if style is None else self._cell(column, style, given, plain)

    def _cell(self, column: int, style: int, given: Any, plain: Any) -> Any:
        code = self._codes[style]
        if code is None or isinstance(given, str | bool):
            return plain
        if not isinstance(given, int | float):
            if not code.lower().startswith("yyyy-mm-dd"):
                self._dates.add(column)
            return plain
        found = shown(given, code)
        if found is None:
            if abs(given) < _EXACT:
                self._plain.setdefault(column, code)
            return plain
        if found[0] == str(plain):
            return plain
        self._changed.setdefault(column, found[0])
        self._shortened += found[1]
        return found[0]

    def told(self) -> dict[str, Any]:
        """What is to be said: `shown` texts, formats that are not followed and so `plain` numbers, `dates`, by columns.

        `shortened` are the cells of which a sheet shows fewer digits than they have.
        """
        return {
            "shown": self._changed, "plain": self._plain, "dates": sorted(self._dates), "shortened": self._shortened
        }  # fmt: skip
