"""A small sweep: the recipes of a grid of ranks and learning rates around a proposed one, each with its plan.

All else stays as it was proposed, the seed too, so that the runs see the same examples in the same order.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from localft import words
from localft.advice import Advice
from localft.errors import UserError
from localft.hardware import Hardware
from localft.planning.experience import recall
from localft.planning.plan import make_plan
from localft.planning.proposals import Proposal
from localft.planning.proposing import OWN_CHOICE
from localft.planning.recipe import Recipe, TrainingSettings
from localft.settings import parse

MOST_RUNS = 12
TRIED = "One of the values that the sweep tries."
_LARGEST_RANK, _LARGEST_RATE = 512, 0.1


@dataclass(frozen=True)
class SweepPlan:
    """What a sweep would run, one after the other: by rank, and within a rank by learning rate, both rising."""

    proposals: tuple[Proposal, ...]

    @property
    def seconds(self) -> float:
        """The planned duration of all runs together; runs that stop early make it shorter."""
        return sum(proposal.plan.seconds for proposal in self.proposals)

    @property
    def sentence(self) -> str:
        """What would be run, and how long that takes."""
        settings = [proposal.recipe.settings for proposal in self.proposals]
        rates = f"learning rate {_listed(sorted({one.learning_rate for one in settings}))}"
        tried = f"rank {_listed(sorted({one.rank for one in settings}))} with {rates}"
        return (
            f"{words.counted(len(settings), 'run')}, one after the other: "
            f"{rates if settings[0].method == 'full' else tried}; about {words.duration(self.seconds)} together."
        )


def plan_sweep(
    proposal: Proposal, hardware: Hardware, ranks: Sequence[int] = (), learning_rates: Sequence[float] = ()
) -> SweepPlan:
    """Lay a grid around a proposed recipe and plan each run of it.

    Without `ranks` the proposed one, its half and its double are tried; without `learning_rates` the proposed one, a
    third and three times of it. A value that the person has set by hand stays as it is instead.

    Raises:
        UserError: fewer than two runs, more than `MOST_RUNS`, a value out of range, ranks where nothing has one, or no
            examples by which the runs could be compared.
    """
    if proposal.stats.validation == 0:
        raise UserError(
            "No examples are held out for validation, and by their loss the runs of a sweep are compared.",
            Advice(
                "Divide the examples anew: `localft data split`, with --ratios 0.8 0.1 0.1.",
                "Divide the examples anew, in Data.",
            ),
        )
    experience = recall()
    recipes = grid(proposal.recipe, ranks, learning_rates)
    return SweepPlan(
        tuple(
            # Neither value changes how the examples are cut into tokens.
            replace(
                proposal,
                recipe=recipe,
                plan=make_plan(recipe, proposal.base_model, proposal.stats, hardware, experience, proposal.plan.cards),
            )
            for recipe in recipes
        )
    )


def grid(recipe: Recipe, ranks: Sequence[int] = (), learning_rates: Sequence[float] = ()) -> list[Recipe]:
    """The recipes of a sweep, by rank and then by learning rate; see `plan_sweep`."""
    if ranks and recipe.settings.method == "full":
        raise UserError(
            "All weights are trained, so there is no rank to try.", "Give learning rates only, or choose lora or qlora."
        )
    all_ranks = sorted(set(ranks)) or _usual_ranks(recipe)
    all_rates = sorted(set(learning_rates)) or _usual_learning_rates(recipe)
    count = len(all_ranks) * len(all_rates)
    if count > MOST_RUNS:
        raise UserError(
            f"{words.counted(len(all_ranks), 'rank')} with {words.counted(len(all_rates), 'learning rate')} "
            f"are {count} runs, and a sweep has at most {MOST_RUNS}.",
            "Try fewer values.",
        )
    if count < 2:
        raise UserError("One run alone compares nothing.", "Give at least two ranks or two learning rates.")
    return [_with_values(recipe, rank, rate) for rank in all_ranks for rate in all_rates]


def read_ranks(text: str) -> list[int]:
    """Ranks as a person writes them: "8, 16, 32".

    Raises:
        UserError: one is not a whole number.
    """
    return [_number(piece, int, "a whole number", "8, 16, 32") for piece in _pieces(text)]


def read_learning_rates(text: str) -> list[float]:
    """Learning rates as a person writes them: "1e-4, 0.0002".

    Raises:
        UserError: one is not a number.
    """
    return [_number(piece, float, "a number", "1e-4, 2e-4") for piece in _pieces(text)]


def _pieces(text: str) -> list[str]:
    return [piece for piece in text.replace(",", " ").replace(";", " ").split() if piece]


def _number(piece: str, kind: type, what: str, example: str) -> Any:
    try:
        return kind(piece)
    except ValueError:
        raise UserError(f'"{piece}" is not {what}.', f"Separate the values by commas: {example}.") from None


def _usual_ranks(recipe: Recipe) -> list[int]:
    rank = recipe.settings.rank
    if recipe.settings.method == "full" or recipe.reasons.get("rank") == OWN_CHOICE:
        return [rank]
    return sorted({max(1, rank // 2), rank, min(_LARGEST_RANK, 2 * rank)})


def _usual_learning_rates(recipe: Recipe) -> list[float]:
    rate = recipe.settings.learning_rate
    if recipe.reasons.get("learning_rate") == OWN_CHOICE:
        return [rate]
    return sorted({float(f"{rate / 3:.2g}"), rate, min(_LARGEST_RATE, float(f"{rate * 3:.2g}"))})


def _with_values(recipe: Recipe, rank: int, learning_rate: float) -> Recipe:
    settings = recipe.settings
    changed: dict[str, float] = {"rank": rank, "learning_rate": learning_rate}
    reasons = recipe.reasons | dict.fromkeys(changed, TRIED)
    # The adapter's output is scaled by alpha / rank: with a fixed alpha another rank would mean another strength too.
    if settings.alpha == 2 * settings.rank and reasons.get("alpha") != OWN_CHOICE:
        changed["alpha"] = 2 * rank
        reasons["alpha"] = "Twice the rank, as usual."
    if settings.method == "full":
        changed, reasons = {"learning_rate": learning_rate}, recipe.reasons | {"learning_rate": TRIED}
    tried = parse(TrainingSettings, settings.model_dump() | changed, "the settings of the sweep")
    return recipe.model_copy(update={"settings": tried, "reasons": reasons})


def _listed(values: Sequence[float]) -> str:
    texts = [f"{value:g}" for value in values]
    return texts[0] if len(texts) == 1 else f"{', '.join(texts[:-1])} and {texts[-1]}"
