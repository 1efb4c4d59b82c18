"""Coverage: golden questions about what no training example is about."""

import math
from collections import Counter
from collections.abc import Mapping

from localft.data.checks.finding import CheckContext, Finding, counted
from localft.data.shapes.rows import excerpt
from localft.data.texts.topics import words_of

NAME = "golden questions not covered"
# Of the weight of its words so much has to stand in one training question.
_COVERED = 0.3
_MOST_NAMED, _LONGEST = 3, 80

Words = frozenset[str]


def check(context: CheckContext) -> list[Finding]:
    """Find golden questions that share little with any training question; common words count little.

    A finding has no rows: golden questions are none of the version's.
    """
    if not context.golden:
        return []
    questions = [question.prompt[-1].content for question in context.golden]
    golden = [frozenset(words_of(question)) for question in questions]
    wanted = frozenset(word for words in golden for word in words)
    shared = Counter(
        wanted.intersection(words_of(row.example.prompt[-1].content))
        for row in context.rows
        if row.split == "train" and row.example.prompt
    )
    weights = _weights(wanted, shared)
    alone = [place for place, words in enumerate(golden) if words and _covered(words, shared, weights) < _COVERED]
    if not alone:
        return []
    shown = "; ".join(excerpt(questions[place][:_LONGEST]) for place in alone[:_MOST_NAMED])
    more = f"; and {len(alone) - _MOST_NAMED} more" if len(alone) > _MOST_NAMED else ""
    who = counted(len(alone), "golden question shares", "golden questions share")
    meaning = f"{who} hardly a telling word with any training question: {shown}{more}."
    advice = "Add examples of what they ask; the model answers them as the base model does."
    return [Finding(NAME, "note", len(alone), meaning, (), advice)]


def _weights(wanted: Words, shared: Mapping[Words, int]) -> dict[str, float]:
    """How much each word tells: the fewer training questions have it, the more."""
    counts: Counter[str] = Counter()
    for words, count in shared.items():
        for word in words:
            counts[word] += count
    total = sum(shared.values())
    return {word: math.log((2 + total) / (1 + counts[word])) for word in wanted}


def _covered(words: Words, shared: Mapping[Words, int], weights: Mapping[str, float]) -> float:
    """The largest share of the words' weight that one training question has."""
    most = max((sum(weights[word] for word in words & others) for others in shared), default=0.0)
    return most / sum(weights[word] for word in words)
