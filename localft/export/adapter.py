"""A saved adapter as a list of changes, each to one parameter of the model, each made of named tensors of the file."""

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import torch
from safetensors import safe_open

from localft.errors import UserError
from localft.models.inspection import read_object

_PREFIX = "base_model.model."
_PARTS = {"lora_A.weight", "lora_B.weight", "lora_embedding_A", "lora_embedding_B", "lora_B.bias"}
# What an adapter_config.json may say without changing what its tensors mean, and the settings that are used below.
_HARMLESS = {
    "task_type", "peft_type", "auto_mapping", "peft_version", "base_model_name_or_path", "revision", "inference_mode",
    "r", "target_modules", "exclude_modules", "lora_alpha", "lora_dropout", "fan_in_fan_out", "bias", "use_rslora",
    "lora_bias", "modules_to_save", "layers_to_transform", "layers_pattern", "rank_pattern", "alpha_pattern",
    "megatron_core", "loftq_config", "eva_config", "corda_config", "lora_ga_config", "qalora_group_size",
    "runtime_config", "target_parameters",
}  # fmt: skip
# Other ways to begin (PiSSA, OLoRA, LoftQ and so on) take something out of the base model, which then is another one.
_KNOWN_STARTS = (None, True, False, "gaussian", "orthogonal", "eva")


@dataclass(frozen=True)
class Change:
    """What an adapter does to one parameter.

    `keys` are the tensors of the adapter file that it is made of. "low-rank" adds scale * B @ A, "embedding" its
    transpose, "bias" adds scale * b, "replacement" puts the tensor in the place of the parameter. "stacked" adds a
    scale * B @ A for each of the `experts` whose matrices lie in one parameter.
    """

    parameter: str
    kind: Literal["low-rank", "embedding", "bias", "replacement", "stacked"]
    keys: tuple[str, ...]
    scale: float = 1.0
    transposed: bool = False
    experts: int = 1


@dataclass(frozen=True)
class _Stack:
    """A parameter that holds one matrix for each of several experts, and how PEFT changes it."""

    parameter: str
    experts: int
    scale: float
    inputs_first: bool


class Adapter:
    """An adapter folder in PEFT's layout, read with safetensors only."""

    def __init__(self, folder: Path, base: Path) -> None:
        """Read the settings and the names, the tensors when they are needed. `base` is the base model's folder.

        Raises:
            UserError: the folder holds no LoRA adapter, or one of a kind that cannot be merged.
        """
        path = folder / "adapter_model.safetensors"
        if not path.is_file() or not (folder / "adapter_config.json").is_file():
            raise UserError(f"The folder {folder} holds no adapter.", "Train the run again, or choose another run.")
        # Read here and not by PEFT, whose import takes seconds of every export.
        self._config: dict[str, Any] = read_object(folder / "adapter_config.json", "The adapter")
        _refuse_unknown_meaning(self._config)
        self._file = safe_open(path, framework="pt")
        self.keys: tuple[str, ...] = tuple(self._file.keys())
        self._stacks = _stacks(folder, base) if self._config.get("target_parameters") else {}
        self.changes: tuple[Change, ...] = tuple(self._read_changes())

    def has_effect(self, change: Change) -> bool:
        """Tell whether a change changes anything: untrained pairs have a zero B."""
        return change.kind == "replacement" or bool(self._file.get_tensor(change.keys[-1]).any())

    def delta(self, change: Change) -> torch.Tensor:
        """What is added to the parameter, in float32: [out, in], [out] for a bias, [expert, ...] for a stack."""
        tensors = [self._file.get_tensor(key).to(torch.float32) for key in change.keys]
        if change.kind == "bias":
            return tensors[0] * change.scale
        a, b = tensors
        if change.kind == "stacked":
            # PEFT's layout: A is [experts * rank, in], B is [out, rank * experts].
            a, b = a.reshape(change.experts, -1, a.shape[1]), b.reshape(b.shape[0], -1, change.experts)
            return torch.einsum("ore,eri->eio" if change.transposed else "ore,eri->eoi", b, a) * change.scale
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
        stack = self._stacks.get(module)
        if stack is not None and parts.keys() == {"lora_A.weight", "lora_B.weight"}:
            keys = (parts["lora_A.weight"], parts["lora_B.weight"])
            yield Change(stack.parameter, "stacked", keys, stack.scale, stack.inputs_first, stack.experts)
            return
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
            transposed = kind == "low-rank" and bool(self._config.get("fan_in_fan_out"))
            yield Change(f"{module}.weight", kind, keys, scale, transposed)
            if "lora_B.bias" in parts:
                yield Change(f"{module}.bias", "bias", (parts["lora_B.bias"],), scale)

    def _scale(self, module: str, rank: int) -> float:
        """alpha / r, or alpha / sqrt(r) where rank-stabilised (Kalajdzievski 2023); alpha may differ by module."""
        alpha = self._config.get("lora_alpha", 8)
        for pattern, special in (self._config.get("alpha_pattern") or {}).items():
            # A pattern names the end of a module's path.
            if re.fullmatch(rf"(.*\.)?({pattern})", module):
                alpha = special
                break
        return alpha / (math.sqrt(rank) if self._config.get("use_rslora") else rank)


def _split(key: str) -> tuple[str, str]:
    """(module, part) of a key: "base_model.model.lm_head.lora_A.weight" is part "lora_A.weight" of module "lm_head"."""
    name = key.removeprefix(_PREFIX)
    for part in _PARTS:
        if name.endswith("." + part):
            return name.removesuffix("." + part), part
    module, _, part = name.rpartition(".")
    return module, part


def _refuse_unknown_meaning(config: dict[str, Any]) -> None:
    if config.get("peft_type") != "LORA":
        raise UserError(f"The adapter is of the kind {config.get('peft_type')}, not LoRA.", "Only LoRA can be merged.")
    unknown = {name: value for name, value in config.items() if name not in _HARMLESS and value}
    if config.get("init_lora_weights") in _KNOWN_STARTS:
        unknown.pop("init_lora_weights", None)
    for option, value in unknown.items():
        raise UserError(
            f"The adapter uses {option}={str(value)[:80]}, which cannot be merged exactly.",
            "Export the adapter itself, or train again without it.",
        )


def _stacks(folder: Path, base: Path) -> dict[str, _Stack]:
    """The parameters with experts that an adapter changes, by the module names of its file.

    Which parameter a pair belongs to does not stand in the file: PEFT wraps a module once for each, in its own order.
    So PEFT is asked to wrap the model without weights.
    """
    import peft
    from peft.tuners.lora.layer import ParamWrapper

    from localft.export.tensor_names import empty_model

    wrapped = peft.get_peft_model(empty_model(base), peft.PeftConfig.from_pretrained(str(folder)))
    stacks = {}
    for name, module in wrapped.named_modules():
        if isinstance(module, ParamWrapper) and module.num_experts > 1:
            module_name = name.removeprefix(_PREFIX)
            owner = module_name.replace(".base_layer", "")
            stacks[module_name] = _Stack(
                f"{owner}.{module.parameter_name}",
                module.num_experts,
                float(module.scaling["default"]),
                inputs_first=not module._did_swap_in_out_features,
            )
    return stacks
