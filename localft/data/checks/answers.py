"""Answers that break the form which most answers have: JSON that is none, code fences around some of it."""

import json
import re
from dataclasses import replace
from typing import Self

from localft.data.checks.finding import CheckContext, Finding, Row, counted, percent
from localft.data.checks.looking import Check, Sightings, looked

MIXED, INVALID = "mixed formats", "invalid JSON"
_MOST = 0.6
# What is wrong, and from which share of all answers on it is a problem.
_MEANINGS = {
    MIXED: ("not valid JSON, while most are", 0.02),
    INVALID: ("meant to be JSON and not valid", 0.05),
}
_FENCED = re.compile(r"```(?:json)?\s*([\[{].*[\]}])\s*```", re.DOTALL | re.IGNORECASE)


class Answers(Check):
    """Where most answers are JSON, finds those that are not; elsewhere those that mean to be."""

    def __init__(self) -> None:
        self._answered = 0
        self._other, self._torn = Sightings(), Sightings()

    def look(self, row: Row) -> None:
        """Count an answer, unless it is a call of a tool."""
        if row.example.messages[-1].tool_calls:
            return
        self._answered += 1
        if not is_json(row.example.answer):
            self._other.add(row)
            if looks_like_json(row.example.answer):
                self._torn.add(row)

    def join(self, later: Self) -> None:
        """Count the answers of later rows too."""
        self._answered += later._answered
        self._other.join(later._other)
        self._torn.join(later._torn)

    @property
    def _is_form(self) -> bool:
        """Whether JSON is the form that the answers have."""
        return self._answered - self._other.count >= _MOST * max(1, self._answered)

    def is_broken(self, row: Row) -> bool:
        """Whether a row is one of those that are found."""
        answer = row.example.answer
        if row.example.messages[-1].tool_calls or is_json(answer):
            return False
        return self._is_form or looks_like_json(answer)

    def findings(self, context: CheckContext) -> list[Finding]:
        """One for what is not JSON or not quite."""
        name, bad = (MIXED, self._other) if self._is_form else (INVALID, self._torn)
        if not bad.count:
            return []
        what, limit = _MEANINGS[name]
        severity = "problem" if bad.count >= limit * self._answered else "warning"
        meaning = f"{counted(bad.count, 'answer is', 'answers are')} {what} ({percent(bad.count, self._answered)})."
        advice = "Correct them or delete them: the model learns the faults along with the form."
        return [Finding(name, severity, bad.count, meaning, bad.rows, advice)]


def mended(context: CheckContext) -> list[Row]:
    """The rows with such answers freed of what stands around their JSON, without those that cannot be mended so."""
    answers = looked(Answers(), context.rows)
    rows = [_mended(row) if answers.is_broken(row) else row for row in context.rows]
    return [row for row in rows if row is not None]


def _mended(row: Row) -> Row | None:
    inside = _FENCED.search(row.example.answer)
    if inside is None or not is_json(inside[1]):
        return None
    *before, last = row.example.messages
    answered = last.model_copy(update={"content": inside[1].strip()})
    return replace(row, example=row.example.model_copy(update={"messages": (*before, answered)}))


def is_json(text: str) -> bool:
    """Tell whether an answer is a JSON object or array and nothing else."""
    if not text.lstrip().startswith(("{", "[")):
        return False
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


def looks_like_json(text: str) -> bool:
    """Tell whether an answer means to be JSON: an object from brace to brace, bare or in a code fence."""
    bare = text.strip()
    return bare.startswith(("```json", '{"')) or (bare.startswith("{") and bare.endswith("}") and ":" in bare)
