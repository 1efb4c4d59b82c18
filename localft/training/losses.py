"""The loss of each token that is learned, and of no others."""

from collections.abc import Callable
from typing import Any

import torch
from torch.nn import functional

from localft.training.batches import LEARNED, OWNERS, Batch
from localft.training.kernels.head import head_losses, head_of

TokenLosses = Callable[[Any, Batch], torch.Tensor]
"""Of a model and a micro-batch: the negative log-likelihoods in nats of its learned tokens, fp32 [learned tokens]."""


def token_losses(model: Any, batch: Batch) -> torch.Tensor:
    """The losses by a head that scores only the positions that predict a learned token, some of them at a time.

    Right for a model whose logits are what `head_of` says, which is to be checked against `plain_token_losses`.
    """
    base, given = _base_of(model), _arguments(batch)
    hidden = base.base_model(**given, use_cache=False).last_hidden_state.flatten(0, 1)
    return head_losses(hidden[batch[LEARNED]], _targets(batch), head_of(base))


def has_head(model: Any) -> bool:
    """Whether a model is a decoder with a layer on top, as `token_losses` needs it."""
    base = _base_of(model)
    return base.base_model is not base and hasattr(base.get_output_embeddings(), "out_features")


def plain_token_losses(model: Any, batch: Batch) -> torch.Tensor:
    """The losses by the model's own logits, which it makes and keeps for every token of the vocabulary."""
    logits = model(**_arguments(batch), use_cache=False).logits.flatten(0, 1)
    return functional.cross_entropy(logits[batch[LEARNED]].float(), _targets(batch), reduction="none")


def _base_of(model: Any) -> Any:
    return model.get_base_model() if hasattr(model, "get_base_model") else model


def _arguments(batch: Batch) -> dict[str, Any]:
    return {name: value for name, value in batch.items() if name not in (LEARNED, OWNERS, "labels")}


def _targets(batch: Batch) -> torch.Tensor:
    """The token that each of the positions predicts: the next one of its row."""
    return batch["labels"].flatten()[batch[LEARNED] + 1]
