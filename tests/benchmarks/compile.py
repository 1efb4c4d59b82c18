"""What torch.compile would bring: forward and backward of the same examples as a run computes them, and compiled.

python -m tests.benchmarks.compile [--rounds N] [--model NAME]

Two models in 4 bits with an adapter, on packed micro-batches of varying lengths, half of the tokens learned: the
starter, and two layers of a width of 1,024. Compiled are whole decoder layers, with the lean adapter or PEFT's own, or
gated blocks alone; where every layer is recomputed in the backward pass, attention and gated blocks apart, since of a
recomputed layer torch compiles all or nothing. Sizes are left open, so that other lengths need no other code. What
attends to documents is left as it is: their lengths are numbers of Python, which would be compiled into the code, and
every micro-batch would need its own.

Each way is a process of its own with one thread, in which rounds with and without compiled code take turns; counted
are seconds of its processor, so that whatever else the machine does is left out. The seconds of compiling are those of
the clock, by which the first round was longer than the others; what an hour gains has them taken off. Printed, never
asserted. A C++ compiler is needed.

What came of it: too little to be an option, and it keeps more for the backward pass than is planned; see RESULTS.md.
"""

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.benchmarks._examples import SPREADS, as_trained, load_model, make_rows, with_adapter
from tests.benchmarks._home import own_home
from tests.benchmarks._measuring import in_a_process

_MODELS = ("the starter", "two layers of 1,024")
_TOKENS_AT_ONCE = 2_048
_EXAMPLES_OF_THE_WIDE = 12
# More than the 8 of torch: code for every layer, not the old way from the ninth on.
_MOST_CODES = 64


@dataclass(frozen=True)
class Way:
    """What is compiled: whole layers or their gated blocks, of lean or of PEFT's own adapters, recomputed or not."""

    name: str
    layers: bool = True
    lean: bool = True
    recomputed: bool = False


_WAYS = (
    Way("layers"),
    Way("gated blocks", layers=False),
    Way("attention and gated blocks, all layers recomputed", recomputed=True),
    Way("layers with PEFT's own adapters", lean=False),
)


@dataclass(frozen=True)
class Round:
    """One pass over the micro-batches: seconds of the processor, the summed loss, and the gradient of all weights."""

    seconds: float
    loss: float
    gradient: Any


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the comparison; the exit status is 0, also where there is nothing to compile with."""
    from localft.compilers import command_for_compiler, has_compiler

    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.compile")
    parser.add_argument("--rounds", type=int, default=5, help="So many passes with compiled code, and as many without.")
    parser.add_argument("--model", choices=_MODELS, help="Only this model.")
    chosen = parser.parse_args(arguments)
    if not has_compiler():
        print(f"There is no C++ compiler here: nothing is measured. One comes with: {command_for_compiler()}")
        return 0
    with own_home():
        for model in _MODELS if chosen.model is None else [chosen.model]:
            print(f"{model}:")
            for way in _WAYS:
                print(f"  {in_a_process(_compare, model, way, chosen.rounds)}", flush=True)
    return 0


def _compare(name: str, way: Way, rounds: int) -> str:
    import torch
    from torch._dynamo import utils

    from localft.training.batches import Batches
    from localft.training.kernels.lora import make_lean
    from localft.training.recompute import recompute_layers

    torch.set_num_threads(1)
    rows = make_rows(SPREADS[1])
    model = as_trained(load_model() if name == _MODELS[0] else _wide())
    batches = Batches(_TOKENS_AT_ONCE, 0, packed=True)(rows if name == _MODELS[0] else rows[:_EXAMPLES_OF_THE_WIDE])
    if way.recomputed:
        recompute_layers(model, 99)
    make_lean(model)
    _learn(model, batches)
    expected, kept = _learn(model, batches), _kept(model, batches)
    switch = _compiled(model, way)
    switch(True)
    started = time.monotonic()
    first = _learn(model, batches)
    seconds, compiled_kept, pairs = time.monotonic() - started, _kept(model, batches), []
    for _ in range(rounds):
        switch(False)
        usual = _learn(model, batches)
        switch(True)
        pairs.append((usual.seconds, _learn(model, batches).seconds))
    ratios = sorted(usual / compiled for usual, compiled in pairs)
    ratio = statistics.median(ratios)
    seconds -= statistics.median(compiled for _, compiled in pairs)
    made = utils.get_compilation_metrics()
    breaks = sum(utils.counters["graph_break"].values())
    difference = float((first.gradient - expected.gradient).norm() / expected.gradient.norm())
    return (
        f"{way.name}: {ratio:.2f} ({ratios[0]:.2f} to {ratios[-1]:.2f}) times as fast as it is; compiled in "
        f"{seconds:.0f} s, which leaves {ratio * (1 - seconds / 3_600):.2f} over an hour; {breaks} breaks, {len(made)} "
        f"pieces, {sum(bool(one.recompile_reason) for one in made)} of them compiled again for other input; keeps "
        f"{compiled_kept / kept:.2f} times the bytes; the same loss to {abs(first.loss / expected.loss - 1):.0e}, "
        f"gradient to {difference:.0e}"
    )


def _wide() -> Any:
    """Random weights of the width of a model of 0.6 billion."""
    from localft.models.find import find_model
    from tests.tiny_models import make_tiny_model

    with tempfile.TemporaryDirectory() as place:
        sizes: dict[str, Any] = {"intermediate_size": 3_072, "num_attention_heads": 16, "num_key_value_heads": 8}
        sizes |= {"head_dim": 64, "vocab_size": 2_048, "max_position_embeddings": 1_024}
        folder = make_tiny_model(Path(place) / "wide", hidden_size=1_024, layers=2, **sizes)
        return with_adapter(find_model(str(folder)))


def _compiled(model: Any, way: Way) -> Callable[[bool], None]:
    """A switch between compiled code and the usual way; nothing is compiled before it is run."""
    import torch
    from torch import _dynamo
    from transformers import AttentionInterface

    from localft.training.kernels.attention import NAME, attend_by_document
    from localft.training.kernels.lora import make_lean, make_plain

    settings: Any = _dynamo.config
    settings.recompile_limit, settings.accumulated_recompile_limit = _MOST_CODES, 16 * _MOST_CODES
    AttentionInterface.register(NAME, torch.compiler.disable(attend_by_document))
    parts = list(model.get_base_model().model.layers)
    if way.recomputed or not way.layers:
        parts = [part for layer in parts for part in ([layer.self_attn, layer.mlp] if way.layers else [layer.mlp])]
    for part in parts:
        part.compile(dynamic=True)
    compiled = [part._compiled_call_impl for part in parts]

    def switch(on: bool) -> None:
        (make_lean if way.lean or not on else make_plain)(model)
        for part, code in zip(parts, compiled, strict=True):
            part._compiled_call_impl = code if on else None

    return switch


def _kept(model: Any, batches: list[dict[str, Any]]) -> int:
    """Bytes that the largest micro-batch keeps for the backward pass."""
    from localft.training.losses import token_losses
    from tests.saved_tensors import saved_bytes

    largest = max(batches, key=lambda batch: batch["input_ids"].numel())
    return saved_bytes(lambda: token_losses(model, largest), model.parameters())


def _learn(model: Any, batches: list[dict[str, Any]]) -> Round:
    """One pass over the micro-batches, forward and backward."""
    import torch

    from localft.training.losses import token_losses

    model.zero_grad()
    total = 0.0
    started = time.process_time()
    for batch in batches:
        loss = token_losses(model, batch).sum()
        loss.backward()
        total += loss.item()
    seconds = time.process_time() - started
    gradient = torch.cat([weights.grad.flatten() for weights in model.parameters() if weights.grad is not None])
    return Round(seconds, total, gradient)


if __name__ == "__main__":
    sys.exit(main())
