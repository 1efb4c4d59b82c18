"""Labels: where there are few different answers, is one of them nearly always right?"""

from collections.abc import Mapping
from typing import Self

from localft.data.checks.calls import said
from localft.data.checks.finding import MOST_ROWS, CheckContext, Finding, Row, percent
from localft.data.checks.looking import Check, Sightings
from localft.data.checks.places import places_of_rows
from localft.data.versions import SPLITS

_FEWEST_ROWS = 30
_MOST_LABELS = 30
_DOMINANT = 0.8
_RARE = 5
_MOST_NAMED = 3
# Labels are often small JSON objects, which say nothing once their values are cut off.
_LONGEST = 80


class Balance(Check):
    """Finds a label that dominates, labels that hardly occur, and answers that are all the same."""

    needs_answers = True

    def __init__(self) -> None:
        self._total = 0
        # No more labels than that are kept: so many are no labels.
        self._labels: dict[str, Sightings] = {}

    def look(self, row: Row) -> None:
        """Count the answer of a row."""
        self._total += 1
        if len(self._labels) <= _MOST_LABELS:
            label = said(row.example.messages[-1]).strip()
            self._labels.setdefault(label, Sightings()).add(row)

    def join(self, later: Self) -> None:
        """Count the answers of later rows too."""
        self._total += later._total
        for label, sightings in later._labels.items():
            self._labels.setdefault(label, Sightings()).join(sightings)

    def findings(self, context: CheckContext) -> list[Finding]:
        """Nothing where there are too few rows, or too many different answers to be labels."""
        total = self._total
        if total < _FEWEST_ROWS or len(self._labels) > min(_MOST_LABELS, total // 5):
            return []
        common = max(self._labels, key=lambda label: self._labels[label].count)
        count = self._labels[common].count
        named = f": {_shown(common)}" if self._labels[common].is_open else ""
        if len(self._labels) == 1:
            meaning = f"All {total} answers are the same{named}."
            return [Finding("balance", "problem", total, meaning, (), "There is nothing to learn; add other answers.")]
        findings = []
        if count >= _DOMINANT * total:
            meaning = f"One answer makes up {percent(count, total)} of all{named}."
            advice = "Add examples of the other answers, or the model may give this one always."
            findings.append(Finding("balance", "warning", count, meaning, (), advice))
        rare = {label: found for label, found in self._labels.items() if found.count < _RARE}
        return [*findings, *([_rare(rare, len(self._labels))] if rare else [])]


def _rare(rare: Mapping[str, Sightings], labels: int) -> Finding:
    # Of labels with so few rows all rows are known; what only test examples say is sealed.
    open_ones = [label for label in sorted(rare) if rare[label].is_open]
    named = [_shown(label) for label in open_ones[:_MOST_NAMED]]
    rest = len(rare) - len(named)
    names = f": {', '.join(named)}" if named else ""
    more = f" and {rest} more" if named and rest else ""
    meaning = f"{len(rare)} of {labels} labels occur fewer than {_RARE} times{names}{more}."
    rows = [row for found in rare.values() for row in found.rows]
    rows.sort(key=lambda row: (SPLITS.index(row.split), row.index))
    advice = "Add examples of them, or leave them out."
    return Finding(
        "rare labels",
        "warning",
        len(rows),
        meaning,
        tuple(rows[:MOST_ROWS]),
        advice,
        places_of_rows((row.split, row.index) for row in rows),
    )


def _shown(label: str) -> str:
    """A label in quotation marks, its end cut off where it is long."""
    return repr(label if len(label) <= _LONGEST else label[: _LONGEST - 1] + "…")
