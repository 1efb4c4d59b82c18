"""A run ends where its numbers are no longer numbers, before the optimiser or a checkpoint takes them over."""

import math
from collections.abc import Iterable
from typing import Any

import torch

from localft.errors import UserError

# The scaler of fp16 begins at 2^16 and halves itself whenever a gradient is too large. After so many halvings in a row
# it is not the scale that is too large.
_MOST_OVERFLOWS = 24


class NotANumberError(UserError):
    """A loss, a gradient or a weight is infinite or not a number; going on would only spoil what was learned."""


class FiniteGradients:
    """Looks at the gradient of each step before the optimiser takes it: its moments would never forget a NaN."""

    def __init__(self, precision: str, learning_rate: float) -> None:
        self._precision, self._learning_rate = precision, learning_rate
        self._overflows = 0

    def look(self, step: int, norm: float) -> None:
        """Look at the norm of the gradient of `step`, counted from 1.

        In fp16 a gradient that is too large is no fault: the scaler leaves the step out and takes a smaller scale.

        Raises:
            NotANumberError: it is not finite, in fp16 time and again.
        """
        if math.isfinite(norm):
            self._overflows = 0
            return
        self._overflows += 1
        if self._precision != "fp16" or self._overflows > _MOST_OVERFLOWS:
            raise not_a_number("gradient", step, self._precision, self._learning_rate)


def not_a_number(what: str, step: int, precision: str, learning_rate: float) -> NotANumberError:
    """The sentence about a number that has gone, with the likeliest cause.

    Until the first step is done nothing was learned, so that no learning rate can be the cause.
    """
    message = f"The {what} is no longer a number at step {step}"
    slower = f"Start a new run with a smaller learning rate, such as {learning_rate / 4:.1g}"
    small = "this card computes in 16-bit numbers (fp16) that end at 65,504"
    if precision == "fp16":
        cause = f"; {small}, which may not be enough for this base model."
        other = "Choose another base model, or a card that computes in bf16."
        return NotANumberError(message + cause, other if step <= 1 else f"{slower}. If it happens again: {other}")
    if step <= 1:
        hint = "Download the base model again, in case its weights are damaged, or choose another one."
        return NotANumberError(f"{message}, before anything was learned: the cause is the base model.", hint)
    return NotANumberError(f"{message}: the steps are too large for this model.", f"{slower}.")


def is_finite(tensors: Iterable[Any]) -> bool:
    """Whether all numbers of these tensors are finite; what is no tensor of floats always is."""
    floats = (tensor for tensor in tensors if torch.is_tensor(tensor) and tensor.is_floating_point())
    return all(bool(torch.isfinite(tensor).all()) for tensor in floats)
