"""Labels within JSON answers: a field of few different values is one, and may hold the same one nearly always."""

import json
from collections import Counter
from typing import Self

from localft.data.checks.finding import CheckContext, Finding, Row, percent
from localft.data.checks.looking import Check, Sightings
from localft.data.texts.answer_forms import fields_of

NAME = "balance of fields"
_FEWEST_ROWS = 50
_MOST_FIELDS, _MOST_LABELS, _LONGEST = 30, 20, 60
# A field that is always the same is no label; one that nearly is hides what the others are.
_DOMINANT = 0.9
_MOST_NAMED = 3


class _Field:
    """How often each value of a field occurs, until there are too many for labels; and rows with rarer ones."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self.rows: dict[str, Sightings] = {}
        self.free = False

    def add(self, label: str | None, row: Row) -> None:
        self.free = self.free or label is None or (len(self.counts) >= _MOST_LABELS and label not in self.counts)
        if self.free or label is None:
            self.rows.clear()
            return
        self.counts[label] += 1
        self.rows.setdefault(label, Sightings()).add(row)

    def join(self, later: Self) -> None:
        self.counts += later.counts
        self.free = self.free or later.free or len(self.counts) > _MOST_LABELS
        for label, found in later.rows.items():
            self.rows.setdefault(label, Sightings()).join(found)


class FieldBalance(Check):
    """Finds fields of JSON answers in which one of several labels stands nearly always."""

    needs_answers = True

    def __init__(self) -> None:
        self._fields: dict[str, _Field] = {}

    def look(self, row: Row) -> None:
        """Count the values of the fields of an answer that is a JSON object."""
        for name, value in (fields_of(row.example.answer) or {}).items():
            if name in self._fields or len(self._fields) < _MOST_FIELDS:
                self._fields.setdefault(name, _Field()).add(_label(value), row)

    def join(self, later: Self) -> None:
        """Count those of later rows too."""
        for name, field in later._fields.items():
            if name in self._fields or len(self._fields) < _MOST_FIELDS:
                self._fields.setdefault(name, _Field()).join(field)

    def findings(self, context: CheckContext) -> list[Finding]:
        """One about all such fields."""
        named, rare = [], Sightings()
        for name, field in self._fields.items():
            total = field.counts.total()
            if field.free or total < _FEWEST_ROWS or len(field.counts) < 2:
                continue
            label, count = field.counts.most_common(1)[0]
            if count >= _DOMINANT * total:
                known = f"is {label}" if field.rows[label].is_open else "is the same"
                named.append(f"{name[:40]!r} {known} in {percent(count, total)}")
                for other, found in field.rows.items():
                    if other != label:
                        rare.join(found)
        if not named:
            return []
        more = f" and {len(named) - _MOST_NAMED} more" if len(named) > _MOST_NAMED else ""
        meaning = f"A label stands nearly always: {'; '.join(named[:_MOST_NAMED])}{more}."
        advice = "Add examples of the other labels, or the model may give this one always."
        return [Finding(NAME, "warning", rare.count, meaning, rare.rows, advice, rare.places)]


def _label(value: object) -> str | None:
    """A short value as JSON, None where it is no label."""
    if isinstance(value, dict | list):
        return None
    label = json.dumps(value, ensure_ascii=False)
    return label if len(label) <= _LONGEST else None
