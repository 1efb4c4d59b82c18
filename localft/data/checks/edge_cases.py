"""Edge cases: does any example show what to do with a question that is unclear, or that cannot be answered?"""

import re

from localft.data.checks.finding import CheckContext, Finding

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


def check(context: CheckContext) -> list[Finding]:
    """Say where all of many free answers are plain ones, and no question is odd."""
    answers = [row.example.answer for row in context.rows]
    if len(answers) < _FEWEST_ROWS or len(set(answers)) < _FEWEST_VARIED * len(answers):
        return []
    unanswered = any(_UNANSWERED.search(answer.replace("’", "'")) for answer in answers)
    short = any(len(row.example.prompt[-1].content.split()) < _SHORT for row in context.rows)
    missing = [
        *([] if unanswered else ["a question that cannot be answered or is unclear"]),
        *([] if short else ["a question of a word or two"]),
    ]
    if len(missing) < 2:
        return []
    meaning = f"No example shows what to do with {missing[0]}, nor with {missing[1]}."
    advice = "Add some: five of a hundred are enough, and what the model does there is no longer left to chance."
    return [Finding(NAME, "note", len(answers), meaning, (), advice)]
