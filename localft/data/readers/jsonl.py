"""JSON lines: one object a line."""

import itertools

from localft.data.readers.encoding import Lines
from localft.data.shapes.rows import Row, excerpt
from localft.data.shapes.values import BadValue, parse_json

LARGEST_LINE = 64_000_000


def read_jsonl(lines: Lines) -> list[Row]:
    """Turn lines into rows; blank lines are passed over, and what cannot be read says why."""
    raw = lines.raw or itertools.repeat(b"")
    rows = (
        line_row(number, text, line) for number, (text, line) in enumerate(zip(lines.text, raw, strict=False), start=1)
    )
    return [row for row in rows if row is not None]


def line_row(number: int, text: str | None, raw: bytes) -> Row | None:
    """The row on a line, None where that is blank; `raw` is the line where it is no `text`."""
    if text is None:
        shown = excerpt(raw[:1000])
        return Row(
            number, None, "bytes that are not text in its encoding; save the file as UTF-8", "undecodable", shown
        )
    if not text.strip():
        return None
    if len(text) > LARGEST_LINE:
        return Row(number, None, f"longer than {LARGEST_LINE // 1_000_000} MB", "too long", excerpt(text[:1000]))
    try:
        value = parse_json(text)
    except BadValue as error:
        return Row(number, None, str(error), "not JSON", excerpt(text[:1000]))
    return object_row(number, value)


def object_row(number: int, value: object) -> Row:
    """A row from a JSON value, which has to be an object."""
    if isinstance(value, dict):
        return Row(number, value)
    kind = {list: "a list", type(None): "null", bool: "true or false"}.get(type(value), "a single value")
    return Row(number, None, f"{kind}, not an object with named fields", "not an object", excerpt(str(value)[:1000]))
