"""Equal questions with different answers: the model can learn neither."""

from collections import defaultdict

from localft.data.checks.finding import CheckContext, Finding, Row, percent, references
from localft.data.splitting import normalise, prompt_keys


def check(context: CheckContext) -> list[Finding]:
    """Find examples that ask the same and are answered differently."""
    asked: defaultdict[str, list[Row]] = defaultdict(list)
    for row in context.rows:
        system = "".join(message.content for message in row.example.messages if message.role == "system")
        asked[f"{normalise(system)} {prompt_keys(row.example)[-1]}"].append(row)
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
