"""Edge cases: does any example show what to do with a question that is unclear, or that cannot be answered?"""

import re
from typing import Self

from localft.data.checks.finding import CheckContext, Finding, Row
from localft.data.checks.looking import Check, Tally

NAME = "edge cases"
_FEWEST_ROWS = 100
# A task with few answers has its edges in the labels.
_FEWEST_VARIED = 0.5
_UNANSWERED = re.compile(
    r"\b(?:(?:don't|do not|doesn't|does not|didn't|did not|cannot|can't|couldn't|could not|not) (?:know|have|say|tell|"
    r"find|answer|contain|include|mention|sure|certain|clear|possible|available|specified|enough)|unclear|unknown|"
    r"no (?:information|answer|data|such)|could you|can you|please (?:clarify|tell|give|provide|send|say)|"
    r"which (?:one|of)|what do you mean)\b",
    re.IGNORECASE,
)
_SHORT = 3


class EdgeCases(Check):
    """Says where all of many free answers are plain ones, and no question is odd."""

    def __init__(self) -> None:
        self._answers = Tally()
        self._unanswered = self._short = False

    def look(self, row: Row) -> None:
        """Count an answer, and look whether it is an edge case until one of each kind was seen."""
        answer = row.example.answer
        self._answers.add(answer)
        self._unanswered = self._unanswered or bool(_UNANSWERED.search(answer.replace("’", "'")))
        self._short = self._short or len(row.example.prompt[-1].content.split()) < _SHORT

    def join(self, later: Self) -> None:
        """Count the answers of later rows too."""
        self._answers.join(later._answers)
        self._unanswered = self._unanswered or later._unanswered
        self._short = self._short or later._short

    def findings(self, context: CheckContext) -> list[Finding]:
        """One where neither kind of edge case occurs."""
        total = len(self._answers)
        if total < _FEWEST_ROWS or self._unanswered or self._short:
            return []
        if self._answers.different < _FEWEST_VARIED * total:
            return []
        meaning = (
            "No example shows what to do with a question that cannot be answered or is unclear, nor with a question of "
            "a word or two."
        )
        advice = "Add some: five of a hundred are enough, and what the model does there is no longer left to chance."
        return [Finding(NAME, "note", total, meaning, (), advice)]
