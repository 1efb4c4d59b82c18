"""The first row of a table, which names its columns; what stands under none of the names is kept too.

Some tables have no such row: their columns are called by their places.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from localft.advice import COLUMNS_FOLD, FIRST_ROW, Advice
from localft.data.shapes.detecting import detect
from localft.data.shapes.rows import Row, listed, refuse_twin_columns

# A name of a column is shorter than what people ask and answer.
_WORDS_OF_A_SENTENCE = 5


@dataclass(frozen=True)
class Header:
    """The names of the columns; those without one are called by their places, counted from 1."""

    names: tuple[str, ...]
    nameless: frozenset[int]
    row: str = "the header"

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
    refuse_twin_columns(names, name, _IF_TWINS)
    return Header(names, frozenset(place for place, called in enumerate(said) if not called))


def numbered(width: int) -> Header:
    """The header of a table whose first row is data: its columns are called 1, 2 and so on."""
    return Header(tuple(str(place) for place in range(1, width + 1)), frozenset(), "the first row")


def header_note(rows: Iterable[Row], name: str) -> list[str]:
    """What a person is told where the first row of a table looks like data, of which some rows are given."""
    columns = next((list(row.values) for row in rows if row.values is not None), [])
    if not _is_data(columns):
        return []
    return [
        IF_DATA.after(
            f"{name}: the first row was taken for the names of the columns, and looks like data: "
            f"{listed([f'“{column}”' for column in columns], 3)}. "
        )
    ]


IF_DATA = Advice(
    "If it is data, say so with --no-header; the columns are then called 1, 2 and so on.",
    f"If it is data, say so below, under “{COLUMNS_FOLD}”: tick “{FIRST_ROW}”.",
)
_IF_TWINS = Advice(
    "Where the first row is data, say --no-header.", f"Where the first row is data, tick “{FIRST_ROW}” below the file."
)


def _is_data(columns: Sequence[str]) -> bool:
    if detect(columns) is not None:
        return False
    return any(
        len(column.split()) >= _WORDS_OF_A_SENTENCE or column.endswith(("?", "？", ".", "!")) for column in columns
    )


def _is_empty(cell: Any) -> bool:
    return cell is None or not str(cell).strip()


def _is_number(cell: Any) -> bool:
    return str(cell).strip().isdecimal()
