"""Knowledge that changes: prices, dates and news belong into a search (retrieval), not into the weights of a model."""

import re

from localft.data.checks.finding import CheckContext, Finding, Row, percent
from localft.data.checks.looking import RowCheck
from localft.data.texts.signs import Signs

NAME = "changing knowledge"
_SUBJECTS = "price|prices|cost|rate|score|weather|news|stock|version|president|population|opening hours|schedule"
_CHANGING = re.compile(
    r"\b(?:current(?:ly)?|latest|today'?s?|right now|this (?:week|month|year)|as of (?:now|today|20\d\d))\b"
    rf".{{0,60}}\b(?:{_SUBJECTS})\b"
    rf"|\b(?:{_SUBJECTS})\b.{{0,60}}\b(?:today|right now|currently|this week)\b",
    re.IGNORECASE | re.DOTALL,
)
_SIGNS = Signs("current", "latest", "today", "right now", "this (?:week|month|year)", "as of ")
_MOST = 0.5


class ChangingKnowledge(RowCheck):
    """Where half of the questions ask for what changes, says that fine-tuning is the wrong tool."""

    needs_answers = True

    def seen(self, row: Row) -> str | None:
        """A question that asks for it."""
        question = row.example.prompt[-1].content
        return question if _SIGNS.stand_in(question) and _CHANGING.search(question) else None

    def findings(self, context: CheckContext) -> list[Finding]:
        """One where that is what is mostly asked for."""
        found = self.found
        if found.count < max(10, _MOST * self.total):
            return []
        meaning = (
            f"{percent(found.count, self.total)} of the questions ask for facts that change; a fine-tuned model would "
            "keep giving the old ones."
        )
        advice = "Look the facts up when the question is asked (retrieval), and fine-tune only how the answer is given."
        return [Finding(NAME, "problem", found.count, meaning, found.rows, advice, found.places)]
