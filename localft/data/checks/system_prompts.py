"""System prompts: one that nearly all examples share is what the model will be used with; the others are slips."""

from collections import Counter

from localft.data.checks.finding import CheckContext, Finding, counted, references
from localft.data.examples import Example

NAME = "other system prompts"
_FEWEST_ROWS = 20
_USUAL = 0.8


def check(context: CheckContext) -> list[Finding]:
    """Where most examples share a system prompt, find those with another one or none."""
    prompts = Counter(_system(row.example) for row in context.rows)
    if len(context.rows) < _FEWEST_ROWS or len(prompts) < 2:
        return []
    usual, count = prompts.most_common(1)[0]
    if count < _USUAL * len(context.rows):
        return []
    rows = [row for row in context.rows if _system(row.example) != usual]
    texts = [_system(row.example) or "(none)" for row in rows]
    meaning = (
        f"{counted(len(rows), 'example has', 'examples have')} another system prompt than the others"
        f"{'' if usual else ', which have none'}."
    )
    advice = "Give all the same one, unless the model shall behave differently under it."
    return [Finding(NAME, "warning", len(rows), meaning, references(rows, texts), advice)]


def _system(example: Example) -> str:
    first = example.messages[0]
    return first.content.strip() if first.role == "system" else ""
