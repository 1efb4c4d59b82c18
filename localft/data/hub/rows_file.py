"""The fetched rows: kept in pieces while they come, one for each row group of the hub's files, then put together."""

import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from localft.data.hub.order import ORIGIN_KEY, FetchOrder
from localft.errors import UserError
from localft.store import files

_ROWS_AT_ONCE = 1000
_BUFFER_BYTES = 4_000_000
Tell = Callable[[int], None]


def text_columns(schema: Any) -> list[str]:
    """The columns without bytes in them: pictures and recordings are not fetched."""
    return [field.name for field in schema if not _holds_bytes(field.type)]


def _holds_bytes(kind: Any) -> bool:
    import pyarrow.types as types

    waiting = [kind]
    while waiting:
        one = waiting.pop()
        if types.is_binary(one) or types.is_large_binary(one) or types.is_fixed_size_binary(one):
            return True
        waiting += [one.field(index).type for index in range(one.num_fields)]
    return False


def write_piece(path: Path, group: Any, number: int, rows: int, columns: Sequence[str], tell: Tell) -> None:
    """Write the first rows of a row group of an open Parquet file; a piece that is there is whole.

    `tell` is told how many of them have come.
    """
    import pyarrow
    import pyarrow.parquet

    batches = []
    left = rows
    for batch in group.iter_batches(batch_size=_ROWS_AT_ONCE, row_groups=[number], columns=list(columns)):
        batches.append(batch.slice(0, left))
        left -= len(batches[-1])
        tell(rows - left)
        if left <= 0:
            break
    unfinished = path.with_suffix(".unfinished")
    pyarrow.parquet.write_table(pyarrow.Table.from_batches(batches), unfinished)
    files.replace(unfinished, path)


def open_remote(source: Any, is_whole: bool) -> Any:
    """A Parquet file of the hub; where only its first rows are wanted, columns are read bit by bit.

    Raises:
        UserError: it is damaged, or no Parquet.
    """
    import pyarrow
    import pyarrow.parquet

    try:
        return pyarrow.parquet.ParquetFile(source, pre_buffer=is_whole, buffer_size=0 if is_whole else _BUFFER_BYTES)
    except pyarrow.ArrowException as error:
        raise UserError(f"A file of the dataset is damaged: {str(error)[:200]}.", "Choose another revision.") from error


def put_together(pieces: Sequence[Path], target: Path, order: FetchOrder) -> None:
    """One file of all pieces, which says where it came from.

    Raises:
        UserError: the pieces have columns of different kinds.
    """
    import pyarrow
    import pyarrow.parquet

    schema = pyarrow.parquet.read_schema(pieces[0]).with_metadata({ORIGIN_KEY: json.dumps(order.origin).encode()})
    unfinished = target.with_suffix(".unfinished")
    try:
        with pyarrow.parquet.ParquetWriter(unfinished, schema) as writer:
            for table in _tables(pieces):
                writer.write_table(table.select(schema.names).cast(schema))
    except (pyarrow.ArrowException, KeyError) as error:
        raise UserError(
            f"The files of {order.reference} do not have the same columns: {str(error)[:200]}.", "Take another split."
        ) from error
    files.replace(unfinished, target)


def _tables(pieces: Sequence[Path]) -> Iterator[Any]:
    import pyarrow.parquet

    for piece in pieces:
        yield pyarrow.parquet.read_table(piece)
