"""What a maximum length costs: examples and tokens that are cut below it, and the memory of this card for it."""

from collections.abc import Sequence
from dataclasses import dataclass

from localft.data.checks.token_lengths import TokenLengths, cuts
from localft.hardware import Hardware
from localft.models.base_model import BaseModel
from localft.planning.device import device_of
from localft.planning.experience import Experience
from localft.planning.fitting import FITS, Fit, fit, fit_host
from localft.planning.memory import host_bytes, memory_by_cause
from localft.planning.model_shape import shape_of
from localft.planning.overview import smallest_load


@dataclass(frozen=True)
class LengthCost:
    """A maximum length: the examples that are cut, the tokens lost by it and their share of all, and what training
    needs at least: bytes of memory with qlora, one example at a time, and how that fits this computer."""

    max_length: int
    cut: int
    lost: int
    lost_share: float
    bytes: int
    fit: Fit


def length_costs(
    lengths: TokenLengths, base_model: BaseModel, hardware: Hardware, experience: Experience | None = None
) -> list[LengthCost]:
    """What each usual maximum length costs, the shortest first, none beyond what the model can read.

    Where no example is as long as a length, memory is that of the longest.
    """
    device, shape = device_of(hardware), shape_of(base_model)
    correction = (experience or Experience()).correction(device.name, base_model.reference, "qlora").memory
    costs = []
    for cut in cuts(lengths):
        if base_model.context_length and cut.max_length > base_model.context_length:
            break
        load = smallest_load(base_model, hardware, max(1, min(cut.max_length, lengths.max)))
        needed = sum(memory_by_cause(shape, load, correction).values())
        share = cut.lost / lengths.total if lengths.total else 0.0
        fits = max(fit(needed, device), fit_host(host_bytes(shape, load), hardware), key=FITS.index)
        costs.append(LengthCost(cut.max_length, cut.cut, cut.lost, share, needed, fits))
    return costs


def longest_that_fits(costs: Sequence[LengthCost]) -> LengthCost | None:
    """The length that cuts least of those that fit, the shortest of several; None where none fits."""
    fitting = [cost for cost in costs if cost.fit != FITS[-1]]
    return min(fitting, key=lambda cost: (cost.lost, cost.max_length), default=None)
