"""How fast a run trains and what memory it takes, beside two ways of training written directly in TRL.

python -m tests.benchmarks.training [--tokens N] [--rounds N] [--spread NAME]...

The starter model in 4 bits with an adapter, one pass over examples of three spreads of lengths, made from the triage
sample. Three ways, the same model, adapter, learning rate, threads, examples and tokens a step, none with dropout, and
the same learned tokens: no example is so long that one way would cut it and another would not.

- localft;
- the guide's recipe as a page of TRL and PEFT: packing, every layer checkpointed, PEFT's own LoRA;
- what TRL does unless told otherwise: padded batches, every layer checkpointed.

Each is a process of its own, so that peak memory is its own; rounds are interleaved, so that whatever else the machine
does meets all ways. The losses are those of the held-out examples after the pass, measured the same plain way for all.
A short pass ends where they still fall fast; a longer one compares them better. Printed, never asserted.
"""

import argparse
import itertools
import random
import statistics
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.benchmarks._home import own_home
from tests.benchmarks._measuring import clock, in_a_process

if TYPE_CHECKING:
    from localft.planning.plan import Plan
    from localft.planning.recipe import TrainingSettings

# One triage example has about so many.
_TOKENS_OF_ONE = 75
# A file of the prepared run: with how many threads all ways compute.
_THREADS = "threads.json"


@dataclass(frozen=True)
class Spread:
    """Log-normal numbers of tickets in an example: the median, and the spread of the logarithm."""

    name: str
    median: float
    spread: float


SPREADS = (Spread("short chat", 1, 0.0), Spread("mixed", 2, 0.9), Spread("long documents", 7, 0.3))
# The longest example in tickets, and the most tokens of what is said in it: the starter model reads 1,024, the marks of
# the turns and the system text included.
_MOST_TICKETS, _MOST_TOKENS = 11, 900


@dataclass(frozen=True)
class Pass:
    """What one pass gave: learned tokens a second, the most memory of the process in bytes, the held-out loss.

    And the steps that it took: packing to a length leaves room in some sequences, and so makes a few more of them.
    """

    rate: float
    memory: int
    loss: float
    steps: int


def main(arguments: Sequence[str]) -> int:
    """Print the comparison; the exit status is 0."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.training")
    parser.add_argument("--tokens", type=int, default=12_000, help="So many tokens of examples make a pass.")
    parser.add_argument("--rounds", type=int, default=3, help="So many passes of each way.")
    parser.add_argument(
        "--spread",
        action="append",
        choices=[spread.name for spread in SPREADS],
        help="Only this spread of lengths; may be given several times.",
    )
    chosen = parser.parse_args(arguments)
    with own_home() as home:
        for spread in (one for one in SPREADS if chosen.spread is None or one.name in chosen.spread):
            print(_compare(home, spread, chosen.tokens, chosen.rounds), flush=True)
    return 0


def _compare(home: Path, spread: Spread, tokens: int, rounds: int) -> str:
    folder = in_a_process(prepare, home, spread, tokens)
    ways = {"localft": _ours, "the guide's recipe in TRL": _recipe, "TRL's defaults": _defaults}
    passes: dict[str, list[Pass]] = {name: [] for name in ways}
    for number in range(rounds):
        for place, (name, way) in enumerate(ways.items()):
            passes[name].append(in_a_process(way, folder, folder.parent / f"{spread.name} {number}-{place}"))
    lines = [f"{spread.name}:"]
    for name, found in passes.items():
        ratios = sorted(one.rate / other.rate for one, other in zip(passes["localft"], found, strict=True))
        lines.append(
            f"  {name}: {statistics.median(one.rate for one in found):,.0f} learned tokens/s, "
            f"{statistics.median(one.memory for one in found) / 2**20:,.0f} MiB, "
            f"held-out loss {statistics.median(one.loss for one in found):.3f} after {found[0].steps} steps; "
            f"localft is {statistics.median(ratios):.2f} ({ratios[0]:.2f} to {ratios[-1]:.2f}) times as fast"
        )
    return "\n".join(lines)


def prepare(home: Path, spread: Spread, tokens: int) -> Path:
    """The folder of a run that is ready to start on examples of a spread."""
    from localft.data.making.importing import import_files
    from localft.hardware import read_hardware
    from localft.models.find import find_model
    from localft.planning.proposals import plan_recipe
    from localft.planning.proposing import propose
    from localft.store import files
    from localft.store.projects import create_project
    from localft.training.runs import prepare_run
    from localft.training.threads import choose_threads

    project, base, hardware = create_project(spread.name), find_model("starter"), read_hardware()
    examples = home / f"{spread.name}.jsonl"
    for example in _examples(spread, tokens):
        files.append_line(examples, example)
    version = import_files(project, [examples]).version
    own = {"epochs": 1, "patience": 0, "evaluations_per_epoch": 1, "max_length": 1_024, "dropout": 0.0}
    proposal = plan_recipe(project, base, propose(project, version.id, base, hardware, "balanced", own), hardware)
    folder, order = prepare_run(project, proposal.recipe, proposal.plan, 1e9)
    order.save(folder / "job.json")
    # Chosen by measuring, which may come out otherwise the next time.
    files.write_json(folder / _THREADS, choose_threads(base.config["hidden_size"], base.config["intermediate_size"]))
    return folder


def _examples(spread: Spread, wanted: int) -> list[dict[str, Any]]:
    """Chats in which several tickets are handed in at once and each is answered, until there are enough tokens."""
    from localft.assets import asset
    from localft.models.tokens import TextTokenizer
    from localft.store.files import read_lines

    chooser, tokenizer = random.Random(0), TextTokenizer(asset("starter-model"))
    tickets = [line["messages"] for line in read_lines(asset("samples/support-triage.jsonl"))[0]]
    examples, tokens = [], 0
    while tokens < wanted:
        count = min(_MOST_TICKETS, max(1, round(spread.median * chooser.lognormvariate(0, spread.spread))))
        chosen = chooser.sample(tickets, count)
        lengths = itertools.accumulate(_tokens_of(tokenizer, messages) for messages in chosen)
        chosen = chosen[: max(1, sum(length <= _MOST_TOKENS for length in lengths))]
        question = "\n\n".join(messages[1]["content"] for messages in chosen)
        answer = "\n".join(messages[2]["content"] for messages in chosen)
        said = [chosen[0][0], {"role": "user", "content": question}, {"role": "assistant", "content": answer}]
        examples.append({"messages": said})
        tokens += len(chosen) * _TOKENS_OF_ONE
    return examples


def _tokens_of(tokenizer: Any, messages: Sequence[dict[str, Any]]) -> int:
    """Those of a ticket and its answer."""
    return sum(len(tokenizer.encode(message["content"])) for message in messages[1:])


def _time(trainer: Any, train: Any, data: Any) -> Pass:
    """Train, and look at what came of it; what other callbacks do around the steps is not counted."""
    import contextlib

    from localft.training.batches import Batches
    from localft.training.environment import peak_memory_bytes
    from localft.training.losses import plain_token_losses
    from localft.training.objectives import Imitation
    from localft.training.validation import validate

    begin, end = clock(trainer)
    train()
    memory = peak_memory_bytes()
    batches = Batches(1_024, 0, packed=False)
    found = validate(
        trainer.model, data.validation.rows, batches, Imitation(plain_token_losses), contextlib.nullcontext()
    )
    rate = data.train.learned_tokens / (end.at - begin.at)
    return Pass(rate, memory, found.loss, trainer.state.global_step)


def read(folder: Path) -> tuple[Any, Any]:
    """(order, data) of the prepared run; as many threads as a run takes, the same for all ways."""
    import torch

    from localft.jobs import JobContext, JobOrder
    from localft.store.files import read_json
    from localft.training.order import read_data, read_order

    torch.set_num_threads(read_json(folder / _THREADS))
    context = JobContext(folder, JobOrder.load(folder / "job.json"))
    order = read_order(context)
    return order, read_data(context, order)


def _ours(folder: Path, target: Path) -> Pass:
    """As localft trains."""
    import shutil

    import transformers

    from localft.jobs import JobContext, JobOrder
    from localft.training.session import Session
    from localft.training.worker import load_for_training

    shutil.copytree(folder, target)
    order, data = read(target)
    transformers.set_seed(order.recipe.settings.seed)
    context = JobContext(target, JobOrder.load(target / "job.json"))
    session = Session(context, order, data, *load_for_training(order))
    return _time(session.trainer, session.run, data)


def _recipe(folder: Path, target: Path) -> Pass:
    """As a fine-tuning guide has it."""
    order, data = read(folder)
    return _in_trl(order, data, target, recipe_batches(order, data))


def recipe_batches(order: Any, data: Any) -> dict[str, Any]:
    """Packed to as many tokens as a step of the plan has, one sequence a step."""
    longest = max(len(row) for row in data.train.rows)
    tokens = sum(len(row) for row in data.train.rows) / order.plan.steps
    return {"per_device_train_batch_size": 1, "packing": True, "max_length": max(longest, round(tokens))}


def _defaults(folder: Path, target: Path) -> Pass:
    """As TRL does it unless told otherwise."""
    order, data = read(folder)
    return _in_trl(order, data, target, default_batches(order))


def default_batches(order: Any) -> dict[str, Any]:
    """The plan's batch in the plan's micro-batches, padded."""
    plan = order.plan
    return {
        "per_device_train_batch_size": plan.micro_batch_size,
        "gradient_accumulation_steps": plan.accumulation,
    }


def _in_trl(order: Any, data: Any, target: Path, batches: dict[str, Any]) -> Pass:
    trainer = trl_trainer(order, target, batches)
    if (learned := learned_of(trainer)) != data.train.learned_tokens:
        raise ValueError(f"TRL would learn {learned} tokens, localft learns {data.train.learned_tokens}.")
    return _time(trainer, trainer.train, data)


def learned_of(trainer: Any) -> int:
    """How many tokens TRL has made of the examples that have a loss; the first of a row never has one."""
    return sum(label >= 0 for row in trainer.train_dataset for label in row["labels"][1:])


def trl_trainer(order: Any, target: Path, batches: dict[str, Any]) -> Any:
    """TRL's trainer of the prepared run."""
    import peft
    import transformers
    from datasets import Dataset
    from trl import SFTTrainer

    from localft.assets import asset
    from localft.data.versions import load_split

    settings, path = order.recipe.settings, asset("starter-model")
    train = load_split(order.project, order.version.id, "train")
    chats = [{"messages": [message.as_chat() for message in example.messages]} for example in train]
    trainer = SFTTrainer(
        model=_four_bit_base(path),
        args=_arguments(settings, order.plan, target, batches),
        train_dataset=Dataset.from_list(chats),
        processing_class=transformers.AutoTokenizer.from_pretrained(path),
        peft_config=peft.LoraConfig(
            r=settings.rank, lora_alpha=settings.alpha, target_modules="all-linear", task_type="CAUSAL_LM"
        ),
    )
    trainer.remove_callback(transformers.PrinterCallback)
    return trainer


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


def _arguments(settings: "TrainingSettings", plan: "Plan", target: Path, batches: dict[str, Any]) -> Any:
    """The settings and the plan in TRL's words; every layer is checkpointed, as it is by default."""
    from trl import SFTConfig

    return SFTConfig(
        output_dir=str(target),
        num_train_epochs=1,
        learning_rate=settings.learning_rate,
        lr_scheduler_type=settings.schedule,
        warmup_steps=round(settings.warmup * plan.steps),
        assistant_only_loss=True,
        bf16=False,
        use_cpu=True,
        seed=settings.seed,
        logging_strategy="no",
        save_strategy="no",
        report_to="none",
        disable_tqdm=True,
        **batches,
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
