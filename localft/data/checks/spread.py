"""An even selection of rows out of however many there are, for what would take too long on all of them."""

from typing import Generic, Self, TypeVar

Item = TypeVar("Item")


class Spread(Generic[Item]):
    """Keeps something of every row, then of every second, every fourth and so on, so that never more than `most` are
    kept and they lie evenly in all that were seen."""

    def __init__(self, most: int) -> None:
        self.seen = 0
        self._most = most
        self._step = 1
        self._kept: list[Item] = []

    def wants(self) -> bool:
        """Count a row, and tell whether something of it is to be kept."""
        self.seen += 1
        return (self.seen - 1) % self._step == 0

    def keep(self, item: Item) -> None:
        """Keep something of the row that was counted last."""
        self._kept.append(item)
        self._thin()

    def join(self, later: Self) -> None:
        """Take in what was kept of later rows; both parts are then kept equally dense."""
        step = max(self._step, later._step)
        self._kept = [*self._kept[:: step // self._step], *later._kept[:: step // later._step]]
        self._step = step
        self.seen += later.seen
        self._thin()

    @property
    def items(self) -> list[Item]:
        """What is kept, in the order of the rows."""
        return list(self._kept)

    @property
    def is_whole(self) -> bool:
        """Whether something of every row is kept, so far as it was wanted."""
        return self._step == 1

    def _thin(self) -> None:
        while len(self._kept) > self._most:
            self._step *= 2
            self._kept = self._kept[::2]
