"""The time that is left of a run, from what its parts have taken so far."""

from types import SimpleNamespace
from typing import Any

import pytest

from localft.training.pace import Pace


def pace(checkpoint_seconds: float) -> Pace:
    """A run of a hundred steps of ten tokens, with a validation of two seconds after each ten; step 10 is done."""
    schedule: Any = SimpleNamespace(
        tokens=[10] * 100, steps=100, validate_every=10, checkpoint_seconds=checkpoint_seconds, planned_rate=0.0
    )
    made = Pace(schedule)
    for _ in range(10):
        made.note_step(1.0, 10)
    made.note_validation(2.0)
    made.note_save(0.5)
    return made


@pytest.mark.parametrize(("checkpoint_seconds", "saves"), [(1e9, 9), (5.0, 27), (0.0, 90)])
def test_steps_validations_and_saves_are_counted_apart(checkpoint_seconds: float, saves: int) -> None:
    """A checkpoint after every step, without a pause between, is one of the ways to run."""
    assert pace(checkpoint_seconds).seconds_left(10) == pytest.approx(90 * 1.0 + 9 * 2.0 + saves * 0.5)
    assert pace(checkpoint_seconds).seconds_left(100) == 0.0
