"""All random numbers that training draws from, as they stand at a moment."""

import random
from typing import Any

import numpy
import torch


class RandomNumbers:
    """The state of every generator when this is made, to be gone back to."""

    def __init__(self) -> None:
        self._python = random.getstate()
        self._numpy: Any = numpy.random.get_state()
        self._torch = torch.get_rng_state()
        self._cards = torch.cuda.get_rng_state_all() if torch.cuda.is_available() else []

    def restore(self) -> None:
        """Go back: what is drawn next is what was drawn after that moment."""
        random.setstate(self._python)
        numpy.random.set_state(self._numpy)
        torch.set_rng_state(self._torch)
        if self._cards:
            torch.cuda.set_rng_state_all(self._cards)
