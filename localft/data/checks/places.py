"""Where the examples of a finding are: all of them, at a bit for each example of a split, however many there are."""

import base64
import zlib
from array import array
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

import numpy
import numpy.typing as npt

from localft.data.versions import SPLITS, Split

_NUMBERS = {split: number for number, split in enumerate(SPLITS)}


@dataclass(frozen=True)
class Places:
    """The indices (from 0) of examples in each split: bits from index 0 on, compressed, as text; "" for none."""

    train: str = ""
    validation: str = ""
    test: str = ""

    def of(self, split: Split) -> npt.NDArray[numpy.int64]:
        """The indices in a split, in their order."""
        packed = {"train": self.train, "validation": self.validation, "test": self.test}[split]
        if not packed:
            return numpy.empty(0, dtype=numpy.int64)
        bits = numpy.frombuffer(zlib.decompress(base64.b64decode(packed)), dtype=numpy.uint8)
        return numpy.flatnonzero(numpy.unpackbits(bits)).astype(numpy.int64)

    def count(self, split: Split) -> int:
        """How many there are in a split."""
        return len(self.of(split))

    @property
    def total(self) -> int:
        """How many there are in all."""
        return sum(map(self.count, SPLITS))


NOWHERE = Places()


class PlaceList:
    """Places on their way, at 4 bytes for each; what other rows have added can be joined."""

    def __init__(self) -> None:
        # Index and split in one number: a version has fewer than 1.4 thousand million examples.
        self._codes = array("I")

    def __len__(self) -> int:
        return len(self._codes)

    def add(self, split: Split, index: int) -> None:
        """Add an example."""
        self._codes.append(index * len(SPLITS) + _NUMBERS[split])

    def join(self, later: Self) -> None:
        """Add those of another list."""
        self._codes.extend(later._codes)

    def packed(self, chosen: npt.NDArray[numpy.bool_] | None = None) -> Places:
        """All of them, or those that are `chosen`, one truth for each that was added."""
        codes = numpy.array(self._codes, dtype=numpy.int64)
        if chosen is not None:
            codes = codes[chosen]
        indices, numbers = codes // len(SPLITS), codes % len(SPLITS)
        return Places(**{split: _pack(indices[numbers == number]) for split, number in _NUMBERS.items()})


def joined(several: Iterable[Places]) -> Places:
    """All that are in any of them."""
    listed = list(several)
    every = {split: numpy.concatenate([one.of(split) for one in listed]) for split in SPLITS} if listed else {}
    return Places(**{split: _pack(indices) for split, indices in every.items()})


def places_of_rows(rows: Iterable[tuple[Split, int]]) -> Places:
    """The places of some rows, each a split and an index."""
    found = PlaceList()
    for split, index in rows:
        found.add(split, index)
    return found.packed()


def _pack(indices: npt.NDArray[numpy.int64]) -> str:
    if not len(indices):
        return ""
    bits = numpy.zeros(int(indices.max()) + 1, dtype=numpy.bool_)
    bits[indices] = True
    return base64.b64encode(zlib.compress(numpy.packbits(bits).tobytes())).decode("ascii")
