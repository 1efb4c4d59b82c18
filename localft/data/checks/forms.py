"""The form of answers: where those under one system prompt are given in several, nobody can rely on any."""

from collections import Counter
from collections.abc import Sequence
from typing import Self

from localft.data.checks.answers import USUAL_JSON, looks_like_json
from localft.data.checks.finding import CheckContext, Finding, Row, percent
from localft.data.checks.looking import Check, Sightings
from localft.data.checks.prompt_groups import PromptGroups
from localft.data.texts.answer_forms import FOR_PROGRAMS, Form, form_of

OTHER, LAYOUTS = "other formats", "mixed layouts"
_FEWEST_ROWS = 20
_USUAL = 0.8


class _Forms:
    """The answers under one system prompt by their form."""

    def __init__(self) -> None:
        self.by_form: dict[Form, Sightings] = {}

    def join(self, later: Self) -> None:
        for form, found in later.by_form.items():
            self.by_form.setdefault(form, Sightings()).join(found)

    @property
    def shares(self) -> Counter[Form]:
        return Counter({form: found.count for form, found in self.by_form.items()})


class Forms(Check):
    """Finds answers for programs among prose and the other way round, and layouts that few answers have.

    Where most answers are JSON, the check of those tells of the others.
    """

    needs_answers = True

    def __init__(self) -> None:
        self._groups: PromptGroups[_Forms] = PromptGroups(_Forms)

    def look(self, row: Row) -> None:
        """Count the form of an answer, unless it calls a tool or is torn JSON."""
        answer = row.example.answer
        if row.example.messages[-1].tool_calls:
            return
        form = form_of(answer)
        if form == "JSON" or not looks_like_json(answer):
            self._groups.count(row).by_form.setdefault(form, Sightings()).add(row, f"{form}: {answer}")

    def join(self, later: Self) -> None:
        """Count the forms of later rows too."""
        self._groups.join(later._groups)

    def findings(self, context: CheckContext) -> list[Finding]:
        """At most one of each kind, about all system prompts together."""
        mixed: list[tuple[_Forms, Sequence[Form]]] = []
        layouts: list[tuple[_Forms, Sequence[Form]]] = []
        for group in self._groups.all:
            shares = group.shares
            total = shares.total()
            if total < _FEWEST_ROWS or shares["JSON"] >= USUAL_JSON * total:
                continue
            usual, count = shares.most_common(1)[0]
            programs = sum(shares[form] for form in FOR_PROGRAMS)
            if 0 < programs < total:
                read = 2 * programs >= total
                mixed.append((group, [form for form in shares if (form in FOR_PROGRAMS) != read]))
            elif _USUAL * total <= count < total:
                layouts.append((group, [form for form in shares if form != usual]))
        return [*_mixed(mixed), *_layouts(layouts)]


def _mixed(groups: Sequence[tuple[_Forms, Sequence[Form]]]) -> list[Finding]:
    if not groups:
        return []
    found, shares = _fewer(groups)
    meaning = f"Some answers are for programs, others are prose: {_listed(shares)}."
    advice = "Decide on one, or say in a system prompt when which of them is wanted."
    return [Finding(OTHER, "warning", found.count, meaning, found.rows, advice, found.places)]


def _layouts(groups: Sequence[tuple[_Forms, Sequence[Form]]]) -> list[Finding]:
    if not groups:
        return []
    found, shares = _fewer(groups)
    meaning = f"Few answers are laid out differently from the others: {_listed(shares)}."
    advice = "Fine where what is asked makes the difference; else lay them out alike."
    return [Finding(LAYOUTS, "note", found.count, meaning, found.rows, advice, found.places)]


def _fewer(groups: Sequence[tuple[_Forms, Sequence[Form]]]) -> tuple[Sightings, Counter[Form]]:
    """The rows in one of the forms that are named, and how often each form occurs."""
    found, shares = Sightings(), Counter[Form]()
    for group, forms in groups:
        shares += group.shares
        for form in forms:
            found.join(group.by_form[form])
    return found, shares


def _listed(shares: Counter[Form]) -> str:
    return ", ".join(f"{form} {percent(count, shares.total())}" for form, count in shares.most_common())
