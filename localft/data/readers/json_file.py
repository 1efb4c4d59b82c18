"""A JSON file: an array of objects, one object that holds it or one for each split, or a table column by column."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from localft.data.readers.jsonl import object_row
from localft.data.shapes.detecting import FOR_ALL
from localft.data.shapes.placing import KEPT, split_called
from localft.data.shapes.rows import Row, excerpt, listed
from localft.data.shapes.values import BadValue, is_missing, parse_json, refuse_twins
from localft.errors import UserError

EXAMPLE = frozenset({"messages", "conversations", "prompt", "instruction"})
"""An object with one of these fields is an example, whatever arrays it holds."""
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
    """Turn the value of a file into rows, numbered from 1 by their place in the array.

    What is for all of them (a system prompt, tools) may stand beside the array. Where there is an array for each split,
    one follows the other, and every row keeps its split.
    """
    arrays, beside = _arrays_of(value)
    for_all = {name: item for name, item in beside.items() if is_for_all(name)}
    numbered = enumerate(((row, of_split(field)) for field, array in arrays.items() for row in array), start=1)
    return [with_beside(value_row(number, row), {**for_all, **place}) for number, (row, place) in numbered]


def of_split(field: str) -> dict[str, Any]:
    """What is said for all rows of an array that a file has under the name of a split; nothing for another name."""
    return {KEPT: {"split": split_called(field)}} if split_called(field) else {}


def arrays_of_splits(fields: Mapping[str, Any], has_objects: Callable[[Any], bool]) -> list[str]:
    """The fields of an object that hold the examples of a split each, as a dictionary of datasets does; else none.

    `has_objects` tells of a field's value whether it is an array of objects. One alone is no division.
    """
    named = [field for field, item in fields.items() if has_objects(item) and may_wrap(field)]
    return named if len(named) > 1 and all(map(split_called, named)) and not EXAMPLE & fields.keys() else []


def splits_note(fields: list[str], name: str) -> list[str]:
    """What one should know of a file whose arrays are splits."""
    return [f"{name}: its parts {listed(fields, 5)} stay the splits that they are named after."] if fields else []


def with_beside(row: Row, for_all: dict[str, Any]) -> Row:
    """A row with what its file says once for all of them, where it says nothing else."""
    return row if row.values is None or not for_all else replace(row, values=_with(for_all, row.values))


def is_for_all(name: str) -> bool:
    """Whether a field beside the array of a file is for all of its rows."""
    return name.strip().lower() in FOR_ALL


def may_wrap(name: str) -> bool:
    """Whether a field of this name may hold the array of a file."""
    return name.lower() not in FOR_ALL


def _with(for_all: dict[str, Any], values: dict[str, Any]) -> dict[str, Any]:
    return {**for_all, **{name: item for name, item in values.items() if name not in for_all or not is_missing(item)}}


def beside_note(value: Any, name: str) -> list[str]:
    """What one should know of the fields beside the array of a file, which are left out."""
    arrays, beside = _arrays_of(value)
    told = splits_note([*arrays], name) if len(arrays) > 1 else []
    return [*told, *told_beside([field for field in beside if not is_for_all(field)], name)]


def told_beside(left_out: list[str], name: str) -> list[str]:
    """The note on the fields beside the array of a file that are left out, if there are any."""
    shown = listed(left_out, 5)
    return [f"{name}: what stands beside the examples is left out: {shown}."] if left_out else []


def value_row(number: int, value: Any) -> Row:
    """A row from a value of the array, which has to be an object without twin keys."""
    try:
        refuse_twins(value)
    except (BadValue, RecursionError) as error:
        reason = str(error) if isinstance(error, BadValue) else "nested too deeply"
        return Row(number, None, reason, "not JSON", excerpt(repr(value)[:1000]))
    return object_row(number, value)


def _arrays_of(value: Any) -> tuple[dict[str, list[Any]], dict[str, Any]]:
    """The array of a file: itself, the only array of objects in an object, columns, or an object as the only row.

    Under the name of the field that it is in, "" for none; or of each split the array. With it what stands beside it.
    """
    if not isinstance(value, dict):
        return {"": value if isinstance(value, list) else [value]}, {}
    lists = [field for field, item in value.items() if may_wrap(field) and _has_objects(item)]
    splits = arrays_of_splits(value, _has_objects)
    if splits or (len(lists) == 1 and not EXAMPLE & value.keys()):
        beside = {field: item for field, item in value.items() if field not in lists and (item or not splits)}
        return {field if splits else "": value[field] for field in lists}, beside
    return {"": _rows_of_columns(value) or _rows_of_lists(value) or [value]}, {}


def _has_objects(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and isinstance(value[0], dict)


def _rows_of_columns(table: dict[str, Any]) -> list[dict[str, Any]]:
    """The rows of {"prompt": {"0": …, "1": …}, …}, as pandas writes tables by default; else none."""
    columns = list(table.values())
    if not columns or not all(isinstance(column, dict) and len(column) > 1 for column in columns):
        return []
    places = columns[0].keys()
    if not all(place.isdigit() for place in places) or any(column.keys() != places for column in columns):
        return []
    return [{name: column[place] for name, column in table.items()} for place in places]


def _rows_of_lists(table: dict[str, Any]) -> list[dict[str, Any]]:
    """The rows of {"prompt": ["…", …], "answer": ["…", …]}, as datasets turns a table into a dictionary; else none."""
    columns = list(table.values())
    if len(columns) < 2 or not all(isinstance(column, list) and len(column) > 1 for column in columns):
        return []
    if len({len(column) for column in columns}) > 1 or any(
        isinstance(one, list | dict) for column in columns for one in column
    ):
        return []
    return [dict(zip(table, row, strict=True)) for row in zip(*columns, strict=True)]
