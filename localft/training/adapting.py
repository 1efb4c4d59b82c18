"""Which layers of a model get an adapter: every linear layer of its language model but the output head."""

from typing import Any

import torch


def adapter_targets(model: Any) -> str | list[str]:
    """What PEFT is to adapt: its own word for all linear layers, or their names where there is more than language.

    Towers for pictures and what joins them to the language model learn nothing from text: adapters on them would only
    be saved with every checkpoint.
    """
    decoder, head = model.get_decoder(), model.get_output_embeddings()
    inside = {id(module) for module in decoder.modules()}
    linears = {
        name: id(module) in inside
        for name, module in model.named_modules()
        if isinstance(module, torch.nn.Linear) and module is not head
    }
    if all(linears.values()):
        return "all-linear"
    return [name for name, of_language in linears.items() if of_language]
