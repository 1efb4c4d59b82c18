"""Parquet and Arrow, by pyarrow."""

from collections.abc import Generator, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from localft.data.shapes.rows import Row, excerpt, refuse_twin_columns
from localft.errors import UserError

Kind = Literal["Parquet", "Arrow"]
_ROWS_AT_ONCE = 1024
_OF_A_TURN = {"role", "from"}
_ARROW_FILE, _ARROW_STREAM = b"ARROW1", b"\xff\xff\xff\xff"


def is_arrow(content: bytes) -> bool:
    """Whether a file's contents are Arrow's: the file format (Feather), or the stream that `datasets` keeps."""
    return content.startswith((_ARROW_FILE, _ARROW_STREAM))


def read_parquet(content: bytes, name: str) -> list[Row]:
    """Turn the rows of a Parquet file's contents into rows, numbered from 1.

    Raises:
        UserError: the file is damaged, or two columns have the same name.
    """
    return _rows(content, name, "Parquet")


def read_arrow(content: bytes, name: str) -> list[Row]:
    """Turn the rows of an Arrow file's contents into rows, numbered from 1.

    Raises:
        UserError: the file is damaged, or two columns have the same name.
    """
    return _rows(content, name, "Arrow")


def _rows(content: bytes, name: str, kind: Kind) -> list[Row]:
    import pyarrow

    with _damage_told(name, kind):
        parts = _batches(pyarrow.BufferReader(content), name, kind, content.startswith(_ARROW_FILE))
        return [row for part, _ in parts for row in part]


@dataclass(frozen=True)
class TableRows:
    """The rows of a large Parquet or Arrow file."""

    path: Path
    name: str
    kind: Kind

    def __iter__(self) -> Iterator[Row]:
        for part, _ in self.parts():
            yield from part

    def parts(self) -> Iterator[tuple[Iterable[Row], float]]:
        """(some rows, the share of the file up to them)."""
        with _damage_told(self.name, self.kind), self.path.open("rb") as file:
            is_file = file.read(len(_ARROW_FILE)) == _ARROW_FILE
            file.seek(0)
            yield from _batches(file, self.name, self.kind, is_file)


@dataclass(frozen=True)
class _Batch:
    """Some rows of a table as pyarrow has them, of which the first is number `first`."""

    first: int
    batch: Any
    name: str
    kind: Kind

    def __iter__(self) -> Iterator[Row]:
        with _damage_told(self.name, self.kind):
            columns = {
                name: _cells(column) for name, column in zip(self.batch.schema.names, self.batch.columns, strict=True)
            }
        for place in range(self.batch.num_rows):
            value = {name: cells[place] for name, cells in columns.items()}
            bad = next((cell for cell in value.values() if isinstance(cell, _Unreadable)), None)
            number = self.first + place
            if bad is None:
                yield Row(number, {column: _without_filling(cell) for column, cell in value.items()})
            else:
                column = next(name for name, cell in value.items() if cell is bad)
                problem = f"the value of {excerpt(column)} cannot be read: {bad.reason}"
                yield Row(number, None, problem, "unreadable value", excerpt(bad.shown))


@dataclass(frozen=True)
class _Unreadable:
    """A cell for which Python has no value, such as a date after the year 9999: why, and how pyarrow writes it."""

    reason: str
    shown: str


def _cells(column: Any) -> list[Any]:
    """The values of a column; those that cannot be read one by one."""
    import pyarrow

    kind = column.type
    try:
        return list(column.to_pylist())
    except (ValueError, OverflowError, LookupError):
        pass
    if pyarrow.types.is_timestamp(kind) and not _is_zone(kind.tz):
        # The moment is known all the same: it is stored in UTC.
        return _cells(column.cast(pyarrow.timestamp(kind.unit, "UTC")))
    return [_cell(value) for value in column]


def _cell(value: Any) -> Any:
    try:
        return value.as_py()
    except (ValueError, OverflowError, LookupError) as error:
        return _Unreadable(str(error)[:100] or type(error).__name__, repr(value))


def _is_zone(name: str | None) -> bool:
    import pyarrow

    try:
        return name is None or bool(pyarrow.lib.string_to_tzinfo(name))
    except (ValueError, LookupError):
        return False


def _without_filling(value: Any) -> Any:
    """A conversation without the fields that its turns have only because others have them: there they are null."""
    is_talk = isinstance(value, list) and all(isinstance(turn, dict) and turn.keys() & _OF_A_TURN for turn in value)
    return _without_nulls(value) if is_talk else value


def _without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_nulls(item) for key, item in value.items() if item is not None}
    return [_without_nulls(item) for item in value] if isinstance(value, list) else value


def _batches(source: Any, name: str, kind: Kind, is_file: bool) -> Iterator[tuple[_Batch, float]]:
    """(rows, the share of all that is read with them)."""
    first = 1
    for batch, share in _of_parquet(source, name) if kind == "Parquet" else _of_arrow(source, name, is_file):
        yield _Batch(first, batch, name, kind), share
        first += batch.num_rows


def _of_parquet(source: Any, name: str) -> Iterator[tuple[Any, float]]:
    import pyarrow.parquet

    with pyarrow.parquet.ParquetFile(source) as file:
        refuse_twin_columns(file.schema_arrow.names, name)
        done = 0
        for batch in file.iter_batches(batch_size=_ROWS_AT_ONCE):
            done += batch.num_rows
            batch.validate(full=True)
            yield batch, done / file.metadata.num_rows


def _of_arrow(source: Any, name: str, is_file: bool) -> Iterator[tuple[Any, float]]:
    import pyarrow.ipc

    if is_file:
        with pyarrow.ipc.open_file(source) as file:
            refuse_twin_columns(file.schema.names, name)
            for number in range(file.num_record_batches):
                for batch in _slices(file.get_batch(number)):
                    yield batch, (number + 1) / file.num_record_batches
        return
    with pyarrow.ipc.open_stream(source) as stream:
        refuse_twin_columns(stream.schema.names, name)
        for whole in stream:
            for batch in _slices(whole):
                yield batch, 0.0


def _slices(batch: Any) -> Iterator[Any]:
    # Offsets and lengths that lead out of the file would end the process, not raise.
    batch.validate(full=True)
    for start in range(0, batch.num_rows, _ROWS_AT_ONCE):
        yield batch.slice(start, _ROWS_AT_ONCE)


@contextmanager
def _damage_told(name: str, kind: Kind) -> Generator[None]:
    import pyarrow

    try:
        yield
    except (pyarrow.ArrowException, OSError, ValueError, OverflowError) as error:
        raise UserError(
            f"{name} is a damaged {kind} file: {str(error)[:200].rstrip('.')}.", "Write it again from its source."
        ) from error
