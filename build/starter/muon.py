"""Muon (Jordan et al. 2024) in fp32: torch's own works in bf16, 20 times slower on processors without such units."""

from collections.abc import Iterable

import torch

# The quintic of the reference implementation: five rounds bring every singular value of a matrix near 1.
_A, _B, _C = 3.4445, -4.7750, 2.0315
_ROUNDS = 5


def orthogonalised(matrices: torch.Tensor) -> torch.Tensor:
    """The nearest half-orthogonal matrix of each, about: [count, rows, columns] -> the same shape (Newton-Schulz)."""
    tall = matrices.shape[1] > matrices.shape[2]
    x = matrices.transpose(1, 2) if tall else matrices
    x = x / x.norm(dim=(1, 2), keepdim=True).clamp(min=1e-7)
    for _ in range(_ROUNDS):
        gram = x @ x.transpose(1, 2)
        x = _A * x + (_B * gram + _C * gram @ gram) @ x
    return x.transpose(1, 2) if tall else x


class Muon(torch.optim.Optimizer):
    """Momentum whose step is made orthogonal; for matrices only. Equal shapes are stepped together."""

    def __init__(self, matrices: Iterable[torch.Tensor], lr: float, weight_decay: float, momentum: float) -> None:
        super().__init__(matrices, {"lr": lr, "weight_decay": weight_decay, "momentum": momentum})

    @torch.no_grad()
    def step(self, closure: None = None) -> None:  # ty: ignore[incompatible-method-override]
        """Make one step with the gradients that are there."""
        for group in self.param_groups:
            alike: dict[torch.Size, list[torch.Tensor]] = {}
            for matrix in group["params"]:
                alike.setdefault(matrix.shape, []).append(matrix)
            for shape, matrices in alike.items():
                updates = torch.stack([self._momentum_of(matrix, group["momentum"]) for matrix in matrices])
                rate = group["lr"] * max(1.0, shape[0] / shape[1]) ** 0.5
                for matrix, update in zip(matrices, orthogonalised(updates), strict=True):
                    matrix.mul_(1 - group["lr"] * group["weight_decay"]).add_(update, alpha=-rate)

    def _momentum_of(self, matrix: torch.Tensor, momentum: float) -> torch.Tensor:
        """Nesterov's look ahead of the running mean of the gradients."""
        gradient = matrix.grad
        assert gradient is not None
        mean = self.state[matrix].setdefault("mean", torch.zeros_like(gradient))
        mean.lerp_(gradient, 1 - momentum)
        return gradient.lerp(mean, momentum)
