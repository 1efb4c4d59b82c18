"""RMS normalisation with a frozen weight that keeps its input and nothing else (Zhang & Sennrich 2019).

    n = x / sqrt(mean(x^2) + eps),   y = n * w      (some architectures: n * (1 + w))

with x [..., width] and the mean over the last dimension, in fp32. Where activations are in 16 bits autograd keeps the
fp32 copy of x; here x itself is kept. For g = dy * w (or dy * (1 + w)) and r = 1 / sqrt(mean(x^2) + eps):

    dx = r (g - n mean(g n))
"""

from types import MethodType
from typing import Any

import torch
from torch.autograd.function import once_differentiable


def make_norm_lean(norm: Any) -> bool:
    """Replace the forward of a norm that computes the above with a frozen weight; returns whether it did."""
    weight, epsilon = getattr(norm, "weight", None), _epsilon(norm)
    if not type(norm).__name__.endswith("RMSNorm") or weight is None or epsilon is None or "forward" in vars(norm):
        return False
    with torch.no_grad():
        x = torch.randn(2, len(weight), generator=torch.Generator().manual_seed(0)).to(weight.device)
        expected, normal = type(norm).forward(norm, x), _normalised(x, epsilon)[0]
        # Only one of the two can fit: they differ by n.
        for offset in (0.0, 1.0):
            if torch.allclose(expected.float(), normal * (offset + weight.float()), rtol=1e-4, atol=1e-6):
                norm.forward = MethodType(_forward_one_added if offset else _forward, norm)
                return True
    return False


def _epsilon(norm: Any) -> float | None:
    epsilon = getattr(norm, "variance_epsilon", getattr(norm, "eps", None))
    return epsilon if isinstance(epsilon, float) else None


def _normalised(x: torch.Tensor, epsilon: float) -> tuple[torch.Tensor, torch.Tensor]:
    """n [..., width] and r [..., 1], both fp32."""
    wide = x.float()
    inverse = torch.rsqrt(wide.square().mean(-1, keepdim=True) + epsilon)
    return wide * inverse, inverse


def _forward(norm: Any, x: torch.Tensor) -> torch.Tensor:
    return _apply(norm, x, 0.0)


def _forward_one_added(norm: Any, x: torch.Tensor) -> torch.Tensor:
    return _apply(norm, x, 1.0)


def _apply(norm: Any, x: torch.Tensor, offset: float) -> torch.Tensor:
    if norm.weight.requires_grad or not x.requires_grad:
        return type(norm).forward(norm, x)
    return _RmsNorm.apply(x, norm, offset)


class _RmsNorm(torch.autograd.Function):
    """y of x; the forward is the module's own, so that results are equal bit for bit."""

    @staticmethod
    def forward(ctx: Any, x: torch.Tensor, norm: Any, offset: float) -> torch.Tensor:
        ctx.save_for_backward(x)
        ctx.norm, ctx.offset = norm, offset
        return type(norm).forward(norm, x)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: torch.Tensor) -> tuple[torch.Tensor, None, None]:
        (x,) = ctx.saved_tensors
        normal, inverse = _normalised(x, _epsilon(ctx.norm) or 0.0)
        g = gradient.float() * (ctx.norm.weight.float() + ctx.offset)
        along = (g * normal).mean(-1, keepdim=True)
        # g - n * along, then times r: both in place.
        return g.addcmul_(normal, along, value=-1).mul_(inverse).to(x.dtype), None, None
