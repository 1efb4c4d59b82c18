"""What a check gets and what it says."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from localft.data.checks.places import NOWHERE, Places
from localft.data.checks.token_lengths import TokenLengths
from localft.data.examples import Example
from localft.data.shapes.rows import excerpt
from localft.data.splits.asking import Asked
from localft.data.splits.sealing import SEALED_TEXT
from localft.data.splits.splitting import differ_in_system_only, near_among
from localft.data.versions import DatasetVersion, Split
from localft.data.working import Tell, quiet
from localft.errors import UserError

Severity = Literal["problem", "warning", "note"]
MOST_ROWS = 100


@dataclass(frozen=True)
class Row:
    """An example and where it lies: its split, its index there from 0."""

    split: Split
    index: int
    example: Example


@dataclass(frozen=True)
class RowReference:
    """Where a finding applies: split and index of the example, the file and row it came from, what one sees there.

    `place` says where it stands in a document ("page 3"), "" elsewhere.
    """

    split: Split
    index: int
    source: str
    row: int
    text: str
    place: str = ""

    @property
    def where(self) -> str:
        """Its place in a document, else its row."""
        return self.place or f"row {self.row:,}"

    def __str__(self) -> str:
        return f"{self.source}, {self.where}: {self.text}"


@dataclass(frozen=True)
class Finding:
    """One thing worth knowing.

    A "problem" hinders training, a "warning" is worth a look, a "note" informs. `count` says how many examples it
    concerns and `rows` shows the first of them; `meaning` says what it is in one sentence, `advice` what to do.
    `places` says where all of them are, so far as the check has looked at them one by one.
    """

    check: str
    severity: Severity
    count: int
    meaning: str
    rows: tuple[RowReference, ...]
    advice: str
    places: Places = NOWHERE


@dataclass(frozen=True)
class CheckContext:
    """The examples of all splits, their version, their lengths where a model was given, and the golden questions.

    `golden_fault` says why the golden questions cannot be read; `rated_bad` are the keys of what a person has rated so.
    `known_asked` is what the rows ask where that is known; `tell` hears of what takes long.
    """

    rows: Sequence[Row]
    version: DatasetVersion
    lengths: TokenLengths | None = None
    golden: Sequence[Example] = ()
    golden_fault: UserError | None = None
    rated_bad: frozenset[str] = frozenset()
    known_asked: Asked | None = None
    tell: Tell = quiet

    @cached_property
    def asked(self) -> Asked:
        """What the rows ask."""
        return self.known_asked or self._ask(with_system=False)

    @cached_property
    def asked_fully(self) -> Asked:
        """What the rows ask, with the system text where that is what is asked about."""
        return self._ask(with_system=True) if differ_in_system_only(self.asked) else self.asked

    @cached_property
    def near_prompts(self) -> list[list[int]]:
        """Positions of rows that ask nearly the same, as groups."""
        return near_among(self.asked_fully, self.tell)

    def _ask(self, with_system: bool) -> Asked:
        asked = Asked(with_system)
        for row in self.rows:
            asked.look(row.example)
        return asked


def references(rows: Sequence[Row], texts: Sequence[str] | None = None) -> tuple[RowReference, ...]:
    """Name the first of `rows`, each with a text of `texts` or its answer."""
    shown = texts if texts is not None else [row.example.answer for row in rows]
    return tuple(reference(row, text) for row, text in zip(rows[:MOST_ROWS], shown[:MOST_ROWS], strict=True))


def shown(
    context: CheckContext, positions: Sequence[int], text: Callable[[Row, int], str] | None = None
) -> tuple[RowReference, ...]:
    """Name the first of the rows at these positions, each with what `text` says of row and position, or its answer."""
    named = ((context.rows[position], position) for position in positions[:MOST_ROWS])
    return tuple(reference(row, text(row, position) if text else row.example.answer) for row, position in named)


def reference(row: Row, text: str) -> RowReference:
    """Name a row, with a text of which the start is shown; what stands in a test example stays sealed."""
    return reference_to(row.split, row.index, row.example.source, row.example.row, text, row.example.place)


def reference_to(split: Split, index: int, source: str, row: int, text: str, place: str) -> RowReference:
    """As `reference`, of a row that is not there any more."""
    return RowReference(split, index, source, row, SEALED_TEXT if split == "test" else excerpt(text), place)


def counted(number: int, one: str, many: str) -> str:
    """A number with its words, in the singular or the plural: "1 example holds", "2 examples hold"."""
    return f"{number:,} {one if number == 1 else many}"


def percent(part: int, whole: int) -> str:
    """A share in words fit for a sentence."""
    share = 100 * part / whole if whole else 0
    return f"{share:.0f} %" if share >= 1 or not part else "under 1 %"
