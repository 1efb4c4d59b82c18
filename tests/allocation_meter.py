"""Counts what torch holds on the processor, as on a card its allocator does: each storage from first to last use."""

import weakref
from typing import Any

import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves


class AllocationMeter(TorchDispatchMode):
    """Inside `with`: the bytes of all storages that operations have made and that something still refers to."""

    def __init__(self, model: torch.nn.Module) -> None:
        super().__init__()
        self._known: dict[int, int] = {}
        self._held = self._peak = 0
        for tensor in (*model.parameters(), *model.buffers()):
            self._add(tensor)

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        result = func(*args, **(kwargs or {}))
        for leaf in tree_leaves(result):
            if isinstance(leaf, torch.Tensor):
                self._add(leaf)
        return result

    def reset(self) -> None:
        """The peak is what is held now."""
        self._peak = self._held

    def peak(self) -> int:
        """The most bytes that were held at a time since the last reset."""
        return self._peak

    def _add(self, tensor: torch.Tensor) -> None:
        storage = tensor.untyped_storage()
        key = storage._cdata
        if key in self._known:
            return
        self._known[key] = storage.nbytes()
        self._held += storage.nbytes()
        self._peak = max(self._peak, self._held)
        weakref.finalize(storage, self._remove, key)

    def _remove(self, key: int) -> None:
        self._held -= self._known.pop(key, 0)
