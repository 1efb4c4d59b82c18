"""A resumed run has to be the run that was saved: what was restored is compared with what was noted then."""

import hashlib
import random
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy
import torch
import transformers

from localft.errors import UserError
from localft.store.records import Record
from localft.training.ranks import is_first

CONTINUITY = "continuity.json"
_WORDS = {
    "learning_rate": "the learning rate",
    "optimiser": "the optimiser",
    "weights": "the weights",
    "random": "the random numbers",
    "coming": "the examples that come next",
}


class Continuity(Record):
    """continuity.json of a checkpoint: digests (SHA-256) of everything that decides how training goes on.

    Libraries restore these by themselves, and some pass over what they fail to restore: fresh adapters in place of the
    trained ones, or other random numbers, would only show as a worse model.
    """

    step: int
    learning_rate: float
    optimiser: str
    weights: str
    random: str
    coming: str


class ContinuityCheck(transformers.TrainerCallback):
    """Compares once, before the first step of a resumed run: only then have all the libraries restored their part."""

    def __init__(self, folder: Path, measure_now: Callable[[], Continuity]) -> None:
        self._folder = folder
        self._measure_now = measure_now
        self._done = False

    def on_step_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Compare what was restored from the checkpoint with what it noted.

        Raises:
            UserError: they differ.
        """
        if not self._done:
            refuse_a_break(self._folder, self._measure_now())
            self._done = True


def measure(trainer: Any, coming: list[int]) -> Continuity:
    """The state of a trainer between two steps; `coming` holds the row indices of the next one."""
    optimiser = trainer.optimizer.optimizer if hasattr(trainer.optimizer, "optimizer") else trainer.optimizer
    moments = (
        value
        for group in optimiser.param_groups
        for parameter in group["params"]
        for _, value in sorted(optimiser.state.get(parameter, {}).items())
    )
    trained = (weights for weights in trainer.model.parameters() if weights.requires_grad)
    return Continuity(
        step=trainer.state.global_step,
        learning_rate=optimiser.param_groups[0]["lr"],
        optimiser=_digest(moments),
        weights=_digest(trained),
        random=_random(),
        coming=hashlib.sha256(repr(coming).encode()).hexdigest(),
    )


def note(folder: Path, continuity: Continuity) -> None:
    """Write it into the folder of a checkpoint."""
    continuity.save(folder / CONTINUITY)


def refuse_a_break(folder: Path, now: Continuity) -> None:
    """Compare what was restored from the checkpoint in `folder` with what it noted.

    Raises:
        UserError: they differ.
    """
    if not (folder / CONTINUITY).exists():
        # Written by a localft that did not note it; the files themselves are whole, or they would not be resumed.
        return
    noted = Continuity.load(folder / CONTINUITY)
    # Of several processes that learn together, only the first one's random numbers are in the checkpoint.
    names = [name for name in _WORDS if name != "random" or is_first()]
    broken = [_WORDS[name] for name in names if getattr(noted, name) != getattr(now, name)]
    if noted.step != now.step or broken:
        what = " and ".join(broken) or f"step {noted.step}, not {now.step}"
        raise UserError(
            f"The checkpoint of step {noted.step} was not restored exactly: {what}.",
            "Nothing was lost. Resume on the computer, with the versions, that the run began with, or start a new one.",
        )


def _digest(tensors: Iterable[Any]) -> str:
    digest = hashlib.sha256()
    for tensor in tensors:
        content = torch.as_tensor(tensor).detach().cpu().contiguous()
        digest.update(f"{content.dtype} {tuple(content.shape)}".encode())
        digest.update(content.flatten().view(torch.uint8).numpy())
    return digest.hexdigest()


def _random() -> str:
    states = [torch.get_rng_state(), *(torch.cuda.get_rng_state_all() if torch.cuda.is_available() else [])]
    name, keys, position, *_ = numpy.random.get_state()
    others = f"{random.getstate()} {name} {position}"
    return hashlib.sha256(f"{_digest([*states, torch.from_numpy(keys)])} {others}".encode()).hexdigest()
