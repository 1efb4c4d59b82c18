"""Better, worse, or no evidence: the sentence that the measurements justify."""

from collections.abc import Sequence
from typing import Literal

from localft import words
from localft.evaluation.answers import Part
from localft.evaluation.metrics import MEASURES
from localft.store.records import Record

Word = Literal["better", "no evidence", "worse"]
LEVEL = 0.05
FEW_ROWS = 30
_ASKED: dict[Part, tuple[str, str]] = {
    "test": ("unseen example", "unseen examples"),
    "validation": ("example of the validation split", "examples of the validation split"),
    "train": ("example that it was trained on", "examples that it was trained on"),
    "golden": ("golden question", "golden questions"),
}


class Verdict(Record):
    """verdict.json: the word, the sentence, and what they rest on.

    `base`, `tuned` and `difference` (tuned minus base) are of the primary measure, (`low`, `high`) is the 95 % interval
    of the difference; `p_value` is that of `method`.
    """

    word: Word
    sentence: str
    primary: str
    count: int
    base: float
    tuned: float
    difference: float
    low: float
    high: float
    p_value: float
    method: str
    few_rows: bool


def judge(
    primary: str,
    base: Sequence[float],
    tuned: Sequence[float],
    split: Part = "test",
    sizes: Sequence[float] | None = None,
) -> Verdict:
    """Compare both models by the primary measure of each example, in the same order.

    "better" or "worse" is said only where two things agree: an exact test of "both are alike" at 5 % (McNemar's for
    right and wrong, else an exchange of the answers at random), and a 95 % interval without zero. Two models that are
    alike are told apart in at most 5 of 100 evaluations (tested by simulation).

    `sizes` weigh the examples where the measure is of their tokens (loss); the test stays one of examples.
    """
    import numpy as np

    from localft.evaluation import intervals

    measure = MEASURES[primary]
    ours, theirs = np.asarray(tuned, dtype=np.float64), np.asarray(base, dtype=np.float64)
    weights = np.ones_like(ours) if sizes is None else np.asarray(sizes, dtype=np.float64)
    count = len(ours)
    tuned_value, base_value = float(np.average(ours, weights=weights)), float(np.average(theirs, weights=weights))
    if measure.unit == "share" and set(np.unique(np.concatenate([ours, theirs]))) <= {0.0, 1.0}:
        cells = [int(np.sum((theirs == one) & (ours == other))) for one, other in ((1, 1), (1, 0), (0, 1), (0, 0))]
        low, high = intervals.paired_share_interval(*cells)
        p_value, method = intervals.mcnemar_p(cells[1], cells[2]), "McNemar's exact test"
    else:
        low, high = intervals.bootstrap_interval(intervals.weighted_means(ours - theirs, weights), count)
        p_value = intervals.sign_flip_p((ours - theirs) * weights)
        method = "exchange of the answers at random"
    word: Word = "no evidence"
    if p_value < LEVEL and (low > 0 or high < 0):
        word = "better" if (low > 0) == measure.higher_is_better else "worse"
    return Verdict(
        word=word,
        sentence=_sentence(word, primary, count, base_value, tuned_value, (low, high), split),
        primary=primary,
        count=count,
        base=base_value,
        tuned=tuned_value,
        difference=tuned_value - base_value,
        low=low,
        high=high,
        p_value=p_value,
        method=method,
        few_rows=count < FEW_ROWS,
    )


def _sentence(
    word: Word, primary: str, count: int, base: float, tuned: float, interval: tuple[float, float], split: Part
) -> str:
    measure = MEASURES[primary]
    opening = f"On {asked(count, split)} " + {
        "exact_match": "the tuned model answers {tuned} % exactly right, the base model {base} %",
        "chrf": "the tuned model's answers are {tuned} of 100 points like the expected ones, the base model's {base}",
        "loss": "the expected answers surprise the tuned model by {tuned} a token (loss), the base model by {base}",
    }[primary].format(tuned=_number(tuned, primary), base=_number(base, primary))
    low, high = interval if measure.higher_is_better else (-interval[1], -interval[0])
    if word == "no evidence":
        evidence = f": no evidence of a difference ({_range(low, high, primary)})."
    else:
        near, far = (low, high) if word == "better" else (-high, -low)
        evidence = f": {word} by {_number(near, primary)} to {_number(far, primary)}{_unit(primary)}."
    few = " With so few only large differences can be seen." if count < FEW_ROWS else ""
    return opening + evidence + few


def asked(count: int, split: Part) -> str:
    """How many questions of which kind: "50 unseen examples", "1 golden question"."""
    return words.counted(count, *_ASKED[split])


def _range(low: float, high: float, primary: str) -> str:
    """Both ends of an interval in words."""
    if low in {float("-inf"), float("inf")}:
        return "one example says nothing about others"
    parts = [
        f"{_number(abs(value), primary)}{_unit(primary) if position else ''} {'worse' if value < 0 else 'better'}"
        for position, value in enumerate((low, high))
    ]
    return "it may be " + " to ".join(parts)


def _number(value: float, primary: str) -> str:
    if primary == "exact_match":
        return f"{100 * value:.0f}"
    return f"{value:.2f}" if primary == "loss" else f"{value:.0f}"


def _unit(primary: str) -> str:
    return "" if primary == "loss" else " points"
