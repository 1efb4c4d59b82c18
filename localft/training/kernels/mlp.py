"""The gated block of a transformer as one autograd function (Shazeer 2020, GLU Variants Improve Transformer).

    h = f(gate) * up,   y = down(h)

where gate, up and down are linear layers with adapters, f is SiLU (SwiGLU) or the tanh form of GELU (GeGLU), and gate
and up [tokens, inner] read the same x, in two layers or as the halves of one. For a loss with gradient dh by h:

    dup = dh * f(gate),   dgate = dh * up * f'(gate)

Autograd keeps gate, f(gate), up and h. Here only gate and up are kept; f(gate) and h are made again in the backward
pass: two elementwise passes instead of 2 * inner numbers a token. Both gradients by x are summed in place.
"""

from collections.abc import Callable
from functools import partial
from types import MethodType
from typing import Any, NamedTuple

import torch
from torch.autograd.function import once_differentiable
from torch.nn import functional

from localft.training.kernels.low_rank import LowRank, adapter_gradients, input_gradient, low_rank_of, product


class _Activation(NamedTuple):
    """f, and the gradient by its input from (the gradient by its output, its input)."""

    value: Callable[[torch.Tensor], torch.Tensor]
    gradient: Callable[[torch.Tensor, torch.Tensor], torch.Tensor]


_ACTIVATIONS = (
    _Activation(functional.silu, torch.ops.aten.silu_backward),
    _Activation(
        partial(functional.gelu, approximate="tanh"), partial(torch.ops.aten.gelu_backward, approximate="tanh")
    ),
)


class _Parts(NamedTuple):
    """What the parts of a block are called: the layers that read x, the one that makes y, the activation."""

    entries: tuple[str, ...]
    down: str
    activation: str


_LAYOUTS = (
    # Llama, Mistral, Qwen, Gemma.
    _Parts(("gate_proj", "up_proj"), "down_proj", "act_fn"),
    # Phi: one layer makes gate and up.
    _Parts(("gate_up_proj",), "down_proj", "activation_fn"),
)

# A block computes like ours when no result differs by more than so many roundings of the largest.
_ROUNDINGS = 8


def make_block_lean(block: Any, is_adapted: Callable[[Any], bool]) -> bool:
    """Replace the forward of a gated block whose linear layers all have adapters; returns whether it was one."""
    for parts in _LAYOUTS:
        layers = [getattr(block, name, None) for name in (*parts.entries, parts.down)]
        if "forward" in vars(block) or not all(map(is_adapted, layers)):
            continue
        activation = _activation_of(getattr(block, parts.activation, None))
        if activation is not None and _computes_the_same(block, parts, activation):
            block.forward = MethodType(partial(_forward, parts, activation), block)
            return True
    return False


def _activation_of(module: Any) -> _Activation | None:
    """The known activation with the values of `module`."""
    if not callable(module):
        return None
    points = torch.linspace(-8, 8, 129)
    return next((known for known in _ACTIVATIONS if torch.allclose(known.value(points), module(points))), None)


@torch.no_grad()
def _computes_the_same(block: Any, parts: _Parts, activation: _Activation) -> bool:
    """Whether the block does nothing else: some architectures scale, clamp or thin out what lies between the layers."""
    down = getattr(block, parts.down).get_base_layer()
    first = getattr(block, parts.entries[0]).get_base_layer()
    kind = getattr(first, "compute_dtype", None) or first.weight.dtype
    x = torch.randn(2, first.in_features, generator=torch.Generator().manual_seed(0)).to(down.weight.device, kind)
    if not _lean_pairs(parts, block, x):
        return False
    theirs, ours = type(block).forward(block, x), _forward(parts, activation, block, x)
    tolerance = _ROUNDINGS * torch.finfo(kind).eps * theirs.abs().max()
    return bool((theirs - ours).abs().max() <= tolerance)


def _forward(parts: _Parts, activation: _Activation, block: Any, x: torch.Tensor) -> torch.Tensor:
    """The forward of a gated block: x [..., inputs] to [..., outputs]."""
    pairs = _lean_pairs(parts, block, x)
    if not pairs:
        return type(block).forward(block, x)
    weights = [weight for pair in pairs for weight in (pair.a, pair.b)]
    return _GatedBlock.apply(x, activation, [(pair.base, pair.scaling) for pair in pairs], *weights)


def _lean_pairs(parts: _Parts, block: Any, x: torch.Tensor) -> list[LowRank]:
    """The layers that read x, then the one that makes y; empty where one of them needs PEFT's own forward."""
    found = [low_rank_of(getattr(block, name), x) for name in (*parts.entries, parts.down)]
    pairs = [pair for pair in found if pair is not None]
    return pairs if len(pairs) == len(found) else []


class _GatedBlock(torch.autograd.Function):
    """y of x for a whole block; keeps x, gate, up, and u of each layer."""

    @staticmethod
    def forward(
        ctx: Any,
        x: torch.Tensor,
        activation: _Activation,
        frozen: list[tuple[torch.nn.Linear, float]],
        *weights: torch.Tensor,
    ) -> torch.Tensor:
        *entries, down = _pairs(weights, frozen)
        rows = x.reshape(-1, x.shape[-1])
        made, inner = zip(*(product(rows, pair) for pair in entries), strict=True)
        gate, up = _halves(made)
        y, u = product(activation.value(gate).mul_(up), down)
        ctx.activation, ctx.frozen = activation, frozen
        ctx.save_for_backward(x, *made, *inner, u, *weights)
        return y.view(*x.shape[:-1], -1)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        layers = len(ctx.frozen)
        # Asked for once only: with recomputed layers each asking computes them again.
        saved = ctx.saved_tensors
        x, *made = saved[:layers]
        *inner, u = saved[layers : 2 * layers]
        *entries, down = _pairs(saved[2 * layers :], ctx.frozen)
        rows, g = x.reshape(-1, x.shape[-1]), gradient.reshape(-1, gradient.shape[-1])
        gate, up = _halves(made)
        activated = ctx.activation.value(gate)
        v, *down_gradients = adapter_gradients(g, activated * up, u, down)
        dh = input_gradient(g, v, down)
        d_up = activated.mul_(dh)
        d_gate = ctx.activation.gradient(dh.mul_(up), gate)
        gradients, dx = [], None
        for pair, part, part_u in zip(entries, _like(made, d_gate, d_up), inner, strict=True):
            v, *found = adapter_gradients(part, rows, part_u, pair)
            gradients += found
            dx = input_gradient(part, v, pair, dx) if ctx.needs_input_grad[0] else None
        return None if dx is None else dx.view(x.shape), None, None, *gradients, *down_gradients


def _pairs(weights: tuple[torch.Tensor, ...], frozen: list[tuple[torch.nn.Linear, float]]) -> list[LowRank]:
    """Weights A, B, A, B... with the frozen layers they belong to."""
    return [LowRank(a, b, *rest) for a, b, rest in zip(weights[::2], weights[1::2], frozen, strict=True)]


def _halves(made: tuple[torch.Tensor, ...] | list[torch.Tensor]) -> tuple[torch.Tensor, torch.Tensor]:
    """Gate and up, from two layers or as the halves of one."""
    gate, up = made if len(made) == 2 else made[0].chunk(2, dim=-1)
    return gate, up


def _like(made: list[torch.Tensor], d_gate: torch.Tensor, d_up: torch.Tensor) -> tuple[torch.Tensor, ...]:
    """The gradients by gate and up, laid out like what the layers made."""
    return (d_gate, d_up) if len(made) == 2 else (torch.cat((d_gate, d_up), dim=-1),)
