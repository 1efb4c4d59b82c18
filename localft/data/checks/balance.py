"""Labels: where there are few different answers, is one of them nearly always right?"""

from collections import Counter

from localft.data.checks.finding import CheckContext, Finding, percent, references

_FEWEST_ROWS = 30
_MOST_LABELS = 30
_DOMINANT = 0.8
_RARE = 5
_MOST_NAMED = 3
# Labels are often small JSON objects, which say nothing once their values are cut off.
_LONGEST = 80


def check(context: CheckContext) -> list[Finding]:
    """Find a label that dominates, labels that hardly occur, and answers that are all the same."""
    answers = Counter(row.example.answer.strip() for row in context.rows)
    total = len(context.rows)
    if total < _FEWEST_ROWS or len(answers) > min(_MOST_LABELS, total // 5):
        return []
    common, count = answers.most_common(1)[0]
    if len(answers) == 1:
        meaning = f"All {total} answers are the same: {_shown(common)}."
        return [Finding("balance", "problem", total, meaning, (), "There is nothing to learn; add other answers.")]
    findings = []
    if count >= _DOMINANT * total:
        meaning = f"One answer makes up {percent(count, total)} of all: {_shown(common)}."
        advice = "Add examples of the other answers, or the model may give this one always."
        findings.append(Finding("balance", "warning", count, meaning, (), advice))
    rare = {label for label, number in answers.items() if number < _RARE}
    rows = [row for row in context.rows if row.example.answer.strip() in rare]
    if rare:
        names = ", ".join(_shown(label) for label in sorted(rare)[:_MOST_NAMED])
        more = f" and {len(rare) - _MOST_NAMED} more" if len(rare) > _MOST_NAMED else ""
        meaning = f"{len(rare)} of {len(answers)} labels occur fewer than {_RARE} times: {names}{more}."
        advice = "Add examples of them, or leave them out."
        findings.append(Finding("rare labels", "warning", len(rows), meaning, references(rows), advice))
    return findings


def _shown(label: str) -> str:
    """A label in quotation marks, its end cut off where it is long."""
    return repr(label if len(label) <= _LONGEST else label[: _LONGEST - 1] + "…")
