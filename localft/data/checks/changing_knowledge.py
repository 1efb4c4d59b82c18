"""Knowledge that changes: prices, dates and news belong into a search (retrieval), not into the weights of a model."""

import re

from localft.data.checks.finding import CheckContext, Finding, percent, references

NAME = "changing knowledge"
_SUBJECTS = "price|prices|cost|rate|score|weather|news|stock|version|president|population|opening hours|schedule"
_CHANGING = re.compile(
    r"\b(?:current(?:ly)?|latest|today'?s?|right now|this (?:week|month|year)|as of (?:now|today|20\d\d))\b"
    rf".{{0,60}}\b(?:{_SUBJECTS})\b"
    rf"|\b(?:{_SUBJECTS})\b.{{0,60}}\b(?:today|right now|currently|this week)\b",
    re.IGNORECASE | re.DOTALL,
)
_MOST = 0.5


def check(context: CheckContext) -> list[Finding]:
    """Where half of the questions ask for what changes, say that fine-tuning is the wrong tool."""
    rows = [row for row in context.rows if _CHANGING.search(row.example.prompt[-1].content)]
    if len(rows) < max(10, _MOST * len(context.rows)):
        return []
    meaning = (
        f"{percent(len(rows), len(context.rows))} of the questions ask for facts that change; a fine-tuned model would "
        "keep giving the old ones."
    )
    advice = "Look the facts up when the question is asked (retrieval), and fine-tune only how the answer is given."
    texts = [row.example.prompt[-1].content for row in rows]
    return [Finding(NAME, "problem", len(rows), meaning, references(rows, texts), advice)]
