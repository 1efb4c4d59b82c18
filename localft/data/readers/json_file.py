"""A JSON file: an array of objects, one object that holds it, or a table written column by column."""

from typing import Any

from localft.data.readers.jsonl import object_row
from localft.data.rows import Row, excerpt
from localft.data.values import BadValue, parse_json, refuse_twins
from localft.errors import UserError

UNREADABLE = "Correct it there; a JSON file has to be whole to be read."


def parse_file(text: str, name: str) -> Any:
    """The value of a JSON text.

    Raises:
        UserError: it is not JSON: what of a broken array is whole cannot be told.
    """
    try:
        return parse_json(text, refuse_twins=False)
    except BadValue as error:
        where = f", line {error.line}" if error.line else ""
        raise UserError(f"{name}{where} cannot be read: {error}.", UNREADABLE) from error


def rows_of(value: Any) -> list[Row]:
    """Turn the value of a file into rows, numbered from 1 by their place in the array."""
    return [value_row(number, row) for number, row in enumerate(_array_of(value), start=1)]


def value_row(number: int, value: Any) -> Row:
    """A row from a value of the array, which has to be an object without twin keys."""
    try:
        refuse_twins(value)
    except (BadValue, RecursionError) as error:
        reason = str(error) if isinstance(error, BadValue) else "nested too deeply"
        return Row(number, None, reason, "not JSON", excerpt(repr(value)[:1000]))
    return object_row(number, value)


def _array_of(value: Any) -> list[Any]:
    """The array of a file: itself, the only array of objects in an object, columns, or an object as the only row."""
    if isinstance(value, list):
        return value
    if isinstance(value, dict):
        lists = [item for item in value.values() if isinstance(item, list) and item and isinstance(item[0], dict)]
        is_example = {"messages", "conversations", "prompt", "instruction"} & value.keys()
        if len(lists) == 1 and not is_example:
            return lists[0]
        return _rows_of_columns(value) or [value]
    return [value]


def _rows_of_columns(table: dict[str, Any]) -> list[dict[str, Any]]:
    """The rows of {"prompt": {"0": …, "1": …}, …}, as pandas writes tables by default; else none."""
    columns = list(table.values())
    if not columns or not all(isinstance(column, dict) and len(column) > 1 for column in columns):
        return []
    places = columns[0].keys()
    if not all(place.isdigit() for place in places) or any(column.keys() != places for column in columns):
        return []
    return [{name: column[place] for name, column in table.items()} for place in places]
