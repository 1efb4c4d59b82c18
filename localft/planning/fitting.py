"""Whether what a run needs fits: into the device's memory, and into the computer's own."""

from typing import Literal

from localft.hardware import Hardware
from localft.planning.device import Device

Fit = Literal["comfortably", "tightly", "no"]

FITS: tuple[Fit, ...] = ("comfortably", "tightly", "no")
"""From the best to the worst."""

COMFORTABLE, TIGHT = 0.85, 0.97
"""Shares of a device's free memory. The formulas err by some per cent; above the second a run is refused."""


def shares_to_fill(device: Device) -> tuple[float, ...]:
    """The part of a device's free memory that a run may be planned to fill, the first if anything fits there.

    The formulas err upwards, so nothing is left over where memory that ends is told, and a run then goes on with less.
    """
    return (TIGHT,) if device.refuses else (COMFORTABLE, TIGHT)


def fit(total: int, device: Device) -> Fit:
    """How so many bytes fit into what the device can give."""
    if total <= COMFORTABLE * device.memory:
        return "comfortably"
    return "tightly" if total <= TIGHT * device.memory else "no"


def fit_host(needed: int, hardware: Hardware) -> Fit:
    """The same for the computer's own memory: tightly where it has to be paged out, or closed programs would help."""
    memory = hardware.memory
    if needed <= memory.available_bytes:
        return "comfortably"
    return "tightly" if needed <= memory.available_bytes + memory.swap_free_bytes else "no"
