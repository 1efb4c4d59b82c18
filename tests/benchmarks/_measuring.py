"""What benchmarks of training share: a process for each measurement, and a clock around the steps."""

import logging
import math
import multiprocessing
import os
import time
import warnings
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Measured:
    """What one way did on a card: tokens a second, the allocator's peak in bytes; or why it did nothing.

    `probed` is the peak that localft's look before the first step predicted, and `layers` how many it then had
    computed twice; None where it left them as they were planned.
    """

    rate: float = math.nan
    peak: int = 0
    probed: int = 0
    layers: int | None = None
    problem: str = ""


def in_a_process(work: Any, *given: Any) -> Any:
    """Call a function of a module in a process of its own, and return what it returns."""
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn"), _be_quiet) as pool:
        return pool.submit(work, *given).result()


def _be_quiet() -> None:
    warnings.simplefilter("ignore")
    logging.disable(logging.WARNING)
    os.environ["HF_DATASETS_DISABLE_PROGRESS_BARS"] = "1"
    os.environ["HF_HUB_DISABLE_PROGRESS_BARS"] = "1"
    # As the process of every job has it.
    os.environ.setdefault("GOMP_SPINCOUNT", "1000")


def clock(trainer: Any) -> tuple[Any, Any]:
    """(begin, end): callbacks with the seconds `at` which the first step began and the last ended.

    The one is called last and the other first of all: what other callbacks do between steps counts, what they do before
    the first and after the last does not.
    """
    import transformers

    class Begin(transformers.TrainerCallback):
        at = 0.0

        def on_step_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
            self.at = self.at or time.monotonic()

    class End(transformers.TrainerCallback):
        at = 0.0

        def on_step_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
            self.at = time.monotonic()

    begin, end = Begin(), End()
    callbacks = trainer.callback_handler.callbacks
    callbacks.insert(0, end)
    callbacks.append(begin)
    return begin, end
