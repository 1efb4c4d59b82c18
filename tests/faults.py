"""What goes wrong in a run, to be called in its process before it begins."""

from typing import Any

from localft.jobs import awake
from localft.training import session, trainer, watcher
from localft.training.batches import Batch
from localft.training.parity import FastPaths

_AT_STEP = 3


def out_of_memory() -> None:
    """From the third step on, more than one example at once does not fit."""
    _break("CUDA error: out of memory", most_rows=1)


def lost_card() -> None:
    """The card is lost in the third step."""
    _break("CUDA error: unspecified launch failure", most_rows=0)


def no_gradient() -> None:
    """The gradient of the third step is no number, though its loss is."""
    whole = trainer.LocalTrainer.training_step

    def training_step(self: Any, *args: Any, **kwargs: Any) -> Any:
        loss = whole(self, *args, **kwargs)
        if self.state.global_step == _AT_STEP - 1:
            weights = next(one for one in self.model.parameters() if one.requires_grad)
            weights.grad.view(-1)[0] = float("nan")
        return loss

    trainer.LocalTrainer.training_step = training_step


def no_weights() -> None:
    """In the third step the optimiser makes a weight of which nothing is left."""
    whole = watcher.Watcher.on_step_end

    def on_step_end(self: Any, args: Any, state: Any, control: Any, model: Any = None, **kwargs: Any) -> None:
        if state.global_step == _AT_STEP:
            next(one for one in model.parameters() if one.requires_grad).data.view(-1)[0] = float("inf")
        whole(self, args, state, control, **kwargs)

    watcher.Watcher.on_step_end = on_step_end


def a_second_is_long() -> None:
    """An absence counts from two seconds on: a test need not wait for minutes, nor be quick."""
    awake._BEAT_SECONDS, awake._ABSENT_SECONDS = 0.05, 2.0


def other_random_numbers() -> None:
    """The random numbers of a checkpoint are not restored, as it once happened in silence."""
    trainer.LocalTrainer._load_rng_state = lambda self, checkpoint: None


def cannot_pack() -> None:
    """As on another card, or after an update of torch, where packed examples come out otherwise."""
    switch_on = session.switch_on

    def without(*args: Any, **kwargs: Any) -> FastPaths:
        return switch_on(*args, **kwargs)._replace(packed=False)

    module: Any = session
    module.switch_on = without


def _break(message: str, most_rows: int) -> None:
    whole = trainer.LocalTrainer.micro_loss

    def micro_loss(self: Any, model: Any, batch: Batch) -> Any:
        if self.state.global_step >= _AT_STEP - 1 and len(batch["document_lengths"]) > most_rows:
            raise RuntimeError(message)
        return whole(self, model, batch)

    trainer.LocalTrainer.micro_loss = micro_loss
