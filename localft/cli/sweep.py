"""`localft sweep`: several runs that differ in rank and learning rate, and what came of them."""

import sys
from typing import Any

import click

from localft import words
from localft.cli.following import follow_in_turn, ways_of
from localft.cli.options import detach_option, examples, json_option, project_argument
from localft.cli.output import Output
from localft.cli.recipes import make_proposal, plan_sentence, recipe_options
from localft.cli.train import narrate_training
from localft.errors import Stopped, UserError
from localft.jobs import JobState
from localft.store.projects import Project, update_project
from localft.training.sweeps import Comparison, compare, open_sweep, start_sweep


@click.command(
    "sweep",
    epilog=examples(
        "localft sweep support-bot",
        "localft sweep support-bot --ranks 8,16 --learning-rates 1e-4,2e-4",
        "localft sweep support-bot --rank 16 --preset quick --yes --detach",
        "localft sweep support-bot --compare",
    ),
)
@project_argument
@click.option(
    "--ranks",
    default="",
    metavar="LIST",
    help="The ranks to try; half, one and two times the proposed one unless given.",
)
@click.option(
    "--learning-rates",
    default="",
    metavar="LIST",
    help="The learning rates to try; a third, one and three times the proposed one unless given.",
)
@click.option("--compare", "comparing", is_flag=True, help="Compare the runs of the newest sweep; starts nothing.")
@click.option("--yes", is_flag=True, help="Start without asking.")
@recipe_options
@click.option("--even-if-too-large", is_flag=True, help="Start although the plan says that it does not fit.")
@detach_option
@json_option
@click.pass_obj
def sweep(
    output: Output,
    project: Project,
    ranks: str,
    learning_rates: str,
    comparing: bool,
    yes: bool,
    even_if_too_large: bool,
    detach: bool,
    **options: Any,
) -> None:
    """Try several ranks and learning rates, one run after the other, and compare them by their validation losses.

    A rank or learning rate set by hand (--rank, --learning-rate) is not varied. The test split is not looked at.
    Ctrl-C asks the run that goes on to save and stop and takes the others out of the queue; `localft resume` goes on.
    """
    if comparing:
        _show(output, project, None)
        return
    from localft.jobs.holding import hardware_for_next_job
    from localft.planning.sweep import plan_sweep, read_learning_rates, read_ranks

    _refuse_both(options, ranks, learning_rates)
    tried = read_ranks(ranks), read_learning_rates(learning_rates)
    proposal = make_proposal(output, project, options)
    planned = plan_sweep(proposal, hardware_for_next_job(), *tried)
    output.note(plan_sentence(max(planned.proposals, key=lambda one: one.plan.total_bytes)))
    output.note(planned.sentence)
    if not yes:
        _ask()
    started = start_sweep(project, planned.proposals, even_if_too_large=even_if_too_large)
    if options["base_model"] and project.info.base_model != proposal.base_model.reference:
        update_project(project, base_model=proposal.base_model.reference)
    follow_sweep(output, project, started.id, detach)


def _refuse_both(options: dict[str, Any], ranks: str, learning_rates: str) -> None:
    for one, several in (("rank", ranks), ("learning_rate", learning_rates)):
        if several and options[one] is not None:
            flag = f"--{one.replace('_', '-')}"
            raise click.UsageError(f"{flag} and {flag}s exclude each other: the one fixes what the other varies.")


def _ask() -> None:
    """Let a person agree to the duration.

    Raises:
        UserError: there is nobody to ask.
        click.Abort: the answer is no.
    """
    if not sys.stdin.isatty():
        raise UserError("Nothing was started, since nobody can be asked.", "Add --yes to start without asking.")
    click.confirm("Start?", default=True, abort=True, err=True)


def follow_sweep(output: Output, project: Project, sweep_id: str, detach: bool) -> None:
    """Follow a sweep to the end of its last run and compare its runs, or leave it in the background.

    Raises:
        Stopped: it was stopped, or the person left it running in the background.
        UserError: no run has finished.
    """
    started = open_sweep(project, sweep_id)
    if detach:
        output.say(f"The sweep of {words.counted(len(started.runs), 'run')}: started in the background.")
        output.hint(f"Look: localft sweep {project.slug} --compare    Stop: localft stop {project.slug}")
    else:
        follow_in_turn(output, [run.folder for run in started.runs], ways_of(project), narrate_training)
    comparison = _show(output, project, sweep_id)
    if detach:
        return
    states = {trial.state for trial in comparison.trials}
    if JobState.STOPPED in states:
        raise Stopped(f"The sweep was stopped. `localft resume {project.slug}` goes on with what is left of it.")
    if JobState.FINISHED not in states:
        raise UserError("No run of the sweep has finished.", f"`localft resume {project.slug}` tries again.")


def _show(output: Output, project: Project, sweep_id: str | None) -> Comparison:
    shown = open_sweep(project, sweep_id)
    comparison = compare(project, shown)
    output.table(
        ["RUN", "RANK", "LEARNING RATE", "VALIDATION LOSS", "AT STEP", "TIME", "STATE", ""],
        [
            [
                trial.run,
                trial.rank,
                f"{trial.learning_rate:g}",
                "" if trial.validation_loss is None else f"{trial.validation_loss:.3f}",
                trial.step,
                "" if trial.seconds is None else words.duration(trial.seconds),
                trial.state.value,
                trial.word,
            ]
            for trial in comparison.trials
        ],
        numbers=("RANK", "LEARNING RATE", "VALIDATION LOSS", "AT STEP", "TIME"),
    )
    output.say(comparison.sentence)
    if comparison.best is not None and not shown.alive:
        output.hint(f"Next: localft evaluate {project.slug} --run {comparison.best} --split validation")
    output.result({"project": project.slug, "sweep": shown.id, "comparison": comparison})
    return comparison
