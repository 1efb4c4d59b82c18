"""Several core calls that belong to one click."""

from collections.abc import Mapping
from typing import Any

from localft import jobs
from localft.data.making.importing import import_files
from localft.data.versions import list_versions, newest_version
from localft.errors import UserError
from localft.evaluation.evaluations import list_evaluations
from localft.export.exports import list_exports
from localft.hardware import Hardware
from localft.jobs.holding import hardware_for_next_job
from localft.models.base_model import STARTER, BaseModel
from localft.models.find import find_model
from localft.planning.proposals import Proposal, plan_recipe
from localft.planning.proposing import Preset, propose
from localft.planning.sweep import SweepPlan, plan_sweep, read_learning_rates, read_ranks
from localft.preferences import read_preferences
from localft.store.projects import Broken, Project, create_project, open_project, update_project
from localft.training.runs import Run, list_runs, refuse_missing_cards, start_run
from localft.training.sweeps import Sweep, start_sweep
from localft.ui.samples import find_sample

_DEMO = "First try"
_DEMO_SAMPLE = "support-triage"


def prepare(
    project: Project, base_model: BaseModel, hardware: Hardware, preset: Preset, overrides: Mapping[str, Any]
) -> Proposal:
    """Propose a recipe for the newest examples and plan it, on as many cards as the preferences say.

    Raises:
        UserError: there are no examples, a setting is out of range, or there are fewer cards.
    """
    cards = read_preferences().cards
    refuse_missing_cards(cards, hardware)
    version = newest_version(project)
    recipe = propose(project, version.id, base_model, hardware, preset, overrides)
    return plan_recipe(project, base_model, recipe, hardware, cards)


def train(project: Project, reference: str, preset: Preset, overrides: Mapping[str, Any]) -> Run:
    """Propose, plan and start a run on the newest examples.

    Raises:
        UserError: there are no examples, the model is not here, or the run does not fit.
    """
    proposal = prepare(project, find_model(reference), hardware_for_next_job(), preset, overrides)
    return start_run(project, proposal.recipe, proposal.plan)


def plan_several(
    project: Project,
    reference: str,
    preset: Preset,
    overrides: Mapping[str, Any],
    ranks: str,
    learning_rates: str,
    hardware: Hardware,
) -> SweepPlan:
    """Propose a recipe for the newest examples, and plan a sweep around it; the lists are as a person writes them.

    Raises:
        UserError: there are no examples, a value is no number or out of range, or the runs are too many or too few.
    """
    tried = read_ranks(ranks or ""), read_learning_rates(learning_rates or "")
    return plan_sweep(prepare(project, find_model(reference), hardware, preset, overrides), hardware, *tried)


def try_several(
    project: Project, reference: str, preset: Preset, overrides: Mapping[str, Any], ranks: str, learning_rates: str
) -> Sweep:
    """Plan and start a sweep on the newest examples.

    Raises:
        UserError: as for `plan_several`, or the model is not here, or a run does not fit.
    """
    planned = plan_several(project, reference, preset, overrides, ranks, learning_rates, hardware_for_next_job())
    return start_sweep(project, planned.proposals)


def try_it_now() -> Project:
    """The demo: a project with the bundled tickets, and a run of the starter model on them. A second call opens the
    first.

    Raises:
        UserError: the bundled files are missing.
    """
    project = _demo_project()
    if not list_versions(project).items:
        import_files(project, [find_sample(_DEMO_SAMPLE).path])
    if not list_runs(project).items and not jobs.live_below(project.runs):
        project = update_project(project, base_model=STARTER)
        train(project, STARTER, "balanced", {})
    return project


def _demo_project() -> Project:
    try:
        return open_project(_DEMO)
    except UserError:
        return create_project(_DEMO)


def damaged(project: Project) -> list[Broken]:
    """The versions, runs, evaluations and exports of a project that cannot be read; their neighbours can."""
    listings = (list_versions(project), list_runs(project), list_evaluations(project), list_exports(project))
    return [broken for listing in listings for broken in listing.broken]
