"""Training on a card: the plan against what happens, and the rate against TRL and Unsloth, on cards of several sizes.

python -m tests.benchmarks.gpu_training
python -m tests.benchmarks.gpu_training --models Qwen3-0.6B,Qwen3-4B --cards 8,12 --ways localft,TRL
python -m tests.benchmarks.gpu_training --unsloth PYTHON

QLoRA on models of real size with random weights (tests/real_models.py), 64 examples, half of them long, half short, one
pass. A smaller card is imitated: the plan is told its size, and torch may not take more. The ways get the same base in
4 bits, adapter, examples and learning rate:

- localft, with the micro-batch and the recomputed layers of its plan;
- TRL with the plan's micro-batch, padded, every layer checkpointed, as it is by default;
- Unsloth, if it is installed for the Python that is named, with its own checkpointing and the same micro-batch.

Each is a process of its own. A rate counts every token of the examples, padding not, from the beginning of the first
step to the end of the last. Utilisation is the arithmetic that those tokens need, nothing of it done twice, over the
card's published peak. The error of a plan is its memory without what torch's allocator does not see (the CUDA context)
over the peak that the allocator reports, less one; that of the look before the first step likewise. Printed, never
asserted.
"""

import argparse
import json
import math
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

from tests.benchmarks._home import own_home
from tests.benchmarks._measuring import Measured, clock, in_a_process
from tests.benchmarks._peers import Task, with_trl
from tests.real_models import CONFIGS, allowed_bytes, limit_card, with_card_of, write_model

_CARDS = (8, 12, 16, 24)
_EXAMPLES = 64
# About so many tokens of the starter's tokenizer; half of the examples are long, half are short.
_LONG, _SHORT = 900, 150
_LIBRARIES = ("torch", "transformers", "trl", "peft", "bitsandbytes")
_Way = Callable[["Planned", Path, float], Measured]


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
    how: str = ""


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the comparison; the exit status is 0, also where there is no card to measure with."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.gpu_training")
    parser.add_argument("--models", default=",".join(CONFIGS), help="comma-separated: " + ", ".join(CONFIGS))
    parser.add_argument("--cards", default=",".join(map(str, _CARDS)), help="comma-separated: sizes in GiB")
    parser.add_argument("--ways", default="localft,TRL", help="comma-separated: localft, TRL")
    parser.add_argument("--unsloth", metavar="PYTHON", help="a Python that has Unsloth, to compare with it too")
    options = parser.parse_args(arguments)
    models = [name for name in options.models.split(",") if name]
    if unknown := set(models) - set(CONFIGS):
        parser.error(f"there is no model {', '.join(sorted(unknown))}")
    ways: dict[str, _Way] = {name: way for name, way in {"localft": ours, "TRL": trl}.items() if name in options.ways}
    if options.unsloth:
        ways["Unsloth"] = Unsloth(options.unsloth)
    card = in_a_process(_card)
    if card is None:
        print("There is no CUDA card here: nothing is measured.")
        return 0
    name, there = card
    print(f"{datetime.now(UTC):%Y-%m-%d}, {name}, {_versions()}")
    sizes = [float(text) for text in options.cards.split(",")]
    with own_home():
        for model, folder in _written(models):
            for size in sizes:
                line = f"{model}, {size:g} GB: no such card here"
                print(_pair(model, folder, size, ways) if size <= there else line, flush=True)
    return 0


def _written(models: Sequence[str]) -> Generator[tuple[str, Path]]:
    """Each model and its folder, which is deleted afterwards; the next one is written meanwhile."""
    with tempfile.TemporaryDirectory() as place, ThreadPoolExecutor(1) as writer:

        def write(model: str) -> Future[Path]:
            return writer.submit(in_a_process, write_model, Path(place) / model, CONFIGS[model])

        coming = write(models[0])
        for model, following in zip(models, [*models[1:], None], strict=True):
            folder = coming.result()
            if following is not None:
                coming = write(following)
            yield model, folder
            shutil.rmtree(folder)


def _card() -> tuple[str, float] | None:
    """The card's name, and its memory in GiB."""
    import torch

    if not torch.cuda.is_available():
        return None
    card = torch.cuda.get_device_properties(0)
    # A card of 24 GB reports a little less than 24 GiB.
    return card.name, math.ceil(card.total_memory / 2**30)


def _versions() -> str:
    return ", ".join(f"{library} {metadata.version(library)}" for library in _LIBRARIES)


def _pair(model: str, folder: Path, size: float, ways: dict[str, _Way]) -> str:
    """The lines of one model on one card."""
    planned = in_a_process(prepare, folder, f"{model} on {size:g}", size)
    heading = (
        f"{model}, {size:g} GB: plan {planned.memory / 2**30:.1f} GiB, {planned.rate:,.0f} tokens/s, {planned.how}"
    )
    if not planned.fits:
        return f"{heading}; it does not fit, and nothing is started"
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
            line += f"; {_of_the_plan(planned, one)}"
            line += f"; the look before the first step by {one.probed / one.peak - 1:+.1%}" if one.probed else ""
        elif not first.problem:
            line += (
                f"; localft has {first.rate / one.rate:.2f} times its rate, {first.peak / one.peak:.2f} of its memory"
            )
        lines.append(line)
    return lines


def _of_the_plan(planned: Planned, measured: Measured) -> str:
    """How far a plan was off; it has said nothing about the memory of fewer layers than it had computed twice."""
    rate = f"{planned.rate / measured.rate - 1:+.0%}"
    if measured.layers is None:
        return f"the plan's memory is off by {memory_error(planned, measured):+.1%}, its rate by {rate}"
    return f"the look chose to compute {measured.layers} layers twice; the plan's rate is off by {rate}"


def memory_error(planned: Planned, measured: Measured) -> float:
    """How far the plan's memory lies above what the run took, as a share of that; both as the allocator sees it."""
    return (planned.memory - planned.runtime) / measured.peak - 1


def measure(way: _Way, planned: Planned, size: float) -> Measured:
    """Let one way work in a process of its own."""
    with tempfile.TemporaryDirectory() as place:
        return in_a_process(way, planned, Path(place) / "run", size)


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
    once = Load(
        "qlora",
        plan.precision,
        plan.on_gpu,
        settings.rank,
        1,
        round(sum(proposal.stats.lengths) / len(proposal.stats.lengths)),
        recomputed=0,
    )
    return Planned(
        folder=folder,
        fits=plan.fits != "no",
        memory=plan.total_bytes,
        runtime=plan.memory["runtime"],
        rate=plan.tokens_per_second,
        flops=flops_per_token(shape_of(proposal.base_model), once),
        device_flops=device.flops,
        how=f"{plan.micro_batch_size} at once, {plan.recomputed_layers} layers computed twice",
    )


def ours(planned: Planned, target: Path, size: float) -> Measured:
    """As localft trains, on the imitated card; running out of its memory is a result."""
    from localft.errors import StartAgain, is_out_of_memory

    limit_card(size, planned.runtime)
    shutil.copytree(planned.folder, target)
    try:
        return _train(target)
    except StartAgain:
        return Measured(problem="the look before step 1 asked for less at once")
    except RuntimeError as error:
        if is_out_of_memory(error):
            return Measured(problem="the memory ran out")
        raise


def _train(folder: Path) -> Measured:
    import transformers

    from localft.store.files import read_lines
    from localft.training.environment import peak_memory_bytes
    from localft.training.session import Session
    from localft.training.worker import load_for_training

    context, order, data = _read(folder)
    transformers.set_seed(order.recipe.settings.seed)
    # Of random weights every answer is as long as it may be.
    data = replace(data, prompts=[])
    session = Session(context, order, data, *load_for_training(order))
    begin, end = clock(session.trainer)
    session.run()
    looks = [event for event in read_lines(folder / "events.jsonl")[0] if event["kind"] == "probe"]
    tokens = sum(len(row) for row in data.train.rows)
    return Measured(
        tokens / (end.at - begin.at),
        peak_memory_bytes(),
        looks[-1]["predicted_bytes"] if looks else 0,
        # The first is of what was planned.
        looks[-1]["recomputed_layers"] if len(looks) > 1 else None,
    )


def trl(planned: Planned, target: Path, size: float) -> Measured:
    """As TRL trains, on the imitated card."""
    return with_trl(task_of(planned, target, size))


class Unsloth:
    """As Unsloth trains, in a Python that has it."""

    def __init__(self, python: str) -> None:
        self._python = python

    def __call__(self, planned: Planned, target: Path, size: float) -> Measured:
        target.mkdir()
        path = target / "task.json"
        path.write_text(json.dumps(asdict(task_of(planned, target, size))), encoding="utf-8")
        command = [self._python, "-m", "tests.benchmarks._peers", str(path)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            return Measured(problem=done.stderr.strip().rpartition("\n")[2])
        return Measured(**json.loads(done.stdout.strip().rpartition("\n")[2]))


def task_of(planned: Planned, target: Path, size: float) -> Task:
    """The prepared run, token for token, as the others are given it."""
    _, order, data = _read(planned.folder)
    settings, plan = order.recipe.settings, order.plan
    return Task(
        model=order.base_model.folder or order.base_model.reference,
        folder=str(target),
        rows=[(row.token_ids.tolist(), row.labels.tolist()) for row in data.train.rows],
        precision=plan.precision,
        on_gpu=plan.on_gpu,
        rank=settings.rank,
        alpha=settings.alpha,
        micro_batch_size=plan.micro_batch_size,
        accumulation=plan.accumulation,
        learning_rate=settings.learning_rate,
        schedule=settings.schedule,
        seed=settings.seed,
        most_bytes=allowed_bytes(size, planned.runtime) if plan.on_gpu else 0,
    )


def _read(folder: Path) -> tuple[Any, Any, Any]:
    """(context, order, data) of a prepared run."""
    from localft.jobs import JobContext, JobOrder
    from localft.training.order import read_data, read_order

    context = JobContext(folder, JobOrder.load(folder / "job.json"))
    order = read_order(context)
    return context, order, read_data(context, order)


if __name__ == "__main__":
    sys.exit(main())
