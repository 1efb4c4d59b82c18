"""How a check goes over the examples: one row at a time, so that it needs neither all of them nor to see them in order.

Parts of the rows can be looked at in several processes: each part by a check of its own, which are joined afterwards.
A check therefore keeps counts and the first rows of what it finds, never the rows themselves, and can be pickled.
"""

from abc import ABC, abstractmethod
from array import array
from collections.abc import Callable, Iterable, Sequence, Set
from hashlib import blake2b
from typing import Self, TypeVar

import numpy
import numpy.typing as npt

from localft.data.checks.finding import MOST_ROWS, CheckContext, Finding, Row, RowReference, reference_to
from localft.data.checks.places import PlaceList, Places
from localft.data.texts.remembering import remembering
from localft.data.versions import Split
from localft.data.working import Kept, Tell, look_at_all


class Check(ABC):
    """Looks at all rows of a version, one after the other, and says what it has found.

    One that `needs_answers` is not shown plain text.
    """

    needs_answers = False

    @abstractmethod
    def look(self, row: Row) -> None:
        """Take a row into account."""

    @abstractmethod
    def join(self, later: Self) -> None:
        """Take into account what the same check has seen in the rows that follow those of this one."""

    @abstractmethod
    def findings(self, context: CheckContext) -> list[Finding]:
        """What is worth knowing about all rows that were looked at; `context` says what else is known of them."""


# No more of a text is needed to show its start.
_LONGEST = 1_000
AnyCheck = TypeVar("AnyCheck", bound=Check)


def looked(check: AnyCheck, rows: Iterable[Row]) -> AnyCheck:
    """The check after it has looked at all rows."""
    for row in rows:
        check.look(row)
    return check


Mend = Callable[[int, Row], Row | None]
"""What becomes of a row, which is given with its position among all: None where it goes. Where nothing is to be mended
it is the same object."""


def look_through(make: Callable[[], Kept], rows: Sequence[Row], tell: Tell) -> Kept:
    """What looks at rows, after it has looked at all of them; in several processes where they lie in files."""
    return look_at_all(make, rows, tell, "Looking for what is to be mended")


def leaving_out(positions: Set[int]) -> Mend:
    """Rows at these positions go."""
    return lambda position, row: None if position in positions else row


class Sightings:
    """The rows in which something was seen: how many there are, where, and references to the first of them."""

    def __init__(self) -> None:
        self._places = PlaceList()
        # Split, index, source, row, start of the text and place, of which a reference is made when it is needed.
        self._rows: list[tuple[Split, int, str, int, str, str]] = []

    def add(self, row: Row, text: str | None = None) -> None:
        """Count a row; what is shown of it is `text`, or its answer."""
        self._places.add(row.split, row.index)
        if len(self._rows) < MOST_ROWS:
            shown = row.example.answer if text is None else text
            one = row.example
            self._rows.append((row.split, row.index, one.source, one.row, shown[:_LONGEST], one.place))

    def join(self, later: Self) -> None:
        """Count those of later rows too."""
        self._places.join(later._places)
        self._rows += later._rows[: MOST_ROWS - len(self._rows)]

    @property
    def is_open(self) -> bool:
        """Whether it was seen outside of the sealed test split too, whose rows come last; else it is not named."""
        return any(split != "test" for split, *_ in self._rows)

    @property
    def count(self) -> int:
        """How many there are."""
        return len(self._places)

    @property
    def places(self) -> Places:
        """Where they are."""
        return self._places.packed()

    @property
    def rows(self) -> tuple[RowReference, ...]:
        """The first of them."""
        return tuple(reference_to(*row) for row in self._rows)


class RowCheck(Check):
    """A check that tells of each row by itself whether there is something to see in it.

    `total` counts the rows that were looked at, `found` those with something in them.
    """

    def __init__(self) -> None:
        self.total = 0
        self.found = Sightings()

    @abstractmethod
    def seen(self, row: Row) -> str | None:
        """What to show of a row with something in it, None for any other."""

    def look(self, row: Row) -> None:
        """Take a row into account."""
        self.total += 1
        text = self.seen(row)
        if text is not None:
            self.found.add(row, text)

    def join(self, later: Self) -> None:
        """Take into account what was seen in later rows."""
        self.total += later.total
        self.found.join(later.found)


class SeveralKinds(Check):
    """A check that looks for several kinds of things at once; `found` says in which rows there is one of each kind."""

    def __init__(self, kinds: Sequence[str]) -> None:
        self.found = {kind: Sightings() for kind in kinds}

    def join(self, later: Self) -> None:
        """Take into account what was found in later rows."""
        for kind, found in later.found.items():
            self.found[kind].join(found)


class Whole(Check):
    """A check that needs all rows at once, and finds them in the context."""

    def __init__(self, check: Callable[[CheckContext], list[Finding]], needs_answers: bool = False) -> None:
        self._check = check
        self.needs_answers = needs_answers

    def look(self, row: Row) -> None:
        """Wait for the others."""

    def join(self, later: Self) -> None:
        """Wait for the others."""

    def findings(self, context: CheckContext) -> list[Finding]:
        """What the check finds in all rows."""
        return self._check(context)


class Tally:
    """How often each of many texts occurs, at 8 bytes for every time: their hashes."""

    def __init__(self) -> None:
        self._hashes = array("Q")

    def __len__(self) -> int:
        return len(self._hashes)

    def add(self, text: str) -> None:
        """Count a text once more."""
        self._hashes.append(self.hashed(text))

    def join(self, later: Self) -> None:
        """Count those of later rows too."""
        self._hashes.extend(later._hashes)

    @property
    def different(self) -> int:
        """How many different texts there are."""
        return len(numpy.unique(self._all()))

    def commonest(self) -> tuple[int, int]:
        """The hash of the text that occurs most often (the first of several), and how often; there has to be one."""
        hashes, firsts, counts = numpy.unique(self._all(), return_index=True, return_counts=True)
        place = min(numpy.flatnonzero(counts == counts.max()), key=firsts.__getitem__)
        return int(hashes[place]), int(counts[place])

    def differ(self, hashed: int) -> npt.NDArray[numpy.bool_]:
        """Of each text that was counted, in that order, whether it is another one than the text with this hash."""
        return self._all() != numpy.uint64(hashed)

    @staticmethod
    def hashed(text: str) -> int:
        """The hash by which a text is counted."""
        return _hashed(text)

    def _all(self) -> numpy.ndarray:
        return numpy.array(self._hashes, dtype=numpy.uint64)


@remembering
def _hashed(text: str) -> int:
    return int.from_bytes(blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest())
