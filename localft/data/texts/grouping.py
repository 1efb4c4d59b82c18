"""Positions that belong together, directly or by way of others."""

from array import array
from collections.abc import Iterable

import numpy
import numpy.typing as npt

Positions = npt.NDArray[numpy.int64]


class Grouping:
    """Positions 0 to `count` - 1, each alone at first (union-find with path halving, Tarjan and van Leeuwen 1984)."""

    def __init__(self, count: int) -> None:
        self._parents = list(range(count))
        self._sizes = array("I", [1]) * count

    def join(self, one: int, other: int) -> None:
        """Put the groups of two positions together."""
        first, second = sorted((self._first(one), self._first(other)))
        if first != second:
            self._parents[second] = first
            self._sizes[first] += self._sizes[second]

    def size(self, positions: Iterable[int]) -> int:
        """How many positions the groups of these have together."""
        return sum(self._sizes[first] for first in {self._first(position) for position in positions})

    def are_joined(self, one: int, other: int) -> bool:
        """Whether two positions are in one group."""
        return self._first(one) == self._first(other)

    def groups(self, smallest: int = 1) -> list[list[int]]:
        """The groups of so many positions or more; each and all of them in ascending order."""
        order, starts = self.ordered()
        sizes = numpy.diff(starts)
        return [order[starts[group] : starts[group + 1]].tolist() for group in numpy.flatnonzero(sizes >= smallest)]

    def ordered(self) -> tuple[Positions, Positions]:
        """(positions, starts): all positions group by group, and where in them each group begins, then their number.

        Each group, and all of them by their first position, are in ascending order.
        """
        firsts = numpy.fromiter(map(self._first, range(len(self._parents))), numpy.int64, len(self._parents))
        # A first position is the smallest of its group.
        order = numpy.argsort(firsts, kind="stable")
        begins = numpy.flatnonzero(numpy.diff(firsts[order], prepend=-1))
        return order, numpy.append(begins, len(order))

    def _first(self, position: int) -> int:
        parents = self._parents
        while parents[position] != position:
            parents[position] = parents[parents[position]]
            position = parents[position]
        return position
