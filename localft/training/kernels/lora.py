"""Lean LoRA: a PEFT model whose adapted layers keep and move fewer bytes for the same results.

PEFT composes a layer of autograd's own parts: a copy of the base's product, a scaled product of the adapter, a sum,
each a pass over [tokens, outputs]. Here a layer is one autograd function. Only the `forward` of each module is
replaced; names, parameters, saved files and everything else stay PEFT's.
"""

from types import MethodType
from typing import Any

import torch
from peft.tuners import lora
from torch.autograd.function import once_differentiable

from localft.training.kernels.low_rank import LowRank, adapter_gradients, input_gradient, low_rank_of, product
from localft.training.kernels.mlp import make_block_lean
from localft.training.kernels.norm import make_norm_lean


def make_lean(model: torch.nn.Module) -> int:
    """Replace the `forward` of adapted linear layers, of gated blocks made of them, and of frozen norms.

    Results and gradients are PEFT's (with `cast_input_dtype_enabled` False) to rounding. A layer computes in the type
    of its input, also outside autocast, where PEFT would refuse an adapter of another type.

    Each call decides anew: PEFT's own forward runs where a layer's adapter is disabled, merged, not the only active one
    or a variant such as DoRA, and for dropout in training, which needs each layer's own masked copy of its input.

    Gated blocks and norms are recognised by what they compute on a few random tokens, not by name. Hooks on the linear
    layers inside such a block are not called.

    Returns:
        The number of linear layers changed; 0 for a model without adapters, or one that is lean already.
    """
    changed = 0
    for layer in model.modules():
        if _is_adapted_linear(layer) and "forward" not in vars(layer):
            layer.forward = MethodType(_forward, layer)
            changed += 1
    if changed:
        for module in model.modules():
            make_block_lean(module, _is_adapted_linear)
            make_norm_lean(module)
    return changed


def make_plain(model: torch.nn.Module) -> None:
    """Undo `make_lean`: every module computes as its class does."""
    for module in model.modules():
        if isinstance(vars(module).get("forward"), MethodType):
            del module.forward


def _is_adapted_linear(layer: Any) -> bool:
    """Whether it is PEFT's adapter on a plain or 4-bit linear layer; lookalikes such as 8 bits are left alone."""
    kinds = (lora.Linear, getattr(lora, "Linear4bit", lora.Linear))
    return type(layer) in kinds and isinstance(layer.get_base_layer(), torch.nn.Linear) and not layer.fan_in_fan_out


def _forward(layer: Any, x: torch.Tensor, *args: Any, **kwargs: Any) -> torch.Tensor:
    """The forward of an adapted layer: x [..., inputs] to [..., outputs]."""
    pair = None if args or kwargs else low_rank_of(layer, x)
    if pair is None:
        return type(layer).forward(layer, x, *args, **kwargs)
    return _LoraProduct.apply(x, *pair)


class _LoraProduct(torch.autograd.Function):
    """y of x for one layer; keeps x and u."""

    @staticmethod
    def forward(
        ctx: Any, x: torch.Tensor, a: torch.Tensor, b: torch.Tensor, base: torch.nn.Linear, scaling: float
    ) -> torch.Tensor:
        y, u = product(x.reshape(-1, x.shape[-1]), LowRank(a, b, base, scaling))
        ctx.frozen = base, scaling
        ctx.save_for_backward(x, u, a, b)
        return y.view(*x.shape[:-1], -1)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        x, u, a, b = ctx.saved_tensors
        pair = LowRank(a, b, *ctx.frozen)
        g = gradient.reshape(-1, gradient.shape[-1])
        v, da, db = adapter_gradients(g, x.reshape(-1, x.shape[-1]), u, pair)
        # The first layer reads frozen embeddings: nobody asks for their gradient.
        dx = input_gradient(g, v, pair).view(x.shape) if ctx.needs_input_grad[0] else None
        return dx, da, db, None, None
