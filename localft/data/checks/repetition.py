"""Repetition: answers that run in circles, and answers that all begin alike."""

from collections import Counter

from localft.data.checks.finding import CheckContext, Finding, counted, percent, references
from localft.data.normalising import normalise

CIRCLES, BEGINNINGS = "answers in circles", "same beginnings"
_RUN = 4
_FEWEST_WORDS = 40
# Of the runs of four words of a text so many occur in it before.
_REPEATED = 0.4
_FEWEST_ROWS, _BEGINNING_WORDS, _BEGINNING_SHARE = 50, 4, 0.3
_FEWEST_VARIED = 0.5


def check(context: CheckContext) -> list[Finding]:
    """Find answers that say the same again and again, and a beginning that many share."""
    return [*_circles(context), *_beginnings(context)]


def _circles(context: CheckContext) -> list[Finding]:
    rows = [row for row in context.rows if goes_in_circles(row.example.answer)]
    if not rows:
        return []
    meaning = f"{counted(len(rows), 'answer says', 'answers say')} the same again and again."
    advice = "Delete them: a model that learns such an answer does not find its end."
    return [Finding(CIRCLES, "warning", len(rows), meaning, references(rows), advice)]


def goes_in_circles(text: str) -> bool:
    """Whether much of a long text has stood in it before; tables and code repeat their signs, not their words."""
    words = normalise(text).split()
    if len(words) < _FEWEST_WORDS:
        return False
    runs = [tuple(words[start : start + _RUN]) for start in range(len(words) - _RUN + 1)]
    return 1 - len(set(runs)) / len(runs) >= _REPEATED


def _beginnings(context: CheckContext) -> list[Finding]:
    """Labels and filled-in forms are meant to be alike; free answers are not."""
    answers = [row.example.answer for row in context.rows]
    free = [answer for answer in answers if not answer.lstrip().startswith(("{", "[", "<"))]
    if len(free) < _FEWEST_ROWS or len(set(answers)) < _FEWEST_VARIED * len(answers):
        return []
    begins = [" ".join(answer.split()[:_BEGINNING_WORDS]) for answer in free]
    common, count = Counter(begins).most_common(1)[0]
    if count < _BEGINNING_SHARE * len(context.rows):
        return []
    rows = [row for row in context.rows if " ".join(row.example.answer.split()[:_BEGINNING_WORDS]) == common]
    meaning = f"{percent(count, len(answers))} of all answers begin with {common!r}."
    advice = "The tuned model will begin so nearly always. Vary it, unless that is what you want."
    return [Finding(BEGINNINGS, "note", count, meaning, references(rows), advice)]
