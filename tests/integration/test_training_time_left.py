"""The time left that a run tells while validations are rare and long: right from the first minute on."""

from pathlib import Path
from typing import Any

import pytest
import transformers

from localft.jobs import JobContext, JobOrder
from localft.jobs.awake import WorkingClock
from localft.store import files
from localft.training.progress import RunProgress
from localft.training.validation import Validation
from localft.training.watcher import Look, Schedule, Watcher

STEPS, EVERY = 1_000, 100


class Simulated:
    """A run on a clock of its own: steps and validations take what is said."""

    def __init__(self, folder: Path, validation: float = 60.0, tokens: list[int] | None = None, **known: Any) -> None:
        folder.mkdir(exist_ok=True)
        self.folder, self.now, self._validation = folder, 0.0, validation
        order = JobOrder(worker="x", title="x", created_at=files.now())
        context = JobContext(folder, order)
        context.clock = WorkingClock(lambda: self.now)
        self.tokens = tokens or [100] * STEPS
        schedule = Schedule(self.tokens, EVERY, 0, 4, 40, 1e9, **known)
        self.watcher = Watcher(context, schedule, Look(self._validate, list), RunProgress())

    def _validate(self) -> Validation:
        self.now += self._validation
        return Validation(1.0)

    def begin(self) -> float | None:
        self.watcher.on_train_begin(None, transformers.TrainerState(global_step=0), transformers.TrainerControl())
        return self.left()

    def step(self, number: int, seconds: float, saving: float = 0.0) -> float | None:
        state, control = transformers.TrainerState(global_step=number), transformers.TrainerControl()
        self.now += seconds
        self.watcher.on_step_end(None, state, control)
        if control.should_save:
            self.now += saving
            self.watcher.on_save(None, state, control)
        return self.left()

    def left(self) -> float | None:
        told = [event for event in files.read_lines(self.folder / "events.jsonl")[0] if event["kind"] == "progress"]
        return told[-1]["seconds_left"]


def test_rare_long_validations_are_counted_from_the_start(tmp_path: Path) -> None:
    run = Simulated(tmp_path)
    run.begin()
    for step in range(1, 520):
        told = run.step(step, 1.0)
        if step > 1:
            true = STEPS - step + 60 * ((STEPS - step - 1) // EVERY + 1)
            assert told == pytest.approx(true, rel=0.01), step


def test_the_first_step_warms_up_and_is_soon_forgotten(tmp_path: Path) -> None:
    run = Simulated(tmp_path)
    run.begin()
    run.step(1, 30.0)
    assert run.step(2, 1.0) == pytest.approx(998 + 600)


def test_time_follows_the_tokens_that_are_left(tmp_path: Path) -> None:
    run = Simulated(tmp_path, tokens=[100] * 500 + [300] * 500)
    run.begin()
    for step in range(1, 4):
        told = run.step(step, 1.0)
    assert told == pytest.approx(497 + 3 * 500 + 600)


def test_checkpoints_are_counted_too(tmp_path: Path) -> None:
    run = Simulated(tmp_path, validation=0.0)
    run.begin()
    for step in range(1, EVERY + 2):
        told = run.step(step, 1.0, saving=10.0)
    assert told == pytest.approx(STEPS - EVERY - 1 + 9 * 10)


def test_before_anything_is_measured_the_plan_says(tmp_path: Path) -> None:
    run = Simulated(tmp_path, planned_rate=50.0, validation_tokens=9_000)
    assert run.begin() == pytest.approx(2 * STEPS + 10 * 60), "the validation before the first step is measured"
    resumed = Simulated(tmp_path / "resumed", planned_rate=50.0, validation_tokens=9_000)
    assert resumed.step(2, 2.0) == pytest.approx(2 * (STEPS - 2) + 10 * 60), "no backward pass in validations"
    unknown = Simulated(tmp_path / "unknown")
    assert unknown.begin() is None
