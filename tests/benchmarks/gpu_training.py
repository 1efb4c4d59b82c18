"""Training on a card: the plan against what happens, and the rate against TRL and Unsloth, on cards of several sizes.

python -m tests.benchmarks.gpu_training
python -m tests.benchmarks.gpu_training --models Qwen3-0.6B,Qwen3-4B --cards 8,12

QLoRA on models of real size with random weights (tests/real_models.py), 64 examples, half of them long, half short, one
pass. A smaller card is imitated: the plan is told its size, and torch may not take more. The ways get the same base in
4 bits, adapter, examples and learning rate:

- localft, with the micro-batch and the recomputed layers of its plan;
- TRL with the plan's micro-batch, padded, every layer checkpointed, as it is by default;
- Unsloth, where it is installed, with its own checkpointing and the same micro-batch.

Each is a process of its own. A rate counts every token of the examples, padding not, from the beginning of the first
step to the end of the last. Utilisation is the arithmetic that those tokens need, nothing of it done twice, over the
card's published peak. The error of a plan is its memory without what torch's allocator does not see (the CUDA context)
over the peak that the allocator reports, less one. Printed, never asserted.
"""

import argparse
import math
import shutil
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import metadata, util
from pathlib import Path
from typing import Any

from tests.benchmarks._home import own_home
from tests.benchmarks._measuring import clock, in_a_process
from tests.real_models import CONFIGS, limit_card, with_card_of, write_model

_CARDS = (8, 12, 16, 24)
_EXAMPLES = 64
# About so many tokens of the starter's tokenizer; half of the examples are long, half are short.
_LONG, _SHORT = 900, 150
_LIBRARIES = ("torch", "transformers", "trl", "peft", "bitsandbytes", "unsloth")


@dataclass(frozen=True)
class Measured:
    """What one way did: tokens a second, the allocator's peak in bytes; or why it did nothing."""

    rate: float = math.nan
    peak: int = 0
    problem: str = ""


@dataclass(frozen=True)
class Planned:
    """A run that is ready to start, what its plan promises, and the operations that one token needs."""

    folder: Path
    fits: bool
    memory: int
    runtime: int
    rate: float
    flops: float
    device_flops: float


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the comparison; the exit status is 0, also where there is no card to measure with."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.gpu_training")
    parser.add_argument("--models", default=",".join(CONFIGS), help="comma-separated: " + ", ".join(CONFIGS))
    parser.add_argument("--cards", default=",".join(map(str, _CARDS)), help="comma-separated: sizes in GiB")
    options = parser.parse_args(arguments)
    models = [name for name in options.models.split(",") if name]
    if unknown := set(models) - set(CONFIGS):
        parser.error(f"there is no model {', '.join(sorted(unknown))}")
    card = in_a_process(_card)
    if card is None:
        print("There is no CUDA card here: nothing is measured.")
        return 0
    name, there = card
    print(f"{datetime.now(UTC):%Y-%m-%d}, {name}, {_versions()}")
    for model in models:
        with own_home(), tempfile.TemporaryDirectory() as place:
            folder = in_a_process(write_model, Path(place) / model, CONFIGS[model])
            for size in (float(text) for text in options.cards.split(",")):
                print(_pair(model, folder, size) if size <= there else f"{model}, {size:g} GB: no such card here")
                sys.stdout.flush()
    return 0


def _card() -> tuple[str, float] | None:
    """The card's name, and its memory in GiB."""
    import torch

    if not torch.cuda.is_available():
        return None
    card = torch.cuda.get_device_properties(0)
    # A card of 24 GB reports a little less than 24 GiB.
    return card.name, math.ceil(card.total_memory / 2**30)


def _versions() -> str:
    known = []
    for library in _LIBRARIES:
        if util.find_spec(library) is not None:
            known.append(f"{library} {metadata.version(library)}")
    return ", ".join(known)


def _pair(model: str, folder: Path, size: float) -> str:
    """The lines of one model on one card."""
    planned = in_a_process(prepare, folder, f"{model} on {size:g}", size)
    heading = f"{model}, {size:g} GB: plan {planned.memory / 2**30:.1f} GiB, {planned.rate:,.0f} tokens/s"
    if not planned.fits:
        return f"{heading}; it does not fit, and nothing is started"
    ways: dict[str, Callable[..., Measured]] = {"localft": ours, "TRL": _trl}
    if util.find_spec("unsloth") is not None:
        ways["Unsloth"] = _unsloth
    found = {name: measure(way, planned, size) for name, way in ways.items()}
    return "\n".join([heading, *table(planned, found)])


def table(planned: Planned, found: dict[str, Measured]) -> list[str]:
    """A line for each way, with its ratios to localft's, which is the first."""
    first = next(iter(found.values()))
    lines = []
    for name, one in found.items():
        if one.problem:
            lines.append(f"  {name}: {one.problem}")
            continue
        used = one.rate * planned.flops / planned.device_flops
        line = f"  {name}: {one.rate:,.0f} tokens/s, {used:.0%} of the card's peak, {one.peak / 2**30:.2f} GiB at most"
        if one is first:
            memory, rate = memory_error(planned, one), planned.rate / one.rate - 1
            line += f"; the plan's memory is off by {memory:+.1%}, its rate by {rate:+.0%}"
        elif not first.problem:
            line += (
                f"; localft has {first.rate / one.rate:.2f} times its rate, {first.peak / one.peak:.2f} of its memory"
            )
        lines.append(line)
    return lines


def memory_error(planned: Planned, measured: Measured) -> float:
    """How far the plan's memory lies above what the run took, as a share of that; both as the allocator sees it."""
    return (planned.memory - planned.runtime) / measured.peak - 1


def measure(way: Callable[..., Measured], planned: Planned, size: float) -> Measured:
    """Let one way work in a process of its own."""
    with tempfile.TemporaryDirectory() as place:
        return in_a_process(_attempt, way, planned, Path(place) / "run", size)


def _attempt(way: Callable[..., Measured], planned: Planned, target: Path, size: float) -> Measured:
    """Let one way work on the imitated card; running out of its memory is a result."""
    from localft.errors import is_out_of_memory

    limit_card(size, planned.runtime)
    try:
        return way(planned.folder, target)
    except RuntimeError as error:
        if is_out_of_memory(error):
            return Measured(problem="the memory ran out")
        raise


def prepare(model: Path, name: str, size: float) -> Planned:
    """The folder of a run of one pass that is ready to start on a card of so many GiB."""
    from localft.hardware import read_hardware
    from localft.models.find import find_model
    from localft.planning.proposals import plan_recipe
    from localft.planning.proposing import propose

    base, hardware = find_model(str(model)), with_card_of(read_hardware(), size)
    project, version = make_data(name)
    own = {"epochs": 1, "patience": 0, "evaluations_per_epoch": 1, "method": "qlora", "dropout": 0.0, "batch_size": 8}
    proposal = plan_recipe(project, base, propose(project, version, base, hardware, "balanced", own), hardware)
    return ready(proposal, project, hardware)


def make_data(name: str) -> tuple[Any, str]:
    """A project with long and short examples, all of them different; and the id of its data."""
    from localft.data.examples import Example, Message
    from localft.store.projects import create_project
    from tests.sample_projects import add_version

    def example(number: int) -> Example:
        # One such word has about two tokens.
        words = [f"w{number}x{place}" for place in range((_LONG if number % 2 else _SHORT) // 6)]
        said = (Message(role="user", content=" ".join(words)), Message(role="assistant", content=" ".join(words[:40])))
        return Example(messages=said, source="made", row=number + 1)

    examples = [example(number) for number in range(_EXAMPLES + 4)]
    project = create_project(name)
    parts = {"train": examples[:_EXAMPLES], "validation": examples[_EXAMPLES:], "test": []}
    return project, add_version(project, parts).id  # ty: ignore[invalid-argument-type]


def ready(proposal: Any, project: Any, hardware: Any) -> Planned:
    """The proposal as a run that is ready to start, and its promises."""
    from localft.planning.device import device_of
    from localft.planning.load import Load
    from localft.planning.model_shape import shape_of
    from localft.planning.speed import flops_per_token
    from localft.training.runs import prepare_run

    folder, order = prepare_run(project, proposal.recipe, proposal.plan, 1e9)
    order.save(folder / "job.json")
    plan, settings, device = proposal.plan, proposal.recipe.settings, device_of(hardware)
    once = Load("qlora", plan.precision, plan.on_gpu, settings.rank, 1, round(proposal.stats.mean), recomputed=0)
    return Planned(
        folder=folder,
        fits=plan.fits != "no",
        memory=plan.total_bytes,
        runtime=plan.memory["runtime"],
        rate=plan.tokens_per_second,
        flops=flops_per_token(shape_of(proposal.base_model), once),
        device_flops=device.flops,
    )


def ours(folder: Path, target: Path) -> Measured:
    """As localft trains."""
    import transformers

    from localft.jobs import JobContext, JobOrder
    from localft.training.order import read_data, read_order
    from localft.training.session import Session
    from localft.training.worker import load_for_training

    shutil.copytree(folder, target)
    context = JobContext(target, JobOrder.load(target / "job.json"))
    order = read_order(context)
    data = read_data(context, order)
    transformers.set_seed(order.recipe.settings.seed)
    session = Session(context, order, data, *load_for_training(order))
    return _time(session.trainer, session.run, data)


def _time(trainer: Any, train: Callable[[], object], data: Any) -> Measured:
    """Train, and look at what the steps took."""
    from localft.training.environment import peak_memory_bytes

    begin, end = clock()
    callbacks = trainer.callback_handler.callbacks
    callbacks.insert(0, end)
    callbacks.append(begin)
    train()
    tokens = sum(len(row) for row in data.train.rows)
    return Measured(tokens / (end.at - begin.at), peak_memory_bytes())


def _trl(folder: Path, target: Path) -> Measured:
    """As TRL does it unless told otherwise."""
    import peft
    import transformers

    order, _ = _read(folder)
    settings = order.recipe.settings
    model = transformers.AutoModelForCausalLM.from_pretrained(
        order.base_model.folder or order.base_model.reference,
        dtype="bfloat16" if order.plan.precision == "bf16" else "float32",
        device_map={"": 0 if order.plan.on_gpu else "cpu"},
        quantization_config=_four_bits(order.plan.precision),
    )
    adapter = peft.LoraConfig(
        r=settings.rank, lora_alpha=settings.alpha, target_modules="all-linear", task_type="CAUSAL_LM"
    )
    return _in_trl(folder, target, model, adapter)


def _unsloth(folder: Path, target: Path) -> Measured:
    """As Unsloth's notebooks do it."""
    from unsloth import FastLanguageModel  # ty: ignore[import-not-found]

    order, _ = _read(folder)
    settings = order.recipe.settings
    loaded, _ = FastLanguageModel.from_pretrained(
        model_name=order.base_model.reference, max_seq_length=settings.max_length, load_in_4bit=True
    )
    model = FastLanguageModel.get_peft_model(
        loaded,
        r=settings.rank,
        lora_alpha=settings.alpha,
        lora_dropout=0,
        target_modules=["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"],
        use_gradient_checkpointing="unsloth",
        random_state=settings.seed,
    )
    return _in_trl(folder, target, model, None, gradient_checkpointing=False)


def _read(folder: Path) -> tuple[Any, Any]:
    """(order, data) of the prepared run."""
    from localft.jobs import JobContext, JobOrder
    from localft.training.order import read_data, read_order

    context = JobContext(folder, JobOrder.load(folder / "job.json"))
    order = read_order(context)
    return order, read_data(context, order)


def _four_bits(precision: str) -> Any:
    import torch
    import transformers

    return transformers.BitsAndBytesConfig(
        load_in_4bit=True,
        bnb_4bit_quant_type="nf4",
        bnb_4bit_use_double_quant=True,
        bnb_4bit_compute_dtype={"bf16": torch.bfloat16, "fp16": torch.float16, "fp32": torch.float32}[precision],
    )


def _in_trl(folder: Path, target: Path, model: Any, adapter: Any, **own: Any) -> Measured:
    """One pass of TRL over the rows of the prepared run, token for token the same."""
    import transformers
    from datasets import Dataset
    from trl import SFTConfig, SFTTrainer

    order, data = _read(folder)
    settings, plan = order.recipe.settings, order.plan
    rows = [{"input_ids": row.token_ids.tolist(), "labels": row.labels.tolist()} for row in data.train.rows]
    config = SFTConfig(
        output_dir=str(target),
        num_train_epochs=1,
        per_device_train_batch_size=plan.micro_batch_size,
        gradient_accumulation_steps=plan.accumulation,
        learning_rate=settings.learning_rate,
        lr_scheduler_type=settings.schedule,
        max_length=None,
        bf16=plan.precision == "bf16",
        fp16=plan.precision == "fp16",
        use_cpu=not plan.on_gpu,
        seed=settings.seed,
        logging_strategy="no",
        save_strategy="no",
        report_to="none",
        disable_tqdm=True,
        **own,
    )
    tokenizer = transformers.AutoTokenizer.from_pretrained(order.base_model.reference)
    trainer = SFTTrainer(
        model=model, args=config, train_dataset=Dataset.from_list(rows), processing_class=tokenizer, peft_config=adapter
    )
    trainer.remove_callback(transformers.PrinterCallback)
    return _time(trainer, trainer.train, data)


if __name__ == "__main__":
    sys.exit(main())
