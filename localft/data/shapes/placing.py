"""What columns say about the place of an example: what it stays together with, its time, its label, its split.

They are mapped like every other column (`--map time=COLUMN`), so that the app's mapper and a source's record of its
mapping know them too, and they are kept with the example, so that a version can be divided anew years later.
"""

import email.utils
import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from typing import Any

from localft.data.shapes.conversation import BadRow
from localft.data.shapes.values import is_missing, to_text

PLACES = ("group", "time", "label", "split")
"""The fields of a mapping that say where an example belongs."""

KEPT = "localft"
"""What an export says of an example beside what other programs read: a field with an object of such fields."""
PASSAGE = "source_passage"
"""What the passage that an example was written from is called in an export; an import passes it over."""
KEPT_FIELDS = (*PLACES, "place", "plain")

# What people call the three parts.
_SPLITS = {
    **dict.fromkeys(("train", "training", "learn"), "train"),
    **dict.fromkeys(("validation", "valid", "val", "dev", "development", "eval"), "validation"),
    **dict.fromkeys(("test", "testing", "holdout", "held-out", "held out"), "test"),
}
_NUMBER = re.compile(r"\d{8,14}(\.\d+)?$")
_DAY_FIRST = re.compile(r"(\d{1,2})\.(\d{1,2})\.(\d{4})\b(.*)$", re.DOTALL)
# "Jan 5, 2024", "5 January 2024": one that is named cannot be taken for a day.
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH = (
    r"(jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|"
    r"nov(?:ember)?|dec(?:ember)?)\.?"
)
_DAY = r"(\d{1,2})(?:st|nd|rd|th)?"
_MONTH_NAMED = re.compile(
    rf"(?:{_MONTH}[ -]{_DAY},?|{_DAY}[ -](?:of )?{_MONTH},?)[ -](\d{{4}})\b(?:,? (?:at )?(\d.*))?$",
    re.IGNORECASE | re.DOTALL,
)
_HALF_OF_DAY = re.compile(r"(\d{1,2}):(\d\d)(?::(\d\d))? ?([ap])\.?m\.?$", re.IGNORECASE)
_YEAR_FIRST = re.compile(r"(\d{4})[/.](\d{1,2})[/.](\d{1,2})\b(.*)$", re.DOTALL)
# Seconds since 1970 have at most 11 digits before the point until the year 5138; more digits are milliseconds.
_MOST_SECONDS = 10**11


def placement(get: Callable[[str], Any]) -> dict[str, Any]:
    """What `get` says of the fields in `PLACES`, as values of an example; a time that cannot be read is left out.

    Raises:
        BadRow: the name is none of a split.
        BadValue: a value is no text.
    """
    said = {name: value for name in PLACES if not is_missing(value := get(name))}
    texts = {name: text for name, value in said.items() if (text := to_text(value).strip())}
    found: dict[str, Any] = {}
    if "group" in texts:
        found["group"] = texts["group"]
    if "time" in texts:
        found["time"] = read_time(said["time"]) or ""
    if "label" in texts:
        found["label"] = texts["label"]
    if "split" in texts:
        found["named_split"] = _split_named(texts["split"])
    return found


def kept_fields(values: Mapping[str, Any]) -> dict[str, str]:
    """What an export has kept of an example; nothing of any other row."""
    kept = values.get(KEPT)
    if not isinstance(kept, dict):
        return {}
    found = {name: value for name in KEPT_FIELDS if isinstance(value := kept.get(name), str) and value}
    if found.get("split") not in _SPLITS.values():
        found.pop("split", None)
    return found


def read_time(value: Any) -> str | None:
    """A date or time as ISO 8601 in UTC, so that times compare as texts do; without an offset it is taken for UTC.

    None where it is none, or can be read in two ways.
    """
    text = to_text(value).strip()
    try:
        moment = _moment(value, text)
        utc = moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (ValueError, OverflowError, OSError):
        return None
    return utc.isoformat()


def _moment(value: Any, text: str) -> datetime:
    if isinstance(value, datetime):
        return value
    if isinstance(value, date):
        return datetime(value.year, value.month, value.day, tzinfo=UTC)
    if _NUMBER.match(text) and not _is_compact_date(text):
        seconds = float(text)
        return datetime.fromtimestamp(seconds / 1000 if seconds >= _MOST_SECONDS else seconds, UTC)
    for pattern, order in ((_DAY_FIRST, (3, 2, 1)), (_YEAR_FIRST, (1, 2, 3))):
        parts = pattern.match(text)
        if parts is not None:
            year, month, day = (int(parts[position]) for position in order)
            return datetime.fromisoformat(f"{year:04}-{month:02}-{day:02}{parts[4].replace(', ', ' ')}")
    named = _MONTH_NAMED.match(text)
    if named is not None:
        month = _MONTHS.index((named[1] or named[4])[:3].lower()) + 1
        return _at_time(f"{named[5]}-{month:02}-{int(named[2] or named[3]):02}", named[6] or "00:00")
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        # "Mon, 02 Jan 2026 10:00:00 +0100", as mails have it.
        return email.utils.parsedate_to_datetime(text)


def _at_time(day: str, written: str) -> datetime:
    """A time of this day, which may be that of half a day: "3:05 pm"."""
    half = _HALF_OF_DAY.match(written)
    if half is not None:
        hour = int(half[1])
        if not 1 <= hour <= 12:
            raise ValueError(written)
        hour = hour % 12 + 12 * (half[4].lower() == "p")
        written = f"{hour:02}:{half[2]}:{half[3] or '00'}"
    return datetime.fromisoformat(f"{day} {written}")


def _is_compact_date(text: str) -> bool:
    """Whether eight digits are a day such as 20260131; seconds since 1970 had so few in 1973 last."""
    return len(text) == 8


def split_called(name: str) -> str:
    """The split that people call so, "" where it is none."""
    return _SPLITS.get(name.strip().lower(), "")


def _split_named(name: str) -> str:
    split = split_called(name)
    if not split:
        raise BadRow("unknown split", f"{name[:40]!r} is none of train, validation and test")
    return split
