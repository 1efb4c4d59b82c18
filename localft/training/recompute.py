"""Activation checkpointing of as many layers as the memory asks for, and no more."""

from typing import Any

from transformers.modeling_layers import GradientCheckpointingLayer


def recompute_layers(model: Any, count: int) -> int:
    """Let the first `count` decoder layers keep their input only, and compute the rest again in the backward pass.

    The first ones, since their turn in the backward pass comes last: by then the memory of the others is free, and what
    is computed again takes no room of its own. Same mathematics; each costs a second forward pass (Chen et al. 2016).
    Called again it begins anew, as if the model had just been loaded.

    Returns:
        The number of layers that do so: `count`, or all there are.
    """
    layers = [module for module in model.modules() if isinstance(module, GradientCheckpointingLayer)]
    chosen = layers[: max(0, count)]
    base = model.get_base_model() if hasattr(model, "get_base_model") else model
    if any(layer.gradient_checkpointing for layer in layers):
        base.activation_checkpointing_disable()
        # Else the embeddings would be kept for a gradient that nobody asks for.
        base.disable_input_require_grads()
    if chosen:
        base.activation_checkpointing_enable({"use_reentrant": False})
    for layer in layers[len(chosen) :]:
        layer.gradient_checkpointing = False
    return len(chosen)
