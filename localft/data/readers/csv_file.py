"""CSV: the delimiter is found, quoted cells may span lines, and a broken row does not take its neighbours along."""

import csv
import itertools
from collections import deque
from collections.abc import Generator, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from localft.data.readers.apostrophes import QUOTED, without_apostrophes
from localft.data.readers.encoding import Line, Lines
from localft.data.readers.header import Header, header_of, numbered
from localft.data.shapes.placing import KEPT, KEPT_FIELDS
from localft.data.shapes.rows import Row, excerpt
from localft.errors import UserError

KEPT_COLUMNS = {("part" if name == "split" else name): name for name in KEPT_FIELDS}
"""In a table that localft exports: the columns that say where an example belongs, and their names elsewhere."""

_DELIMITERS = (",", ";", "\t", "|")
_LARGEST_CELL = 64_000_000
# Excel names the delimiter in a line of its own before the header, for itself.
_EXCEL_SAYS = {f"sep={delimiter}" for delimiter in _DELIMITERS}


def read_csv(lines: Lines, name: str, delimiter: str | None = None, has_header: bool = True) -> list[Row]:
    """Turn lines into rows; `number` is the line on which a row begins, the header being line 1.

    Without a header the columns are called 1, 2 and so on.

    Raises:
        UserError: there is no header, or two columns have the same name.
    """
    return list(csv_rows(lines, name, delimiter, has_header))


def csv_rows(lines: Iterable[Line], name: str, delimiter: str | None = None, has_header: bool = True) -> Iterator[Row]:
    """As `read_csv`, of a text that need not be in memory.

    Raises:
        UserError: as there.
    """
    window = _Window(lines)
    said = next((index for index in itertools.count() if not window.has(index) or window.says(index)), 0)
    # A line that cannot be decoded is none that is empty.
    first = window.first_bad(said)
    if window.has(first) and window.line(first).rstrip("\r").lower() in _EXCEL_SAYS:
        delimiter, first = window.line(first)[4], first + 1
    with _large_cells():
        if window.has(first):
            delimiter = delimiter or _find_delimiter(window.from_on(said, 20))
        records = _records(window, first, delimiter or ",")
        first_record = next(records, None)
        if first_record is None:
            raise UserError(f"{name} has no line with the names of its columns.", _HEADER_HINT)
        header = _header(first_record, name) if has_header else None
        for number, cells, problem, shown in records if has_header else itertools.chain([first_record], records):
            if header is None and cells is not None:
                header = numbered(len(cells))
            yield _row(number, cells, header or _NONE, problem, shown)


class _Window:
    """The lines of a text from the present record on, by their numbers from 0; a bad one is empty."""

    def __init__(self, lines: Iterable[Line]) -> None:
        self._lines = iter(lines)
        self._base = 0
        self._held: deque[str] = deque()
        self._bad: dict[int, bytes] = {}

    def has(self, index: int) -> bool:
        """Whether there is such a line."""
        while self._base + len(self._held) <= index:
            following = next(self._lines, None)
            if following is None:
                return False
            text, raw = following
            if text is None:
                self._bad[self._base + len(self._held)] = raw
            self._held.append(text or "")
        return True

    def line(self, index: int) -> str:
        """A line that there is."""
        return self._held[index - self._base]

    def says(self, index: int) -> bool:
        """Whether there is a word on a line that there is."""
        return bool(self.line(index).strip())

    def from_on(self, index: int, count: int) -> list[str]:
        """At most so many lines."""
        return [self.line(number) for number in range(index, index + count) if self.has(number)]

    def between(self, first: int, last: int) -> list[str]:
        """The lines from one that is held to before another."""
        return list(itertools.islice(self._held, first - self._base, last - self._base))

    def bad(self, first: int, last: int) -> bytes | None:
        """The bytes of the first of these lines that cannot be decoded."""
        return next((raw for index, raw in self._bad.items() if first <= index < last), None) if self._bad else None

    def first_bad(self, before: int) -> int:
        """The first of the lines before another that cannot be decoded, or that other."""
        return min([*self._bad, before])

    def forget(self, before: int) -> None:
        """Keep only the lines from one on."""
        while self._base < before and self._held:
            self._held.popleft()
            self._bad.pop(self._base, None)
            self._base += 1


_HEADER_HINT = "The first line must name the columns, for example: prompt,answer"
_NONE = numbered(0)
# The kinds of records that the csv module cannot read.
_BROKEN = ("unclosed", "not CSV")
_Record = tuple[int, list[str] | None, tuple[str, str], str]


@contextmanager
def _large_cells() -> Generator[None]:
    """The csv module refuses cells over 128 KB unless told otherwise, for the whole process."""
    before = csv.field_size_limit(_LARGEST_CELL)
    try:
        yield
    finally:
        csv.field_size_limit(before)


def _find_delimiter(sample: list[str]) -> str:
    """The delimiter that cuts the header into the most columns, and the next line into as many."""

    def score(delimiter: str) -> tuple[int, int]:
        try:
            rows = list(csv.reader(sample, delimiter=delimiter))
        except csv.Error:
            return 0, 0
        if not rows or len(rows[0]) < 2:
            return 0, 0
        return sum(len(row) == len(rows[0]) for row in rows[1:]), len(rows[0])

    with _large_cells():
        return max(_DELIMITERS, key=score)


def _records(window: _Window, first: int, delimiter: str) -> Iterator[_Record]:
    """Yield (line number, cells or None, (kind, problem), excerpt) for every record from the line `first` on."""
    position, width = first, 0
    while window.has(position):
        source = _Source(window, position)
        reader = csv.reader(source, delimiter=delimiter, strict=True)
        for number, cells, (kind, problem), shown in _read(reader, source, window):
            width = width or len(cells or ())
            position = source.next
            swallowed = window.between(number, position) if kind in _BROKEN else []
            if kind == "unclosed" or _are_records(swallowed, width, delimiter):
                # The quotation mark has swallowed whole rows: begin again on the next line.
                yield number, cells, (kind, problem), shown
                position = number
                break
            if swallowed:
                problem += f" (in the lines {number:,} to {position:,}, which are left out together)"
            yield number, cells, (kind, problem), shown
        else:
            return


def _are_records(lines: list[str], width: int, delimiter: str) -> bool:
    """Whether most of some lines are records by themselves, and not the lines of a cell."""
    said = [line for line in lines if line.strip()]
    return 2 * sum(_cells(line, delimiter) == width for line in said) > len(said)


def _cells(line: str, delimiter: str) -> int:
    try:
        return len(next(csv.reader([line], delimiter=delimiter, strict=True), ()))
    except csv.Error:
        return 0


class _Source:
    """The lines from a position on, with their line feeds, knowing which comes next."""

    def __init__(self, window: _Window, position: int) -> None:
        self.window, self.next = window, position

    def __iter__(self) -> "_Source":
        return self

    def __next__(self) -> str:
        if not self.window.has(self.next):
            raise StopIteration
        line = self.window.line(self.next)
        self.next += 1
        return line + "\n" if self.window.has(self.next) else line


def _read(reader: Iterator[list[str]], source: _Source, window: _Window) -> Iterator[_Record]:
    while True:
        start = source.next
        window.forget(start)
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            unclosed = "unexpected end of data" in str(error)
            kind = "unclosed" if unclosed else "not CSV"
            problem = "a quotation mark opens here and never closes" if unclosed else f"not CSV: {error}"
            yield start + 1, None, (kind, problem), excerpt(window.line(start))
            continue
        undecodable = window.bad(start, source.next)
        if undecodable is not None:
            problem = "bytes that are not text in its encoding; save the file as UTF-8"
            yield start + 1, None, ("undecodable", problem), excerpt(undecodable[:1000])
        elif cells and any(cell.strip() for cell in cells):
            yield start + 1, cells, ("", ""), ""


def _header(record: _Record, name: str) -> Header:
    number, cells, (_, problem), _ = record
    if cells is None:
        raise UserError(f"{name}, line {number}: {problem}.", _HEADER_HINT)
    return header_of(cells, name)


def _row(number: int, cells: list[str] | None, header: Header, problem: tuple[str, str], shown: str) -> Row:
    if cells is None:
        return Row(number, None, problem[1], problem[0], shown)
    if len(cells) != len(header.names):
        reason = f"{len(cells)} cells where {header.row} has {len(header.names)}"
        return Row(number, None, reason, "wrong number of cells", excerpt(" | ".join(cells)))
    return Row(number, as_exported(header.values(cells)))


def as_exported(values: dict[str, Any]) -> dict[str, Any]:
    """The cells of a row that localft has exported, without the apostrophes that it has put into some.

    What says where the example belongs is in one field, as in a file of JSON lines.
    """
    if QUOTED not in values:
        return values
    quoted = str(values[QUOTED] or "").split()
    cells = {
        name: without_apostrophes(cell, name, quoted) if quoted and isinstance(cell, str) else cell
        for name, cell in values.items()
        if name != QUOTED
    }
    kept = {field: cells.pop(name) for name, field in KEPT_COLUMNS.items() if name in cells}
    return {**cells, KEPT: kept} if kept else cells
