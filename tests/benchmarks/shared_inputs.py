"""What it would bring to let layers that read the same input share their backward pass; and what 4 bits cost there.

python -m tests.benchmarks.shared_inputs [--rounds N]

Decoder layers of several widths in 4 bits with the lean adapter, forward and backward of some tokens. Of gate and up
the gated block makes the gradient by their common input in one place. Queries, keys and values are apart: autograd adds
their three gradients up. Here they are also put together, as one function that adds in place. Each weight is
dequantised once in the backward pass either way, since no two layers have the same.

Ways take turns in one process with one thread; counted are seconds of its processor, so that whatever else the machine
does is left out. Printed, never asserted.

What came of it: nothing that pays, see RESULTS.md. The three stay apart.
"""

import argparse
import logging
import statistics
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch.autograd.function import once_differentiable

from localft.training.kernels.low_rank import LowRank, adapter_gradients, input_gradient, low_rank_of, product
from tests.benchmarks._examples import as_trained, with_adapter
from tests.benchmarks._home import own_home


class _Width(NamedTuple):
    """A layer: numbers a token of the hidden states, of keys, inside of the gated block; and tokens to learn."""

    hidden: int
    keys: int
    inner: int
    tokens: tuple[int, ...]


_WIDTHS = (
    _Width(256, 128, 1_024, (256, 2_048)),
    _Width(1_024, 512, 3_072, (256, 2_048)),
    _Width(2_048, 512, 8_192, (256, 1_024)),
    _Width(4_096, 1_024, 14_336, (256,)),
)
_HEAD = 64


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the comparison; the exit status is 0."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.shared_inputs")
    parser.add_argument("--rounds", type=int, default=5, help="So many passes of each way.")
    chosen = parser.parse_args(arguments)
    warnings.simplefilter("ignore")
    logging.disable(logging.WARNING)
    torch.set_num_threads(1)
    with own_home():
        for width in _WIDTHS:
            model = _model(width)
            for tokens in width.tokens:
                print(_compare(model, width, tokens, chosen.rounds), flush=True)
    return 0


def _model(width: _Width) -> Any:
    """One layer of random weights, with an adapter that changes something."""
    from localft.models.find import find_model
    from localft.training.kernels.lora import make_lean
    from tests.tiny_models import make_tiny_model

    with tempfile.TemporaryDirectory() as place:
        sizes: dict[str, Any] = {"intermediate_size": width.inner, "head_dim": _HEAD}
        sizes |= {"num_attention_heads": width.hidden // _HEAD, "num_key_value_heads": width.keys // _HEAD}
        sizes |= {"max_position_embeddings": max(width.tokens)}
        folder = make_tiny_model(Path(place) / "model", hidden_size=width.hidden, layers=1, **sizes)
        model = as_trained(with_adapter(find_model(str(folder))))
    make_lean(model)
    return model


def _compare(model: Any, width: _Width, tokens: int, rounds: int) -> str:
    decoder = model.get_base_model().model
    layer = decoder.layers[0]
    hidden = torch.randn(1, tokens, width.hidden, requires_grad=True)
    positions = decoder.rotary_emb(hidden, torch.arange(tokens)[None])
    switch = _together(layer.self_attn)

    def learn(together: bool) -> tuple[float, float]:
        """(seconds forward, seconds backward)."""
        switch(together)
        started = time.process_time()
        made = layer(hidden, position_embeddings=positions).sum()
        forward = time.process_time()
        made.backward()
        return forward - started, time.process_time() - forward

    def gradient(together: bool) -> torch.Tensor:
        """Of attention alone: of a whole layer most of it goes past attention."""
        switch(together)
        made, _ = layer.self_attn(hidden, position_embeddings=positions, attention_mask=None)
        return torch.autograd.grad(made.square().sum(), hidden)[0]

    usual, other = gradient(False), gradient(True)
    apart, together, dequantised = [], [], []
    for way in [False, True]:
        learn(way)
    for _ in range(rounds):
        apart.append(learn(False))
        together.append(learn(True))
        dequantised.append(_dequantise(layer))
    switch(False)
    backward = statistics.median(seconds for _, seconds in apart)
    ratios = sorted(sum(one) / sum(two) for one, two in zip(apart, together, strict=True))
    return (
        f"width {width.hidden:,}, {tokens:,} tokens: {statistics.median(map(sum, apart)):.3f} s, of which the backward "
        f"pass has {backward:.3f} s, {statistics.median(dequantised) / backward:.0%} of that to dequantise; with "
        f"queries, keys and values together {statistics.median(ratios):.2f} ({ratios[0]:.2f} to {ratios[-1]:.2f}) "
        f"times as fast, the same gradient to {float((usual - other).norm() / usual.norm()):.0e}"
    )


def _dequantise(layer: Any) -> float:
    """The seconds that it takes to dequantise all weights of a layer once."""
    from bitsandbytes.functional import dequantize_4bit
    from bitsandbytes.nn import Linear4bit

    weights: list[Any] = [module.weight for module in layer.modules() if isinstance(module, Linear4bit)]
    started = time.process_time()
    for weight in weights:
        dequantize_4bit(weight.data, weight.quant_state)
    return time.process_time() - started


def _together(attention: Any) -> Callable[[bool], None]:
    """A switch that makes the three layers one function, or three again.

    All three are computed when queries are asked for; keys and values are handed out when their turn comes.
    """
    layers = [attention.q_proj, attention.k_proj, attention.v_proj]
    lean = [layer.forward for layer in layers]
    made: list[torch.Tensor] = []

    def ask(x: torch.Tensor) -> torch.Tensor:
        pairs = [pair for layer in layers if (pair := low_rank_of(layer, x)) is not None]
        weights = [weight for pair in pairs for weight in (pair.a, pair.b)]
        made[:] = _Together.apply(x, [(pair.base, pair.scaling) for pair in pairs], *weights)
        return made.pop(0)

    def switch(on: bool) -> None:
        ways = [ask, *[lambda x: made.pop(0)] * 2] if on else lean
        for layer, way in zip(layers, ways, strict=True):
            layer.forward = way

    return switch


class _Together(torch.autograd.Function):
    """The results of several adapted layers for one x; keeps x and u of each."""

    @staticmethod
    def forward(
        ctx: Any, x: torch.Tensor, frozen: list[tuple[torch.nn.Linear, float]], *weights: torch.Tensor
    ) -> tuple[torch.Tensor, ...]:
        rows = x.reshape(-1, x.shape[-1])
        made, inner = zip(*(product(rows, pair) for pair in _pairs(weights, frozen)), strict=True)
        ctx.frozen = frozen
        ctx.save_for_backward(x, *inner, *weights)
        return tuple(y.view(*x.shape[:-1], -1) for y in made)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *gradients: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        x, *saved = ctx.saved_tensors
        inner, weights = saved[: len(gradients)], tuple(saved[len(gradients) :])
        rows, found, dx = x.reshape(-1, x.shape[-1]), [], None
        for gradient, u, pair in zip(gradients, inner, _pairs(weights, ctx.frozen), strict=True):
            g = gradient.reshape(-1, gradient.shape[-1])
            v, *own = adapter_gradients(g, rows, u, pair)
            found += own
            dx = input_gradient(g, v, pair, dx)
        return None if dx is None else dx.view(x.shape), None, *found


def _pairs(weights: tuple[torch.Tensor, ...], frozen: list[tuple[torch.nn.Linear, float]]) -> list[LowRank]:
    return [LowRank(a, b, *rest) for a, b, rest in zip(weights[::2], weights[1::2], frozen, strict=True)]


if __name__ == "__main__":
    sys.exit(main())
