"""Parquet, by pyarrow."""

from pathlib import Path
from typing import Any

from localft.data.rows import Row
from localft.errors import UserError


def read_parquet(path: Path) -> list[Row]:
    """Turn the rows of a Parquet file into rows, numbered from 1.

    Raises:
        UserError: the file is damaged.
    """
    import pyarrow
    import pyarrow.parquet

    rows: list[Row] = []
    try:
        with pyarrow.parquet.ParquetFile(path) as file:
            for batch in file.iter_batches(batch_size=1024):
                values: list[dict[str, Any]] = batch.to_pylist()
                rows.extend([Row(number, value) for number, value in enumerate(values, start=len(rows) + 1)])
    except (pyarrow.ArrowException, OSError, ValueError, OverflowError) as error:
        raise UserError(
            f"{path.name} is a damaged Parquet file: {str(error)[:200]}.", "Write it again from its source."
        ) from error
    return rows
