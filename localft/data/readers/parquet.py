"""Parquet and Arrow, by pyarrow."""

from collections.abc import Callable, Iterable
from typing import Any

from localft.data.rows import Row, refuse_twin_columns
from localft.errors import UserError

_ROWS_AT_ONCE = 1024
_ARROW_FILE, _ARROW_STREAM = b"ARROW1", b"\xff\xff\xff\xff"


def is_arrow(content: bytes) -> bool:
    """Whether a file's contents are Arrow's: the file format (Feather), or the stream that `datasets` keeps."""
    return content.startswith((_ARROW_FILE, _ARROW_STREAM))


def read_parquet(content: bytes, name: str) -> list[Row]:
    """Turn the rows of a Parquet file's contents into rows, numbered from 1.

    Raises:
        UserError: the file is damaged, or two columns have the same name.
    """

    def batches(buffer: Any) -> Iterable[Any]:
        import pyarrow.parquet

        with pyarrow.parquet.ParquetFile(buffer) as file:
            refuse_twin_columns(file.schema_arrow.names, name)
            yield from file.iter_batches(batch_size=_ROWS_AT_ONCE)

    return _rows(batches, content, f"{name} is a damaged Parquet file")


def read_arrow(content: bytes, name: str) -> list[Row]:
    """Turn the rows of an Arrow file's contents into rows, numbered from 1.

    Raises:
        UserError: the file is damaged, or two columns have the same name.
    """

    def batches(buffer: Any) -> Iterable[Any]:
        import pyarrow.ipc

        if content.startswith(_ARROW_FILE):
            with pyarrow.ipc.open_file(buffer) as file:
                refuse_twin_columns(file.schema.names, name)
                yield from (file.get_batch(number) for number in range(file.num_record_batches))
        else:
            with pyarrow.ipc.open_stream(buffer) as stream:
                refuse_twin_columns(stream.schema.names, name)
                yield from stream

    return _rows(batches, content, f"{name} is a damaged Arrow file")


def _rows(batches: Callable[[Any], Iterable[Any]], content: bytes, damaged: str) -> list[Row]:
    import pyarrow

    rows: list[Row] = []
    try:
        for batch in batches(pyarrow.BufferReader(content)):
            values: list[dict[str, Any]] = batch.to_pylist()
            rows.extend([Row(number, value) for number, value in enumerate(values, start=len(rows) + 1)])
    except (pyarrow.ArrowException, OSError, ValueError, OverflowError) as error:
        raise UserError(f"{damaged}: {str(error)[:200].rstrip('.')}.", "Write it again from its source.") from error
    return rows
