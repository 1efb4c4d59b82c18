"""What goes wrong in a run, to be called in its process before it begins."""

import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

from localft.jobs import awake
from localft.planning.plan import Plan
from localft.training import objectives, session, trainer, watcher, worker
from localft.training.batches import Batch
from localft.training.finite import FiniteGradients
from localft.training.parity import FastPaths

_AT_STEP = 3


def out_of_memory() -> None:
    """From the third step on, more than one example at once does not fit."""
    _break("CUDA error: out of memory", most_rows=1)


def killed_in_a_step() -> None:
    """Linux kills the process in the third step, to gain memory."""
    whole = trainer.LocalTrainer.micro_loss

    def micro_loss(self: Any, model: Any, batch: Batch) -> Any:
        if self.state.global_step == _AT_STEP - 1:
            os.kill(os.getpid(), signal.SIGKILL)
        return whole(self, model, batch)

    trainer.LocalTrainer.micro_loss = micro_loss


def killed_while_the_base_is_loaded() -> None:
    """Linux kills the process before it has a model."""

    def load_for_training(order: Any) -> Any:
        os.kill(os.getpid(), signal.SIGKILL)

    module: Any = worker
    module.load_for_training = load_for_training


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


def no_room_for_the_base() -> None:
    """Another program holds the card, so that not even the base model can be loaded."""

    def load_for_training(order: Any) -> Any:
        raise RuntimeError("CUDA out of memory. Tried to allocate 2.00 GiB")

    module: Any = worker
    module.load_for_training = load_for_training


def no_room_for_answers() -> None:
    """Memory runs out whenever the fixed prompts are answered."""

    def answer_prompts(*args: Any) -> list[str]:
        raise RuntimeError("CUDA out of memory. Tried to allocate 2.00 GiB")

    module: Any = session
    module.answer_prompts = answer_prompts


def stopped_within_a_step(folder: Path) -> None:
    """The third step is asked to stop in its second micro-batch; each that comes after is written to `late`."""
    whole, seen = trainer.LocalTrainer.micro_loss, []

    def micro_loss(self: Any, model: Any, batch: Batch) -> Any:
        if self.state.global_step == _AT_STEP - 1:
            seen.append(batch)
            if len(seen) == 2:
                (folder / "stop").touch()
            if len(seen) > 2:
                (folder / "late").touch()
        return whole(self, model, batch)

    trainer.LocalTrainer.micro_loss = micro_loss


def stopped_within_a_validation(folder: Path, calls: int) -> None:
    """That many micro-batches of validations come before the stop is asked; each after it is written to `late`."""
    whole, seen = objectives.Imitation.scores, []

    def scores(self: Any, model: Any, batch: Batch) -> Any:
        if not model.training:
            seen.append(batch)
            if len(seen) == calls:
                (folder / "stop").touch()
            if len(seen) > calls:
                (folder / "late").touch()
        return whole(self, model, batch)

    objectives.Imitation.scores = scores


def five_seconds_are_long() -> None:
    """An absence counts from five seconds on: a test need not wait for minutes, and a busy machine is no absence."""
    awake._BEAT_SECONDS, awake._ABSENT_SECONDS = 0.05, 5.0


def other_random_numbers() -> None:
    """The random numbers of a checkpoint are not restored, as it once happened in silence."""
    trainer.LocalTrainer._load_rng_state = lambda self, checkpoint: None


def fresh_adapters() -> None:
    """The weights of a checkpoint are not restored: the run would begin anew with new adapters."""
    trainer.LocalTrainer._load_from_checkpoint = lambda self, *args, **kwargs: None


def another_optimiser() -> None:
    """The moments of the optimiser are lost."""

    def forget(self: Any) -> None:
        for moments in self.optimizer.state.values():
            moments["exp_avg"].zero_()

    _after_restoring(forget)


def another_rate() -> None:
    """The learning rate begins anew."""

    def begin_anew(self: Any) -> None:
        for group in self.optimizer.param_groups:
            group["lr"] = self.args.learning_rate / 3

    _after_restoring(begin_anew)


def another_order() -> None:
    """The examples come in another order."""
    module: Any = session
    whole = module.order_steps
    module.order_steps = lambda *args, **kwargs: list(reversed(whole(*args, **kwargs)))


def _after_restoring(change: Callable[[Any], None]) -> None:
    whole = trainer.LocalTrainer._load_optimizer_and_scheduler

    def load(self: Any, checkpoint: str | None) -> None:
        whole(self, checkpoint)
        change(self)

    trainer.LocalTrainer._load_optimizer_and_scheduler = load


def computes_in_fp16() -> None:
    """As on a card before Ampere, where a scaler keeps gradients from vanishing; accelerate has it for cards only.

    Its first scale is too large for any loss, so that the first steps are left out.
    """
    module: Any = session
    whole = module.build_trainer

    def build_trainer(*args: Any) -> Any:
        other = (one.model_copy(update={"precision": "bf16"}) if isinstance(one, Plan) else one for one in args)
        made = whole(*other)
        made.accelerator.state._mixed_precision = "fp16"
        made.accelerator.scaler = torch.amp.GradScaler("cpu", init_scale=2.0**21)
        made._gradients = FiniteGradients("fp16", made.args.learning_rate)
        return made

    module.build_trainer = build_trainer


def nothing_is_learned() -> None:
    """The optimiser changes no weight."""
    module: Any = torch.optim.AdamW
    module.step = lambda self, closure=None: None


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
