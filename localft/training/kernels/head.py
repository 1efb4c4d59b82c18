"""The loss of an output head without [positions, vocabulary], and for a frozen one with the gradient made at once.

With z = h W' + c the product of hidden states h [positions, width] with the head, some architectures change it before
the softmax: they multiply it by a number s, and limit it to k tanh(s z / k). With y the result, and t the token that
follows each position:

    loss = sum over positions of  logsumexp(y) - y[t]
    its gradient by y:  p = softmax(y) - onehot(t),   by h:  (p s (1 - (y / k)^2)) W

Where the head has nothing to learn, only h needs a gradient, and both come from the same logits: made for some
positions at a time, used, and let go. Autograd would keep them all until the backward pass, or make them a second time
there, which is half as much work again (6 instead of 4 operations a weight and position). Kept is the gradient by h.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

import torch
from torch.autograd.function import once_differentiable
from torch.nn import functional
from torch.utils.checkpoint import checkpoint

from localft.planning.memory import MOST_LOGITS

# The logits of at most so many positions exist at once.
_MOST_POSITIONS = 4_096

# What architectures call the number s in their configuration.
_SCALES = ("logit_scale", "output_multiplier", "lm_head_multiplier")


class Head(NamedTuple):
    """The layer from hidden states to the vocabulary, the number s, and k where there is a limit."""

    layer: Any
    scale: float = 1.0
    limit: float | None = None

    @property
    def is_frozen(self) -> bool:
        """Whether it is a plain product without anything to learn."""
        return type(self.layer) is torch.nn.Linear and not any(part.requires_grad for part in self.layer.parameters())

    def change(self, scores: torch.Tensor) -> torch.Tensor:
        """y of z."""
        scores = scores * self.scale if self.scale != 1.0 else scores
        return self.limit * torch.tanh(scores / self.limit) if self.limit else scores


def head_of(base: Any) -> Head:
    """The head of a transformers model, as its configuration describes it."""
    settings = base.config.get_text_config()
    scales = [getattr(settings, name, None) for name in _SCALES]
    divisor = getattr(settings, "logits_scaling", None)
    # Granite divides by it; HyperCLOVA X multiplies.
    scales += [divisor if divisor is None or settings.model_type == "hyperclovax" else 1 / divisor]
    scale = next((float(scale) for scale in scales if scale is not None), 1.0)
    return Head(base.get_output_embeddings(), scale, getattr(settings, "final_logit_softcapping", None))


def head_losses(hidden: torch.Tensor, labels: torch.Tensor, head: Head) -> torch.Tensor:
    """The cross-entropies in nats, fp32 [positions], of hidden states [positions, width] against labels, int64."""
    if head.is_frozen:
        return _FrozenHeadLosses.apply(hidden, labels, head)
    losses = []
    parts = list(_parts(len(labels), head))
    for part in parts:
        if len(parts) > 1 and torch.is_grad_enabled():
            losses.append(checkpoint(_part_losses, hidden[part], labels[part], head, use_reentrant=False))
        else:
            losses.append(_part_losses(hidden[part], labels[part], head))
    # Of no positions too, the result hangs on the hidden states.
    return torch.cat(losses) if losses else hidden.sum(1).float()


def _parts(positions: int, head: Head) -> Iterator[slice]:
    size = max(1, min(_MOST_POSITIONS, MOST_LOGITS // head.layer.out_features))
    return (slice(start, start + size) for start in range(0, positions, size))


def _part_losses(hidden: torch.Tensor, labels: torch.Tensor, head: Head) -> torch.Tensor:
    return functional.cross_entropy(head.change(head.layer(hidden).float()), labels, reduction="none")


class _FrozenHeadLosses(torch.autograd.Function):
    """The loss of each position; keeps its gradient by the position's hidden state, which no other loss depends on."""

    @staticmethod
    def forward(ctx: Any, hidden: torch.Tensor, labels: torch.Tensor, head: Head) -> torch.Tensor:
        losses = torch.empty(len(labels), dtype=torch.float32, device=hidden.device)
        gradient = torch.empty_like(hidden) if ctx.needs_input_grad[0] else None
        for part in _parts(len(labels), head):
            by_hidden = None if gradient is None else gradient[part]
            losses[part] = _learn_part(hidden[part], labels[part, None], head, by_hidden)
        if gradient is not None:
            ctx.save_for_backward(gradient)
        return losses

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        (by_hidden,) = ctx.saved_tensors
        # In fp32: the scale of fp16 training alone is more than fp16 can hold.
        return (by_hidden.float() * gradient[:, None]).to(by_hidden.dtype), None, None


def _learn_part(hidden: torch.Tensor, targets: torch.Tensor, head: Head, gradient: torch.Tensor | None) -> torch.Tensor:
    """The losses of some positions; their gradient is written into `gradient`, where there is one.

    In place from z to y, to its softmax, to the gradient by z: one fp32 tensor of logits, and one in the type of the
    product before and after. With a limit, one more.
    """
    logits = head.layer(hidden)
    kind, scores = logits.dtype, logits.float()
    del logits
    if head.scale != 1.0:
        scores.mul_(head.scale)
    slope = None
    if head.limit:
        scores.div_(head.limit).tanh_()
        slope = 1 - scores.square() if gradient is not None else None
        scores.mul_(head.limit)
    wanted, largest = scores.gather(1, targets), scores.amax(-1, keepdim=True)
    totals = scores.sub_(largest).exp_().sum(-1, keepdim=True)
    if gradient is not None:
        scores.div_(totals).scatter_add_(1, targets, totals.new_full((), -1.0).expand(targets.shape))
        if head.scale != 1.0:
            scores.mul_(head.scale)
        if slope is not None:
            scores.mul_(slope)
        gradient.copy_(scores.to(kind) @ head.layer.weight)
    return (totals.log() + largest - wanted).squeeze(1)
