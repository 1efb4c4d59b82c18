"""The worker of a training job: from the records in its folder to the best weights of the run."""

import contextlib
import os
from collections.abc import Generator
from typing import Any

import peft
import torch
import transformers

from localft.errors import StartAgain, UserError, is_device_lost, is_out_of_memory
from localft.jobs import JobContext
from localft.models.download import model_folder
from localft.models.fingerprint import fingerprint
from localft.planning import experience
from localft.planning.memory import STEP
from localft.planning.model_shape import shape_of
from localft.planning.plan import Plan
from localft.store import files
from localft.training.adapting import adapter_targets
from localft.training.checkpoints import CHECKPOINTS, Checkpoints
from localft.training.environment import Environment, read_environment
from localft.training.kernels.attention import register_attention
from localft.training.loading import base_quantization, load_base, load_tokenizer
from localft.training.order import Order, read_data, read_order
from localft.training.ranks import local_rank
from localft.training.recompute import recompute_layers
from localft.training.relief import after_a_lost_device, after_out_of_memory, is_relieved, layers_chosen
from localft.training.session import Session
from localft.training.threads import choose_threads

_OUTCOME = "outcome.json"
_KILLED = "The memory ran out, and Linux has ended the process. It goes on from the last checkpoint"


def run(context: JobContext) -> dict[str, Any]:
    """Train, or go on training, as the folder's recipe says; publish the best weights to weights/.

    Raises:
        Stopped: at the user's request; a checkpoint is saved, and the best weights so far are published.
        StartAgain: memory ran out, or the card was lost; a new process goes on from the last checkpoint.
        UserError: nothing can be learned, memory or disk are used up, or the loss is no longer a number.
    """
    if (context.folder / _OUTCOME).exists():
        # Killed between the last step and the job's own result: everything is done already, but perhaps the clearing.
        Checkpoints(context.folder / CHECKPOINTS, identity="").clear()
        return files.read_json(context.folder / _OUTCOME)
    # All files are here; a library that would look for newer ones must not ask the network.
    os.environ["HF_HUB_OFFLINE"] = "1"
    order = read_order(context)
    context.progress(0, 0, "examples", "Reading the examples")
    data = read_data(context, order)
    context.raise_if_stopped()
    context.progress(0, 0, "steps", f"Loading {order.base_model.name}", at_once=True)
    transformers.set_seed(order.recipe.settings.seed)
    _set_up(order)
    with _relieved(order, loading=True):
        model, tokenizer = load_for_training(order)
    context.raise_if_stopped()
    with _relieved(order):
        session = Session(context, order, data, model, tokenizer)
        outcome = session.run()
    files.write_json(context.folder / _OUTCOME, outcome)
    session.saving.clear()
    _note_experience(context, order, outcome)
    return outcome


def relieve(context: JobContext) -> str:
    """Note how the run goes on with less at once, after Linux has killed its process, and return it as a sentence.

    Raises:
        MemoryError: on a card; of the computer's memory, which was used up, it takes no less with less at once.
        UserError: nothing is left that would help; while the base model is loaded no smaller micro-batch does.
    """
    order = read_order(context)
    if order.plan.on_gpu:
        raise MemoryError
    # The events of the process before; this one has begun with one of its own.
    *_, before, _ = _parts(files.read_lines(context.folder / "events.jsonl")[0])
    if "fast_paths" not in before:
        raise _no_room_for_base(order)
    return after_out_of_memory(order.folder, order.plan, _KILLED)


def _parts(events: list[dict[str, Any]]) -> list[list[str]]:
    """The kinds of the events of each process that has worked on a run."""
    parts: list[list[str]] = [[]]
    for event in events:
        if event["kind"] == "started":
            parts.append([])
        parts[-1].append(event["kind"])
    return parts


def _note_experience(context: JobContext, order: Order, outcome: dict[str, Any]) -> None:
    """For later plans: rate and memory, over those that were predicted without earlier runs."""
    rate, plan, method = outcome["tokens_per_second"], order.plan, order.recipe.settings.method
    # A run that had to be relieved of memory is not the one that was planned, nor is one on several cards.
    if rate is None or is_relieved(order.folder) or outcome["processes"] > 1:
        return
    speed = rate / (plan.tokens_per_second / plan.speed_correction)
    try:
        # The plan's memory is that of the layers which it had computed twice.
        memory = None if layers_chosen(order.folder) else _step_memory(plan, outcome["peak_memory_bytes"])
        experience.note(plan.device, order.base_model.reference, method, speed, outcome["seconds"], memory)
    except OSError as error:
        context.event("warning", message=f"Later plans will not learn from this run: {error}")


def _step_memory(plan: Plan, peak: int) -> float | None:
    """What a step took of a card's memory over what was predicted; a whole process's memory does not tell."""
    if not plan.on_gpu:
        return None
    predicted = sum(plan.memory[cause] for cause in STEP) / plan.memory_correction
    always = plan.measured_bytes - sum(plan.memory[cause] for cause in STEP)
    return (peak - always) / predicted


@contextlib.contextmanager
def _relieved(order: Order, *, loading: bool = False) -> Generator[None]:
    """Where memory runs out or the card is lost, note how the run goes on in a new process.

    In the same one it could not: what filled the memory may still be held, and a lost card stays lost.

    Raises:
        StartAgain: to go on in a new process.
        UserError: nothing is left that would help; while the base model is loaded no smaller micro-batch does.
    """
    try:
        yield
    except (RuntimeError, MemoryError, OSError) as error:
        if is_out_of_memory(error):
            if loading:
                raise _no_room_for_base(order) from error
            raise StartAgain(after_out_of_memory(order.folder, order.plan)) from error
        if is_device_lost(error):
            raise StartAgain(after_a_lost_device(order.folder, order.plan)) from error
        raise


def _no_room_for_base(order: Order) -> UserError:
    where = f"The memory of {order.plan.device}" if order.plan.on_gpu else "The memory of this computer"
    return UserError(
        f"{where} ran out while {order.base_model.name} was loaded, before anything was learned.",
        "Close what else uses it, such as a chat or a game, and resume; or choose a smaller base model.",
    )


def load_for_training(order: Order) -> tuple[Any, Any]:
    """The model to train, with a fresh adapter unless all of it is trained, and its tokenizer."""
    settings, plan = order.recipe.settings, order.plan
    if plan.on_gpu and not torch.cuda.is_available():
        raise UserError(
            "The graphics card that this run was planned for is not there.",
            "Check the driver with `localft doctor`, or start a new run.",
        )
    full = settings.method == "full"
    model = load_base(
        order.base_model,
        quantization=base_quantization(order.recipe),
        device=torch.device("cuda", local_rank()) if plan.on_gpu else torch.device("cpu"),
        # All weights are trained in fp32: small updates vanish in 16 bits.
        precision="fp32" if full else plan.precision,
        attention=register_attention(),
    )
    tokenizer = load_tokenizer(order.base_model)
    # Many base models name no padding token of their own.
    tokenizer.pad_token = order.chat_format.pad_text
    model = model if full else _with_adapter(model, order)
    recompute_layers(model, plan.recomputed_layers)
    return model, tokenizer


def _with_adapter(model: Any, order: Order) -> Any:
    settings = order.recipe.settings
    config = peft.LoraConfig(
        r=settings.rank,
        lora_alpha=settings.alpha,
        lora_dropout=settings.dropout,
        target_modules=adapter_targets(model),
        task_type="CAUSAL_LM",
        revision=order.base_model.revision,
    )
    adapted = peft.get_peft_model(model, config)
    # PEFT notes the folder that the model was loaded from, which means nothing on another computer.
    adapted.peft_config["default"].base_model_name_or_path = order.base_model.reference
    if order.plan.precision != "fp32":
        # The adapter is fp32, its products are not: without this each layer's input would be copied to fp32 and kept.
        for module in adapted.modules():
            if hasattr(module, "cast_input_dtype_enabled"):
                setattr(module, "cast_input_dtype_enabled", False)  # noqa: B010 - torch types a module's fields as tensors
    return adapted


def _set_up(order: Order) -> None:
    """Choose the number of threads and write environment.json; a resumed run goes on with what is in there.

    Raises:
        UserError: the base model is another one by now than that which has learned.
    """
    path, digest = order.folder / "environment.json", fingerprint(model_folder(order.base_model))
    if path.exists():
        known = Environment.load(path)
        torch.set_num_threads(known.threads)
        # A run that has learned nothing yet may begin with a base model that has been mended.
        if known.base_digest not in (None, digest):
            if Checkpoints(order.folder / CHECKPOINTS, order.identity).count():
                raise UserError(
                    f"The base model {order.base_model.reference} is not the one that this run began with.",
                    f"Put the former files back into {model_folder(order.base_model)} and resume, or start a new run.",
                )
            known.model_copy(update={"base_digest": digest}).save(path)
        return
    if not order.plan.on_gpu:
        shape = shape_of(order.base_model)
        choose_threads(shape.hidden, shape.intermediate)
    read_environment(
        order.recipe.settings.seed,
        order.version.id,
        order.version.sha256,
        order.base_model.reference,
        order.base_model.revision,
        digest,
    ).save(path)
