"""The names of tensors inside a model and on disk: transformers renames, splits and joins some while loading."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from safetensors import safe_open

from localft.errors import UserError


@dataclass(frozen=True)
class Names:
    """Where each parameter of a model lies on disk: by itself (`single`), or as part of joined tensors (`joined`)."""

    single: Mapping[str, list[str]]
    joined: Mapping[str, "Group"]
    tied: frozenset[str]


@dataclass(frozen=True)
class Group:
    """Parameters that transformers makes together out of other tensors, with the way back for what is added to them."""

    members: Mapping[str, tuple[int, ...]]
    back: Callable[[dict[str, torch.Tensor]], dict[str, torch.Tensor]] = field(compare=False)


def empty_model(base: Path) -> Any:
    """The model of a folder, built of its config without any weights.

    Raises:
        UserError: the weights on disk are quantised.
    """
    import transformers

    config = transformers.AutoConfig.from_pretrained(base, trust_remote_code=False, local_files_only=True)
    if getattr(config, "quantization_config", None):
        raise UserError("The base model is quantised on disk, so nothing can be merged into it.", "Export the adapter.")
    with torch.device("meta"):
        return transformers.AutoModelForCausalLM.from_config(config, trust_remote_code=False)


def read_names(base: Path) -> Names:
    """Find out where each parameter lies on disk, from the config and the names in the safetensors files.

    Raises:
        UserError: the base model's weights are quantised on disk.
    """
    from transformers import core_model_loading as loading
    from transformers.conversion_mapping import get_model_conversion_mapping

    model = empty_model(base)
    transforms = get_model_conversion_mapping(model)
    renamings = [one for one in transforms if isinstance(one, loading.WeightRenaming)]
    converters = [one for one in transforms if isinstance(one, loading.WeightConverter)]
    parameters = model.state_dict()
    single: dict[str, list[str]] = {}
    for disk in disk_names(base):
        name, pattern = loading.rename_source_key(disk, renamings, converters, model.base_model_prefix, parameters)
        if name not in parameters and disk in parameters:
            name, pattern = disk, None
        if pattern is None and name in parameters:
            single.setdefault(name, []).append(disk)
    tied = _tied(model, parameters)
    return Names(single, _groups(model, transforms, parameters), tied)


def _tied(model: Any, parameters: Mapping[str, torch.Tensor]) -> frozenset[str]:
    """The names of parameters that share their memory with another one."""
    model.tie_weights()
    input_weight = getattr(model.get_input_embeddings(), "weight", None)
    output = model.get_output_embeddings()
    if output is None or getattr(output, "weight", None) is not input_weight:
        return frozenset()
    named = dict(model.named_parameters(remove_duplicate=False))
    return frozenset(name for name in parameters if named.get(name) is input_weight)


def _groups(model: Any, transforms: list[Any], parameters: Mapping[str, torch.Tensor]) -> dict[str, Group]:
    """The parameters that are not on disk as they are, with the way back; it is linear, so it serves sums as well."""
    from transformers import core_model_loading as loading

    reverse = [one.reverse_transform() for one in reversed(transforms) if isinstance(one, loading.WeightConverter)]
    members: dict[str, dict[str, tuple[int, ...]]] = {}
    for name, parameter in parameters.items():
        key, pattern = loading.apply_converters(name, reverse)
        if pattern is not None:
            members.setdefault(key, {})[name] = tuple(parameter.shape)
    model._weight_conversions = transforms

    def back(tensors: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
        return loading.revert_weight_conversion(model, tensors)

    return {name: Group(shapes, back) for shapes in members.values() for name in shapes}


def disk_names(base: Path) -> list[str]:
    """The names of all tensors of a model folder."""
    index = base / "model.safetensors.index.json"
    if index.is_file():
        return list(json.loads(index.read_text(encoding="utf-8"))["weight_map"])
    names: list[str] = []
    for path in weight_files(base):
        with safe_open(path, framework="pt") as file:
            names.extend(file.keys())
    return names


def weight_files(base: Path) -> list[Path]:
    """The safetensors files of a model folder: those that the index names, else all of them."""
    index = base / "model.safetensors.index.json"
    if index.is_file():
        listed = set(json.loads(index.read_text(encoding="utf-8"))["weight_map"].values())
        return [base / Path(name).name for name in sorted(listed)]
    found = sorted(base.glob("model*.safetensors"))
    if not found:
        raise UserError(f"The folder {base} has no weights in safetensors.", "Download the model again.")
    return found
