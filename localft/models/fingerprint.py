"""What a base model in a folder is: told from enough of its bytes that another one is not taken for it."""

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

# Everything that the tokens and the numbers of a model come from. Its chat template and its limits are not in here:
# they are settings, and a run keeps its own.
_WHOLE = ("config.json", "tokenizer.json", "tokenizer.model")
_SAMPLES, _SAMPLE_BYTES = 64, 1 << 16
_HEADER_LENGTH_BYTES = 8
# As safetensors itself limits it.
_LONGEST_HEADER = 100_000_000


def fingerprint(folder: Path) -> str:
    """A digest (SHA-256) of the model in a folder.

    Of its weights the header of each safetensors file counts, which names every tensor, and blocks spread over its
    whole length: about 4 MB of a file, however large it is, where a digest of all would take minutes of a disk. Two
    trainings of the same base differ in nearly every block. Dates and places of files do not count.
    """
    digest = hashlib.sha256()
    for name in _WHOLE:
        path = folder / name
        if path.exists():
            digest.update(f"{name} {path.stat().st_size} ".encode())
            digest.update(path.read_bytes())
    for path in sorted(folder.glob("*.safetensors")):
        size = path.stat().st_size
        digest.update(f"{path.name} {size} ".encode())
        with path.open("rb") as file:
            for block in _blocks(file, size):
                digest.update(block)
    return digest.hexdigest()


def _blocks(file: BinaryIO, size: int) -> Iterator[bytes]:
    """The header of a safetensors file, and blocks at even distances, the first and the last byte among them."""
    first = file.read(_HEADER_LENGTH_BYTES)
    yield first
    yield file.read(min(int.from_bytes(first, "little"), _LONGEST_HEADER))
    last = max(0, size - _SAMPLE_BYTES)
    for place in sorted({last * number // (_SAMPLES - 1) for number in range(_SAMPLES)}):
        file.seek(place)
        yield file.read(_SAMPLE_BYTES)
