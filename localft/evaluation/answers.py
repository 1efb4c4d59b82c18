"""What an evaluation writes while it goes on: its design, its questions, and each result as soon as there is one."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal, get_args

import pydantic

from localft.serving.endpoint import Which
from localft.settings import Settings
from localft.store import files
from localft.store.records import Record

Part = Literal["test", "validation", "train", "golden"]
"""What is asked: a split of the run's dataset, or the project's golden questions."""
PARTS: tuple[Part, ...] = get_args(Part)
MODELS: tuple[Which, ...] = ("base", "tuned")
DESIGN, QUESTIONS, ANSWERS = "design.json", "questions.json", "answers.jsonl"
GOLDEN = "golden.jsonl"
"""In an evaluation's folder: the golden questions as they were when it began, one `Example` a line."""


class EvaluationSettings(Settings):
    """What the worker is told; `limit` is a number of examples, None for all; golden questions have no dataset."""

    project: str
    run: str
    dataset: str
    split: Part = "test"
    limit: int | None = pydantic.Field(None, ge=1)


class Design(Record):
    """design.json, written once before the first question, so that a resumed evaluation goes on with the same.

    `indices` are the chosen examples' places in the split, `available` how many it has; `opened` says how
    often this split has been looked at so far, this time included; `primary` is the measure that the verdict will rest
    on.
    """

    dataset: str
    split: Part
    available: int
    indices: tuple[int, ...]
    opened: int
    primary: str
    primary_reason: str
    max_tokens: int


class Question(pydantic.BaseModel):
    """One example as the models get it: the conversation before the answer, and the expected answer."""

    model_config = pydantic.ConfigDict(frozen=True, extra="forbid")

    index: int
    messages: tuple[dict[str, Any], ...]
    tools: tuple[dict[str, Any], ...] = ()
    expected: str


class Questions(Record):
    """questions.json: the evaluation stays readable when the dataset is gone."""

    rows: tuple[Question, ...]


class GivenAnswer(pydantic.BaseModel):
    """A line of answers.jsonl of the kind "answer": what a model said, and the measures of that answer alone.

    `seconds` run from the start of its batch, so they say nothing about speed. `asked_by` stands for everything that
    the base model's answer depends on beside the question (see `reuse`), and `taken_from` is the earlier evaluation
    that the answer was taken over from.
    """

    model_config = pydantic.ConfigDict(frozen=True, extra="ignore")

    model: Which
    index: int
    text: str
    thinking: str = ""
    prompt_tokens: int
    completion_tokens: int
    seconds: float
    finish: str
    scores: dict[str, float]
    asked_by: str = ""
    taken_from: str = ""


class MeasuredLoss(pydantic.BaseModel):
    """A line of the kind "loss": the summed loss (nats) of the expected answer of an example, and its tokens."""

    model_config = pydantic.ConfigDict(frozen=True, extra="ignore")

    model: Which
    index: int
    total: float
    tokens: int

    @property
    def mean(self) -> float:
        return self.total / self.tokens if self.tokens else 0.0


class MeasuredSpeed(pydantic.BaseModel):
    """A line of the kind "speed": one answer asked for alone."""

    model_config = pydantic.ConfigDict(frozen=True, extra="ignore")

    model: Which
    index: int
    seconds: float
    first_token_seconds: float | None = None
    completion_tokens: int


class AnswerLog:
    """answers.jsonl: one line a result, appended at once. What a killed worker wrote is kept, and not asked again."""

    def __init__(self, path: Path) -> None:
        """Read what is there."""
        self._path = path
        self.answers: dict[tuple[Which, int], GivenAnswer] = {}
        self.losses: dict[tuple[Which, int], MeasuredLoss] = {}
        self.speeds: dict[tuple[Which, int], MeasuredSpeed] = {}
        self.neutral: dict[Which, MeasuredLoss] = {}
        for line in files.read_lines(path)[0]:
            self._take(line)

    def write(self, kind: Literal["answer", "loss", "speed", "neutral"], **values: Any) -> None:
        """Append a result."""
        line = {"kind": kind, **values}
        files.append_line(self._path, line)
        self._take(line)

    def answered(self, indices: Sequence[int]) -> list[int]:
        """Those of the examples that both models have answered."""
        return [index for index in indices if all((model, index) in self.answers for model in MODELS)]

    def _take(self, line: dict[str, Any]) -> None:
        # A line that does not fit is one that a crash has torn; its example is asked again.
        try:
            if line.get("kind") == "answer":
                answer = GivenAnswer.model_validate(line)
                self.answers[answer.model, answer.index] = answer
            elif line.get("kind") == "loss":
                loss = MeasuredLoss.model_validate(line)
                self.losses[loss.model, loss.index] = loss
            elif line.get("kind") == "speed":
                speed = MeasuredSpeed.model_validate(line)
                self.speeds[speed.model, speed.index] = speed
            elif line.get("kind") == "neutral":
                neutral = MeasuredLoss.model_validate(line)
                self.neutral[neutral.model] = neutral
        except pydantic.ValidationError:
            return
