"""Base and tuned model of a run: one loaded model with its adapter off and on, or two full ones in turn; or a base."""

import contextlib
import gc
import threading
from collections.abc import Generator
from dataclasses import dataclass
from typing import Any

import torch

from localft.errors import UserError
from localft.models.base_model import BaseModel
from localft.models.chat_format import ChatFormat
from localft.serving.endpoint import Which
from localft.training.loading import Quantization, load_base, load_tuned
from localft.training.runs import Run

# Of the card's memory; the rest is for the conversation and for what others use of the card.
_SHARE_FOR_WEIGHTS = 0.7


@dataclass(frozen=True)
class BareBase:
    """A base model that nothing was trained on yet, and how it is talked to."""

    base_model: BaseModel
    chat_format: ChatFormat


class ModelPair:
    """The models of a run, of which one answers at a time; a bare base is a pair without the tuned one."""

    def __init__(self, source: Run | BareBase) -> None:
        """Remember what to load; the first use, or `load`, reads the weights."""
        self._source = source
        self._adapter = isinstance(source, Run) and source.recipe.settings.method != "full"
        self._loaded: Which | None = None
        self._model: Any = None
        # A plain lock, since a stream may be read on from another thread than the one that opened it.
        self._lock = threading.Lock()

    def load(self) -> None:
        """Read the weights now, those of the tuned model where there is one.

        Raises:
            UserError: the run has no weights yet, or its base model is not downloaded.
        """
        with self.use("tuned" if isinstance(self._source, Run) else "base"):
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
        if isinstance(self._source, BareBase):
            if which == "tuned":
                raise UserError("There is no tuned model yet.", "Train first.")
            self._model = load_base(self._source.base_model, quantization=_needed_quantization(self._source.base_model))
        elif which == "base" and not self._adapter:
            self._model = load_base(self._source.base_model)
        else:
            self._model, _ = load_tuned(self._source)
        self._loaded = which

    def _unload(self) -> None:
        self._model, self._loaded = None, None
        gc.collect()
        if torch.cuda.is_available():
            torch.cuda.empty_cache()


def _needed_quantization(base_model: BaseModel) -> Quantization | None:
    """4 bits where the card is too small for 16, as a QLoRA run would have it; as the model is otherwise."""
    if not torch.cuda.is_available():
        return None
    _, total = torch.cuda.mem_get_info()
    return "nf4" if 2 * base_model.parameters > _SHARE_FOR_WEIGHTS * total else None
