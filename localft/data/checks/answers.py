"""Answers that break the form which most answers have: JSON that is none, code fences around some of it."""

import json

from localft.data.checks.finding import CheckContext, Finding, Row, counted, percent, references

_MOST = 0.6


def check(context: CheckContext) -> list[Finding]:
    """Where most answers are JSON, find those that are not."""
    rows = [row for row in context.rows if not row.example.messages[-1].tool_calls]
    valid = {id(row) for row in rows if is_json(row.example.answer)}
    claiming = [row for row in rows if id(row) not in valid and looks_like_json(row.example.answer)]
    findings = []
    if len(valid) >= _MOST * max(1, len(rows)):
        other = [row for row in rows if id(row) not in valid]
        findings += _finding(other, rows, "mixed formats", "not valid JSON, while most are", 0.02)
    elif claiming:
        findings += _finding(claiming, rows, "invalid JSON", "meant to be JSON and not valid", 0.05)
    return findings


def _finding(bad: list[Row], rows: list[Row], name: str, what: str, limit: float) -> list[Finding]:
    if not bad:
        return []
    severity = "problem" if len(bad) >= limit * len(rows) else "warning"
    meaning = f"{counted(len(bad), 'answer is', 'answers are')} {what} ({percent(len(bad), len(rows))})."
    advice = "Correct them or delete them: the model learns the faults along with the form."
    return [Finding(name, severity, len(bad), meaning, references(bad), advice)]


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
