"""One part of a run: from its start or its newest checkpoint to the end, or to a stop."""

import contextlib
import platform
from collections.abc import Iterable
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path
from typing import Any

import torch

from localft import words
from localft.errors import StartAgain, Stopped, UserError
from localft.jobs import JobContext
from localft.planning.carried_out import carried_out_bytes
from localft.planning.memory import channel_bytes, step_bytes
from localft.planning.model_shape import ModelShape, shape_of
from localft.planning.plan import Plan, load_of
from localft.planning.steps import order_steps
from localft.training.batches import Batches
from localft.training.continuity import Continuity, ContinuityCheck, measure, note
from localft.training.finite import NotANumberError, is_finite, not_a_number
from localft.training.layer_counts import layers_that_help, layers_with_room, room_to_fill
from localft.training.objectives import objective_of
from localft.training.order import Order, TrainingData
from localft.training.parity import FastPaths, switch_on
from localft.training.probing import CardMeter, Probe, probe, room_on_card
from localft.training.progress import PROGRESS, RunProgress
from localft.training.ranks import is_first, ranks
from localft.training.recompute import recompute_layers
from localft.training.relief import after_out_of_memory, choose_layers, is_changed, is_relieved
from localft.training.saving import Saving
from localft.training.trainer import build_trainer
from localft.training.validation import Validation, answer_prompts, validate
from localft.training.watcher import Look, Schedule, Watcher

# So many numbers of each weight tell whether anything was learned.
_COMPARED = 64


class Session:
    """Owns the trainer of a run, and `saving`: everything it saves."""

    def __init__(self, context: JobContext, order: Order, data: TrainingData, model: Any, tokenizer: Any) -> None:
        self._context, self._order, self._data = context, order, data
        self._settings, self._plan = order.recipe.settings, order.plan
        self._probed_bytes: int | None = None
        self._trainable = sum(weights.numel() for weights in model.parameters() if weights.requires_grad)
        if self._trainable == 0:
            raise UserError("There is nothing to train in this model.", "Choose another base model or method.")
        # Before a checkpoint is restored: of a full fine-tune, the base model's.
        self._before = _some_of_each(model)
        self.saving = Saving(context, order, self._trainable)
        rows, plan = data.train.rows, order.plan
        lengths = [len(row) for row in rows]
        # As much at once as the plan has room for; an example that is longer stands alone.
        longest = max(lengths)
        self._most_tokens = plan.micro_batch_tokens or plan.micro_batch_size * longest
        paths = self._switch_on(model, max([longest, *map(len, data.validation.rows)]), tokenizer.pad_token_id)
        self._resumed_from = resumed = self.saving.newest()
        progress = RunProgress.load(resumed / PROGRESS) if resumed else RunProgress()
        self._seconds_before = progress.whole_seconds
        if progress.packed is None:
            progress = progress.model_copy(update={"packed": paths.packed})
        examples, seed = self._settings.examples_seen(len(rows)), self._settings.seed
        self._steps = order_steps(lengths, plan.batch_size, examples, seed, padded=not progress.packed)
        self._schedule = self._make_schedule(lengths)
        self._make_batches = partial(Batches, pad_id=tokenizer.pad_token_id, packed=paths.packed)
        self._batches = self._make_batches(self._most_tokens)
        self._objective = objective_of(self._settings, paths.token_losses)
        look = Look(self._validate if data.validation.rows else None, self._sample_answers)
        self._watcher = Watcher(context, self._schedule, look, progress)
        callbacks = [self._watcher, *([ContinuityCheck(resumed, self._measure_continuity)] if resumed else [])]
        self.trainer = build_trainer(
            model, tokenizer, rows, self._make_batches(self._most_tokens, shares=ranks()), self._objective,
            self._steps, self._settings, plan, self.saving.folder, callbacks, self._save, self._leave_if_stopped,
        )  # fmt: skip

    def _switch_on(self, model: Any, longest: int, pad_id: int) -> FastPaths:
        # The plain way takes up to three times the memory of the planned one.
        most = self._most_tokens // 3
        paths = switch_on(model, self._data.train.rows, longest, pad_id, self._autocast(), most)
        self._context.event("fast_paths", head=paths.head, packed=paths.packed, lean=paths.lean)
        for warning in paths.warnings:
            self._context.event("warning", message=warning)
        return paths

    def _measure_continuity(self) -> Continuity:
        done = self.trainer.state.global_step
        return measure(self.trainer, self._steps[done] if done < len(self._steps) else [])

    def _make_schedule(self, lengths: list[int]) -> Schedule:
        size, settings = self._plan.batch_size, self._settings
        tokens = [sum(lengths[index] for index in step) for step in self._steps]
        validate_every = settings.steps_between_validations(len(lengths))
        seconds = float(self._context.settings.get("checkpoint_seconds", 180.0))
        held_out = sum(map(len, self._data.validation.rows))
        numbers = self._plan.precision, settings.learning_rate, held_out, self._plan.tokens_per_second
        return Schedule(tokens, validate_every, settings.patience, size, len(lengths), seconds, *numbers)

    def run(self) -> dict[str, Any]:
        """Train to the end and publish the best weights; the job's outcome.

        Raises:
            Stopped: at the user's request.
            NotANumberError: the loss, say, is no longer one; the best weights so far are published.
            UserError: the disk is full.
        """
        if is_first():
            self.saving.refuse_small_disk()
        if self._plan.on_gpu:
            self._probe_memory()
        try:
            self.trainer.train(resume_from_checkpoint=str(self._resumed_from) if self._resumed_from else None)
        except Stopped:
            # In the middle of a step, or of the validation before the first one.
            self._watcher.ending.stopped = True
            if self.trainer.state.global_step != self.saving.step:
                self.trainer.leave_half_step()
        except NotANumberError as error:
            published = self._publish()
            if published is None:
                raise
            kept = f"What was learned until step {published} is kept as the run's weights."
            raise NotANumberError(f"{error.message} {kept}", error.hint) from error
        step = self.trainer.state.global_step
        if self._watcher.ending.stopped:
            self._publish()
            if step == 0:
                raise Stopped("Stopped before the first step was done; resume begins with it.")
            raise Stopped(f"Stopped at step {step} of {self._schedule.steps}; resume continues from there.")
        # After a stop this may be: the first step of a warm-up has a rate of zero.
        self._refuse_unchanged()
        self._publish()
        return self._outcome(step)

    def _leave_if_stopped(self) -> None:
        """Asked between micro-batches; several processes stop between steps only, where all of them agree.

        Raises:
            Stopped: at the user's request.
        """
        if ranks() == 1:
            self._context.raise_if_stopped()

    def _probe_memory(self) -> None:
        """Look whether the card has room for the largest micro-batch before it is tried, or for more than was planned.

        Where it has none, Windows would page the card's memory out and compute several times slower, without a word.

        Raises:
            StartAgain: the run goes on with less at once.
            UserError: it cannot.
        """
        found, shape = self._look(self._plan), shape_of(self._order.base_model)
        if found is None:
            return
        room = self._tell_of_look(found, self._plan)
        if found.predicted_bytes > room:
            needed, free = words.memory(found.predicted_bytes), words.memory(room)
            what = f"A look before the first step found that {needed} are needed and {free} are free. It starts again"
            layers = layers_that_help(found, room, self._settings, self._plan, shape)
            raise StartAgain(after_out_of_memory(self._order.folder, self._plan, what, layers))
        # What has begun goes on as it was; and several processes would have to agree.
        if self._resumed_from is None and ranks() == 1 and not is_changed(self._order.folder):
            self._recompute_fewer(found, room_to_fill(room, platform.system()), shape)

    def _recompute_fewer(self, found: Probe, room: int, shape: ModelShape) -> None:
        """Compute only as many layers twice as what was measured asks for; each choice is looked at in its turn."""
        plan = self._plan.model_copy(update={"recomputed_layers": min(self._plan.recomputed_layers, shape.layers)})
        planned, latest, measured = plan.recomputed_layers, found, plan
        counts: Iterable[int] = (planned, *range(planned))
        while (count := layers_with_room(latest, room, self._settings, measured, shape, counts)) is not None:
            recompute_layers(self.trainer.model, count)
            measured = plan.model_copy(update={"recomputed_layers": count})
            again = self._look(measured)
            if again is None:
                break
            if again.predicted_bytes <= room:
                self._plan = choose_layers(self._order.folder, self._plan, count)
                self._tell_of_look(again, self._plan)
                fewer = f"{words.counted(count, 'layer')} twice instead of {planned}"
                self._context.event("layers", message=f"A look before the first step found room: it computes {fewer}.")
                return
            latest, counts = again, range(count, planned)
        recompute_layers(self.trainer.model, planned)

    def _look(self, plan: Plan) -> Probe | None:
        """Measure two small micro-batches as `plan` has them computed; None where even the largest one is small."""
        rows, shape = self._data.train.rows, shape_of(self._order.base_model)
        shared = self._make_batches(self._most_tokens, shares=ranks())
        return probe(
            self.trainer.model,
            rows,
            shared.largest([[rows[index] for index in step] for step in self._steps]),
            self._make_batches,
            lambda model, batch: self.trainer.micro_loss(model, batch).backward(),
            lambda extent: step_bytes(
                shape,
                load_of(self._settings, plan, extent.tokens, extent.learned_share, extent.documents),
            ),
            CardMeter(),
            ranks(),
        )

    def _tell_of_look(self, found: Probe, plan: Plan) -> int:
        """Note what a look has found of the plan that is carried out; the room in bytes that is on the card."""
        # What several need between them they take after this look.
        self._probed_bytes, room = found.predicted_bytes, room_on_card() - channel_bytes(ranks())
        points = [{"tokens": point.extent.tokens, "bytes": point.bytes} for point in found.points]
        layers = plan.recomputed_layers
        self._context.event(
            "probe", points=points, predicted_bytes=self._probed_bytes, room_bytes=room, recomputed_layers=layers
        )
        return room

    def _save(self) -> None:
        if not is_first():
            return
        progress, state = self._watcher.progress, self.trainer.state
        progress = progress.model_copy(update={"whole_seconds": self._whole_seconds()})
        if not is_finite(self.trainer.learned_tensors()):
            settings = self._settings
            raise not_a_number("model", state.global_step, self._plan.precision, settings.learning_rate)

        def write(folder: Path) -> None:
            self.trainer.write_state(folder)
            progress.save(folder / PROGRESS)
            note(folder, self._measure_continuity())

        self.saving.save(state.global_step, write, protected=progress.best_step)

    def _refuse_unchanged(self) -> None:
        """An adapter starts as no change at all (its B is zero); one that ends so has learned nothing.

        Where all weights are trained, some of each are compared with the base model's.
        """
        model: Any = self.trainer.model
        inner = [weights for name, weights in model.named_parameters() if ".lora_B." in name]
        if inner:
            unchanged, what = not any(bool(weights.any()) for weights in inner), "its adapter is unchanged"
        else:
            unchanged = all(map(torch.equal, self._before, _some_of_each(model)))
            what = "its weights are those of the base model"
        if unchanged:
            raise UserError(f"The run learned nothing: {what}.", "Raise the learning rate, or report this.")

    def _publish(self) -> int | None:
        return self.saving.publish(self._watcher.progress.best_step) if is_first() else None

    def _outcome(self, step: int) -> dict[str, Any]:
        progress, plan = self._watcher.progress, self._plan
        return {
            "message": self._sentence(step),
            "steps": step,
            "planned_steps": self._schedule.steps,
            "stopped_early": self._watcher.ending.early,
            "first_validation_loss": progress.first_validation_loss,
            "best_validation_loss": progress.best_validation_loss,
            "best_step": progress.best_step,
            "best_preferred": progress.best_preferred,
            "loss": progress.loss,
            "seconds": round(progress.seconds, 3),
            "whole_seconds": round(self._whole_seconds(), 3),
            "trained_tokens": progress.trained_tokens,
            "tokens_per_second": progress.trained_tokens / progress.seconds if progress.seconds else None,
            "peak_memory_bytes": progress.peak_memory_bytes,
            "trainable_weights": self._trainable,
            "processes": self.trainer.accelerator.num_processes,
            "predicted": {
                "seconds": plan.seconds,
                "tokens_per_second": plan.tokens_per_second,
                "memory_bytes": self._predicted_bytes(),
            },
        }

    def _whole_seconds(self) -> float:
        return self._seconds_before + self._context.seconds

    def _predicted_bytes(self) -> int:
        """What was to be measured: by the look before step 1, else by the plan, as it is carried out by now."""
        if self._probed_bytes is not None:
            return self._probed_bytes
        if not is_relieved(self._order.folder):
            return self._plan.measured_bytes
        train, shape = self._data.train, shape_of(self._order.base_model)
        share = train.learned_tokens / max(1, sum(map(len, train.rows)))
        return carried_out_bytes(self._settings, self._plan, shape, self._most_tokens, share)

    def _sentence(self, step: int) -> str:
        progress = self._watcher.progress
        text = f"Trained {words.counted(step, 'step')} in {words.duration(progress.seconds)}"
        if progress.best_validation_loss is not None and progress.first_validation_loss is not None:
            text += (
                f"; validation loss {progress.first_validation_loss:.2f} to {progress.best_validation_loss:.2f}, "
                f"best at step {progress.best_step}"
            )
        if progress.best_preferred is not None:
            text += f"; it prefers the better answer in {words.percent(progress.best_preferred)} of unseen pairs"
        if self._watcher.ending.early:
            text += "; stopped early, since it no longer improved"
        return text + "."

    def _validate(self) -> Validation:
        rows = self._data.validation.rows
        return validate(
            self.trainer.model, rows, self._batches, self._objective, self._autocast(), self._leave_if_stopped
        )

    def _sample_answers(self) -> list[dict[str, str]]:
        prompts = self._data.prompts
        if not prompts:
            return []
        answers = answer_prompts(
            self.trainer.model,
            prompts,
            self._order.chat_format,
            self._data.tokenizer,
            self._autocast(),
            self._leave_if_stopped,
            self._data.prompts_at_once,
        )
        return [
            {"prompt": prompt.text, "expected": prompt.expected, "answer": answer}
            for prompt, answer in zip(prompts, answers, strict=True)
        ]

    def _autocast(self) -> AbstractContextManager[Any]:
        """Mixed precision as in training."""
        if self._plan.precision == "fp32":
            return contextlib.nullcontext()
        kind = torch.bfloat16 if self._plan.precision == "bf16" else torch.float16
        return torch.autocast("cuda" if self._plan.on_gpu else "cpu", dtype=kind)


def _some_of_each(model: Any) -> list[torch.Tensor]:
    """Copies of the first numbers of each trained weight."""
    trained = (weights for weights in model.parameters() if weights.requires_grad)
    return [weights.detach().flatten()[:_COMPARED].float().clone() for weights in trained]
