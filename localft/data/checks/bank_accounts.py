"""Where numbers of bank accounts (IBAN) stand in a text: as long as their country has them, with a right checksum."""

import re
from collections.abc import Iterator

from localft.data.texts.signs import Signs

# Found at each place where one may begin; at least as long as the shortest, at most as the longest.
PATTERN = re.compile(r"(?<![A-Za-z0-9])(?=([A-Za-z]{2}[0-9]{2}(?:[ \u00a0-]?[A-Za-z0-9]){11,30}))")
SIGNS = Signs(r"[A-Za-z]{2}[0-9]{2}(?:[ \x{a0}-]?[A-Za-z0-9]){11}")

_LENGTHS = {
    length: frozenset(countries.split())
    for length, countries in {
        15: "NO",
        16: "BE",
        18: "DK FI FK FO GL NL SD",
        19: "MK SI",
        20: "AT BA EE KZ LT LU MN XK",
        21: "CH HR LI LV",
        22: "BG BH CR DE GB GE IE ME RS VA",
        23: "AE GI IL IQ OM SO TL",
        24: "AD CZ ES MD PK RO SA SE SK TN VG",
        25: "LY PT ST",
        26: "IS TR",
        27: "BI DJ FR GR IT MC MR SM",
        28: "AL AZ BY CY DO GT HU LB NI PL SV",
        29: "BR EG PS QA UA",
        30: "JO KW MU YE",
        31: "MT SC",
        32: "LC",
        33: "RU",
    }.items()
}
_LENGTH_OF = {country: length for length, countries in _LENGTHS.items() for country in countries}


def places(text: str) -> Iterator[tuple[int, int]]:
    """Where such numbers begin and end."""
    free = 0
    for match in PATTERN.finditer(text):
        begin = match.start()
        end = _end(match[1], begin)
        if end and begin >= free and not text[end : end + 1].isalnum() and _is_right(text[begin:end]):
            yield begin, end
            free = end


def _end(written: str, begin: int) -> int:
    """Where a number of this country ends; 0 where it has none as long as that."""
    missing = _LENGTH_OF.get(written[:2].upper(), 0)
    for place, character in enumerate(written):
        missing -= character.isalnum()
        if missing == 0:
            return begin + place + 1
    return 0


def _is_right(written: str) -> bool:
    """Whether the checksum, the remainder by 97, is right."""
    plain = "".join(character for character in written.upper() if character.isalnum())
    digits = "".join(str(int(character, 36)) for character in plain[4:] + plain[:4])
    return int(digits) % 97 == 1
