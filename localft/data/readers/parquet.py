"""Parquet, by pyarrow."""

from typing import Any

from localft.data.rows import Row, refuse_twin_columns
from localft.errors import UserError


def read_parquet(content: bytes, name: str) -> list[Row]:
    """Turn the rows of a Parquet file's contents into rows, numbered from 1.

    Raises:
        UserError: the file is damaged, or two columns have the same name.
    """
    import pyarrow
    import pyarrow.parquet

    rows: list[Row] = []
    try:
        with pyarrow.parquet.ParquetFile(pyarrow.BufferReader(content)) as file:
            refuse_twin_columns(file.schema_arrow.names, name)
            for batch in file.iter_batches(batch_size=1024):
                values: list[dict[str, Any]] = batch.to_pylist()
                rows.extend([Row(number, value) for number, value in enumerate(values, start=len(rows) + 1)])
    except (pyarrow.ArrowException, OSError, ValueError, OverflowError) as error:
        raise UserError(
            f"{name} is a damaged Parquet file: {str(error)[:200].rstrip('.')}.", "Write it again from its source."
        ) from error
    return rows
