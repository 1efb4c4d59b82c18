"""The measurements of an evaluation: base beside tuned, each difference with the interval it lies in."""

from typing import Literal

import pydantic

from localft.evaluation.answers import Part
from localft.store.records import Record

Unit = Literal["share", "points", "nats", "ratio", "seconds", "tokens/s"]


class Score(pydantic.BaseModel):
    """One measure of both models over the same examples.

    `difference` is tuned minus base, and (`low`, `high`) its 95 % interval: None where a measure is not tested (speed).
    A "share" runs from 0 to 1, "points" from 0 to 100; "nats" are of loss per token; "ratio" is of perplexity.
    """

    model_config = pydantic.ConfigDict(frozen=True, extra="forbid", ser_json_inf_nan="strings")

    name: str
    label: str
    meaning: str
    unit: Unit
    higher_is_better: bool
    base: float
    tuned: float
    difference: float
    low: float | None = None
    high: float | None = None

    @property
    def improvement(self) -> float:
        """The difference with a sign that says better (positive) or worse (negative)."""
        return self.difference if self.higher_is_better else -self.difference


class Forgetting(pydantic.BaseModel):
    """What the tuned model lost of general language: mean loss (nats per token) of both on neutral text.

    `word` is "none", "some" or "clear"; `ratio` is tuned perplexity over base perplexity.
    """

    model_config = pydantic.ConfigDict(frozen=True, extra="forbid", ser_json_inf_nan="strings")

    word: Literal["none", "some", "clear"]
    sentence: str
    base_loss: float
    tuned_loss: float
    ratio: float
    tokens: int


class Scorecard(Record):
    """scorecard.json. `primary` names the measure that the verdict rests on, and `primary_reason` says why it.

    `count` of the `available` examples of `split` were asked (golden questions are of no `dataset`); `opened` says how
    often this split of this dataset has been looked at in this project, this time included; `max_tokens` is the longest
    answer that was allowed.
    """

    project: str
    run: str
    dataset: str
    split: Part
    count: int
    available: int
    opened: int
    primary: str
    primary_reason: str
    max_tokens: int
    scores: tuple[Score, ...]
    forgetting: Forgetting | None = None
    notes: tuple[str, ...] = ()
    finished_at: str

    def score(self, name: str) -> Score | None:
        """The measure of this name, or None where it does not apply to these answers."""
        return next((score for score in self.scores if score.name == name), None)
