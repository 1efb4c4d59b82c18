"""Attention of packed sequences: each document attends to itself alone, and no mask is ever made.

transformers' own way is a [tokens, tokens] mask made from the positions. It costs memory, takes the fast kernels away,
and is left out silently where a cache is made, so that documents read each other. Here the boundaries travel with the
batch as keyword arguments, which every supported architecture hands on to its attention.
"""

import functools
import inspect
from collections.abc import Callable, Iterator, Sequence
from itertools import groupby
from typing import Any

import torch
from torch.nn.functional import scaled_dot_product_attention
from transformers import AttentionInterface, AttentionMaskInterface
from transformers.integrations.sdpa_attention import sdpa_attention_forward
from transformers.masking_utils import sdpa_mask

from localft.training.packing import Packed

# With "sdpa" in the name transformers refuses models that need more than SDPA can do, as it does for its own.
NAME = "sdpa_by_document"

# Model types whose layers are shown to hand the boundaries on and to mix tokens in no other place.
_TESTED = frozenset({"llama", "mistral", "qwen2", "qwen3", "gemma3_text", "phi3"})

# What an attention may be given beyond plain causal attention: caps on scores, sinks, biases.
_UNSUPPORTED = ("softcap", "s_aux", "position_bias")


def register_attention() -> str:
    """Make the attention known to transformers; the result is the name to load a model with.

    Without boundaries, for padded batches and generation, it is transformers' own SDPA, masks included.
    """
    AttentionInterface.register(NAME, attend_by_document)
    AttentionMaskInterface.register(NAME, sdpa_mask)
    return NAME


def can_pack(config: Any, longest: int) -> bool:
    """Whether a model of this transformers configuration gives packed documents of up to `longest` tokens their due.

    Other architectures may mix neighbours by ways that boundaries do not reach, such as a convolution or a state. And
    rotary embeddings that stretch with the longest document of a batch would change those of its short ones.
    """
    config = config.get_text_config()
    if config.model_type not in _TESTED or getattr(config, "use_bidirectional_attention", False):
        return False
    parameters = config.rope_parameters
    by_layer = [value for value in parameters.values() if isinstance(value, dict)]
    for rope in by_layer or [parameters]:
        limit = rope.get("original_max_position_embeddings") or config.max_position_embeddings
        if rope.get("rope_type") in ("longrope", "dynamic") and longest > limit:
            return False
    return True


def packed_batch(packed: Packed) -> dict[str, Any]:
    """What a collator returns: the labels, and the keyword arguments of a model loaded with this attention.

    Tensors are moved to the card as usual; `document_lengths` are Python numbers and stay behind. The mask is empty,
    [1, 1, 0, 0]: transformers leaves a mask of four dimensions as it is and makes none of its own, this attention does
    not look at it, and any other fails on it instead of letting documents read each other.
    """
    return {
        "input_ids": torch.from_numpy(packed.input_ids),
        "labels": torch.from_numpy(packed.labels),
        "position_ids": torch.from_numpy(packed.position_ids),
        "attention_mask": torch.empty(1, 1, 0, 0, dtype=torch.bool),
        "document_lengths": packed.lengths,
        "document_boundaries": torch.from_numpy(packed.boundaries),
    }


def attend_by_document(
    module: torch.nn.Module,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    attention_mask: torch.Tensor | None,
    dropout: float = 0.0,
    scaling: float | None = None,
    sliding_window: int | None = None,
    document_lengths: Sequence[int] | None = None,
    document_boundaries: torch.Tensor | None = None,
    **kwargs: Any,
) -> tuple[torch.Tensor, None]:
    """Causal attention in each document of a packed sequence; transformers' SDPA where no documents are given.

    query is [1, heads, tokens, head size], key and value [1, key heads, tokens, head size], the result
    [1, tokens, heads, head size]. A token sees the `sliding_window` last tokens of its document, itself included.
    """
    if document_lengths is None:
        return sdpa_attention_forward(
            module, query, key, value, attention_mask, dropout, scaling, sliding_window=sliding_window, **kwargs
        )
    _refuse_other_attention(module, query, key, document_lengths, kwargs)
    longest = max(document_lengths)
    window = sliding_window if sliding_window is not None and sliding_window < longest else None
    varlen = _varlen_for(query, dropout)
    if varlen is not None and document_boundaries is not None:
        return _attend_at_once(varlen, query, key, value, document_boundaries, longest, scaling, window), None
    parts = []
    for part in _equal_documents(query, key, value, document_lengths):
        attended = _attend(*part, window, dropout, scaling)
        # [documents, heads, length, head size] to [tokens, heads, head size]
        parts.append(attended.transpose(1, 2).flatten(0, 1))
    return torch.cat(parts)[None], None


def _refuse_other_attention(
    module: torch.nn.Module, query: torch.Tensor, key: torch.Tensor, lengths: Sequence[int], kwargs: dict[str, Any]
) -> None:
    causal = kwargs.get("is_causal", getattr(module, "is_causal", True))
    if not causal or any(kwargs.get(name) is not None for name in _UNSUPPORTED):
        raise ValueError(f"{type(module).__name__} is more than causal attention; its documents cannot be packed.")
    if query.shape[0] != 1 or not sum(lengths) == query.shape[2] == key.shape[2]:
        raise ValueError(
            f"Documents of {sum(lengths)} tokens in all do not fit queries {list(query.shape)}, keys {list(key.shape)}."
        )


def _equal_documents(
    query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, lengths: Sequence[int]
) -> Iterator[tuple[torch.Tensor, ...]]:
    """Yield query, key and value, [documents, heads, length, head size], of neighbours of equal length; all are views.

    One split for all, since its gradient is one concatenation; that of a slice would be as large as the sequence.
    """
    runs = [(length, len(list(run))) for length, run in groupby(lengths)]
    sizes = [length * count for length, count in runs]
    split = (states[0].split(sizes, dim=1) for states in (query, key, value))
    for (length, count), *parts in zip(runs, *split, strict=True):
        yield tuple(part.unflatten(1, (count, length)).transpose(0, 1) for part in parts)


def _attend(
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    window: int | None,
    dropout: float,
    scaling: float | None,
) -> torch.Tensor:
    """Causal attention of documents of one length; all tensors are [documents, heads, length, head size]."""
    length, groups = query.shape[2], query.shape[1] // key.shape[1]
    if window is None or length <= window:
        if groups > 1 and query.is_cuda and torch.cuda.get_device_capability(query.device) < (8, 0):
            # Cards without FlashAttention would take the path that keeps all scores.
            key, value, groups = key.repeat_interleave(groups, dim=1), value.repeat_interleave(groups, dim=1), 1
        return scaled_dot_product_attention(
            query, key, value, dropout_p=dropout, is_causal=True, scale=scaling, enable_gqa=groups > 1
        )
    # With a mask, shared key heads would take the slow path, which keeps all scores.
    key, value = key.repeat_interleave(groups, dim=1), value.repeat_interleave(groups, dim=1)
    # A block of `window` queries reaches back to the key seen by its first: work grows with length x window.
    band = torch.ones(window, 2 * window - 1, dtype=torch.bool, device=query.device).tril(window - 1).triu()
    blocks = []
    for start in range(0, length, window):
        end, first = min(start + window, length), max(0, start - window + 1)
        # The first block has no keys before it: of the band, only the columns of its own.
        mask = band[: end - start, first - (start - window + 1) :][:, : end - first]
        blocks.append(
            scaled_dot_product_attention(
                query[:, :, start:end], key[:, :, first:end], value[:, :, first:end], mask, dropout, scale=scaling
            )
        )
    return torch.cat(blocks, dim=2)


def _attend_at_once(
    varlen: Callable[..., torch.Tensor],
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    boundaries: torch.Tensor,
    longest: int,
    scaling: float | None,
    window: int | None,
) -> torch.Tensor:
    """All documents in one call of torch's attention for sequences of varying length (FlashAttention, Dao 2023)."""
    kind = torch.get_autocast_dtype("cuda") if torch.is_autocast_enabled("cuda") else value.dtype
    query, key, value = (states[0].transpose(0, 1).to(kind) for states in (query, key, value))
    # It counts the keys to the left of a token; to the right there are none.
    size = (-1 if window is None else window - 1, 0)
    return varlen(query, key, value, boundaries, boundaries, longest, longest, scale=scaling, window_size=size)[None]


def _varlen_for(query: torch.Tensor, dropout: float) -> Callable[..., torch.Tensor] | None:
    """torch's function for sequences of varying length, if it can do what is asked: 16 bits, no dropout, newer cards.

    Elsewhere, such as on Windows where torch comes without FlashAttention, documents are attended to one by one.
    """
    if not query.is_cuda or dropout or query.shape[-1] % 8 or query.shape[-1] > 256:
        return None
    kind = torch.get_autocast_dtype("cuda") if torch.is_autocast_enabled("cuda") else query.dtype
    if kind not in (torch.float16, torch.bfloat16) or torch.cuda.get_device_capability(query.device) < (8, 0):
        return None
    return _varlen_function()


@functools.cache
def _varlen_function() -> Callable[..., torch.Tensor] | None:
    """torch's function, if this build has FlashAttention for NVIDIA cards and the function knows windows."""
    if torch.version.hip is not None or not torch.backends.cuda.is_flash_attention_available():
        return None
    from torch.nn.attention import varlen

    # Typed loosely: it returns more than a tensor only where more is asked for.
    varlen_attn: Any = varlen.varlen_attn
    known = inspect.signature(varlen_attn).parameters
    return for_groups(varlen_attn) if {"scale", "window_size"} <= known.keys() else None


def for_groups(varlen_attn: Callable[..., Any]) -> Callable[..., Any]:
    """torch's function for queries that share their keys in groups.

    The kernel has always known them; since torch 2.12 the function wants to be told.
    """
    known = inspect.signature(varlen_attn).parameters
    return functools.partial(varlen_attn, enable_gqa=True) if "enable_gqa" in known else varlen_attn
