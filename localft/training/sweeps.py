"""Sweeps: runs that differ in rank and learning rate only, queued together, and compared by what lies on disk.

That runs belong together stands in their orders (job.json), which are written once and are no part of the recipe: a
recipe that is repeated makes a run of its own. So there is no second record that could contradict the runs; a run that
is deleted is gone from its sweep.
"""

import contextlib
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from localft import jobs, words
from localft.advice import Advice
from localft.data.splits.golden import refuse_learning_golden
from localft.data.versions import open_version
from localft.errors import UserError
from localft.jobs import JobState
from localft.planning.proposals import Proposal
from localft.store import files
from localft.store.projects import Project
from localft.training.metrics import Metrics
from localft.training.progress import is_no_better
from localft.training.runs import Run, list_runs, prepare_run, read_metrics, refuse_too_large, resume_run

# How much larger than the smallest a validation loss may be and still be called equal to it. A convention, not a test:
# a run keeps the mean over all examples only, from which no interval of a difference can be worked out.
CLOSE = 0.02


@dataclass(frozen=True)
class Sweep:
    """The runs that were started together, in their order."""

    id: str
    runs: tuple[Run, ...]

    @property
    def alive(self) -> bool:
        """Whether one of its runs waits or goes on."""
        return any(run.job.state.alive for run in self.runs)

    @property
    def resumable(self) -> bool:
        """Whether one of its runs can go on from what it saved, or was never queued."""
        return any(run.job.state.resumable for run in self.runs)


@dataclass(frozen=True)
class Trial:
    """One run of a sweep in figures: the loss in nats per learned token, `seconds` of training once it has ended."""

    run: str
    rank: int
    learning_rate: float
    validation_loss: float | None
    step: int | None
    seconds: float | None
    state: JobState
    close: bool
    best: bool

    @property
    def word(self) -> str:
        """How it stands beside the others: "best", "about equal" or nothing."""
        return "best" if self.best else "about equal" if self.close else ""


@dataclass(frozen=True)
class Comparison:
    """The trials in the order of their runs, which of them is best (None before any is measured), and what it means."""

    trials: tuple[Trial, ...]
    best: str | None
    sentence: str


def start_sweep(
    project: Project,
    proposals: Sequence[Proposal],
    *,
    even_if_too_large: bool = False,
    checkpoint_seconds: float = 180.0,
) -> Sweep:
    """Write the records of all runs, all or none, then queue them, one after the other.

    Where this process dies between the two, the runs are there and `resume_sweep` queues them.

    Raises:
        UserError: one of them does not fit (unless `even_if_too_large`), the base model is not downloaded, or the
            examples ask golden questions.
    """
    if not even_if_too_large:
        for proposal in proposals:
            refuse_too_large(proposal.plan)
    for dataset in {proposal.recipe.dataset for proposal in proposals}:
        refuse_learning_golden(project, dataset)
    sweep = files.new_id()
    with contextlib.ExitStack() as unless_all:
        for number, proposal in enumerate(proposals, 1):
            place = f"{number} of {len(proposals)}"
            folder = _write_run(project, proposal, place, checkpoint_seconds, sweep)
            unless_all.enter_context(files.all_or_nothing(folder))
    started = open_sweep(project, sweep)
    resume_sweep(started)
    return open_sweep(project, sweep)


def _write_run(project: Project, proposal: Proposal, place: str, checkpoint_seconds: float, sweep: str) -> Path:
    folder, order = prepare_run(project, proposal.recipe, proposal.plan, checkpoint_seconds, sweep=sweep)
    with files.all_or_nothing(folder):
        order.model_copy(update={"title": f"{order.title}, run {place}"}).save(folder / "job.json")
    return folder


def open_sweep(project: Project, sweep: str | None = None) -> Sweep:
    """Read a sweep, the newest without an id.

    Raises:
        UserError: there is none.
    """
    runs = list_runs(project).items
    wanted = sweep or next((run.sweep for run in runs if run.sweep is not None), None)
    members = tuple(run for run in reversed(runs) if wanted is not None and run.sweep == wanted)
    if wanted is None or not members:
        raise UserError(
            f"The project {project.name} has no sweep yet.",
            Advice(f"Start one: `localft sweep {project.slug}`.", "Start one, in Train."),
        )
    return Sweep(wanted, members)


def resume_sweep(sweep: Sweep) -> None:
    """Queue the runs of a sweep that have neither finished nor wait or go on; each continues from what it saved.

    Raises:
        UserError: cards that they learn on together are no longer there.
    """
    for run in sweep.runs:
        if run.job.state.resumable:
            resume_run(run)


def stop_sweep(sweep: Sweep) -> None:
    """Ask the run that goes on to save and end, and take those that wait out of the queue."""
    # The last first: else the next one would begin when the one that goes on ends.
    for run in reversed(sweep.runs):
        if run.job.state.alive:
            jobs.request_stop(run.folder)


def compare(project: Project, sweep: Sweep) -> Comparison:
    """Compare the runs of a sweep by their best validation losses. The test split is not looked at.

    Raises:
        UserError: the records of the data are gone or damaged.
    """
    metrics = {run.id: read_metrics(run) for run in sweep.runs}
    losses = {name: (one.best_validation_loss, one.best_step) for name, one in metrics.items()}
    measured = {name: loss for name, (loss, _) in losses.items() if loss is not None and math.isfinite(loss)}
    best = min(measured, key=lambda name: measured[name], default=None)
    limit = measured[best] * (1 + CLOSE) if best is not None else 0.0
    trials = tuple(
        Trial(
            run=run.id,
            rank=run.recipe.settings.rank,
            learning_rate=run.recipe.settings.learning_rate,
            validation_loss=losses[run.id][0],
            step=losses[run.id][1],
            seconds=_seconds(run),
            state=run.job.state,
            close=measured.get(run.id, math.inf) <= limit,
            best=run.id == best,
        )
        for run in sweep.runs
    )
    examples = open_version(project, sweep.runs[0].recipe.dataset).counts["validation"]
    base = _unbeaten_base(metrics[best]) if best is not None else None
    return Comparison(trials, best, _sentence(trials, base, examples, sweep.runs[0].recipe.settings.method == "full"))


def _unbeaten_base(best: Metrics) -> float | None:
    """The loss of the base model, where even the best run is no better."""
    base, preferred = best.base_validation_loss, dict(best.preferred).get(best.best_step or 0)
    return base if is_no_better(best.best_validation_loss, base, preferred) else None


def _seconds(run: Run) -> float | None:
    seconds = run.job.result.value.get("seconds") if run.job.result else None
    return float(seconds) if isinstance(seconds, int | float) else None


def _sentence(trials: Sequence[Trial], base: float | None, examples: int, full: bool) -> str:
    """What the figures mean, and what they do not; `base` is the loss of the base model where none is better."""
    best = next((trial for trial in trials if trial.best), None)
    failed = sum(trial.state is JobState.FAILED for trial in trials)
    left = sum(trial.state not in {JobState.FINISHED, JobState.FAILED} for trial in trials)
    still = [f"{words.counted(failed, 'run')} failed."] if failed else []
    if left:
        still.append(f"{words.counted(left, 'run')} {'has' if left == 1 else 'have'} not finished.")
    if best is None:
        return " ".join(["Nothing is measured yet.", *still])
    sentences = [
        f"The smallest validation loss{' so far' if left else ''} is {best.validation_loss:.3f}, with "
        f"{_name(best, full)}.",
        _no_better(base),
        _close_ones(trials, best, full),
        "" if left else _edge(trials, best, full),
        *still,
        f"The losses are means over {words.counted(examples, 'validation example')}; "
        "how good the answers are, an evaluation tells.",
    ]
    return " ".join(sentence for sentence in sentences if sentence)


def _no_better(base: float | None) -> str:
    """The best of runs that have all learned nothing is no good choice."""
    if base is None:
        return ""
    return f"That is no better than the base model, whose loss is {base:.3f}: none of them has learned anything yet."


def _close_ones(trials: Sequence[Trial], best: Trial, full: bool) -> str:
    close = [trial for trial in trials if trial.close and not trial.best]
    if not close:
        return ""
    cheaper = " The smaller rank is the cheaper choice." if min(trial.rank for trial in close) < best.rank else ""
    them = "; ".join(_name(trial, full) for trial in close)
    return f"Within {words.percent(CLOSE)} of it, which is no difference to rely on: {them}.{cheaper}"


def _name(trial: Trial, full: bool) -> str:
    rate = f"learning rate {trial.learning_rate:g}"
    return rate if full else f"rank {trial.rank} and {rate}"


def _edge(trials: Sequence[Trial], best: Trial, full: bool) -> str:
    """Where the best value is the outermost one that was tried, a better one may lie beyond it."""
    series = [("learning rate", best.learning_rate, {trial.learning_rate for trial in trials})]
    if not full:
        series.append(("rank", best.rank, {trial.rank for trial in trials}))
    ends = [
        f"{'smallest' if value == min(tried) else 'largest'} {name}"
        for name, value, tried in series
        if len(tried) > 1 and value in {min(tried), max(tried)}
    ]
    return f"It is the {' and the '.join(ends)} that was tried: better ones may lie beyond." if ends else ""
