"""The first row of a table, which names its columns; what stands under none of the names is kept too."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from localft.data.shapes.rows import refuse_twin_columns


@dataclass(frozen=True)
class Header:
    """The names of the columns; those without one are called by their places, counted from 1."""

    names: tuple[str, ...]
    nameless: frozenset[int]

    def values(self, cells: Sequence[Any]) -> dict[str, Any]:
        """The cells of a row by their columns, but for empty ones in columns without names.

        A number in a first column without a name is that of the row, as tables of data frames have it.
        """
        return {
            name: cell
            for place, (name, cell) in enumerate(zip(self.names, cells, strict=True))
            if place not in self.nameless or not (_is_empty(cell) or (place == 0 and _is_number(cell)))
        }


def header_of(cells: Sequence[Any], name: str) -> Header:
    """The header that some cells are; `name` is what their table is called.

    Raises:
        UserError: two columns have the same name.
    """
    said = ["" if cell is None else str(cell).strip() for cell in cells]
    names = tuple(called or f"column {place}" for place, called in enumerate(said, start=1))
    refuse_twin_columns(names, name)
    return Header(names, frozenset(place for place, called in enumerate(said) if not called))


def _is_empty(cell: Any) -> bool:
    return cell is None or not str(cell).strip()


def _is_number(cell: Any) -> bool:
    return str(cell).strip().isdecimal()
