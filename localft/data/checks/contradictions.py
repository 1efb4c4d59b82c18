"""Equal questions with different answers: the model can learn neither."""

from collections import defaultdict

from localft.data.checks.finding import CheckContext, Finding, Row, percent, references
from localft.data.examples import Example
from localft.data.splitting import normalise


def check(context: CheckContext) -> list[Finding]:
    """Find examples that ask the same and are answered differently."""
    asked: defaultdict[tuple[str, ...], list[Row]] = defaultdict(list)
    for row in context.rows:
        asked[_question(row.example)].append(row)
    found = [row for rows in asked.values() if len({normalise(one.example.answer) for one in rows}) > 1 for row in rows]
    if not found:
        return []
    questions = [f"{row.example.prompt[-1].content} -> {row.example.answer}" for row in found]
    share = len(found) / len(context.rows)
    return [
        Finding(
            "contradictions",
            "problem" if share >= 0.05 else "warning",
            len(found),
            f"{len(found):,} examples ({percent(len(found), len(context.rows))}) ask the same as another and are "
            "answered differently.",
            references(found, questions),
            "Keep the right answer of each and delete the others, unless the variety is what you want to teach.",
        )
    ]


def _question(example: Example) -> tuple[str, ...]:
    """What is asked, system text and tools included.

    Stricter than the splits are, which must never leak: "-5" and "5", "2 + 2" and "2 * 2" are different questions.
    """
    said = (
        f"{message.role} {' '.join(message.content.casefold().split()).rstrip(' .!?')}" for message in example.prompt
    )
    return (*said, repr(example.tools))
