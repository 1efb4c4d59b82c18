"""Edge cases: does any example show what to do with a question that is unclear, or that cannot be answered?"""

import re
from typing import Self

from localft.data.checks.finding import CheckContext, Finding, Row
from localft.data.checks.looking import Check, Tally
from localft.data.texts.signs import Signs

NAME = "edge cases"
_FEWEST_ROWS = 100
# A task with few answers has its edges in the labels.
_FEWEST_VARIED = 0.5
_UNANSWERED = re.compile(
    r"\b(?:(?:don't|do not|doesn't|does not|didn't|did not|cannot|can't|couldn't|could not|not) (?:know|have|say|tell|"
    r"find|answer|contain|include|mention|sure|certain|clear|possible|available|specified|enough)|unclear|unknown|"
    r"no (?:information|answer|data|such)|could you|can you|please (?:clarify|tell|give|provide|send|say)|"
    r"which (?:one|of)|what do you mean)\b"
    # The same in other languages: not known, not enough said, which one.
    r"|\b(?:weiß (?:ich |es )?nicht|nicht (?:bekannt|sicher|genug|eindeutig)|keine (?:angabe|information|antwort)\w*|"
    r"(?:ne )?sais pas|pas (?:assez|sûr|certain)|pourriez-vous|no (?:sé|tengo|hay|puedo)|podrías?|não (?:sei|tenho|há)|"
    r"poderia|non (?:so|lo so|ho)|weet (?:ik )?(?:het )?niet|kunt u|nie wiem)\b"
    r"|не (?:знаю|могу|указан)|не хватает|不知道|不清楚|无法|请(?:提供|说明)"
    r"|わかりません|分かりません|모르|لا أعرف|नहीं (?:पता|जानता)",
    re.IGNORECASE,
)
_SIGNS = Signs.of(_UNANSWERED)
# An answer that ends with a question asks back, in any language.
_ASKS = ("?", "？", "؟", "?»", '?"')
_SHORT = 3


class EdgeCases(Check):
    """Says where all of many free answers are plain ones, and no question is odd."""

    needs_answers = True

    def __init__(self) -> None:
        self._answers = Tally()
        self._unanswered = self._short = False

    def look(self, row: Row) -> None:
        """Count an answer, until an edge case is seen."""
        if self._unanswered or self._short:
            return
        answer = row.example.answer
        self._answers.add(answer)
        self._unanswered = _is_open(answer)
        self._short = len(row.example.prompt[-1].content.split(maxsplit=_SHORT)) < _SHORT

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


def _is_open(answer: str) -> bool:
    if answer.rstrip().endswith(_ASKS):
        return True
    plain = answer.replace("’", "'")
    return _SIGNS.stand_in(plain) and _UNANSWERED.search(plain) is not None
