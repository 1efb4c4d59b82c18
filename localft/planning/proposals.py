"""A recipe with all that follows from it on this machine: what a command or a click shows before it starts a run."""

from dataclasses import dataclass

from localft.data.versions import open_version
from localft.hardware import Hardware
from localft.models.base_model import BaseModel
from localft.models.inspection import refuse_experts
from localft.planning.experience import recall
from localft.planning.lengths import TokenStats, measure_tokens
from localft.planning.plan import Plan, make_plan
from localft.planning.proposing import refuse_wrong_objective
from localft.planning.recipe import Recipe
from localft.store.projects import Project


@dataclass(frozen=True)
class Proposal:
    """A recipe for a project on this machine, with what it was worked out from."""

    base_model: BaseModel
    recipe: Recipe
    stats: TokenStats
    plan: Plan


def plan_recipe(
    project: Project, base_model: BaseModel, recipe: Recipe, hardware: Hardware, cards: int = 1
) -> Proposal:
    """Measure the recipe's examples and plan it on so many cards, by what earlier runs on this computer took.

    Raises:
        UserError: the dataset version is gone or damaged, or has no pairs where the recipe wants them; the base model
            has experts.
    """
    refuse_experts(base_model)
    refuse_wrong_objective(recipe.settings, open_version(project, recipe.dataset))
    stats = measure_tokens(project, recipe.dataset, base_model, recipe.settings)
    return Proposal(base_model, recipe, stats, make_plan(recipe, base_model, stats, hardware, recall(), cards))
