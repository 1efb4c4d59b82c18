"""How long a run still takes: its steps, validations and checkpoints are measured apart, and counted apart."""

import itertools
from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from localft.training.watcher import Schedule

# So many of the newest steps tell the rate: enough for long and short ones, few enough to follow a busy computer.
_COUNTED = 50
# A validation has no backward pass, which is two thirds of a step's work.
_SHARE_OF_A_STEP = 1 / 3


class Pace:
    """What the work of a run has taken so far, and from that what the rest will take.

    Until the first step and the first validation have been measured, the plan's rate stands for both.
    """

    def __init__(self, schedule: "Schedule") -> None:
        self._schedule = schedule
        self._tokens_before = [0, *itertools.accumulate(schedule.tokens)]
        self._steps: deque[tuple[float, int]] = deque(maxlen=_COUNTED)
        self._warmed_up = False
        self._validation: float | None = None
        self._save = 0.0

    def note_step(self, seconds: float, tokens: int) -> None:
        """A step of so many real tokens took so long. The first one also warms up: it counts until there is another."""
        if len(self._steps) == 1 and not self._warmed_up:
            self._steps.clear()
            self._warmed_up = True
        self._steps.append((seconds, tokens))

    def note_validation(self, seconds: float) -> None:
        """A validation, with the answers that are asked for at it, took so long."""
        self._validation = seconds

    def note_save(self, seconds: float) -> None:
        """Writing a checkpoint took so long."""
        self._save = seconds

    @property
    def tokens_per_second(self) -> float:
        """The rate of steps alone; 0 where nothing is known."""
        seconds, tokens = (sum(values) for values in zip(*self._steps, strict=True)) if self._steps else (0.0, 0)
        return tokens / seconds if seconds > 0 else self._schedule.planned_rate

    def steps_per_second(self, step: int) -> float | None:
        """Of the steps that are left after `step`; None where nothing is known or left."""
        tokens = self._tokens_before[-1] - self._tokens_before[step]
        return self.tokens_per_second * (self._schedule.steps - step) / tokens if tokens else None

    def seconds_left(self, step: int) -> float | None:
        """From the end of `step`, its own validation done, to the end of the run; None where nothing is known."""
        schedule, rate = self._schedule, self.tokens_per_second
        if rate <= 0:
            return None
        training = (self._tokens_before[-1] - self._tokens_before[step]) / rate
        every, steps = schedule.validate_every, schedule.steps
        validations = steps // every - step // every + (steps % every > 0) if step < steps else 0
        validation = self._validation
        if validation is None:
            validation = _SHARE_OF_A_STEP * schedule.validation_tokens / rate
        between, pause = training / max(1, validations), schedule.checkpoint_seconds
        # Without a pause each step is followed by a save.
        saves = validations * (1 + int(between / pause)) if pause > 0 else steps - step
        return training + validations * validation + saves * self._save
