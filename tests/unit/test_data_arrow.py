"""Parquet and Arrow: damaged files end with rows or a sentence, and never with the process."""

import io
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow
import pyarrow.ipc
import pyarrow.parquet
import pytest

from localft.data.making.reading import read_files
from localft.errors import UserError

TABLE = pyarrow.table(
    {
        "prompt": [f"question {number}" for number in range(40)],
        "answer": [f"answer {number}" * 3 for number in range(40)],
        "kind": pyarrow.array(["a", "b"] * 20).dictionary_encode(),
        "turns": [[{"role": "user", "content": "x"}]] * 40,
    }
)


def as_parquet() -> bytes:
    content = io.BytesIO()
    pyarrow.parquet.write_table(TABLE, content, compression="none", use_dictionary=False)
    return content.getvalue()


def as_arrow(make: Callable[..., Any]) -> bytes:
    content = io.BytesIO()
    with make(content, TABLE.schema) as writer:
        writer.write_table(TABLE)
    return content.getvalue()


FILES = {
    "a.parquet": as_parquet(),
    "a.arrow": as_arrow(pyarrow.ipc.new_file),
    "b.arrow": as_arrow(pyarrow.ipc.new_stream),
}


@pytest.mark.parametrize("name", FILES)
def test_a_whole_file_is_read(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(FILES[name])
    assert [one.answer for one in read_files([tmp_path / name]).examples] == TABLE["answer"].to_pylist()


@pytest.mark.parametrize("name", FILES)
def test_a_damaged_file_is_rows_or_a_sentence(name: str, tmp_path: Path) -> None:
    """Of such files one in fifteen ended the process with a segmentation fault before their batches were validated."""
    chooser = random.Random(0)
    told = 0
    for _ in range(150):
        bad = bytearray(FILES[name])
        for _ in range(chooser.randint(1, 8)):
            bad[chooser.randrange(4, len(bad))] = chooser.randrange(256)
        (tmp_path / name).write_bytes(bad)
        try:
            read_files([tmp_path / name], strict=False)
        except UserError as error:
            told += 1
            assert name in error.message
            assert error.hint
    assert told > 50


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("share", [0.1, 0.5, 0.99])
def test_a_cut_file_is_a_sentence(name: str, share: float, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(FILES[name][: int(len(FILES[name]) * share)])
    if (name, share) == ("b.arrow", 0.99):
        return  # a stream may end without its last mark
    with pytest.raises(UserError, match="damaged"):
        read_files([tmp_path / name])
