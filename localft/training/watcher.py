"""Watches the training loop: reports, validates, decides when to save, and when to end."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import transformers

from localft import words
from localft.errors import Stopped, UserError, is_out_of_memory
from localft.jobs import JobContext
from localft.training.environment import forget_unused_memory, peak_memory_bytes
from localft.training.finite import not_a_number
from localft.training.pace import Pace
from localft.training.progress import NOTICEABLE, RunProgress, is_no_better
from localft.training.ranks import agreed
from localft.training.validation import Validation

# So many points make a curve; more would only slow the run.
_MOST_POINTS = 400


@dataclass(frozen=True)
class Schedule:
    """When things happen, and with which numbers.

    `tokens` counts the real tokens of each step. Validation comes every `validate_every` steps and after the last one;
    a checkpoint with each validation, and in between when `checkpoint_seconds` have passed since the last.
    `validation_tokens` are those of one validation, and `planned_rate` is the plan's, in tokens per second.
    """

    tokens: Sequence[int]
    validate_every: int
    patience: int
    batch_size: int
    rows: int
    checkpoint_seconds: float
    precision: str = "fp32"
    learning_rate: float = 1e-4
    validation_tokens: int = 0
    planned_rate: float = 0.0

    @property
    def steps(self) -> int:
        return len(self.tokens)

    @property
    def log_every(self) -> int:
        return max(1, self.steps // _MOST_POINTS)

    def validates_at(self, step: int) -> bool:
        """Whether the validation loss is measured after a step."""
        return step % self.validate_every == 0 or step >= self.steps

    def epoch(self, step: int) -> float:
        """How often each row has been seen by the end of a step."""
        return round(step * self.batch_size / self.rows, 3)


@dataclass(frozen=True)
class Look:
    """How the watcher looks at the model: validation (None where nothing is held out), and sample answers."""

    validate: Callable[[], Validation] | None
    answers: Callable[[], list[dict[str, str]]]


@dataclass
class Ending:
    """Why the loop ended: nothing set means that all steps were done."""

    stopped: bool = False
    early: bool = False


@dataclass
class _Window:
    """What happened since the last point of the curves."""

    seconds: float = 0.0
    tokens: int = 0


class Watcher(transformers.TrainerCallback):
    """The only callback of the trainer."""

    def __init__(self, context: JobContext, schedule: Schedule, look: Look, progress: RunProgress) -> None:
        self.progress = progress
        self.ending = Ending()
        self._context = context
        self._schedule = schedule
        self._look = look
        self._last_moment = self._last_saved = context.clock.now()
        self._absent = context.clock.absent
        self._window = _Window()
        self._pace = Pace(schedule)
        self._warned = self._left_out = False

    def on_train_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Measure the base model before the first step, or make up for a validation that a stop left out.

        Raises:
            Stopped: at the user's request.
        """
        step = state.global_step
        if (step == 0 or self._schedule.validates_at(step)) and self.progress.validated_step != step:
            self._lap()
            self._validate(step)
            self._pace.note_validation(self._lap())
        self._lap()
        self._report(step)

    def on_step_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Validate where it is due, and tell the trainer what to do after this step."""
        step, schedule = state.global_step, self._schedule
        last, due = step >= schedule.steps, schedule.validates_at(step)
        seconds, tokens = self._lap(), schedule.tokens[step - 1]
        self._window.seconds += seconds
        self._window.tokens += tokens
        self._pace.note_step(seconds, tokens)
        self._tell_of_absence(step)
        waited = self._context.clock.now() - self._last_saved >= schedule.checkpoint_seconds
        stop, waited = agreed(self._context.stop_requested(), waited)
        self.ending.stopped = stop and not last
        control.should_save = due or waited or self.ending.stopped
        control.should_log = control.should_save or step == 1 or step % schedule.log_every == 0
        if due and not self.ending.stopped:
            try:
                self._validate(step)
                self._pace.note_validation(self._lap())
            except Stopped:
                # The step is whole; what was left out is made up for when the run is resumed.
                self.ending.stopped = True
                self._lap()
        (self.ending.early,) = agreed(self.progress.patience_is_over(schedule.patience) and not last)
        control.should_training_stop = last or self.ending.stopped or self.ending.early
        self._report(step, at_once=control.should_training_stop)

    def on_train_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Say so where all of it was in vain."""
        if not self.ending.stopped:
            self._warn_of_nothing_learned(state.global_step)

    def on_log(self, args: Any, state: Any, control: Any, logs: dict[str, float] | None = None, **kwargs: Any) -> None:
        """Write a point of the curves; this comes before a checkpoint of the same step is saved.

        Raises:
            NotANumberError: the loss is not one.
            UserError: nothing is learned.
        """
        if not logs or "loss" not in logs:
            return
        step, loss, gradient = state.global_step, logs["loss"], logs.get("grad_norm")
        self._refuse_nonsense(step, loss, "loss")
        if step == 1 and gradient == 0.0:
            raise UserError("The run would learn nothing: its gradient is zero.", "Choose another base model.")
        window, self._window = self._window, _Window()
        memory = peak_memory_bytes()
        self.progress = self.progress.after_point(loss).model_copy(
            update={
                "seconds": self.progress.seconds + window.seconds,
                "trained_tokens": self.progress.trained_tokens + window.tokens,
                "peak_memory_bytes": max(memory, self.progress.peak_memory_bytes),
            }
        )
        self._context.event(
            "metrics",
            step=step,
            epoch=self._schedule.epoch(step),
            loss=loss,
            learning_rate=logs.get("learning_rate"),
            gradient_norm=gradient if gradient is not None and math.isfinite(gradient) else None,
            tokens_per_second=window.tokens / window.seconds if window.seconds > 0 else None,
            memory_bytes=memory,
        )

    def on_save(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """The time to the next checkpoint starts anew; writing one is not training time."""
        self._last_saved = self._context.clock.now()
        self._pace.note_save(self._lap())

    def _validate(self, step: int) -> None:
        if self._look.validate is not None:
            found = self._look.validate()
            self._refuse_nonsense(step, found.loss, "validation loss")
            self.progress = self.progress.after_validation(step, found.loss, found.preferred)
            best, epoch = self.progress.best_step == step, self._schedule.epoch(step)
            # Before the first step no answer has become likelier yet.
            preferred = {"preferred": found.preferred} if found.preferred is not None and step > 0 else {}
            self._context.event("validation", step=step, epoch=epoch, loss=found.loss, best=best, **preferred)
            self._warn_of_learning_by_heart(step)
        items = self._answers(step)
        if items:
            self._context.event("samples", step=step, items=items)

    def _answers(self, step: int) -> list[dict[str, str]]:
        """None where memory runs out: with less at once in training there would be no more room for them."""
        try:
            return self._look.answers()
        except (RuntimeError, MemoryError, OSError) as error:
            if not is_out_of_memory(error):
                raise
        # Only now is what the answers held no longer referred to.
        forget_unused_memory()
        if not self._left_out:
            self._left_out = True
            message = "There was no memory for the sample answers, so they are left out; the training goes on."
            self._context.event("warning", step=step, message=message)
        return []

    def _refuse_nonsense(self, step: int, loss: float, name: str) -> None:
        if not math.isfinite(loss):
            raise not_a_number(name, step, self._schedule.precision, self._schedule.learning_rate)

    def _warn_of_learning_by_heart(self, step: int) -> None:
        if self._warned or not self.progress.is_overfitting:
            return
        self._warned = True
        self._context.event(
            "warning",
            step=step,
            message="The validation loss rises while the training loss falls: the model begins to learn by heart.",
        )

    def _warn_of_nothing_learned(self, step: int) -> None:
        """Of a run whose validation loss never fell below that of the base model."""
        progress = self.progress
        first, best = progress.first_validation_loss, progress.best_validation_loss
        if first is None or best is None or not is_no_better(best, first, progress.best_preferred):
            return
        rate = "a smaller learning rate" if best > (1 + NOTICEABLE) * first else "a larger learning rate or more passes"
        message = (
            f"Nothing was learned that shows on unseen examples: their loss was {first:.3f} with the base model and is "
            f"{best:.3f} at best. Try {rate}; where that changes nothing, the examples may have nothing in common."
        )
        self._context.event("warning", step=step, message=message)

    def _tell_of_absence(self, step: int) -> None:
        absent = self._context.clock.absent
        if absent > self._absent:
            pause = words.duration(absent - self._absent)
            self._absent = absent
            message = (
                f"The computer slept, or the run was halted, for {pause}; it went on, and that time is not counted."
            )
            self._context.event("warning", step=step, message=message)

    def _lap(self) -> float:
        """Seconds of work since the last call."""
        moment = self._context.clock.now()
        elapsed, self._last_moment = moment - self._last_moment, moment
        return elapsed

    def _report(self, step: int, *, at_once: bool = True) -> None:
        loss = f", loss {self.progress.loss:.3f}" if self.progress.loss is not None else ""
        pace = self._pace
        self._context.progress(
            step,
            self._schedule.steps,
            "steps",
            f"Training{loss}",
            at_once=at_once,
            rate=pace.steps_per_second(step),
            seconds_left=pace.seconds_left(step),
        )
