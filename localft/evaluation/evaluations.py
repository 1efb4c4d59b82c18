"""Evaluations of a project: started, listed and read without torch; the worker asks the models."""

import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from localft import jobs
from localft.advice import Advice
from localft.data.examples import Example
from localft.data.splits.golden import read_golden
from localft.data.splits.sealing import list_openings, open_test
from localft.data.versions import iterate_split, load_split, open_version
from localft.errors import UserError
from localft.evaluation.answers import (
    ANSWERS,
    DESIGN,
    GOLDEN,
    MODELS,
    QUESTIONS,
    AnswerLog,
    Design,
    EvaluationSettings,
    Part,
    Question,
    Questions,
    Which,
)
from localft.evaluation.metrics import MEASURES
from localft.evaluation.scorecard import Scorecard
from localft.evaluation.verdict import Verdict
from localft.jobs import JobOrder, JobView
from localft.settings import parse
from localft.store import files
from localft.store.projects import Listing, Project, list_folders, open_one_of
from localft.training.metrics import metrics_of
from localft.training.runs import Run, run_weights

WORKER = "localft.evaluation.worker"
SCORECARD, VERDICT = "scorecard.json", "verdict.json"
Outcome = Literal["win", "same", "regression"]


@dataclass(frozen=True)
class Evaluation:
    """One evaluation: its folder (which is its job's folder) and what has been measured so far."""

    folder: Path
    id: str
    run_id: str
    split: Part
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

    `prompt` is the last question, `messages` the whole conversation before the answer. `quality` is the tuned answer's
    primary measure, with a sign that makes more better; `gain` is how much more that is than the base answer's
    (negative: worse), and `outcome` the same in a word.
    """

    index: int
    prompt: str
    messages: tuple[dict[str, Any], ...]
    expected: str
    base: str
    tuned: str
    scores: RowScores
    gain: float
    outcome: Outcome
    base_thinking: str = ""
    tuned_thinking: str = ""
    quality: float = 0.0


def start_evaluation(project: Project, run: Run, split: Part = "test", limit: int | None = None) -> Evaluation:
    """Start comparing base and tuned model on the examples of `split`: all, or a random but fixed choice of `limit`.

    Raises:
        UserError: the run has no weights yet, the split has no examples or plain text only, or a golden question cannot
            be read.
    """
    run_weights(run)
    if limit is not None and limit < 1:
        raise UserError("An evaluation needs at least one example.", "Leave the limit out to use all of them.")
    dataset = "" if split == "golden" else run.recipe.dataset
    settings = EvaluationSettings(project=project.slug, run=run.id, dataset=dataset, split=split, limit=limit)
    folder = project.evaluations / files.new_id()
    if split == "golden":
        # Kept beside the answers: the person's file may change while the evaluation goes on, or before it resumes.
        lines = "".join(question.model_dump_json() + "\n" for question in read_golden(project))
        with files.all_or_nothing(folder):
            files.write_text(folder / GOLDEN, lines)
    elif not open_version(project, dataset).counts.get(split):
        raise UserError(f"The {split} split has no examples.", "Import more examples, then train again.")
    elif all(example.plain for example in iterate_split(project, dataset, split)):
        raise plain_only(run)
    order = JobOrder(
        worker=WORKER,
        title=f"Evaluating {run.base_model.name}",
        project=project.slug,
        created_at=files.now(),
        settings=settings.model_dump(mode="json"),
    )
    jobs.start(folder, order)
    return read_evaluation(folder)


def plain_only(run: Run) -> UserError:
    """What to say of a split of plain text: its perplexity, where training has measured it, and what can be done."""
    series = [loss for _, loss in metrics_of(run.folder).validation_loss]
    told = f" Its perplexity on validation went from {math.exp(series[0]):.1f} to {math.exp(min(series)):.1f}."
    return UserError(
        "The held-out examples are plain text, which asks nothing, so there are no answers to compare."
        f"{told if series else ''}",
        Advice(
            "To compare answers, write golden questions (`localft data golden add`) and evaluate with those "
            "(--split golden).",
            "To compare answers, write golden questions in Data or keep some in Chat, and evaluate with those.",
        ),
    )


def load_examples(folder: Path, project: Project, settings: EvaluationSettings) -> list[Example]:
    """Read the examples that an evaluation chooses from."""
    if settings.split == "golden":
        with (folder / GOLDEN).open(encoding="utf-8") as lines:
            return [Example.model_validate_json(line) for line in lines]
    return load_split(project, settings.dataset, settings.split)


def list_evaluations(project: Project) -> Listing[Evaluation]:
    """The evaluations of a project, newest first."""
    return list_folders(project.evaluations, read_evaluation)


def open_evaluation(project: Project, evaluation_id: str | None = None) -> Evaluation:
    """Open an evaluation, the newest by default.

    Raises:
        UserError: there is none of this name, or none at all.
    """
    begin = Advice(f"Make one: `localft evaluate {project.slug}`.", "Make one, in Evaluate.")
    return open_one_of(project, "evaluation", project.evaluations, read_evaluation, evaluation_id, begin)


def read_evaluation(folder: Path) -> Evaluation:
    """The evaluation of a folder as it is now.

    Raises:
        UserError: the folder holds none, or one of its records is damaged.
    """
    job = jobs.read(folder)
    scorecard = Scorecard.load(folder / SCORECARD) if (folder / SCORECARD).exists() else None
    verdict = Verdict.load(folder / VERDICT) if (folder / VERDICT).exists() else None
    settings = parse(EvaluationSettings, job.order.settings, "the evaluation's order")
    return Evaluation(folder, folder.name, settings.run, settings.split, job, scorecard, verdict)


def read_answers(evaluation: Evaluation) -> list[RowResult]:
    """Read the rows that both models have answered so far, in the order of the examples.

    Raises:
        UserError: a record of the evaluation is damaged.
    """
    if not (evaluation.folder / DESIGN).exists():
        return []
    design = Design.load(evaluation.folder / DESIGN)
    questions = Questions.load(evaluation.folder / QUESTIONS).rows
    log = AnswerLog(evaluation.folder / ANSWERS)
    answered = set(log.answered(design.indices))
    return [_row(question, log, design.primary) for question in questions if question.index in answered]


def wins(rows: list[RowResult], count: int = 10) -> list[RowResult]:
    """The rows that the tuned model improved most, best first."""
    better = [row for row in rows if row.outcome == "win"]
    return sorted(better, key=lambda row: (-row.gain, -_likeness(row), row.index))[:count]


def regressions(rows: list[RowResult], count: int = 10) -> list[RowResult]:
    """The rows that the tuned model made worse, worst first."""
    worse = [row for row in rows if row.outcome == "regression"]
    return sorted(worse, key=lambda row: (row.gain, _likeness(row), row.index))[:count]


def still_wrong(rows: list[RowResult], count: int = 10) -> list[RowResult]:
    """The rows whose tuned answer is furthest from the expected one, though no worse than the base's; worst first."""
    wrong = [row for row in rows if row.outcome != "regression" and not row.scores.tuned.get("exact_match")]
    return sorted(wrong, key=lambda row: (row.quality, row.scores.tuned.get("chrf", 0.0), row.index))[:count]


def count_opened(project: Project, dataset: str, split: Part, evaluation_id: str) -> int:
    """How often a split has been looked at up to an evaluation, that one included: a split wears out by being used.

    The test split is opened by it; what has opened it besides counts as well.
    """
    wanted = (dataset, split)
    earlier = {
        evaluation.id
        for evaluation in list_evaluations(project).items
        if (evaluation.job.order.settings.get("dataset"), evaluation.split) == wanted
        and evaluation.id < evaluation_id
        and (evaluation.folder / DESIGN).exists()
    }
    if split != "test":
        return len(earlier) + 1
    version = open_version(project, dataset)
    count = open_test(project, version, "evaluation", evaluation_id)
    # Evaluations of before openings were written down.
    return count + len(earlier - {opening.what for opening in list_openings(project, version)})


def _row(question: Question, log: AnswerLog, primary: str) -> RowResult:
    base, tuned = (log.answers[model, question.index] for model in MODELS)
    scores = RowScores(*(_scores(model, question.index, log) for model in MODELS))
    sign = 1 if MEASURES[primary].higher_is_better else -1
    base_quality, quality = (sign * of_model.get(primary, 0.0) for of_model in (scores.base, scores.tuned))
    gain = quality - base_quality
    outcome: Outcome = "same" if abs(gain) < 1e-9 else "win" if gain > 0 else "regression"
    asked = [str(message.get("content", "")) for message in question.messages if message.get("role") == "user"]
    return RowResult(
        index=question.index,
        prompt=asked[-1] if asked else "",
        messages=question.messages,
        expected=question.expected,
        base=base.text,
        tuned=tuned.text,
        scores=scores,
        quality=quality,
        gain=gain,
        outcome=outcome,
        base_thinking=base.thinking,
        tuned_thinking=tuned.thinking,
    )


def _scores(model: Which, index: int, log: AnswerLog) -> dict[str, float]:
    loss = log.losses.get((model, index))
    measured = {"loss": loss.mean} if loss is not None and loss.tokens else {}
    return log.answers[model, index].scores | measured


def _likeness(row: RowResult) -> float:
    return row.scores.tuned.get("chrf", 0.0) - row.scores.base.get("chrf", 0.0)
