"""Equal questions with different answers: the model can learn neither."""

from collections import Counter, defaultdict

from localft.data.checks.finding import CheckContext, Finding, Row, RowReference, counted, percent, references
from localft.data.examples import Example
from localft.data.normalising import normalise

NAME = "contradictions"
_NEAR = "near contradictions"
_LONGEST_LABEL = 80


def check(context: CheckContext) -> list[Finding]:
    """Find examples that ask the same, or nearly so, and are answered differently."""
    equal = [row for rows in _contradicting(context) for row in rows]
    known = {id(row) for row in equal}
    near = [row for rows in _near(context) for row in rows if id(row) not in known]
    return [*_equal_finding(equal, len(context.rows)), *_near_finding(near)]


def without_minorities(context: CheckContext) -> list[Row]:
    """The rows without answers that fewer examples give to the same question; where none is commonest, without all."""
    gone: set[int] = set()
    for rows in _contradicting(context):
        counts = Counter(normalise(row.example.answer) for row in rows).most_common(2)
        kept = counts[0][0] if counts[0][1] > counts[1][1] else None
        gone |= {id(row) for row in rows if normalise(row.example.answer) != kept}
    return [row for row in context.rows if id(row) not in gone]


def _equal_finding(found: list[Row], total: int) -> list[Finding]:
    if not found:
        return []
    meaning = (
        f"{len(found):,} examples ({percent(len(found), total)}) ask the same as another and are answered differently."
    )
    severity = "problem" if len(found) >= 0.05 * total else "warning"
    advice = "Keep the right answer of each and delete the others, unless the variety is what you want to teach."
    return [Finding(NAME, severity, len(found), meaning, _shown(found), advice)]


def _near_finding(found: list[Row]) -> list[Finding]:
    if not found:
        return []
    meaning = f"{counted(len(found), 'example asks', 'examples ask')} nearly the same as another, answered differently."
    advice = "Look whether the little that differs in the question is what decides the answer."
    return [Finding(_NEAR, "note", len(found), meaning, _shown(found), advice)]


def _shown(found: list[Row]) -> tuple[RowReference, ...]:
    questions = [f"{row.example.prompt[-1].content} -> {row.example.answer}" for row in found]
    return references(found, questions)


def _contradicting(context: CheckContext) -> list[list[Row]]:
    """Rows that ask the same, where their answers differ."""
    asked: defaultdict[tuple[str, ...], list[Row]] = defaultdict(list)
    for row in context.rows:
        asked[_question(row.example)].append(row)
    return [rows for rows in asked.values() if _differ(rows)]


def _near(context: CheckContext) -> list[list[Row]]:
    """Rows with short answers that ask nearly the same under the same system text, where their answers differ.

    Two long answers to one question may both be right.
    """
    asked: defaultdict[tuple[int, str], list[Row]] = defaultdict(list)
    for number, group in enumerate(context.near_prompts):
        for row in (context.rows[position] for position in group):
            if len(row.example.answer) <= _LONGEST_LABEL:
                first = row.example.messages[0]
                asked[number, first.content if first.role == "system" else ""].append(row)
    return [rows for rows in asked.values() if _differ(rows)]


def _differ(rows: list[Row]) -> bool:
    return len({normalise(row.example.answer) for row in rows}) > 1


def _question(example: Example) -> tuple[str, ...]:
    """What is asked, system text and tools included.

    Stricter than the splits are, which must never leak: "-5" and "5", "2 + 2" and "2 * 2" are different questions.
    """
    said = (
        f"{message.role} {' '.join(message.content.casefold().split()).rstrip(' .!?')}" for message in example.prompt
    )
    return (*said, repr(example.tools))
