"""`localft train`: start a run and follow it."""

from typing import Any

import click

from localft.cli.following import started_in_background, wait_for, ways_of
from localft.cli.options import detach_option, examples, json_option, project_argument
from localft.cli.output import Output
from localft.cli.recipes import make_proposal, plan_sentence, recipe_options
from localft.store.projects import Project, update_project
from localft.training.runs import Run, open_run, read_metrics, start_run
from localft.training.telling import foreseen, measured, rate_of


@click.command(
    "train",
    epilog=examples(
        "localft train support-bot",
        "localft train support-bot --base-model Qwen/Qwen3-0.6B --preset quick",
        "localft train support-bot --epochs 2 --rank 32 --detach",
        "localft train support-bot --recipe recipe.json --base-model Qwen/Qwen3-1.7B",
    ),
)
@project_argument
@recipe_options
@click.option("--even-if-too-large", is_flag=True, help="Start although the plan says that it does not fit.")
@detach_option
@json_option
@click.pass_obj
def train(output: Output, project: Project, even_if_too_large: bool, detach: bool, **options: Any) -> None:
    """Train a base model on the project's examples.

    Every setting is proposed from the data, the model and the card (`localft plan` says why); options set them by hand.
    The run is a process of its own. Ctrl-C asks it to save and stop, and `localft resume` goes on from there.
    """
    proposal = make_proposal(output, project, options)
    output.note(plan_sentence(proposal))
    run = start_run(project, proposal.recipe, proposal.plan, even_if_too_large=even_if_too_large)
    if options["base_model"] and project.info.base_model != proposal.base_model.reference:
        update_project(project, base_model=proposal.base_model.reference)
    if detach:
        started_in_background(output, run.folder, ways_of(project))
    else:
        follow_run(output, project, run)
        output.hint(f"Next: localft evaluate {project.slug}")
    output.result(run_value(project, open_run(project, run.id)))


def follow_run(output: Output, project: Project, run: Run) -> None:
    """Follow a run to its end, telling each validation; then what it took beside what was planned."""
    output.say(wait_for(output, run.folder, ways_of(project), narrate_training).message)
    print_measured(output, open_run(project, run.id))


def print_measured(output: Output, run: Run) -> None:
    """What was measured of a run, beside what was planned."""
    for name, value in measured(run, read_metrics(run)):
        output.say(f"  {name:<25} {value}")


def narrate_training(event: dict[str, Any]) -> str | None:
    """Tell validations, warnings, and what the look before the first step found and chose."""
    if event.get("kind") == "probe":
        return f"A look before the first step: {foreseen(event['predicted_bytes'], event['room_bytes'])}."
    if event.get("kind") == "validation":
        best = ", the best so far" if event.get("best") else ""
        return f"Step {event['step']}: validation loss {event['loss']:.3f}{best}."
    return str(event.get("message", "")) if event.get("kind") in {"layers", "warning"} else None


def run_value(project: Project, run: Run) -> dict[str, Any]:
    """A run as --json shows it."""
    metrics = read_metrics(run)
    rate = rate_of(run, metrics)
    return {
        "project": project.slug,
        "run": run.id,
        "state": run.job.state.value,
        "message": run.job.sentence,
        "base_model": run.base_model.reference,
        "dataset": run.recipe.dataset,
        "settings": run.recipe.settings,
        "started": run.job.order.created_at,
        "progress": run.job.progress,
        "best_step": metrics.best_step,
        "best_validation_loss": metrics.best_validation_loss,
        "tokens_per_second": rate,
        "utilisation": run.plan.utilisation(rate) if run.plan is not None and rate is not None else None,
        "foreseen": metrics.foreseen and {"needed_bytes": metrics.foreseen[0], "room_bytes": metrics.foreseen[1]},
        "warnings": metrics.warnings,
        "has_weights": run.has_weights,
        "folder": run.folder,
        "value": run.job.result.value if run.job.result else {},
    }
