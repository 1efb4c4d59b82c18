"""Evaluations of a project: started, listed and read without torch; the worker asks the models."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from localft.data.versions import Split
from localft.evaluation.scorecard import Scorecard
from localft.evaluation.verdict import Verdict
from localft.jobs import JobView
from localft.store.projects import Listing, Project
from localft.training.runs import Run

Outcome = Literal["win", "same", "regression"]


@dataclass(frozen=True)
class Evaluation:
    """One evaluation: its folder (which is its job's folder) and what has been measured so far."""

    folder: Path
    id: str
    run_id: str
    split: str
    job: JobView
    scorecard: Scorecard | None
    verdict: Verdict | None


@dataclass(frozen=True)
class RowScores:
    """The measures of one answer of either model, by name: loss in nats per token, chrF 0 to 100, the others 0 to 1."""

    base: dict[str, float] = field(default_factory=dict)
    tuned: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class RowResult:
    """One example with both answers.

    `prompt` is the last question, `messages` the whole conversation before the answer. `gain` is how much better the
    tuned answer is by the primary measure (negative: worse), and `outcome` the same in a word.
    """

    index: int
    prompt: str
    messages: tuple[dict[str, object], ...]
    expected: str
    base: str
    tuned: str
    scores: RowScores
    gain: float
    outcome: Outcome
    base_thinking: str = ""
    tuned_thinking: str = ""


def start_evaluation(project: Project, run: Run, split: Split = "test", limit: int | None = None) -> Evaluation:
    """Start comparing base and tuned model on the examples of `split` (the first `limit` of them, all by default).

    Raises:
        UserError: the run has no weights yet, or the split has no examples.
    """
    raise NotImplementedError


def list_evaluations(project: Project) -> Listing[Evaluation]:
    """The evaluations of a project, newest first."""
    raise NotImplementedError


def open_evaluation(project: Project, evaluation_id: str | None = None) -> Evaluation:
    """Open an evaluation, the newest by default.

    Raises:
        UserError: there is none of this name, or none at all.
    """
    raise NotImplementedError


def read_answers(evaluation: Evaluation) -> list[RowResult]:
    """Read the rows that both models have answered, in the order of the examples."""
    raise NotImplementedError


def wins(rows: list[RowResult], count: int = 10) -> list[RowResult]:
    """The rows that the tuned model improved most, best first."""
    raise NotImplementedError


def regressions(rows: list[RowResult], count: int = 10) -> list[RowResult]:
    """The rows that the tuned model made worse, worst first."""
    raise NotImplementedError
