"""What was measured of a run, in words that the app and the command line share."""

from typing import TYPE_CHECKING

from localft import words
from localft.jobs import JobState
from localft.training.metrics import Metrics, Sample

if TYPE_CHECKING:
    from localft.training.runs import Run


def measured(run: "Run", metrics: Metrics) -> list[tuple[str, str]]:
    """(name, value) of what was measured so far, each beside what was planned."""
    plan = run.plan
    rows: list[tuple[str, str]] = []
    if metrics.loss:
        rows.append(("Loss", f"{metrics.loss[-1][1]:.3f}"))
    if metrics.best_validation_loss is not None:
        rows.append(("Best on unseen examples", f"{metrics.best_validation_loss:.3f} at step {metrics.best_step}"))
    if metrics.preferred and metrics.best_step is not None:
        share = words.percent(dict(metrics.preferred).get(metrics.best_step, 0.0))
        rows.append(("Prefers the better answer", f"in {share} of unseen pairs"))
    known_rate = rate_of(run, metrics)
    if known_rate is not None:
        used = plan.utilisation(known_rate) if plan is not None else None
        share = f", {words.percent(round(used, 2))} of the card's peak" if used is not None else ""
        rows.append(("Rate", words.rate(known_rate, "tokens") + share))
    if metrics.memory_bytes:
        planned = f", planned {words.memory(plan.measured_bytes)}" if plan is not None else ""
        rows.append(("Memory", words.memory(max(value for _, value in metrics.memory_bytes)) + planned))
    if metrics.foreseen is not None:
        rows.append(("Looked at before step 1", foreseen(*metrics.foreseen)))
    if plan is not None and run.job.state is JobState.FINISHED and run.job.result is not None:
        value = run.job.result.value
        # Runs of earlier versions know the seconds of their steps only.
        took = words.duration(value.get("whole_seconds", value["seconds"]))
        rows.append(("Time", f"{took}, planned {words.duration(plan.seconds)}"))
    return rows


def rate_of(run: "Run", metrics: Metrics) -> float | None:
    """Tokens trained in a second: over the whole run once it has finished, before that at its newest point."""
    result = run.job.result
    if result is not None and isinstance(whole := result.value.get("tokens_per_second"), float):
        return whole
    return metrics.tokens_per_second[-1][1] if metrics.tokens_per_second else None


def foreseen(predicted_bytes: int, room_bytes: int) -> str:
    """What the look before the first step found."""
    return f"{words.memory(predicted_bytes)} foreseen of the {words.memory(room_bytes)} that the card could give"


def answers_over_time(metrics: Metrics) -> list[tuple[Sample, list[tuple[str, str]]]]:
    """Of each fixed prompt: the newest sample, and (steps, answer) from the first on; equal answers are one entry.

    A later part of a run may ask other prompts, where the golden questions have changed: each is followed by its text.
    """
    newest: dict[str, Sample] = {}
    changes: dict[str, list[tuple[int, int, str]]] = {}
    for step, samples in sorted(metrics.samples.items()):
        for sample in samples:
            newest[sample.prompt] = sample
            known = changes.setdefault(sample.prompt, [])
            if known and known[-1][2] == sample.answer:
                known[-1] = (known[-1][0], step, sample.answer)
            else:
                known.append((step, step, sample.answer))
    return [
        (sample, [(f"{first}" if first == last else f"{first} to {last}", answer) for first, last, answer in spans])
        for sample, spans in ((sample, changes[prompt]) for prompt, sample in newest.items())
    ]
