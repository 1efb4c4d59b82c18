"""What tells one base model from another of the same sizes, and what does not."""

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from localft.models.fingerprint import fingerprint

BYTES = 20_000_000


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A model whose weights are longer than what is looked at of them."""
    header = json.dumps({"layer.weight": {"dtype": "U8", "shape": [BYTES], "data_offsets": [0, BYTES]}}).encode()
    made = tmp_path / "model"
    made.mkdir()
    (made / "model.safetensors").write_bytes(len(header).to_bytes(8, "little") + header + os.urandom(1000) * 20_000)
    (made / "config.json").write_text('{"model_type": "llama"}')
    (made / "tokenizer.json").write_text("{}")
    (made / "tokenizer_config.json").write_text("{}")
    return made


def change(path: Path, place: int, content: bytes) -> None:
    with path.open("rb+") as file:
        file.seek(place, os.SEEK_END if place < 0 else os.SEEK_SET)
        file.write(content)


def retrain(folder: Path) -> None:
    """All weights are a little different, as after training."""
    path = folder / "model.safetensors"
    content = path.read_bytes()
    path.write_bytes(content[:200] + bytes(byte ^ 1 for byte in content[200:]))


CHANGES: dict[str, Callable[[Path], object]] = {
    "trained on": retrain,
    "another name in the header": lambda folder: change(folder / "model.safetensors", 10, b"L"),
    "first weights": lambda folder: change(folder / "model.safetensors", 300, b"\0\1\2\3"),
    "last weights": lambda folder: change(folder / "model.safetensors", -4, b"\0\1\2\3"),
    "config": lambda folder: (folder / "config.json").write_text('{"model_type": "qwen2"}'),
    "tokens": lambda folder: (folder / "tokenizer.json").write_text('{"a": 1}'),
}


@pytest.mark.parametrize("exchange", CHANGES.values(), ids=CHANGES.keys())
def test_another_model_in_the_same_place_is_another(folder: Path, exchange: Callable[[Path], object]) -> None:
    before = fingerprint(folder)
    exchange(folder)
    assert fingerprint(folder) != before


def test_a_copy_is_the_same_and_so_is_one_with_other_settings(folder: Path, tmp_path: Path) -> None:
    copy = tmp_path / "moved"
    shutil.copytree(folder, copy)
    os.utime(copy / "model.safetensors", (1, 1))
    (copy / "tokenizer_config.json").write_text('{"chat_template": "x"}')
    (copy / "README.md").write_text("x")
    assert fingerprint(copy) == fingerprint(folder)


def test_a_small_or_torn_file_has_one_too(folder: Path) -> None:
    for content in (b"", b"\xff" * 8, b"\x02"):
        (folder / "model.safetensors").write_bytes(content)
        assert fingerprint(folder)
