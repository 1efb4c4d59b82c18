"""The fields of JSON answers: a program that reads them expects the same ones in all."""

from collections import Counter
from typing import Self

from localft.data.checks.finding import CheckContext, Finding, Row, counted
from localft.data.checks.looking import Check, Sightings
from localft.data.checks.prompt_groups import PromptGroups
from localft.data.texts.answer_forms import keys_of

NAME = "other fields"
_FEWEST_ROWS = 20
_USUAL = 0.8
_MOST_KINDS = 100
Keys = tuple[str, ...]


class _Kinds:
    """The answers under one system prompt by the names of their fields; no more than 100 kinds are kept."""

    def __init__(self) -> None:
        self.total = 0
        self.by_keys: dict[Keys, Sightings] = {}

    def add(self, keys: Keys, row: Row) -> None:
        self.total += 1
        self._of(keys).add(row)

    def join(self, later: Self) -> None:
        self.total += later.total
        for keys, found in later.by_keys.items():
            self._of(keys).join(found)

    def _of(self, keys: Keys) -> Sightings:
        if keys in self.by_keys or len(self.by_keys) < _MOST_KINDS:
            return self.by_keys.setdefault(keys, Sightings())
        return Sightings()


class Fields(Check):
    """Finds JSON answers that have other fields than most of those under the same system prompt."""

    needs_answers = True

    def __init__(self) -> None:
        self._groups: PromptGroups[_Kinds] = PromptGroups(_Kinds)

    def look(self, row: Row) -> None:
        """Count the names of the fields of an answer that is a JSON object."""
        keys = keys_of(row.example.answer)
        if keys is not None:
            self._groups.count(row).add(keys, row)

    def join(self, later: Self) -> None:
        """Count those of later rows too."""
        self._groups.join(later._groups)

    def findings(self, context: CheckContext) -> list[Finding]:
        """One where nearly all have the same fields, and not all."""
        found, differences = Sightings(), Counter[str]()
        for group in self._groups.all:
            if group.total < _FEWEST_ROWS:
                continue
            usual = max(group.by_keys, key=lambda keys: group.by_keys[keys].count)
            if group.by_keys[usual].count < _USUAL * group.total:
                continue
            for keys, sightings in group.by_keys.items():
                if keys != usual:
                    found.join(sightings)
                    if sightings.is_open:
                        differences[_difference(set(usual), set(keys))] += sightings.count
        if not found.count:
            return []
        most = f": {differences.most_common(1)[0][0]}" if differences else ""
        meaning = f"{counted(found.count, 'JSON answer has', 'JSON answers have')} other fields than the others{most}."
        advice = "Give all the same fields, empty ones too, unless they are optional for whatever reads them."
        return [Finding(NAME, "warning", found.count, meaning, found.rows, advice, found.places)]


def _difference(usual: set[str], keys: set[str]) -> str:
    parts = [
        *(["without " + _listed(usual - keys)] if usual - keys else []),
        *(["with " + _listed(keys - usual)] if keys - usual else []),
    ]
    return ", ".join(parts)


def _listed(names: set[str]) -> str:
    shown = [repr(name[:40]) for name in sorted(names)[:3]]
    return " and ".join(shown) if len(names) <= 3 else f"{', '.join(shown)} and {len(names) - 3} more"
