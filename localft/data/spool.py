"""Values that are gone through several times, from either end, and may be more than the memory holds."""

import json
from collections.abc import Iterator
from typing import Any

from localft.data.scratch import Scratch

# In characters of JSON: what one list hands on at once, and what all lists of a spool hold in memory together.
_BLOCK, _HELD = 1 << 20, 16 << 20
_Block = list[str] | tuple[int, int]


class Spool:
    """Where lists put what they cannot hold: a file, there as long as this is and only where it is needed."""

    def __init__(self) -> None:
        self._held, self._end = 0, 0
        self._scratch: Scratch | None = None

    def put(self, values: list[str], size: int) -> _Block:
        """Keep some values: in memory while there is room, else in the file, of which the place is returned."""
        if self._held + size <= _HELD:
            self._held += size
            return values
        self._scratch = self._scratch or Scratch()
        content = "\n".join(values).encode("ascii")
        with (self._scratch.folder / "values").open("ab") as file:
            file.write(content)
        self._end += len(content)
        return self._end - len(content), len(content)

    def get(self, block: _Block) -> list[str]:
        """What was put there."""
        if isinstance(block, list):
            return block
        if self._scratch is None:
            raise RuntimeError("nothing was put into a file")
        with (self._scratch.folder / "values").open("rb") as file:
            file.seek(block[0])
            return file.read(block[1]).decode("ascii").split("\n")


class SpooledList:
    """Values that JSON has, in their order, of which about a megabyte is held while they are gone through."""

    def __init__(self, spool: Spool) -> None:
        self._spool = spool
        self._blocks: list[_Block] = []
        self._waiting: list[str] = []
        self._size = 0

    def append(self, value: Any) -> None:
        """Add one more."""
        text = json.dumps(value)
        self._waiting.append(text)
        self._size += len(text)
        if self._size >= _BLOCK:
            self.put_by()

    def put_by(self) -> None:
        """Hold nothing that waits for more; where there are many lists, each is to be told so at its end."""
        if self._waiting:
            self._blocks.append(self._spool.put(self._waiting, self._size))
            self._waiting, self._size = [], 0

    def __iter__(self) -> Iterator[Any]:
        for block in self._blocks:
            yield from map(json.loads, self._spool.get(block))
        yield from map(json.loads, self._waiting)

    def __reversed__(self) -> Iterator[Any]:
        yield from map(json.loads, reversed(self._waiting))
        for block in reversed(self._blocks):
            yield from map(json.loads, reversed(self._spool.get(block)))
