"""`localft plan`: what a run would be and need."""

from typing import Any

import click

from localft import words
from localft.advice import on_command_line
from localft.cli.options import examples, json_option, project_argument
from localft.cli.output import Output
from localft.cli.recipes import make_proposal, plan_sentence, recipe_options
from localft.models.catalogue import described_only
from localft.models.find import find_for_plan
from localft.planning.proposals import Proposal
from localft.planning.telling import of_cards
from localft.preferences import read_preferences
from localft.store.projects import Project


@click.command(
    "plan",
    epilog=examples(
        "localft plan support-bot",
        "localft plan support-bot --base-model Qwen/Qwen3-0.6B --preset thorough",
        "localft plan support-bot --max-length 512 --json",
    ),
)
@project_argument
@recipe_options
@json_option
@click.pass_obj
def plan(output: Output, project: Project, **options: Any) -> None:
    """Say what a run would need and take on this computer, and why. Nothing is downloaded or started.

    Every setting is proposed from the data, the model and the card; an option sets it by hand.
    """
    proposal = make_proposal(output, project, options, find_for_plan)
    if proposal.base_model.is_described_only:
        output.note(described_only(proposal.base_model))
    output.heading(plan_sentence(proposal))
    _print_memory(output, proposal)
    _print_settings(output, proposal)
    for name, reason in proposal.plan.reasons.items():
        output.say(f"{name.replace('_', ' ').capitalize()}: {reason}")
    for note in (*proposal.plan.notes, *of_cards(proposal.plan)):
        output.say(f"Note: {on_command_line(note)}")
    for advice in proposal.plan.advice:
        output.say(f"{'To make it fit' if proposal.plan.fits == 'no' else 'For more room'}: {advice}")
    output.hint(f"Next: localft train {project.slug}")
    output.result(
        {
            "project": project.slug,
            "base_model": proposal.base_model.reference,
            "recipe": proposal.recipe,
            "plan": proposal.plan,
            "tokens": proposal.stats,
            "price": read_preferences().price_of(proposal.plan.watt_hours),
        }
    )


def _print_memory(output: Output, proposal: Proposal) -> None:
    output.say()
    rows = [[cause.replace("_", " "), words.memory(count)] for cause, count in proposal.plan.memory.items()]
    output.table(["MEMORY", "SIZE"], rows, numbers=("SIZE",))


def _print_settings(output: Output, proposal: Proposal) -> None:
    output.say()
    recipe = proposal.recipe
    rows = [
        [name, "" if value is None else value, recipe.reasons.get(name, "The usual value.")]
        for name, value in recipe.settings.model_dump().items()
    ]
    output.table(["SETTING", "VALUE", "WHY"], rows, numbers=("VALUE",))
    output.say()
