"""What benchmarks of training share: a process for each measurement, and a clock around the steps."""

import logging
import multiprocessing
import os
import time
import warnings
from concurrent.futures import ProcessPoolExecutor
from typing import Any


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


def clock() -> Any:
    """A pair of callbacks that are to stand last and first: seconds from the first step to the end of the last."""
    import transformers

    class Begin(transformers.TrainerCallback):
        at = 0.0

        def on_step_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
            self.at = self.at or time.monotonic()

    class End(transformers.TrainerCallback):
        at = 0.0

        def on_step_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
            self.at = time.monotonic()

    return Begin(), End()
