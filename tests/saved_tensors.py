"""What a forward pass keeps for the backward pass."""

from collections.abc import Callable, Iterable
from typing import Any

import torch


def saved_bytes(run: Callable[[], Any], parameters: Iterable[torch.Tensor]) -> int:
    """Bytes that `run` keeps besides the parameters; each storage counts once."""
    known = {parameter.untyped_storage().data_ptr() for parameter in parameters}
    kept: dict[int, torch.UntypedStorage] = {}

    def pack(tensor: torch.Tensor) -> torch.Tensor:
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in known:
            # The storage is held, so that its address is not given to another one.
            kept[storage.data_ptr()] = storage
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        _held = run()
    return sum(storage.nbytes() for storage in kept.values())
