"""Values as a file spells them: numbers keep every digit, and nothing is silently dropped."""

import json
import math
from collections.abc import Iterable, Mapping
from datetime import date, datetime, time
from decimal import Decimal
from json.encoder import encode_basestring
from typing import Any

# Deeper ones cannot be written and read again by pydantic.
_DEEPEST = 100


class BadValue(ValueError):
    """A value that cannot be part of an example; the message says why, in a few words for a list of reasons.

    `line` is the line of the text on which it stands, where a parser knows it.
    """

    def __init__(self, message: str, line: int | None = None) -> None:
        super().__init__(message)
        self.line = line


class NumberText(str):
    """A number as the file spells it, so that 1.10 stays 1.10 and 20 digits stay 20 digits."""

    __slots__ = ()


class TwinObject(dict[str, Any]):
    """An object in which a key occurs twice: reading it would silently lose the first value."""

    twin: str = ""


def parse_json(text: str, refuse_twins: bool = True) -> Any:
    """Read JSON with numbers as `NumberText`; NaN, which stands for no value, as the number that it is.

    Objects in which a key occurs twice are refused, or become a `TwinObject`.

    Raises:
        BadValue: it is not JSON, nested too deeply, or has such an object.
    """
    twins: list[str] = []

    def build(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) == len(pairs):
            return found
        marked = TwinObject(found)
        names = [name for name, _ in pairs]
        marked.twin = next(name for name in names if names.count(name) > 1)
        twins.append(marked.twin)
        return marked

    decoder = json.JSONDecoder(
        object_pairs_hook=build, parse_float=NumberText, parse_int=NumberText, parse_constant=_constant
    )
    try:
        value = decoder.decode(text)
    except json.JSONDecodeError as error:
        reason = error.msg.removesuffix(" at").removesuffix(" starting")
        raise BadValue(f"not JSON: {reason} at column {error.colno}", error.lineno) from error
    except RecursionError as error:
        raise BadValue("nested too deeply") from error
    if twins and refuse_twins:
        raise BadValue(_twin_message(twins[0]))
    return value


def _constant(name: str) -> NumberText | float:
    return math.nan if name == "NaN" else NumberText(name)


def _twin_message(key: str) -> str:
    return f"the key {key[:40]!r} occurs twice in one object"


def refuse_twins(value: Any) -> None:
    """Refuse a value with an object in which a key occurs twice.

    Raises:
        BadValue: there is one.
    """
    if isinstance(value, TwinObject):
        raise BadValue(_twin_message(value.twin))
    for item in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        refuse_twins(item)


def is_missing(value: Any) -> bool:
    """Tell whether a cell holds nothing: null, NaN, or an empty text."""
    return value is None or value == "" or (isinstance(value, float) and math.isnan(value))


def _is_none(value: Any) -> bool:
    return value is None or (isinstance(value, float) and math.isnan(value))


def to_text(value: Any) -> str:
    """The text of a cell: a text as it is, a number as it is spelled, an object or a list as JSON.

    Raises:
        BadValue: it is binary, holds a broken character, or is nested too deeply.
    """
    if isinstance(value, str):
        return checked_text(str(value))
    if _is_none(value):
        return ""
    try:
        return checked_text(_spelled(value))
    except RecursionError as error:
        raise BadValue("nested too deeply") from error


def json_of(value: Any) -> str:
    """A value that was read from JSON as JSON again, each number as it was spelled; a broken character stays one.

    Raises:
        BadValue: it is nested too deeply.
    """
    try:
        return _spelled(value)
    except RecursionError as error:
        raise BadValue("nested too deeply") from error


def _spelled(value: Any) -> str:
    if isinstance(value, NumberText):
        return str(value)
    if isinstance(value, str):
        return encode_basestring(value)
    if isinstance(value, bool) or value is None:
        return json.dumps(value)
    if isinstance(value, float):
        return "null" if math.isnan(value) else repr(value)
    if isinstance(value, int | Decimal):
        return str(value)
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{encode_basestring(str(k))}: {_spelled(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_spelled(item) for item in value) + "]"
    raise BadValue(f"a value of the type {type(value).__name__} is no text")


def start_of(value: Any, length: int) -> str:
    """The first characters of a value as its file spells it, or a few more; what follows is not looked at.

    Raises:
        BadValue: what is looked at has no text, or is nested too deeply.
    """
    parts: list[str] = []
    try:
        _spell_start(value, length, parts)
    except RecursionError as error:
        raise BadValue("nested too deeply") from error
    return checked_text("".join(parts))


def _spell_start(value: Any, room: int, parts: list[str]) -> int:
    """Put the start of a spelled value behind the parts; return for how many more characters there is room."""
    # Most values are texts; whether one is a mapping takes longer to tell.
    if type(value) is str:
        # A longer text is cut before the quotation mark that would end it.
        parts.append(encode_basestring(value[: max(0, room)]))
        return room - len(parts[-1])
    if isinstance(value, Mapping):
        opening, closing = "{}"
        items: Iterable[tuple[str, Any]] = ((f"{encode_basestring(str(key))}: ", item) for key, item in value.items())
    elif isinstance(value, list | tuple):
        opening, closing = "[]"
        items = (("", item) for item in value)
    else:
        parts.append("NaN" if value is not None and _is_none(value) else _spelled(value))
        return room - len(parts[-1])
    between = opening
    for name, item in items:
        parts.append(between + name)
        room = _spell_start(item, room - len(between) - len(name), parts)
        if room <= 0:
            return 0
        between = ", "
    end = closing if between == ", " else opening + closing
    parts.append(end)
    return room - len(end)


def checked_text(text: str) -> str:
    """Return the text, unless it holds half of a surrogate pair: that is no character and cannot be written to a file.

    Raises:
        BadValue: it does.
    """
    if any("\ud800" <= character <= "\udfff" for character in text) if not text.isascii() else False:
        raise BadValue("half of a surrogate pair (a broken character)")
    return text


def to_plain(value: Any, nulls: bool = False) -> Any:
    """A JSON value with real numbers, for tool descriptions that templates calculate with.

    What is null in an object is left out, unless `nulls` are to be kept.

    Raises:
        BadValue: a number is too large to be one, a text holds a broken character, or it is nested too deeply.
    """
    return _plain(value, nulls, _DEEPEST)


def _plain(value: Any, nulls: bool, room: int) -> Any:
    if isinstance(value, NumberText):
        return _number(value)
    if isinstance(value, str):
        return checked_text(value)
    if not room:
        raise BadValue("nested too deeply")
    if isinstance(value, Mapping):
        kept = ((key, item) for key, item in value.items() if nulls or not _is_none(item))
        return {checked_text(str(key)): _plain(item, nulls, room - 1) for key, item in kept}
    if isinstance(value, list | tuple):
        return [_plain(item, nulls, room - 1) for item in value]
    return None if _is_none(value) else value


def _number(spelled: NumberText) -> int | float:
    try:
        number: int | float = json.loads(spelled)
    except ValueError:
        number = math.inf
    if math.isinf(number):
        raise BadValue(f"the number {spelled[:40]} of a tool is too large")
    return number
