"""Positions that belong together, directly or by way of others."""


class Grouping:
    """Positions 0 to `count` - 1, each alone at first (union-find with path halving, Tarjan and van Leeuwen 1984)."""

    def __init__(self, count: int) -> None:
        self._parents = list(range(count))

    def join(self, one: int, other: int) -> None:
        """Put the groups of two positions together."""
        first, second = sorted((self._first(one), self._first(other)))
        self._parents[second] = first

    def groups(self) -> list[list[int]]:
        """All groups, those of one position too; each and all of them in ascending order."""
        found: dict[int, list[int]] = {}
        for position in range(len(self._parents)):
            found.setdefault(self._first(position), []).append(position)
        return list(found.values())

    def _first(self, position: int) -> int:
        parents = self._parents
        while parents[position] != position:
            parents[position] = parents[parents[position]]
            position = parents[position]
        return position
