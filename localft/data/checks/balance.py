"""Labels: where there are few different answers, is one of them nearly always right?"""

from collections import Counter

from localft.data.checks.finding import CheckContext, Finding, percent, references

_FEWEST_ROWS = 30
_MOST_LABELS = 30
_DOMINANT = 0.8
_RARE = 5


def check(context: CheckContext) -> list[Finding]:
    """Find a label that dominates, labels that hardly occur, and answers that are all the same."""
    answers = Counter(row.example.answer.strip() for row in context.rows)
    total = len(context.rows)
    if total < _FEWEST_ROWS or len(answers) > min(_MOST_LABELS, total // 5):
        return []
    common, count = answers.most_common(1)[0]
    if len(answers) == 1:
        meaning = f"All {total} answers are the same: {common[:60]!r}."
        return [Finding("balance", "problem", total, meaning, (), "There is nothing to learn; add other answers.")]
    findings = []
    if count >= _DOMINANT * total:
        meaning = f"One answer makes up {percent(count, total)} of all: {common[:60]!r}."
        advice = "Add examples of the other answers, or the model may give this one always."
        findings.append(Finding("balance", "warning", count, meaning, (), advice))
    rare = {label for label, number in answers.items() if number < _RARE}
    rows = [row for row in context.rows if row.example.answer.strip() in rare]
    if rare:
        names = ", ".join(repr(label[:30]) for label in sorted(rare)[:5])
        meaning = f"{len(rare)} of {len(answers)} labels occur fewer than {_RARE} times: {names}."
        advice = "Add examples of them, or leave them out."
        findings.append(Finding("rare labels", "warning", len(rows), meaning, references(rows), advice))
    return findings
