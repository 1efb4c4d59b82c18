"""The products of a frozen linear layer with a LoRA adapter, and their gradients (Hu et al. 2021, LoRA).

With x [tokens, inputs], the frozen weight W [outputs, inputs], A [rank, inputs], B [outputs, rank], a number s:

    u = x A'            [tokens, rank]
    y = x W' + c + s u B'

and for a loss whose gradient by y is g [tokens, outputs]:

    v  = s g B          [tokens, rank], the gradient by u
    dA = v' x,  dB = s g' u,  dx = g W + v A

W and c have no gradient. All large tensors are of the type of x. A and B are kept in fp32 and rounded to that type for
each product, as autocast does; dA and dB are widened to fp32. W is dequantised for dx once more, as bitsandbytes does.

Kept for the backward pass are x, which all layers that read the same tensor share, and u: with rank numbers a token it
is small beside x, and making it again would read all of x once more.
"""

from typing import Any, NamedTuple

import torch
from bitsandbytes import matmul_4bit
from bitsandbytes.functional import dequantize_4bit
from bitsandbytes.nn import Linear4bit
from torch.nn import functional


class LowRank(NamedTuple):
    """A frozen linear layer, plain or in 4 bits, and the one adapter on it."""

    a: torch.Tensor
    b: torch.Tensor
    base: torch.nn.Linear
    scaling: float


def low_rank_of(layer: Any, x: torch.Tensor) -> LowRank | None:
    """The parts of a PEFT layer, where the products above are all that it does with `x`; else None.

    They are not where adapters are disabled, merged or several, for variants such as DoRA, for an adapter with a bias,
    for dropout in training, and where the layer would compute in another type than that of `x`.
    """
    if layer.disable_adapters or layer.merged or not _computes_in(layer.get_base_layer(), x):
        return None
    names = [name for name in layer.active_adapters if name in layer.lora_A]
    if len(names) != 1:
        return None
    name = names[0]
    dropout = layer.lora_dropout[name]
    if name in layer.lora_variant or layer.lora_bias[name] or (layer.training and getattr(dropout, "p", 0.0) > 0):
        return None
    return LowRank(layer.lora_A[name].weight, layer.lora_B[name].weight, layer.get_base_layer(), layer.scaling[name])


def _computes_in(base: Any, x: torch.Tensor) -> bool:
    """Whether the frozen layer multiplies in the type of `x`, as it is."""
    device = x.device.type
    kind = torch.get_autocast_dtype(device) if torch.is_autocast_enabled(device) else x.dtype
    if x.dtype != kind or base.weight.requires_grad:
        return False
    if base.bias is not None and (base.bias.requires_grad or base.bias.dtype != kind):
        return False
    if not isinstance(base, Linear4bit):
        return base.weight.dtype == kind
    state = base.weight.quant_state
    return (
        state is not None
        and tuple(state.shape) == (base.out_features, base.in_features)
        and base.compute_dtype == kind
        # Repacked for inference on some processors: such a weight has no way back to its numbers.
        and not getattr(state, "packing_format_for_cpu", False)
    )


def product(x: torch.Tensor, pair: LowRank) -> tuple[torch.Tensor, torch.Tensor]:
    """y [tokens, outputs] and u [tokens, rank] of x [tokens, inputs]; the low rank is added to y in place."""
    base: Any = pair.base
    if isinstance(base, Linear4bit):
        y = matmul_4bit(x, base.weight, base.weight.quant_state, bias=base.bias)
    else:
        y = functional.linear(x, base.weight, base.bias)
    u = x @ pair.a.to(x.dtype).t()
    return y.addmm_(u, pair.b.to(x.dtype).t(), alpha=pair.scaling), u


def adapter_gradients(
    g: torch.Tensor, x: torch.Tensor, u: torch.Tensor, pair: LowRank
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """v [tokens, rank] in the type of `g`; dA and dB in the shapes and types of A and B."""
    v = (g @ pair.b.to(g.dtype)).mul_(pair.scaling)
    return v, (v.t() @ x).to(pair.a.dtype), (g.t() @ u).to(pair.b.dtype).mul_(pair.scaling)


def input_gradient(g: torch.Tensor, v: torch.Tensor, pair: LowRank, total: torch.Tensor | None = None) -> torch.Tensor:
    """dx [tokens, inputs]; added to `total` in place where there is one."""
    weight = _whole_weight(pair.base, g.dtype)
    total = g @ weight if total is None else total.addmm_(g, weight)
    return total.addmm_(v, pair.a.to(g.dtype))


def _whole_weight(base: Any, kind: torch.dtype) -> torch.Tensor:
    """W [outputs, inputs]."""
    if not isinstance(base, Linear4bit):
        return base.weight
    return dequantize_4bit(base.weight.data, base.weight.quant_state).to(kind)
