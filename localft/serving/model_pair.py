"""Base and tuned model of a run: one loaded model with its adapter off and on, or two full ones in turn."""

import contextlib
import gc
import threading
from collections.abc import Generator
from typing import Any, Literal

import torch

from localft.training.loading import load_base, load_tuned
from localft.training.runs import Run

Which = Literal["base", "tuned"]


class ModelPair:
    """The models of a run, of which one answers at a time."""

    def __init__(self, run: Run) -> None:
        """Remember the run; the first use, or `load`, reads the weights."""
        self._run = run
        self._adapter = run.recipe.settings.method != "full"
        self._loaded: Which | None = None
        self._model: Any = None
        # A plain lock, since a stream may be read on from another thread than the one that opened it.
        self._lock = threading.Lock()

    @property
    def run(self) -> Run:
        return self._run

    def load(self, which: Which = "tuned") -> None:
        """Read the weights now.

        Raises:
            UserError: the run has no weights yet, or its base model is not downloaded.
        """
        with self.use(which):
            pass

    @contextlib.contextmanager
    def use(self, which: Which) -> Generator[Any, None, None]:
        """Hold the base or the tuned model; whoever else asks waits meanwhile."""
        with self._lock:
            self._load(which)
            if self._adapter and which == "base":
                with self._model.disable_adapter():
                    yield self._model
            else:
                yield self._model

    def close(self) -> None:
        """Give the memory back."""
        with self._lock:
            self._unload()

    def _load(self, which: Which) -> None:
        if self._model is not None and (self._adapter or self._loaded == which):
            return
        # Two full models may not fit on the card together.
        self._unload()
        if which == "base" and not self._adapter:
            self._model = load_base(self._run.base_model)
        else:
            self._model, _ = load_tuned(self._run)
        self._loaded = which

    def _unload(self) -> None:
        self._model, self._loaded = None, None
        gc.collect()
        if torch.cuda.is_available():
            torch.cuda.empty_cache()
