"""Answers that break the form which most answers have: JSON that is none, code fences around some of it."""

import json
import re
from dataclasses import replace

from localft.data.checks.finding import CheckContext, Finding, Row, counted, percent, references

MIXED, INVALID = "mixed formats", "invalid JSON"
_MOST = 0.6
# What is wrong, and from which share of all answers on it is a problem.
_MEANINGS = {
    MIXED: ("not valid JSON, while most are", 0.02),
    INVALID: ("meant to be JSON and not valid", 0.05),
}
_FENCED = re.compile(r"```(?:json)?\s*([\[{].*[\]}])\s*```", re.DOTALL | re.IGNORECASE)


def check(context: CheckContext) -> list[Finding]:
    """Where most answers are JSON, find those that are not; elsewhere those that mean to be."""
    rows = _answered(context)
    name, bad = _broken(rows)
    if not bad:
        return []
    what, limit = _MEANINGS[name]
    severity = "problem" if len(bad) >= limit * len(rows) else "warning"
    meaning = f"{counted(len(bad), 'answer is', 'answers are')} {what} ({percent(len(bad), len(rows))})."
    advice = "Correct them or delete them: the model learns the faults along with the form."
    return [Finding(name, severity, len(bad), meaning, references(bad), advice)]


def mended(context: CheckContext) -> list[Row]:
    """The rows with such answers freed of what stands around their JSON, without those that cannot be mended so."""
    broken = {id(row) for row in _broken(_answered(context))[1]}
    rows = [_mended(row) if id(row) in broken else row for row in context.rows]
    return [row for row in rows if row is not None]


def _mended(row: Row) -> Row | None:
    inside = _FENCED.search(row.example.answer)
    if inside is None or not is_json(inside[1]):
        return None
    *before, last = row.example.messages
    answered = last.model_copy(update={"content": inside[1].strip()})
    return replace(row, example=row.example.model_copy(update={"messages": (*before, answered)}))


def _answered(context: CheckContext) -> list[Row]:
    return [row for row in context.rows if not row.example.messages[-1].tool_calls]


def _broken(rows: list[Row]) -> tuple[str, list[Row]]:
    """The name of the fault, and the rows that have it."""
    other = [row for row in rows if not is_json(row.example.answer)]
    if len(rows) - len(other) >= _MOST * max(1, len(rows)):
        return MIXED, other
    return INVALID, [row for row in other if looks_like_json(row.example.answer)]


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
