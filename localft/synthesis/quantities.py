"""The numbers of a text, in digits or in words, with what they count, as they are compared."""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Set
from typing import NamedTuple

from localft.synthesis.stop_words import STOP_WORDS
from localft.synthesis.wording import folded, same_stem

_DATE = re.compile(r"\b(\d{4})-(\d\d)-(\d\d)\b|\b(\d{1,2})\.(\d{1,2})\.(\d{4})\b")
_MONTHS = "January February March April May June July August September October November December"
# A time of day is one number.
_NUMBER = re.compile(r"\d{1,2}:\d\d\b|\d+(?:[.,\u00a0\u202f']\d+)*")
_GROUPED = re.compile(r"\d{1,3}([.,\u00a0\u202f'])\d{3}(?:\1\d{3})*")
_LETTERS = re.compile(r"[^\W\d_]+")
# What is counted stands behind a number, perhaps with a word between.
_COUNTED = re.compile(r"[\s\u00a0-]*([^\W\d_]+|[%€$£¥°]+)(?:[\s-]+([^\W\d_]+))?")
_CURRENCY = re.compile(r"([€$£¥])\s*$")
_SMALL = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
    "eighteen nineteen twenty",
    "null ein zwei drei vier fünf sechs sieben acht neun zehn elf zwölf dreizehn vierzehn fünfzehn sechzehn siebzehn "
    "achtzehn neunzehn zwanzig",
    "zéro un deux trois quatre cinq six sept huit neuf dix onze douze treize quatorze quinze seize dix-sept dix-huit "
    "dix-neuf vingt",
    "cero uno dos tres cuatro cinco seis siete ocho nueve diez once doce trece catorce quince dieciséis diecisiete "
    "dieciocho diecinueve veinte",
)
_LARGE = (
    "thirty forty fifty sixty seventy eighty ninety hundred thousand million",
    "dreißig vierzig fünfzig sechzig siebzig achtzig neunzig hundert tausend million",
    "trente quarante cinquante soixante septante huitante nonante cent mille million",
    "treinta cuarenta cincuenta sesenta setenta ochenta noventa cien mil millón",
)
_VALUES = (30, 40, 50, 60, 70, 80, 90, 100, 1_000, 1_000_000)
_ARTICLES = "one ein eine einer einem einen un une una uno"
_WORDS = (
    {folded(word): value for words in _SMALL for value, word in enumerate(words.split())}
    | {folded(word): value for words in _LARGE for value, word in zip(_VALUES, words.split(), strict=True)}
    | dict.fromkeys(_ARTICLES.split(), 1)
    | {"vingts": 20}
)
_ONES, _TENS = ["", *map(folded, _SMALL[1].split()[1:10])], ["zwanzig", *map(folded, _LARGE[1].split()[:7])]
_GERMAN = re.compile(f"({'|'.join(_ONES[1:])})und({'|'.join(_TENS)})")
# Mostly articles and pronouns, or other words in another language: an answer with one of them alone counts nothing.
_NO_COUNT = frozenset(f"{_ARTICLES} zero null cero neuf once cent mil mille seize sept onze".split())
_BETWEEN = re.compile(r"[\s-]+(?:and[\s-]+|y[\s-]+|et[\s-]+)?")

# Units: what they measure, and for each how many of the first it is.
_UNITS: dict[str, tuple[tuple[float, str], ...]] = {
    "time": (
        (1, "second seconds sec secs sekunde sekunden seconde secondes segundo segundos"),
        (60, "minute minutes min mins minuten minuto minutos"),
        (3_600, "hour hours hr hrs h stunde stunden std heure heures hora horas"),
        (86_400, "day days tag tage tagen jour jours dia dias"),
        (604_800, "week weeks woche wochen semaine semaines semana semanas"),
    ),
    "months": (
        (1, "month months monat monate monaten mois mes meses"),
        (12, "year years jahr jahre jahren ans annee annees ano anos"),
    ),
    "length": (
        (0.001, "mm millimetre millimetres millimeter millimeters"),
        (0.01, "cm centimetre centimetres centimeter zentimeter centimeters"),
        (1, "m metre metres meter meters metern metro metros"),
        (1_000, "km kilometre kilometres kilometer kilometers kilometern kilometro kilometros"),
    ),
    "miles": ((1, "mile miles meile meilen"),),
    "weight": (
        (0.001, "mg milligram milligrams milligramm"),
        (1, "g gram grams gramm gramme grammes gramo gramos"),
        (1_000, "kg kilo kilos kilogram kilograms kilogramm"),
        (1_000_000, "tonne tonnes tonnen tons tonelada toneladas"),
    ),
    "volume": (
        (0.001, "ml millilitre millilitres milliliter milliliters"),
        (0.01, "cl centilitre centilitres"),
        (1, "l litre litres liter liters litern litro litros"),
    ),
    "data": ((1, "kb"), (1_000, "mb"), (1_000_000, "gb"), (1_000_000_000, "tb")),
    "share": ((1, "% percent per prozent pour por"),),
    "degrees": ((1, "° degree degrees grad degre degres grado grados celsius"),),
    "fahrenheit": ((1, "fahrenheit"),),
    "euros": ((1, "€ euro euros eur"),),
    "dollars": ((1, "$ dollar dollars usd"),),
    "pounds": ((1, "£ pound pounds gbp pfund livre livres libra libras"),),
    "yen": ((1, "¥ yen jpy"),),
    "cents": ((1, "cent cents centimes centimos"),),
    "pressure": ((0.001, "mbar"), (1, "bar")),
    "volts": ((1, "v volt volts"), (1_000, "kv")),
    "watts": ((1, "w watt watts"), (1_000, "kw")),
    "amperes": ((0.001, "ma"), (1, "a amp amps ampere amperes")),
}
_FACTORS = {
    word: (measured, factor) for measured, units in _UNITS.items() for factor, words in units for word in words.split()
}
# These letters are words of their own as well, and units only close to digits.
_AFTER_DIGITS = frozenset(["m", "g", "l", "h", "v", "w", "a", "per", "pour", "por", "ma"])


class Quantity(NamedTuple):
    """A number: as it stands there, its possible readings ("1.200" may be 1200 or 1.2), and what it counts.

    `unit`: what is measured, and how large the unit is, if that is known. `counted`: the word behind.
    """

    shown: str
    readings: Set[str]
    unit: tuple[str, float] | None
    counted: str

    @property
    def whole(self) -> str:
        """The number with what it counts, for a person."""
        return f"{self.shown} {self.counted}".strip()

    def agrees(self, other: "Quantity") -> bool:
        """Tell whether both may be the same, in whatever unit."""
        if self.unit is None or other.unit is None:
            return bool(self.readings & other.readings)
        mine, theirs = self.unit, other.unit
        if mine[0] != theirs[0]:
            return False
        return any(
            abs(one * mine[1] - two * theirs[1]) <= 1e-6 * abs(one * mine[1])
            for one in _values(self.readings)
            for two in _values(other.readings)
        )

    def is_of(self, other: "Quantity") -> bool:
        """Tell whether both count the same kind of thing, as far as one can tell."""
        if self.unit is not None or other.unit is not None:
            return self.unit is not None and other.unit is not None and self.unit[0] == other.unit[0]
        return not self.counted or not other.counted or same_stem(self.counted, other.counted)


def quantities(text: str, strict: bool) -> list[Quantity]:
    """The numbers of a text. Not `strict`: "one" is one."""
    text = unicodedata.normalize("NFKC", text)
    found = [(match.start(), match.end(), match[0], set(_readings(match[0]))) for match in _NUMBER.finditer(text)]
    found += [(start, end, text[start:end].lower(), {str(value)}) for start, end, value in _in_words(text, strict)]
    return [_quantity(text, *one) for one in sorted(found, key=lambda one: one[0])]


def spelt_out(text: str) -> str:
    """The text with dates in digits ("2024-07-01", "1.7.2024") as they are said: "1 July 2024"."""
    return _DATE.sub(_said_date, text)


def _said_date(found: re.Match[str]) -> str:
    year, month, day = (found[1], found[2], found[3]) if found[1] else (found[6], found[5], found[4])
    return (
        f"{int(day)} {_MONTHS.split()[int(month) - 1]} {year}" if 1 <= int(month) <= len(_MONTHS.split()) else found[0]
    )


def is_unit(word: str) -> bool:
    """Tell whether a folded word is a unit, whatever else it may be."""
    return word in _FACTORS


def is_number_word(word: str) -> bool:
    """Tell whether a folded word is a number."""
    return word in _WORDS


def _quantity(text: str, start: int, end: int, shown: str, readings: Set[str]) -> Quantity:
    if (before := _CURRENCY.search(text, max(0, start - 2), start)) is not None:
        return Quantity(shown, readings, _FACTORS[before[1]], before[1])
    behind = _COUNTED.match(text, end, end + 60)
    if behind is None or ":" in shown:
        return Quantity(shown, readings, None, "")
    words = [folded(word) for word in behind.groups() if word]
    for word in words:
        if word in _FACTORS and (word not in _AFTER_DIGITS or (shown[-1].isdigit() and word == words[0])):
            return Quantity(shown, readings, _FACTORS[word], word)
    counted = "" if words[0] in STOP_WORDS or len(words[0]) < 3 else words[0]
    return Quantity(shown, readings, None, counted)


def _values(readings: Iterable[str]) -> list[float]:
    found = []
    for reading in readings:
        try:
            found.append(float(reading))
        except ValueError:
            continue
    return found


def _in_words(text: str, strict: bool) -> Iterator[tuple[int, int, int]]:
    """(start, end, value) of each number in words: "twenty-five" is one."""
    open_one: tuple[int, int, int, str] | None = None
    for match in _LETTERS.finditer(text):
        value = _value(folded(match[0]))
        if value is None:
            continue
        if open_one is not None and _BETWEEN.fullmatch(text, open_one[1], match.start()):
            joined = _joined(open_one[2], value)
            if joined is not None:
                open_one = (open_one[0], match.end(), joined, "")
                continue
        if open_one is not None and not (strict and open_one[3] in _NO_COUNT):
            yield open_one[:3]
        open_one = (match.start(), match.end(), value, folded(match[0]))
    if open_one is not None and not (strict and open_one[3] in _NO_COUNT):
        yield open_one[:3]


def _value(word: str) -> int | None:
    """The value of a number in a word."""
    if (both := _GERMAN.fullmatch(word)) is not None:
        return _WORDS[both[1]] + _WORDS[both[2]]
    return _WORDS.get(word)


def _joined(before: int, after: int) -> int | None:
    """The value of two numbers that are one: "twenty five", "two hundred", "quatre-vingt"."""
    if after >= 100 > before:
        return before * after
    if before == 4 and after == 20:
        return 80
    if before >= 100 > after:
        return before + after
    if before >= 20 and before % 10 == 0 and 0 < after < (20 if before in {60, 80} else 10):
        return before + after
    return 10 + after if before == 10 and 7 <= after <= 9 else None


def _readings(number: str) -> Iterable[str]:
    if ":" in number:
        yield number.lstrip("0") or "0"
        return
    if _GROUPED.fullmatch(number):
        yield re.sub(r"\D", "", number)
    digits = re.split(r"[.,\u00a0\u202f']", number)
    separators = re.findall(r"\D", number)
    if len(digits) > 2 and separators[-1] not in separators[:-1]:
        # "1.200,50"
        number, digits = number[: -len(digits[-1]) - 1], ["".join(digits[:-1]), digits[-1]]
    if len(digits) == 2:
        yield f"{digits[0].lstrip('0') or '0'}.{digits[1].rstrip('0')}".rstrip(".")
    elif len(digits) == 1:
        yield number.lstrip("0") or "0"
    else:
        # A date, a version, a number with several separators: as it is, and without them.
        yield ".".join(part.lstrip("0") or "0" for part in digits)
        yield "".join(digits)
