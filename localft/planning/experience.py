"""What earlier runs on this computer taught about plans: how fast they were, as a share of what was predicted."""

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from localft import paths
from localft.store import files

_FILE = "experience.jsonl"
# So many of the newest runs that are alike count, and no more lines than that are worth reading.
_COUNTED, _READ_BYTES = 5, 65_536
# Of `localft.planning.speed`: what was learned about another one says nothing about this.
_FORMULA = 1
# One odd run, as on a computer that slept, must not spoil all later plans.
_SLOWEST, _FASTEST = 0.2, 5.0
# Shorter runs say more about starting than about training.
_LEAST_SECONDS = 10.0


@dataclass(frozen=True)
class Correction:
    """`speed` is to be multiplied with a predicted rate; so many `runs`, of the same model or not, taught it."""

    speed: float = 1.0
    runs: int = 0
    same_model: bool = False


class Experience:
    """Lines of earlier runs: device, base model, method, and their measured rate over the predicted one."""

    def __init__(self, lines: Sequence[Mapping[str, Any]] = ()) -> None:
        self._lines = [line for line in lines if _is_sound(line)]

    def correction(self, device: str, base_model: str, method: str) -> Correction:
        """The median of the newest runs on this device: of this model by this method, else of any."""
        here = [line for line in self._lines if line["device"] == device]
        alike = [line for line in here if (line["base_model"], line["method"]) == (base_model, method)]
        counted = (alike or here)[-_COUNTED:]
        if not counted:
            return Correction()
        return Correction(statistics.median(line["speed"] for line in counted), len(counted), bool(alike))


def recall() -> Experience:
    """What this computer has learned so far."""
    return Experience(files.read_last_lines(paths.data_dir() / _FILE, _READ_BYTES))


def note(device: str, base_model: str, method: str, speed: float, seconds: float) -> None:
    """Add a run: `speed` is its rate over the one predicted without any experience, `seconds` how long it trained.

    Raises:
        OSError: it cannot be written.
    """
    if seconds >= _LEAST_SECONDS and speed > 0:
        speed = round(min(_FASTEST, max(_SLOWEST, speed)), 4)
        line = {"formula": _FORMULA, "device": device, "base_model": base_model, "method": method, "speed": speed}
        files.append_line(paths.data_dir() / _FILE, line)


def _is_sound(line: Mapping[str, Any]) -> bool:
    speed = line.get("speed")
    named = all(isinstance(line.get(name), str) for name in ("device", "base_model", "method"))
    return (
        named and line.get("formula") == _FORMULA and isinstance(speed, int | float) and _SLOWEST <= speed <= _FASTEST
    )
