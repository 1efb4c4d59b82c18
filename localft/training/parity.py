"""The fast paths are switched on where they compute the same on this very device, and left out where they do not."""

import math
from collections.abc import Generator, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Any, NamedTuple

import numpy
import torch
from transformers.modeling_layers import GradientCheckpointingLayer

from localft.planning.memory import MOST_LOGITS
from localft.training.batches import Batch, packed, padded, to_device
from localft.training.kernels.attention import can_pack
from localft.training.kernels.lora import make_lean, make_plain
from localft.training.losses import TokenLosses, has_head, plain_token_losses, token_losses
from localft.training.rows import IGNORED, Row, Unit, documents_of

# So many rows, and of each no more tokens than this: the plain way makes every logit of all of them.
_SAMPLE, _FEWEST_TOKENS, _MOST_TOKENS = 3, 16, 256
# So many numbers of a gradient are compared at most; a full fine-tune has as many as the model.
_MOST_NUMBERS = 1 << 22
# The largest relative difference of loss and gradient that rounding explains, by the bytes of a number.
_TOLERANCE = {4: 1e-3, 2: 5e-2}

_OTHER_HEAD = (
    "localft's way to compute the loss gives other results for this model; its own is used, which takes more memory "
    "than was planned."
)
_NO_HEAD = (
    "How this model makes its logits is not known to localft, so that all of them are kept, which takes more memory "
    "than was planned."
)
_OTHER_PACKED = "Packed examples give other gradients on this device; they are padded instead."
_OTHER_LEAN = "The lean adapter gives other gradients on this device; PEFT's own is used instead."


class FastPaths(NamedTuple):
    """What is switched on, and a sentence for each fast path that was tried and computes something else here."""

    head: bool
    packed: bool
    lean: bool
    warnings: tuple[str, ...] = ()

    @property
    def token_losses(self) -> TokenLosses:
        return token_losses if self.head else plain_token_losses


class _Results(NamedTuple):
    """The summed loss of some rows, and its gradient: numbers from all trained weights, one after the other."""

    loss: float
    gradient: torch.Tensor


def switch_on(
    model: Any,
    rows: Sequence[Unit],
    longest: int,
    pad_id: int,
    autocast: AbstractContextManager[Any],
    most_tokens: int = _MOST_TOKENS,
) -> FastPaths:
    """Compare each fast path on the shortest rows with the plain way, and make the model lean if that is right.

    `longest` is the length in tokens of the longest row of the run; of the shortest ones no more than `most_tokens` are
    looked at. Weights and random numbers stay as they are.
    """
    affordable = MOST_LOGITS // (2 * model.config.get_text_config().vocab_size)
    most = max(_FEWEST_TOKENS, min(_MOST_TOKENS, affordable, most_tokens))
    sample = [_learned_end(row, most) for row in sorted(documents_of(rows), key=len)[:_SAMPLE]]
    alone = [padded([row], pad_id) for row in sample]
    warnings = []
    with _at_a_trained_adapter(model):
        expected = _results(model, alone, plain_token_losses, autocast)

        def agrees(batches: Sequence[Batch], losses: TokenLosses, otherwise: str) -> bool:
            alike = _alike(_results(model, batches, losses, autocast), expected, autocast)
            if not alike:
                warnings.append(otherwise)
            return alike

        if not bool(expected.gradient.any()):
            # Where nothing is learned, nothing can be compared.
            return FastPaths(False, False, False)
        known = has_head(model)
        if not known:
            warnings.append(_NO_HEAD)
        head = known and agrees(alone, token_losses, _OTHER_HEAD)
        losses = token_losses if head else plain_token_losses
        together = can_pack(model.config, longest) and agrees([packed(sample)], losses, _OTHER_PACKED)
        lean = make_lean(model) > 0
        if lean and not agrees(alone, losses, _OTHER_LEAN):
            lean = False
            make_plain(model)
    return FastPaths(head, together, lean, tuple(warnings))


def _learned_end(row: Row, most: int) -> Row:
    """At most so many tokens of a row, the last learned one among them."""
    end = int(numpy.flatnonzero(row.labels != IGNORED)[-1]) + 1
    part = slice(max(0, end - most), end)
    return Row(row.token_ids[part], row.labels[part])


@contextmanager
def _at_a_trained_adapter(model: Any) -> Generator[None]:
    """Let the adapter change something for a while: a fresh one has B = 0, which hides half of the gradients.

    Without dropout, so that both ways compute the same; but with the layers recomputed that the run recomputes, since
    what they would keep may not fit.
    """
    inner = [weights for name, weights in model.named_parameters() if ".lora_B." in name]
    fresh = [weights.detach().clone() for weights in inner]
    was_training = model.training
    model.eval()
    for layer in model.modules():
        if isinstance(layer, GradientCheckpointingLayer):
            # The layer's own mark alone; dropout is in its parts.
            layer.training = True
    try:
        with torch.random.fork_rng(), torch.no_grad():
            torch.manual_seed(0)
            for weights in inner:
                weights.normal_(std=0.02)
        yield
    finally:
        with torch.no_grad():
            for weights, before in zip(inner, fresh, strict=True):
                weights.copy_(before)
        model.train(was_training)


def _results(
    model: Any, batches: Sequence[Batch], losses: TokenLosses, autocast: AbstractContextManager[Any]
) -> _Results:
    trained = [weights for weights in model.parameters() if weights.requires_grad]
    loss = 0.0
    for batch in batches:
        with autocast:
            part = losses(model, to_device(batch, trained[0].device)).sum()
        part.backward()
        loss += float(part.detach())
    step = 1 + sum(weights.numel() for weights in trained) // _MOST_NUMBERS
    gradient = torch.cat([weights.grad.flatten()[::step].float() for weights in trained if weights.grad is not None])
    model.zero_grad(set_to_none=True)
    return _Results(loss, gradient)


def _alike(found: _Results, expected: _Results, autocast: AbstractContextManager[Any]) -> bool:
    """Whether two results differ by rounding only; also where both say nothing, as for rows of zero loss."""
    size = 2 if isinstance(autocast, torch.autocast) else 4
    if found.gradient.shape != expected.gradient.shape or not math.isfinite(found.loss):
        return False
    difference = float((found.gradient - expected.gradient).norm())
    return (
        abs(found.loss - expected.loss) <= _TOLERANCE[size] * abs(expected.loss) + 1e-6
        and difference <= _TOLERANCE[size] * float(expected.gradient.norm()) + 1e-6
    )
