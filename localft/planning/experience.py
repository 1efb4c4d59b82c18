"""What earlier runs on this computer taught about plans: their speed and memory, as shares of what was predicted."""

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
_FORMULA = 2
# One odd run, as on a computer that slept, must not spoil all later plans.
_SLOWEST, _FASTEST = 0.2, 5.0
_LEAST_MEMORY, _MOST_MEMORY = 0.5, 2.0
# Shorter runs say more about starting than about training.
_LEAST_SECONDS = 10.0


@dataclass(frozen=True)
class Correction:
    """`speed` is to be multiplied with a predicted rate; so many `runs`, of the same model or not, taught it.

    `memory` is to be multiplied with the predicted memory of a step.
    """

    speed: float = 1.0
    runs: int = 0
    same_model: bool = False
    memory: float = 1.0


class Experience:
    """Lines of earlier runs: device, base model, method, and what was measured over what was predicted."""

    def __init__(self, lines: Sequence[Mapping[str, Any]] = ()) -> None:
        self._lines = [line for line in lines if _is_sound(line)]

    def correction(self, device: str, base_model: str, method: str) -> Correction:
        """The median rate of the newest runs on this device: of this model by this method, else of any.

        Of memory the most that one of this model by this method took, and no less than the formula says: a run seldom
        has a micro-batch as large as was planned for, and too little would end the next one.
        """
        here = [line for line in self._lines if line["device"] == device]
        alike = [line for line in here if (line["base_model"], line["method"]) == (base_model, method)]
        counted = (alike or here)[-_COUNTED:]
        if not counted:
            return Correction()
        memory = max((line["memory"] for line in alike[-_COUNTED:] if "memory" in line), default=1.0)
        memory = max(1.0, memory)
        return Correction(statistics.median(line["speed"] for line in counted), len(counted), bool(alike), memory)


def recall() -> Experience:
    """What this computer has learned so far."""
    return Experience(files.read_last_lines(paths.data_dir() / _FILE, _READ_BYTES))


def note(device: str, base_model: str, method: str, speed: float, seconds: float, memory: float | None = None) -> None:
    """Add a run: `speed` is its rate over the one predicted without any experience, `seconds` how long it trained.

    `memory` is the same for what a step took of it; None where it was not measured exactly.

    Raises:
        OSError: it cannot be written.
    """
    if seconds >= _LEAST_SECONDS and speed > 0:
        speed = round(min(_FASTEST, max(_SLOWEST, speed)), 4)
        line = {"formula": _FORMULA, "device": device, "base_model": base_model, "method": method, "speed": speed}
        if memory is not None:
            line["memory"] = round(min(_MOST_MEMORY, max(_LEAST_MEMORY, memory)), 4)
        files.append_line(paths.data_dir() / _FILE, line)


def _is_sound(line: Mapping[str, Any]) -> bool:
    named = all(isinstance(line.get(name), str) for name in ("device", "base_model", "method"))
    return (
        named
        and line.get("formula") == _FORMULA
        and _lies_between(_SLOWEST, line.get("speed"), _FASTEST)
        and _lies_between(_LEAST_MEMORY, line.get("memory", 1.0), _MOST_MEMORY)
    )


def _lies_between(least: float, value: object, most: float) -> bool:
    return isinstance(value, int | float) and least <= value <= most
