"""What a finished plan means, in sentences that the app and the command line share."""

from typing import TYPE_CHECKING

from localft import words
from localft.advice import Advice
from localft.planning.fitting import TIGHT

if TYPE_CHECKING:
    from localft.planning.plan import Plan


def energy(watt_hours: float) -> str:
    """Energy as people are billed for it: "340 Wh", "1.2 kWh"."""
    if watt_hours >= 1000:
        return f"{watt_hours / 1000:,.1f} kWh"
    return f"{watt_hours:.0f} Wh" if watt_hours >= 10 else f"{words.rounded(watt_hours, 2)} Wh"


def refusal(plan: "Plan") -> tuple[str, str]:
    """Why a run that does not fit does not, and what would help: the card has no room, or the computer has none."""
    needed, free = words.memory(plan.total_bytes), words.memory(plan.device_bytes)
    message = f"This run needs {needed}, and {where(plan)} has {free}."
    if is_short_of_host_memory(plan):
        message = f"The card has room for this run, and the computer has not: {host(plan)}."
    return message, " ".join(plan.advice) or "Choose a smaller base model."


def where(plan: "Plan") -> str:
    """What gives its memory to a run: "RTX 3060", or "each of 2 cards (RTX 3060)"."""
    return plan.device if plan.cards == 1 else f"each of {plan.cards} cards ({plan.device})"


def of_cards(plan: "Plan") -> tuple[str, ...]:
    """What a person should know of several cards: how much sooner those of the plan are together; or that there are
    more than the one that it is for. An `Advice` where the two surfaces have different ways.
    """
    there = plan.cards_there
    if plan.cards > 1:
        each = (
            f"Each of the {plan.cards} cards takes this memory and does its part of every batch; together they learn "
        )
        times = f"{plan.times_one:.1f}"
        if float(times) > 1:
            return (f"{each}{times} times as fast as the first one alone.",)
        slower = f"{each}no faster than the first one alone. "
        return (Advice("Learn on that one: --cards 1.", "Choose one card, in Settings.", slower),)
    if there < 2:
        return ()
    one = f"The plan is that of one of {there} cards. "
    return (
        Advice(f"--cards {there} plans for all of them together.", "Choose how many learn together, in Settings.", one),
    )


def is_short_of_host_memory(plan: "Plan") -> bool:
    """Whether the computer's own memory is what a run does not fit into, while the card has room."""
    return plan.fits == "no" and plan.total_bytes <= TIGHT * plan.device_bytes


def host(plan: "Plan") -> str:
    """What loading takes of the computer's own memory, and what is free of it."""
    needed, free = words.memory(plan.host_bytes), words.memory(plan.host_free_bytes)
    return f"loading takes {needed} of its own memory, and {free} are free"


def waiting(plan: "Plan") -> str:
    """Behind what a run would wait, whose memory the plan counts as free; empty where nothing is in its way."""
    if not plan.waits_for:
        return ""
    *others, last = plan.waits_for
    titles = f"{', '.join(others)} and {last}" if others else last
    its = "their" if others else "its"
    return f"It waits until {titles} {'have' if others else 'has'} ended or given way; {its} memory is counted as free."
