"""How fast a run trains, beside the same recipe written directly in TRL, on the starter model and the triage sample.

python -m tests.benchmarks.training

One pass over the training examples: same model, 4-bit base, adapter, batch, rate, threads and number of examples. TRL
tokenises with its own template handling and learns the assistant's tokens only. Pair by pair in one run, so that
whatever else the machine does meets both sides; printed, never asserted.
"""

import logging
import os
import statistics
import sys
import time
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.benchmarks._home import own_home

if TYPE_CHECKING:
    from localft.planning.plan import Plan
    from localft.planning.recipe import TrainingSettings

_PAIRS = 3
# Steps before the clock starts: the first ones allocate.
_WARM_UP = 3


def main() -> int:
    """Print the comparison; the exit status is 0."""
    warnings.simplefilter("ignore")
    logging.disable(logging.WARNING)
    os.environ["HF_DATASETS_DISABLE_PROGRESS_BARS"] = "1"
    # As the process of every job has it.
    os.environ.setdefault("GOMP_SPINCOUNT", "1000")
    with own_home() as home:
        print(_compare(home))
    return 0


def _compare(home: Path) -> str:
    import torch

    folder, rows, tokens = _prepare()
    pairs = []
    for number in range(_PAIRS):
        ours, our_loss = _ours(folder, home / f"ours-{number}")
        theirs, their_loss = _directly(folder, rows, home / f"trl-{number}", checkpointing=False)
        defaults, _ = _directly(folder, rows, home / f"default-{number}", checkpointing=True)
        pairs.append((tokens / ours, tokens / theirs, tokens / defaults, our_loss, their_loss))
    rates = [statistics.median(column) for column in zip(*pairs, strict=True)]
    ratios = sorted(one / other for one, other, *_ in pairs)
    return (
        f"training: {rates[0]:,.0f} tokens/s; written directly in TRL: {rates[1]:,.0f} tokens/s; ratio "
        f"{statistics.median(ratios):.2f} ({ratios[0]:.2f} to {ratios[-1]:.2f}), medians of {_PAIRS} pairs, "
        f"{torch.get_num_threads()} threads; loss of the last ten steps {rates[3]:.3f} and {rates[4]:.3f}; "
        f"TRL with checkpointing, its default: {rates[2]:,.0f} tokens/s"
    )


def _prepare() -> tuple[Path, list[dict[str, Any]], int]:
    """The folder of a prepared run, its training examples as chats, and the tokens of the steps that are timed."""
    from localft.assets import asset
    from localft.data.importing import import_files
    from localft.data.versions import load_split
    from localft.hardware import read_hardware
    from localft.models.find import find_model
    from localft.planning.lengths import measure_tokens
    from localft.planning.plan import make_plan
    from localft.planning.proposing import propose
    from localft.store.projects import create_project
    from localft.training.runs import prepare_run
    from localft.training.threads import choose_threads

    project, base = create_project("Benchmark"), find_model("starter")
    version = import_files(project, [asset("samples/support-triage.jsonl")]).version
    hardware = read_hardware()
    own = {"epochs": 1, "patience": 0, "evaluations_per_epoch": 1}
    recipe = propose(project, version.id, base, hardware, "balanced", own)
    stats = measure_tokens(project, version.id, base, recipe.settings)
    plan = make_plan(recipe, base, stats, hardware)
    folder, order = prepare_run(project, recipe, plan, 1e9)
    order.save(folder / "job.json")
    choose_threads(base.config["hidden_size"], base.config["intermediate_size"])
    rows = [
        {"messages": [message.as_chat() for message in example.messages]}
        for example in load_split(project, version.id, "train")
    ]
    timed = 1 - _WARM_UP / plan.steps
    return folder, rows, int(plan.trained_tokens * timed)


class _Clock:
    """Seconds from the end of the warm-up to the last step, validations left out, and the losses on the way."""

    def __new__(cls) -> Any:
        import transformers

        class Clock(transformers.TrainerCallback):
            def __init__(self) -> None:
                self.begun = self.ended = 0.0
                self.losses: list[float] = []

            def on_step_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
                if state.global_step == _WARM_UP:
                    self.begun = time.monotonic()
                self.ended = time.monotonic()
                control.should_log = True

            def on_log(self, args: Any, state: Any, control: Any, logs: Any = None, **kwargs: Any) -> None:
                if "loss" in (logs or {}):
                    self.losses.append(logs["loss"])

            def result(self) -> tuple[float, float]:
                return self.ended - self.begun, statistics.mean(self.losses[-10:])

        return Clock()


def _ours(folder: Path, target: Path) -> tuple[float, float]:
    """(seconds, loss) of a run as localft makes it."""
    import shutil

    import torch
    import transformers

    from localft.jobs import JobContext, JobOrder
    from localft.training.order import read_data, read_order
    from localft.training.session import Session
    from localft.training.worker import load_for_training

    shutil.copytree(folder, target)
    threads = torch.get_num_threads()
    context = JobContext(target, JobOrder.load(target / "job.json"))
    order = read_order(context)
    transformers.set_seed(order.recipe.settings.seed)
    session = Session(context, order, read_data(context, order), *load_for_training(order))
    clock = _Clock()
    # Before the watcher, whose validation in the last step is not training.
    session.trainer.callback_handler.callbacks.insert(0, clock)
    torch.set_num_threads(threads)
    session.run()
    return clock.result()


def _directly(folder: Path, rows: list[dict[str, Any]], target: Path, checkpointing: bool) -> tuple[float, float]:
    """(seconds, loss) of the same recipe as a page of TRL."""
    import peft
    import transformers
    from datasets import Dataset
    from trl import SFTTrainer

    from localft.assets import asset
    from localft.planning.plan import Plan
    from localft.planning.recipe import Recipe

    settings, path = Recipe.load(folder / "recipe.json").settings, asset("starter-model")
    clock = _Clock()
    trainer = SFTTrainer(
        model=_four_bit_base(path),
        args=_trl_arguments(settings, Plan.load(folder / "plan.json"), target, checkpointing),
        train_dataset=Dataset.from_list(rows),
        processing_class=transformers.AutoTokenizer.from_pretrained(path),
        peft_config=peft.LoraConfig(
            r=settings.rank, lora_alpha=settings.alpha, target_modules="all-linear", task_type="CAUSAL_LM"
        ),
        callbacks=[clock],
    )
    trainer.remove_callback(transformers.PrinterCallback)
    trainer.train()
    return clock.result()


def _four_bit_base(path: Path) -> Any:
    import torch
    import transformers

    return transformers.AutoModelForCausalLM.from_pretrained(
        path,
        dtype=torch.float32,
        device_map={"": "cpu"},
        quantization_config=transformers.BitsAndBytesConfig(
            load_in_4bit=True,
            bnb_4bit_quant_type="nf4",
            bnb_4bit_use_double_quant=True,
            bnb_4bit_compute_dtype=torch.float32,
        ),
    )


def _trl_arguments(settings: "TrainingSettings", plan: "Plan", target: Path, checkpointing: bool) -> Any:
    """The settings and the plan in TRL's words."""
    from trl import SFTConfig

    return SFTConfig(
        output_dir=str(target),
        max_steps=plan.steps,
        per_device_train_batch_size=plan.micro_batch_size,
        gradient_accumulation_steps=plan.accumulation,
        learning_rate=settings.learning_rate,
        lr_scheduler_type=settings.schedule,
        warmup_steps=round(settings.warmup * plan.steps),
        max_length=settings.max_length,
        assistant_only_loss=True,
        activation_checkpointing=checkpointing,
        bf16=False,
        use_cpu=True,
        seed=settings.seed,
        logging_strategy="no",
        save_strategy="no",
        report_to="none",
        disable_tqdm=True,
    )


if __name__ == "__main__":
    sys.exit(main())
