"""From a command's options to a recipe and its plan; shared by `plan`, `train` and `demo`."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import click

from localft.cli.options import base_model_option, chosen, settings_options
from localft.cli.output import Output
from localft.data.versions import list_versions, newest_version
from localft.errors import UserError
from localft.models.base_model import STARTER, BaseModel
from localft.models.find import find_model
from localft.planning.proposals import Proposal
from localft.planning.recipe import Preset, Recipe, TrainingSettings
from localft.preferences import read_preferences
from localft.settings import parse
from localft.store.projects import Project

Find = Callable[[str, str | None], BaseModel]
F = TypeVar("F", bound=Callable[..., Any])


def recipe_options(command: F) -> F:
    """Add the options that decide a plan: the model, the preset, a recipe file, the data, every setting, the cards."""
    from localft.planning.proposing import PRESETS

    for option in (
        settings_options(TrainingSettings, proposed=True),
        click.option(
            "--cards",
            type=click.IntRange(1, 64),
            help="Learn on so many graphics cards at once; as `localft settings` has it unless told.",
        ),
        click.option("--dataset", metavar="VERSION", help="Which version of the data; the newest unless given."),
        click.option(
            "--recipe",
            "recipe_file",
            type=click.Path(path_type=Path),
            help="Repeat the run of this recipe.json; other options change it.",
        ),
        click.option("--preset", type=click.Choice(PRESETS), help="How much to try; balanced unless given."),
        base_model_option,
    ):
        command = option(command)
    return command


def make_proposal(output: Output, project: Project, options: Mapping[str, Any], find: Find = find_model) -> Proposal:
    """Work out recipe and plan from the values of `recipe_options`; a base model is found by `find`.

    Raises:
        UserError: the project has no data, the model cannot be found, a setting is wrong, or cards are missing.
    """
    from localft.jobs.holding import hardware_for_next_job
    from localft.planning.proposals import plan_recipe
    from localft.training.runs import refuse_missing_cards

    hardware, cards = hardware_for_next_job(), options["cards"] or read_preferences().cards
    refuse_missing_cards(cards, hardware)
    overrides = chosen(TrainingSettings, options)
    if options["recipe_file"] is not None:
        base_model, recipe = _repeat(project, options, overrides, find)
    else:
        base_model, recipe = _propose(output, project, options, overrides, find)
    return plan_recipe(project, base_model, recipe, hardware, cards)


def _propose(
    output: Output, project: Project, options: Mapping[str, Any], overrides: Mapping[str, Any], find: Find
) -> tuple[BaseModel, Recipe]:
    from localft.jobs.holding import hardware_for_next_job
    from localft.planning.proposing import propose

    version = _version(project, options["dataset"])
    wanted = options["base_model"]
    base_model = find(_usual_model(output, project) if wanted is None else wanted, None)
    preset: Preset = options["preset"] or "balanced"
    return base_model, propose(project, version, base_model, hardware_for_next_job(), preset, overrides)


def _repeat(
    project: Project, options: Mapping[str, Any], overrides: Mapping[str, Any], find: Find
) -> tuple[BaseModel, Recipe]:
    from localft.planning.proposing import OWN_CHOICE, refuse_too_long

    if options["preset"]:
        raise click.UsageError("--preset and --recipe exclude each other: a recipe has its settings already.")
    stored = Recipe.load(options["recipe_file"])
    reference, revision = stored.base_model, stored.revision
    if options["base_model"] is not None:
        reference, revision = options["base_model"], None
    base_model = find(reference, revision)
    dataset = _version(project, options["dataset"] or stored.dataset)
    values, reasons = stored.settings.model_dump(), dict(stored.reasons)
    if (base_model.reference, dataset) != (stored.base_model, stored.dataset):
        # The reasons spoke of another model or of other data.
        reasons = dict.fromkeys(values, "As in the recipe.")
    if base_model.context_length and values["max_length"] > base_model.context_length:
        reasons["max_length"] = f"As long as this model can read; the recipe had {values['max_length']:,}."
        values["max_length"] = base_model.context_length
    named = values["chat_template"]
    if named and base_model.has_chat_template and base_model.reference != stored.base_model:
        # It was named for a model that has none.
        reasons["chat_template"] = f"This model has a template of its own; the recipe had {named}."
        values["chat_template"] = None
    settings = parse(TrainingSettings, values | dict(overrides), "the settings of the run")
    refuse_too_long(settings, base_model)
    changed = {
        "base_model": base_model.reference,
        "revision": base_model.revision,
        "dataset": dataset,
        "settings": settings,
        "reasons": reasons | dict.fromkeys(overrides, OWN_CHOICE),
    }
    return base_model, stored.model_copy(update=changed)


def _version(project: Project, wanted: str | None) -> str:
    newest = newest_version(project).id
    if wanted is None or wanted == "newest":
        return newest
    if wanted not in {version.id for version in list_versions(project).items}:
        raise UserError(
            f"The project {project.slug} has no version {wanted} of its data.",
            f"Add `--dataset newest` to use {newest}, or import the data that the recipe was made for.",
        )
    return wanted


def _usual_model(output: Output, project: Project) -> str:
    """The project's base model; without one the bundled starter, which is a toy and said to be one."""
    if project.info.base_model:
        return project.info.base_model
    output.note(
        "No base model is chosen, so the bundled starter model is used, which is for trying localft out. "
        "`localft models` lists real ones; choose with --base-model."
    )
    return STARTER


def plan_sentence(proposal: Proposal) -> str:
    """The plan in one sentence: what, where, how large, how long, for how much."""
    from localft import words
    from localft.planning import telling

    preferences = read_preferences()
    price = words.money(preferences.price_of(proposal.plan.watt_hours), preferences.currency)
    plan, settings = proposal.plan, proposal.recipe.settings
    fits = {"comfortably": "fits comfortably", "tightly": "fits tightly", "no": "does not fit"}[plan.fits]
    where = f"on {telling.where(plan)}: {words.memory(plan.total_bytes)} of {words.memory(plan.device_bytes)}"
    if telling.is_short_of_host_memory(plan):
        where = f"this computer: {telling.host(plan)}"
    return (
        f"{proposal.base_model.name} with {settings.method} {fits} {where}; "
        f"{words.counted(plan.steps, 'step')} of {words.counted(settings.batch_size, 'example')}, "
        f"about {words.duration(plan.seconds)} at {words.rate(plan.tokens_per_second, 'tokens')}, "
        f"{telling.energy(plan.watt_hours)} or {price} of electricity. {telling.waiting(plan)}"
    ).rstrip()
