"""Languages: answers in another one than their question, a few examples in another one than the rest, or only one."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from localft.data.checks.finding import (
    MOST_ROWS,
    CheckContext,
    Finding,
    Row,
    RowReference,
    Severity,
    counted,
    percent,
    reference,
)
from localft.data.checks.looking import Check
from localft.data.checks.places import NOWHERE, places_of_rows
from localft.data.checks.spread import Spread
from localft.data.texts.languages import NAMES, language_of
from localft.data.texts.signs import Signs

OTHER_ANSWER, OTHER, SHARES = "answers in another language", "other languages", "languages"
_EXAMINED = 2_000
_FEWEST_ROWS = 20
# Where so many answers are in another language, that is the task.
_TASK = 0.2
# So few are slips, or not enough to learn a language from.
_FEW = 0.05
_MOST_NAMED = 4
_FEWEST_TO_MISS_OTHERS = 50
_LONGEST, _LONGEST_TASK = 1_000, 500
_TRANSLATES = re.compile(
    r"translat|übersetz|tradu[cçiz]|vertaal|перев[её]д|перевод|翻译|翻訳|번역|ترجم|अनुवाद|tłumacz|çevir"
    r"|\b(?:in|into|to|auf|en|em|speaks?) (?:"
    + "|".join(name.split(",")[0].split(" ")[0] for name in NAMES.values())
    + r")\b",
    re.IGNORECASE,
)
_TRANSLATES_SIGNS = Signs.of(_TRANSLATES)


@dataclass(frozen=True)
class _Said:
    """The beginnings of what is asked and answered in a row, and whether another language is asked for."""

    question: str
    answer: str
    wants_other: bool
    row: RowReference


@dataclass(frozen=True)
class _Spoken:
    """The languages of the question and the answer of a row, "" where they cannot be told."""

    asked: str
    answered: str
    row: RowReference

    @property
    def language(self) -> str:
        return self.asked or self.answered


class Languages(Check):
    """Tells the languages of questions and answers; of many rows at most 2,000 that lie evenly among them."""

    needs_answers = True

    def __init__(self) -> None:
        self._rows: Spread[_Said] = Spread(_EXAMINED)

    def look(self, row: Row) -> None:
        """Keep how a row begins."""
        if self._rows.wants():
            question, answer = row.example.prompt[-1].content, row.example.answer
            self._rows.keep(_Said(question[:_LONGEST], answer[:_LONGEST], _asks_for_other(row), reference(row, answer)))

    def join(self, later: Self) -> None:
        """Take in what was told of later rows."""
        self._rows.join(later._rows)

    def findings(self, context: CheckContext) -> list[Finding]:
        """What is odd, or else which languages there are."""
        kept = self._rows.items
        if len(kept) < _FEWEST_ROWS:
            return []
        told = [spoken for row in kept if (spoken := _tell(row)).language]
        if len(told) < _FEWEST_ROWS:
            return []
        return [*self._mismatched(told), *self._mixed(told)]

    def _mismatched(self, told: Sequence[_Spoken]) -> list[Finding]:
        """Answers in another language than their question."""
        both = [row for row in told if row.asked and row.answered]
        other = [row for row in both if row.asked != row.answered]
        if not other:
            return []
        asked, answered = Counter((row.asked, row.answered) for row in other).most_common(1)[0][0]
        meaning = (
            f"{counted(len(other), 'answer is', 'answers are')} in another language than the question"
            f"{self._sample(len(both))}, as {NAMES[answered]} to {NAMES[asked]}."
        )
        if len(other) >= _TASK * len(both):
            return [_finding(OTHER_ANSWER, "note", other, meaning, "Right where this is the task, as translating is.")]
        advice = "Answer in the language of the question: else the tuned model leaves it without being asked."
        return [_finding(OTHER_ANSWER, "warning", other, meaning, advice)]

    def _mixed(self, told: Sequence[_Spoken]) -> list[Finding]:
        """Which languages there are, and the rows of those that hardly occur."""
        counts = Counter(row.language for row in told).most_common()
        usual = counts[0][0]
        shares = ", ".join(f"{NAMES[code]} {percent(count, len(told))}" for code, count in counts[:_MOST_NAMED])
        if len(counts) == 1:
            if len(told) < _FEWEST_TO_MISS_OTHERS:
                return []
            meaning = f"All examples whose language can be told are in one: {NAMES[usual]}{self._sample(len(told))}."
            advice = "Add questions in another one if there will be any: what the model does then is left to chance."
            return [_finding(SHARES, "note", told, meaning, advice, shown=())]
        others = [row for row in told if row.language != usual]
        if len(others) >= _FEW * len(told):
            meaning = f"The examples are in several languages{self._sample(len(told))}: {shares}."
            advice = "Look whether each has enough of them: what is rare is learned worse."
            return [_finding(SHARES, "note", others, meaning, advice)]
        meaning = (
            f"{counted(len(others), 'example is', 'examples are')} in another language than the others"
            f"{self._sample(len(told))}: {shares}."
        )
        advice = "Add more of them, or delete them: so few teach neither the language nor what to do with it."
        return [_finding(OTHER, "warning", others, meaning, advice)]

    def _sample(self, looked_at: int) -> str:
        return "" if self._rows.is_whole else f" (of {looked_at:,} that were looked at)"


def _finding(
    name: str,
    severity: Severity,
    rows: Sequence[_Spoken],
    meaning: str,
    advice: str,
    shown: tuple[RowReference, ...] | None = None,
) -> Finding:
    first = tuple(row.row for row in rows[:MOST_ROWS]) if shown is None else shown
    places = places_of_rows((row.row.split, row.row.index) for row in rows) if shown is None else NOWHERE
    return Finding(name, severity, len(rows), meaning, first, advice, places)


def _tell(row: _Said) -> _Spoken:
    asked, answered = language_of(row.question), language_of(row.answer)
    if row.wants_other and asked != answered:
        asked = answered = ""
    return _Spoken(asked, answered, row.row)


def _asks_for_other(row: Row) -> bool:
    """Whether the question or the system prompt names another language, or speaks of translating."""
    tasks = (message.content[:_LONGEST_TASK] for message in row.example.prompt)
    return any(_TRANSLATES_SIGNS.stand_in(task) and _TRANSLATES.search(task) is not None for task in tasks)
