"""CSV: the delimiter is found, quoted cells may span lines, and a broken row does not take its neighbours along."""

import csv
from collections.abc import Generator, Iterator
from contextlib import contextmanager

from localft.data.readers.encoding import Lines
from localft.data.rows import Row, excerpt, refuse_twin_columns
from localft.errors import UserError

QUOTED = "localft_quoted"
"""In a table that localft exports: the column with the names of the cells before which an apostrophe was put.

Without it a spreadsheet would take them for formulas; by it they are read back as they were.
"""

_DELIMITERS = (",", ";", "\t", "|")
_LARGEST_CELL = 64_000_000
# Excel names the delimiter in a line of its own before the header, for itself.
_EXCEL_SAYS = {f"sep={delimiter}" for delimiter in _DELIMITERS}


def read_csv(lines: Lines, name: str, delimiter: str | None = None) -> list[Row]:
    """Turn lines into rows; `number` is the line on which a row begins, the header being line 1.

    Raises:
        UserError: there is no header, or two columns have the same name.
    """
    text = [line if line is not None else "" for line in lines.text]
    bad = {index for index, line in enumerate(lines.text) if line is None}
    first = next((index for index, line in enumerate(text) if line.strip() and index not in bad), None)
    records: list[_Record] = []
    if first is not None and text[first].rstrip("\r").lower() in _EXCEL_SAYS:
        delimiter, first = text[first][4], first + 1
    if first is not None:
        delimiter = delimiter or _find_delimiter(text[first : first + 20])
        with _large_cells():
            records = list(_records(text, bad, first, delimiter, lines))
    if not records:
        raise UserError(f"{name} has no line with the names of its columns.", _HEADER_HINT)
    header_row, rows = records[0], records[1:]
    header = _header(header_row, name)
    return [_row(number, cells, header, problem, shown) for number, cells, problem, shown in rows]


_HEADER_HINT = "The first line must name the columns, for example: prompt,answer"
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


def _records(text: list[str], bad: set[int], first: int, delimiter: str, lines: Lines) -> Iterator[_Record]:
    """Yield (line number, cells or None, (kind, problem), excerpt) for every record from the line `first` on."""
    position = first
    while position < len(text):
        source = _Source(text, position)
        reader = csv.reader(source, delimiter=delimiter, strict=True)
        for record in _read(reader, source, text, bad, lines):
            yield record
            position = source.next
            if record[2][0] == "unclosed":
                # The quotation mark has swallowed all that follows: begin again on the next line.
                position = record[0]
                break
        else:
            return


class _Source:
    """The lines from a position on, with their line feeds, knowing which comes next."""

    def __init__(self, text: list[str], position: int) -> None:
        self.text, self.next = text, position

    def __iter__(self) -> "_Source":
        return self

    def __next__(self) -> str:
        if self.next >= len(self.text):
            raise StopIteration
        line = self.text[self.next]
        self.next += 1
        return line + "\n" if self.next < len(self.text) else line


def _read(
    reader: Iterator[list[str]], source: _Source, text: list[str], bad: set[int], lines: Lines
) -> Iterator[_Record]:
    while True:
        start = source.next
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            unclosed = "unexpected end of data" in str(error)
            kind = "unclosed" if unclosed else "not CSV"
            problem = "a quotation mark opens here and never closes" if unclosed else f"not CSV: {error}"
            yield start + 1, None, (kind, problem), excerpt(text[start])
            continue
        undecodable = next((index for index in range(start, source.next) if index in bad), None)
        if undecodable is not None:
            problem = "bytes that are not UTF-8; save the file as UTF-8"
            yield start + 1, None, ("undecodable", problem), excerpt(lines.raw[undecodable][:1000])
        elif cells and any(cell.strip() for cell in cells):
            yield start + 1, cells, ("", ""), ""


def _header(record: _Record, name: str) -> list[str]:
    number, cells, (_, problem), _ = record
    if cells is None:
        raise UserError(f"{name}, line {number}: {problem}.", _HEADER_HINT)
    header = [cell.strip() for cell in cells]
    refuse_twin_columns([cell for cell in header if cell], name)
    return header


def _row(number: int, cells: list[str] | None, header: list[str], problem: tuple[str, str], shown: str) -> Row:
    if cells is None:
        return Row(number, None, problem[1], problem[0], shown)
    if len(cells) != len(header):
        reason = f"{len(cells)} cells where the header has {len(header)}"
        return Row(number, None, reason, "wrong number of cells", excerpt(" | ".join(cells)))
    return Row(number, _as_exported({name: cell for name, cell in zip(header, cells, strict=True) if name}))


def _as_exported(values: dict[str, str]) -> dict[str, str]:
    """The cells of a row that localft has exported, without the apostrophes that it has put before some."""
    if QUOTED not in values:
        return values
    quoted = values[QUOTED].split()
    rest = {name: cell for name, cell in values.items() if name != QUOTED}
    return {name: cell.removeprefix("'") if name in quoted else cell for name, cell in rest.items()}
