"""The trainer: TRL's SFTTrainer, built in this one place, on our own tokens, batches and checkpoints."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import torch
import transformers
from datasets import Dataset
from torch.utils.data import DataLoader
from trl import SFTConfig, SFTTrainer

from localft.planning.plan import Plan
from localft.planning.recipe import TrainingSettings
from localft.training.batches import Batch, Batches, to_device
from localft.training.finite import FiniteGradients
from localft.training.objectives import Objective
from localft.training.randomness import RandomNumbers
from localft.training.rows import Unit

# What a checkpoint holds beside the weights: written and read by transformers' own functions.
STATE_FILE = "trainer_state.json"


class LocalTrainer(SFTTrainer):
    """SFTTrainer that takes its steps from a list, and saves through `save_checkpoint`.

    What transformers calls a batch is a whole step here: for each process a list of micro-batches, as many as its
    examples need. The batch of the recipe is thereby kept whatever fits on the device.
    """

    def prepare(
        self,
        rows: Sequence[Unit],
        steps: Sequence[list[int]],
        objective: Objective,
        save_checkpoint: Callable[[], None],
        gradients: FiniteGradients,
        leave_if_stopped: Callable[[], None],
    ) -> None:
        """Give it what it trains on: rows, the indices of each step of the whole run, the aim, and where to save.

        `leave_if_stopped` is called before each micro-batch, and raises `Stopped`.
        """
        self._rows = rows
        self._steps = steps
        self._objective = objective
        self._save_elsewhere = save_checkpoint
        self._gradients = gradients
        self._leave_if_stopped = leave_if_stopped
        self._before_step: RandomNumbers | None = None

    def get_train_dataloader(self) -> DataLoader:
        """The whole run is one pass over a list of steps, so that resuming is skipping."""
        return DataLoader(self._rows, batch_sampler=self._steps, collate_fn=self.data_collator)  # ty: ignore[invalid-argument-type]

    def training_step(self, model: Any, inputs: Any, num_items_in_batch: Any = None) -> torch.Tensor:
        """Accumulate the gradient of a step; the result is its mean loss in nats per learned token or pair.

        `inputs` holds the list of each process's micro-batches.

        Raises:
            Stopped: at the user's request; `leave_half_step` then makes the last whole step the present one.
        """
        model.train()
        self._before_step = RandomNumbers()
        device = self.accelerator.device
        shares: list[list[Batch]] = inputs
        # Each process weighs its own part by all that is learned in the step.
        units = max(1, sum(map(self._objective.units, shares)))
        total = torch.zeros((), device=device)
        micro_batches = [to_device(batch, device) for batch in shares[self.accelerator.process_index]]
        for batch in micro_batches:
            self._leave_if_stopped()
            total += self._accumulate(model, batch, units)
        return total if len(shares) == 1 else self._add_up(total)

    def _add_up(self, loss: torch.Tensor) -> torch.Tensor:
        """Add gradient and loss of all processes; each has learned from its share of the step."""
        for weights in self.accelerator.unwrap_model(self.model).parameters():
            if weights.requires_grad:
                own = torch.zeros_like(weights) if weights.grad is None else weights.grad
                weights.grad = self.accelerator.reduce(own, "sum")
        return self.accelerator.reduce(loss, "sum")

    def _accumulate(self, model: Any, batch: Batch, units: int) -> torch.Tensor:
        """Add the gradient of one micro-batch; its share of the mean loss, without the graph, which holds memory."""
        loss = self.micro_loss(model, batch) / units
        self.accelerator.backward(loss)
        return loss.detach()

    def micro_loss(self, model: Any, batch: Batch) -> torch.Tensor:
        """The summed loss in nats of the learned tokens or pairs of a micro-batch.

        TRL's own also measures entropy and accuracy, which costs a read-back from the card each time. And accelerate
        wraps the model's own `forward` in mixed precision, but what the loss calls is inside of it.
        """
        bare = self.accelerator.unwrap_model(model)
        with self.accelerator.autocast():
            return self._objective.losses(self._objective.scores(bare, batch)).sum()

    def _get_grad_norm(self, model: Any, grad_norm: Any = None) -> Any:
        """The last moment before the optimiser takes the gradient; transformers reads its norm back here anyway.

        Raises:
            NotANumberError: it is not finite.
        """
        norm = super()._get_grad_norm(model, grad_norm)
        self._gradients.look(self.state.global_step + 1, float(norm))
        return norm

    def leave_half_step(self) -> None:
        """Drop a step that was cut off between micro-batches, and log and save the one before as if it were the last.

        Its gradient was never used; what was random in it is drawn again when the run is resumed.
        """
        if self._before_step is not None:
            self._before_step.restore()
        self.control.should_log = self.control.should_save = True
        self._maybe_log_save_evaluate(self._tr_loss, None, self.model, None, self.state.epoch or 0.0, None, None)  # ty: ignore[invalid-argument-type] - None: no speed of transformers' own

    def learned_tensors(self) -> Iterator[Any]:
        """What a checkpoint keeps of the learning: each trained weight, and the optimiser's moments of it."""
        model: Any = self.model
        yield from (weights for weights in model.parameters() if weights.requires_grad)
        optimizer: Any = self.optimizer
        for moments in optimizer.state.values():
            yield from moments.values()

    def write_state(self, folder: Path) -> None:
        """Write everything that resuming needs into a folder: weights, optimiser, schedule, scaler, random numbers."""
        model: Any = self.model
        # PEFT would look the base model up to see whether its vocabulary has grown; it has not.
        model.save_pretrained(folder, **({"save_embedding_layers": False} if hasattr(model, "peft_config") else {}))
        (folder / "README.md").unlink(missing_ok=True)
        self._save_optimizer_and_scheduler(str(folder))
        self._save_scaler(str(folder))
        self._save_rng_state(str(folder))
        self.state.save_to_json(str(folder / STATE_FILE))

    def _save_checkpoint(self, model: Any, trial: Any) -> None:
        """Replaces transformers' own, which writes in place: a kill in the middle would leave a broken checkpoint."""
        self._save_elsewhere()


def build_trainer(
    model: Any,
    tokenizer: Any,
    rows: Sequence[Unit],
    batches: Batches,
    objective: Objective,
    steps: Sequence[list[int]],
    settings: TrainingSettings,
    plan: Plan,
    folder: Path,
    callbacks: Sequence[transformers.TrainerCallback],
    save_checkpoint: Callable[[], None],
    leave_if_stopped: Callable[[], None],
) -> LocalTrainer:
    """Build the trainer of a run. When to log, validate, save and stop is decided by `callbacks` alone."""
    first = rows[0].documents[0]
    trainer = LocalTrainer(
        model=model,
        args=_arguments(settings, plan, len(steps), folder),
        data_collator=batches.for_each,  # ty: ignore[invalid-argument-type] - a whole step is lists of micro-batches
        # SFTTrainer looks at the first row; what is trained on comes from `prepare`.
        train_dataset=Dataset.from_dict({"input_ids": [first.token_ids], "labels": [first.labels]}),
        processing_class=tokenizer,
        callbacks=list(callbacks),
    )
    trainer.remove_callback(transformers.PrinterCallback)
    # Deterministic algorithms would also fill all new memory, a quarter of the time of a small model's step.
    setattr(torch.utils.deterministic, "fill_uninitialized_memory", False)  # noqa: B010 - a property of a module
    gradients = FiniteGradients(plan.precision, settings.learning_rate)
    trainer.prepare(rows, steps, objective, save_checkpoint, gradients, leave_if_stopped)
    keep_adapter_exact(trainer.model)
    return trainer


def _arguments(settings: TrainingSettings, plan: Plan, steps: int, folder: Path) -> SFTConfig:
    return SFTConfig(
        output_dir=str(folder),
        max_steps=steps,
        # What comes from the loader is a whole step.
        per_device_train_batch_size=plan.batch_size,
        gradient_accumulation_steps=1,
        learning_rate=settings.learning_rate,
        lr_scheduler_type=settings.schedule,
        warmup_steps=round(settings.warmup * steps),
        weight_decay=settings.weight_decay,
        optim="adamw_torch_fused" if plan.on_gpu else "adamw_torch",
        max_grad_norm=1.0,
        # `recompute_layers` has chosen which.
        activation_checkpointing=False,
        bf16=plan.precision == "bf16",
        fp16=plan.precision == "fp16",
        use_cpu=not plan.on_gpu,
        seed=settings.seed,
        data_seed=settings.seed,
        full_determinism=not plan.on_gpu,
        max_length=None,
        dataset_kwargs={"skip_prepare_dataset": True},
        dataloader_num_workers=0,
        dataloader_pin_memory=plan.on_gpu,
        logging_strategy="no",
        eval_strategy="no",
        save_strategy="no",
        # A loss that is not a number must be seen, not averaged away.
        logging_nan_inf_filter=False,
        report_to="none",
        disable_tqdm=True,
        remove_unused_columns=False,
    )


def keep_adapter_exact(model: Any) -> None:
    """Keep trained weights in fp32: TRL rounds the adapter of a 4-bit base to bf16, in which small updates vanish."""
    for parameter in model.parameters():
        if parameter.requires_grad:
            parameter.data = parameter.data.float()
