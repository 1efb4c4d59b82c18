"""From the single results of both models to the scorecard: means, differences, intervals."""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from localft.evaluation import intervals
from localft.evaluation.answers import MODELS, AnswerLog, Design, Question, Which
from localft.evaluation.metrics import MEASURES, BleuCounts, Measure, bleu_counts, corpus_bleu
from localft.evaluation.scorecard import Score
from localft.evaluation.verdict import Verdict, judge

if TYPE_CHECKING:
    from numpy.typing import NDArray

_MOST_FIELDS = 20


def measure(design: Design, questions: Sequence[Question], log: AnswerLog) -> tuple[Score, ...]:
    """All measures of the examples that both models have answered."""
    answered = set(log.answered(design.indices))
    rows = [question for question in questions if question.index in answered]
    scores = []
    for name in [*MEASURES, *_fields(rows, log)]:
        score = _bleu(rows, log) if name == "bleu" else _loss(name, rows, log) or _mean(name, rows, log)
        if score is not None:
            scores.append(score)
    return (*scores, *_speed(log))


def reach_verdict(design: Design, log: AnswerLog) -> Verdict:
    """The verdict by the primary measure of the design, over the examples that both models have answered."""
    indices = log.answered(design.indices)
    if design.primary == "loss":
        indices = [index for index in indices if _has_loss(index, log)]
        values = [[log.losses[model, index].mean for index in indices] for model in MODELS]
        sizes = [float(log.losses["base", index].tokens) for index in indices]
        return judge("loss", values[0], values[1], design.split, sizes)
    values = [[log.answers[model, index].scores[design.primary] for index in indices] for model in MODELS]
    return judge(design.primary, values[0], values[1], design.split)


def _mean(name: str, rows: Sequence[Question], log: AnswerLog) -> Score | None:
    """A measure that each answer has by itself, averaged; None where no answer has it."""
    having = [row.index for row in rows if all(name in log.answers[model, row.index].scores for model in MODELS)]
    if not having:
        return None
    base, tuned = (
        np.array([log.answers[model, index].scores[name] for index in having], dtype=np.float64) for model in MODELS
    )
    if set(np.unique(np.concatenate([base, tuned]))) <= {0.0, 1.0}:
        cells = [int(np.sum((base == one) & (tuned == other))) for one, other in ((1, 1), (1, 0), (0, 1), (0, 0))]
        interval = intervals.paired_share_interval(*cells)
    else:
        interval = intervals.bootstrap_interval(intervals.weighted_means(tuned - base), len(having))
    return _score(name, float(base.mean()), float(tuned.mean()), interval, len(having))


def _loss(name: str, rows: Sequence[Question], log: AnswerLog) -> Score | None:
    """Loss or perplexity, over the tokens of all expected answers; None for another measure."""
    having = [row.index for row in rows if _has_loss(row.index, log)]
    if name not in {"loss", "perplexity"} or not having:
        return None
    tokens = np.array([log.losses["base", index].tokens for index in having], dtype=np.float64)
    means = [
        intervals.weighted_means(np.array([log.losses[model, index].mean for index in having]), tokens)
        for model in MODELS
    ]

    def value(of: int, weights: "NDArray[np.float64]") -> "NDArray[np.float64]":
        mean = means[of](weights)
        return np.exp(np.minimum(mean, 50.0)) if name == "perplexity" else mean

    once = np.ones((1, len(having)))
    interval = intervals.bootstrap_interval(lambda weights: value(1, weights) - value(0, weights), len(having))
    return _score(name, float(value(0, once)[0]), float(value(1, once)[0]), interval, len(having))


def _has_loss(index: int, log: AnswerLog) -> bool:
    return all((model, index) in log.losses and log.losses[model, index].tokens for model in MODELS)


def _bleu(rows: Sequence[Question], log: AnswerLog) -> Score | None:
    """BLEU of all answers together; resampled by summing the counts of the drawn answers."""
    if not rows:
        return None
    counts = [
        np.array([_row(bleu_counts(log.answers[model, row.index].text, row.expected)) for row in rows])
        for model in MODELS
    ]

    def value(of: int, weights: "NDArray[np.float64]") -> "NDArray[np.float64]":
        return np.array([corpus_bleu(row[:4], row[4:8], row[8], row[9]) for row in weights @ counts[of]])

    once = np.ones((1, len(rows)))
    interval = intervals.bootstrap_interval(lambda weights: value(1, weights) - value(0, weights), len(rows))
    return _score("bleu", float(value(0, once)[0]), float(value(1, once)[0]), interval, len(rows))


def _row(counts: BleuCounts) -> list[int]:
    return [*counts.matching, *counts.possible, counts.given, counts.expected]


def _speed(log: AnswerLog) -> list[Score]:
    """Speed of answers asked alone. No interval: it is the machine that is measured, not the examples."""
    base, tuned = ([speed for (which, _), speed in log.speeds.items() if which == model] for model in MODELS)
    if not base or not tuned:
        return []
    values = {
        "latency_median": [float(np.median([speed.seconds for speed in speeds])) for speeds in (base, tuned)],
        "latency_p95": [float(np.quantile([speed.seconds for speed in speeds], 0.95)) for speeds in (base, tuned)],
        "tokens_per_second": [
            sum(speed.completion_tokens for speed in speeds) / max(1e-9, sum(speed.seconds for speed in speeds))
            for speeds in (base, tuned)
        ],
    }
    return [_score(name, one, other, None, len(base)) for name, (one, other) in values.items()]


def _fields(rows: Sequence[Question], log: AnswerLog) -> list[str]:
    """The JSON fields that expected answers have, the most frequent first, at most 20."""
    frequency: dict[str, int] = {}
    model: Which = "base"
    for row in rows:
        for name in log.answers[model, row.index].scores:
            if name.startswith("field."):
                frequency[name] = frequency.get(name, 0) + 1
    return sorted(frequency, key=lambda name: -frequency[name])[:_MOST_FIELDS]


def _score(name: str, base: float, tuned: float, interval: tuple[float, float] | None, count: int) -> Score:
    field = name.removeprefix("field.")
    known = MEASURES.get(name) or Measure(f"Field {field}", f"Answers with the right value of {field}.", "share")
    finite = interval is not None and count > 1 and all(map(math.isfinite, interval))
    low, high = interval if interval is not None and finite else (None, None)
    return Score(
        name=name,
        label=known.label,
        meaning=known.meaning,
        unit=known.unit,
        higher_is_better=known.higher_is_better,
        base=base,
        tuned=tuned,
        difference=tuned - base,
        low=low,
        high=high,
    )
