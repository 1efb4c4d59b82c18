"""The training loss, on the tokens that are learned and no others, without a [tokens, vocabulary] tensor."""

from typing import Any

import torch
from torch.nn import functional
from torch.utils.checkpoint import checkpoint

from localft.training.rows import IGNORED

# Learned positions whose logits exist at once.
_CHUNK = 1_024

# Architectures that change the logits after the head say so under one of these names.
_LOGIT_CHANGES = ("final_logit_softcapping", "logit_scale", "logits_scaling", "lm_head_multiplier", "output_multiplier")


def summed_loss(model: Any, inputs: dict[str, Any]) -> torch.Tensor:
    """Summed negative log-likelihood in nats of the learned tokens of a micro-batch; a scalar.

    `inputs` holds input_ids and labels, int64 [rows, length], and what else the model is called with. On a card TRL's
    fused head does it. Elsewhere that head would score every position, learned or not, so the learned ones are picked
    out first.
    """
    base = model.get_base_model() if hasattr(model, "get_base_model") else model
    settings = base.config.get_text_config()
    if inputs["input_ids"].is_cuda or any(getattr(settings, name, None) is not None for name in _LOGIT_CHANGES):
        return -model(**inputs, use_cache=False, fused_lm_head=True).log_probs.sum()
    given = {name: value for name, value in inputs.items() if name != "labels"}
    hidden = base.base_model(**given, use_cache=False).last_hidden_state[:, :-1]
    labels = inputs["labels"][:, 1:]
    learned = labels != IGNORED
    return head_loss(hidden[learned], labels[learned], base.get_output_embeddings())


def head_loss(hidden: torch.Tensor, labels: torch.Tensor, head: torch.nn.Linear) -> torch.Tensor:
    """The summed cross-entropy of hidden states [positions, width] against labels [positions].

    Chunks of positions are projected one after the other, and once more in the backward pass.
    """
    total = hidden.new_zeros((), dtype=torch.float32) + 0.0 * hidden.sum()
    for start in range(0, len(labels), _CHUNK):
        part = hidden[start : start + _CHUNK], labels[start : start + _CHUNK]
        if len(labels) > _CHUNK and torch.is_grad_enabled():
            total = total + checkpoint(_chunk_loss, *part, head, use_reentrant=False)
        else:
            total = total + _chunk_loss(*part, head)
    return total


def _chunk_loss(hidden: torch.Tensor, labels: torch.Tensor, head: torch.nn.Linear) -> torch.Tensor:
    return functional.cross_entropy(head(hidden).float(), labels, reduction="sum")
