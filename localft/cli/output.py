"""What a command prints, and where: results on stdout, the rest on stderr; with --json one object on stdout."""

import json
import shutil
import sys
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import click

from localft.advice import on_command_line
from localft.errors import UserError


class Output:
    """One for each call of `localft`."""

    def __init__(self) -> None:
        self.json_mode = False
        self._answered = False

    def say(self, text: str = "") -> None:
        """Print a line of the result for a person: stdout, or stderr with --json."""
        click.echo(visible(text), err=self.json_mode)

    def stream(self, text: str) -> None:
        """Print a piece of a line at once."""
        click.echo(visible(text), nl=False, err=self.json_mode)
        (sys.stderr if self.json_mode else sys.stdout).flush()

    def note(self, text: str) -> None:
        """Print a line that is not the result: progress, remarks."""
        click.echo(visible(text), err=True)

    def heading(self, text: str) -> None:
        """Print a heading of the result."""
        click.secho(visible(text), bold=True, err=self.json_mode)

    def hint(self, text: str) -> None:
        """Name what one would do next, as a line on stderr."""
        click.secho(visible(text), dim=True, err=True)

    def table(self, headers: Sequence[str], rows: Sequence[Sequence[object]], numbers: Sequence[str] = ()) -> None:
        """Print rows below headers, columns aligned; the columns in `numbers` to the right. With --json: nothing."""
        if self.json_mode or not rows:
            return
        cells = [[one_line(str("" if cell is None else cell)) for cell in row] for row in rows]
        widths = [max(width(text) for text in column) for column in zip(headers, *cells, strict=True)]
        click.secho(_table_line(headers, widths, headers, numbers), bold=True)
        for row in cells:
            click.echo(_table_line(row, widths, headers, numbers))

    def result(self, value: Mapping[str, Any]) -> None:
        """With --json print the command's one object; otherwise nothing, for the person has read it already.

        Records, dataclasses, paths and enums are written as JSON; numbers that JSON does not know become null. What
        comes one after the other (an iterator) is written so, and becomes a list.
        """
        if not self.json_mode or self._answered:
            return
        self._answered = True
        for piece in _json_pieces(value):
            click.echo(piece, nl=False)
        click.echo()

    def failure(self, error: UserError) -> None:
        """Print what went wrong and what to do."""
        click.echo(visible(f"localft: {error.message}"), err=True)
        hint = on_command_line(error.hint)
        if hint:
            click.echo(visible(f"  {hint}"), err=True)
        self.failure_value(error.message, hint)

    def failure_value(self, message: str, hint: str = "") -> None:
        """With --json print the error as the one object, so that a program always gets one."""
        self.result({"error": message, "hint": hint})


def _json_pieces(value: Mapping[str, Any]) -> Iterator[str]:
    """An object as JSON, indented, its iterators item by item."""
    sign = "{\n"
    for key, item in value.items():
        yield f"{sign}  {json.dumps(str(key), ensure_ascii=False)}: "
        sign = ",\n"
        if not isinstance(item, Iterator):
            yield _as_json(item, "  ")
            continue
        begin = "["
        for one in item:
            yield f"{begin}\n    {_as_json(one, '    ')}"
            begin = ","
        yield "[]" if begin == "[" else "\n  ]"
    yield "{}" if sign == "{\n" else "\n}"


def _as_json(value: Any, margin: str) -> str:
    from pydantic_core import to_jsonable_python

    text = json.dumps(to_jsonable_python(value, inf_nan_mode="null"), ensure_ascii=False, indent=2)
    # Within a text line feeds are escapes.
    return text.replace("\n", f"\n{margin}")


def _table_line(cells: Sequence[str], widths: Sequence[int], headers: Sequence[str], numbers: Sequence[str]) -> str:
    padded = []
    for cell, column_width, header in zip(cells, widths, headers, strict=True):
        padding = " " * (column_width - width(cell))
        padded.append(padding + cell if header in numbers else cell + padding)
    line = "  ".join(padded).rstrip()
    return shorten(line, shutil.get_terminal_size().columns) if sys.stdout.isatty() else line


def visible(text: str) -> str:
    """Make control characters visible: data and answers of models must not steer the terminal.

    Of advice it is what the command line shows.
    """
    text = on_command_line(text)
    if text.isprintable():
        return text
    return "".join(
        character
        if character in "\n\t" or unicodedata.category(character) not in {"Cc", "Cs"}
        else repr(character)[1:-1]
        for character in text
    )


def one_line(text: str) -> str:
    """Text for a cell of a table: without line breaks and control characters."""
    return visible(" ".join(text.split()))


def width(text: str) -> int:
    """The columns a line takes in a terminal: wide characters take two, combining ones none."""
    if text.isascii():
        return len(text)
    return sum(
        0 if unicodedata.combining(character) else 2 if unicodedata.east_asian_width(character) in "WF" else 1
        for character in text
    )


def shorten(text: str, limit: int) -> str:
    """Cut a line to `limit` columns, with an ellipsis where something is left out."""
    if width(text) <= limit:
        return text
    kept = ""
    for character in text:
        if width(kept + character) > limit - 1:
            break
        kept += character
    return kept.rstrip() + "…"
