"""A saved adapter as a list of changes, each to one parameter of the model, each made of named tensors of the file."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import torch
from safetensors import safe_open

from localft.errors import UserError

_PREFIX = "base_model.model."
_PARTS = {"lora_A.weight", "lora_B.weight", "lora_embedding_A", "lora_embedding_B", "lora_B.bias"}
# Options of PEFT's LoRA that change what an adapter means, and with which values it means what is merged here.
_UNDERSTOOD: dict[str, tuple[Any, ...]] = {
    "use_dora": (False, None),
    "use_qalora": (False, None),
    "use_bdlora": (None,),
    "alora_invocation_tokens": (None,),
    "arrow_config": (None,),
    "kasa_config": (None,),
    "velora_config": (None,),
    "monteclora_config": (None,),
    "layer_replication": (None,),
    "megatron_config": (None,),
    "target_parameters": (None, []),
    "trainable_token_indices": (None,),
    "ensure_weight_tying": (False, None),
}


@dataclass(frozen=True)
class Change:
    """What an adapter does to one parameter.

    `keys` are the tensors of the adapter file that it is made of. "low-rank" adds scale * B @ A, "embedding" its
    transpose, "bias" adds scale * b, "replacement" puts the tensor in the place of the parameter.
    """

    parameter: str
    kind: Literal["low-rank", "embedding", "bias", "replacement"]
    keys: tuple[str, ...]
    scale: float = 1.0
    transposed: bool = False


class Adapter:
    """An adapter folder in PEFT's layout, read with safetensors only."""

    def __init__(self, folder: Path) -> None:
        """Read the settings and the names; the tensors are read when they are needed.

        Raises:
            UserError: the folder holds no LoRA adapter, or one of a kind that cannot be merged.
        """
        import peft

        path = folder / "adapter_model.safetensors"
        if not path.is_file() or not (folder / "adapter_config.json").is_file():
            raise UserError(f"The folder {folder} holds no adapter.", "Train the run again, or choose another run.")
        config = peft.PeftConfig.from_pretrained(str(folder))
        if not isinstance(config, peft.LoraConfig):
            raise UserError(f"The adapter is of the kind {config.peft_type}, not LoRA.", "Only LoRA can be merged.")
        self._config = config
        _refuse_unknown_meaning(config)
        self._file = safe_open(path, framework="pt")
        self.keys: tuple[str, ...] = tuple(self._file.keys())
        self.changes: tuple[Change, ...] = tuple(self._read_changes())

    def has_effect(self, change: Change) -> bool:
        """Tell whether a change changes anything: untrained pairs have a zero B."""
        return change.kind == "replacement" or bool(self._file.get_tensor(change.keys[-1]).any())

    def delta(self, change: Change) -> torch.Tensor:
        """What is added to the parameter, in float32: [out, in] for a matrix, [out] for a bias."""
        tensors = [self._file.get_tensor(key).to(torch.float32) for key in change.keys]
        if change.kind == "bias":
            return tensors[0] * change.scale
        a, b = tensors
        product = (b @ a) * change.scale
        return product.T if change.transposed or change.kind == "embedding" else product

    def replacement(self, change: Change) -> torch.Tensor:
        """The tensor that takes the place of the parameter, in float32."""
        return self._file.get_tensor(change.keys[0]).to(torch.float32)

    def _read_changes(self) -> Iterator[Change]:
        pairs: dict[str, dict[str, str]] = {}
        for key in self.keys:
            module, part = _split(key)
            if part in _PARTS:
                pairs.setdefault(module, {})[part] = key
            elif "lora_" in part or "lora_" in module:
                raise UserError(f"The adapter holds a part that cannot be merged: {key}.", "Only plain LoRA can be.")
            else:
                yield Change(f"{module}.{part}", "replacement", (key,))
        for module, parts in pairs.items():
            yield from self._pair(module, parts)

    def _pair(self, module: str, parts: dict[str, str]) -> Iterator[Change]:
        for kind, first, second in (
            ("low-rank", "lora_A.weight", "lora_B.weight"),
            ("embedding", "lora_embedding_A", "lora_embedding_B"),
        ):
            if (first in parts) != (second in parts):
                raise UserError(f"The adapter is incomplete: {module} has only one of its two matrices.", "")
            if first not in parts:
                continue
            keys = (parts[first], parts[second])
            if any(len(self._file.get_slice(key).get_shape()) != 2 for key in keys):
                raise UserError(
                    f"The adapter changes {module}, which is no matrix.", "Only linear layers can be merged."
                )
            scale = self._scale(module, rank=self._file.get_slice(keys[0]).get_shape()[0])
            transposed = kind == "low-rank" and bool(self._config.fan_in_fan_out)
            yield Change(f"{module}.weight", kind, keys, scale, transposed)
            if "lora_B.bias" in parts:
                yield Change(f"{module}.bias", "bias", (parts["lora_B.bias"],), scale)

    def _scale(self, module: str, rank: int) -> float:
        """alpha / r, or alpha / sqrt(r) where rank-stabilised (Kalajdzievski 2023); both may differ by module."""
        from peft.utils.other import get_pattern_key

        pattern = get_pattern_key(list(self._config.alpha_pattern), module)
        alpha = self._config.alpha_pattern.get(pattern, self._config.lora_alpha)
        return alpha / (math.sqrt(rank) if self._config.use_rslora else rank)


def _split(key: str) -> tuple[str, str]:
    """(module, part) of a key: "base_model.model.lm_head.lora_A.weight" is part "lora_A.weight" of module "lm_head"."""
    name = key.removeprefix(_PREFIX)
    for part in _PARTS:
        if name.endswith("." + part):
            return name.removesuffix("." + part), part
    module, _, part = name.rpartition(".")
    return module, part


def _refuse_unknown_meaning(config: Any) -> None:
    for option, understood in _UNDERSTOOD.items():
        value = getattr(config, option, None)
        if value not in understood:
            raise UserError(
                f"The adapter uses {option}={str(value)[:80]}, which cannot be merged exactly.",
                "Export the adapter itself, or train again without it.",
            )
