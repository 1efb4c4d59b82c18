"""Examples that say nearly the same: they teach little, and count as often as they occur."""

from array import array
from typing import Self

from localft.data.checks.finding import CheckContext, Finding, Row, counted, percent, shown
from localft.data.checks.looking import Check, Mend, leaving_out, look_through
from localft.data.checks.stored_rows import places_at
from localft.data.splits.asking import Column
from localft.data.texts.near import near_groups
from localft.data.texts.runs import Texts
from localft.data.working import Tell, quiet

NAME = "near-duplicates"
_MANY = 0.05


class NearDuplicates(Check):
    """Finds examples whose whole conversation says nearly what an earlier one says."""

    def __init__(self) -> None:
        self._texts, self._sources, self._numbers = Texts(), Column(), array("q")

    def look(self, row: Row) -> None:
        """Keep what a row says."""
        self._texts.add(*_said(row))
        self._sources.add(row.example.source)
        self._numbers.append(row.example.row)

    def join(self, later: Self) -> None:
        """Keep what later rows say too."""
        self._texts.join(later._texts)
        self._sources.join(later._sources)
        self._numbers.extend(later._numbers)

    def surplus(self, tell: Tell = quiet) -> list[tuple[int, int]]:
        """(position of a row, of the one it resembles that comes first in the files), in the order of the files."""
        sources = self._sources.texts()
        found = []
        for group in near_groups(self._texts, tell):
            first, *others = sorted(group, key=lambda position: (sources[position], self._numbers[position]))
            found += [(position, first) for position in others]
        return sorted(found, key=lambda pair: (sources[pair[0]], self._numbers[pair[0]]))

    def findings(self, context: CheckContext) -> list[Finding]:
        """One where there are such examples."""
        found = self.surplus(context.tell)
        if not found:
            return []
        total = len(self._texts)
        meaning = (
            f"{counted(len(found), 'example says', 'examples say')} nearly the same as another one "
            f"({percent(len(found), total)})."
        )
        firsts = dict(found)

        def resembling(row: Row, position: int) -> str:
            first = context.rows[firsts[position]].example
            return f"like {first.origin}: {row.example.answer}"

        rows = shown(context, [position for position, _ in found], resembling)
        severity = "warning" if len(found) >= _MANY * total else "note"
        advice = "Keep one of each: what is said more often is learned more strongly."
        return [Finding(NAME, severity, len(found), meaning, rows, advice, places_at(context, firsts))]


def without(context: CheckContext, tell: Tell) -> Mend:
    """Rows that say nearly what an earlier one says go."""
    return leaving_out({position for position, _ in look_through(NearDuplicates, context.rows, tell).surplus(tell)})


def _said(row: Row) -> list[str]:
    """What the turns of an example say, those of the system left out."""
    example = row.example
    said = [one.content for one in example.messages if one.role != "system"]
    return [*said, example.rejected] if example.rejected else said
