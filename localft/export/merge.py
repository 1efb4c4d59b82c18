"""Merging an adapter into its base model one tensor at a time, by the names that the tensors have on disk.

The names inside the model, which an adapter uses, are not always those on disk: transformers renames, splits and joins
tensors while loading. Its own table of conversions leads from one to the other. Every tensor of the adapter must be
used by exactly one change to exactly one place; otherwise parts of the training would be missing, silently.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from safetensors import safe_open

from localft.errors import UserError
from localft.export.adapter import Adapter, Change


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


class MergePlan:
    """Which tensor on disk is changed by what. `apply` does it for one tensor and remembers that it was done."""

    def __init__(self, adapter: Adapter, base: Path) -> None:
        """Find the place of every change.

        Raises:
            UserError: a change has no place, or more than one.
        """
        self._adapter = adapter
        self._steps: dict[str, list[tuple[Change, Group | None]]] = {}
        self._applied: set[str] = set()
        names = read_names(base)
        self._check_once()
        for change in adapter.changes:
            places, group = _places(change, names)
            for disk in places:
                self._steps.setdefault(disk, []).append((change, group))

    @property
    def changed(self) -> frozenset[str]:
        """The names on disk of the tensors that change."""
        return frozenset(self._steps)

    @property
    def pairs(self) -> int:
        """How many changes the adapter makes."""
        return len(self._adapter.changes)

    def apply(self, name: str, weight: torch.Tensor) -> torch.Tensor:
        """The merged tensor in float32: W + scale * B @ A (Hu et al. 2021), for the tensor called `name` on disk."""
        merged = weight.to(torch.float32)
        for change, group in self._steps[name]:
            if change.kind == "replacement":
                merged = _same_shape(self._adapter.replacement(change), merged, change)
            else:
                delta = self._adapter.delta(change)
                if group is not None:
                    delta = group.back(_with_zeros(group, change.parameter, delta))[name]
                merged = merged + _same_shape(delta, merged, change)
            self._applied.update(change.keys)
        return merged

    def finish(self) -> int:
        """Make sure that everything has arrived; return how many changes there were.

        A change that would change nothing (B is still zero: part of the model that the training never used, such as the
        eyes of a model that sees) may be missing.

        Raises:
            UserError: a part of the adapter was not used.
        """
        missing = [
            change
            for change in self._adapter.changes
            if not self._applied.issuperset(change.keys) and self._adapter.has_effect(change)
        ]
        if missing:
            raise UserError(
                f"{len(missing)} of {self.pairs} adapter parts would be missing from the file, "
                f"first {missing[0].parameter}.",
                "This kind of file has no place for them; export the merged model instead.",
            )
        return self.pairs

    def _check_once(self) -> None:
        used = [key for change in self._adapter.changes for key in change.keys]
        if len(used) != len(set(used)) or set(used) != set(self._adapter.keys):
            raise UserError("The adapter's tensors are not each used exactly once.", "Train the run again.")


def _places(change: Change, names: Names) -> tuple[list[str], Group | None]:
    """The names on disk of what a change changes, and the group it belongs to if it is not on disk by itself."""
    if change.parameter in names.tied:
        raise UserError(
            f"The adapter changes {change.parameter}, which this model shares between its input and its output.",
            "Train again without that layer.",
        )
    places = names.single.get(change.parameter, [])
    group = names.joined.get(change.parameter)
    if not places and group is not None and change.kind != "replacement":
        shapes = {name: torch.empty(shape, device="meta") for name, shape in group.members.items()}
        return list(group.back(shapes)), group
    if len(places) != 1:
        found = "no tensor of the base model" if not places else f"{len(places)} tensors of the base model"
        raise UserError(
            f"The adapter's part for {change.parameter} belongs to {found}.",
            "The adapter was trained for another model, or with another version of the libraries.",
        )
    return places, None


def _same_shape(tensor: torch.Tensor, like: torch.Tensor, change: Change) -> torch.Tensor:
    if tensor.shape != like.shape:
        raise UserError(
            f"The adapter's part for {change.parameter} has the shape {list(tensor.shape)}, "
            f"the base model's {list(like.shape)}.",
            "The adapter was trained for another model.",
        )
    return tensor


def _with_zeros(group: Group, parameter: str, delta: torch.Tensor) -> dict[str, torch.Tensor]:
    """The group's parameters, of which one changes. The zeros are views of one number and take no memory."""
    zeros = {name: torch.zeros(()).expand(shape) for name, shape in group.members.items()}
    return zeros | {parameter: _same_shape(delta, zeros[parameter], Change(parameter, "low-rank", ()))}


def read_names(base: Path) -> Names:
    """Find out where each parameter lies on disk, from the config and the names in the safetensors files.

    Raises:
        UserError: the base model's weights are quantised on disk.
    """
    import transformers
    from transformers import core_model_loading as loading
    from transformers.conversion_mapping import get_model_conversion_mapping

    config = transformers.AutoConfig.from_pretrained(base, trust_remote_code=False, local_files_only=True)
    if getattr(config, "quantization_config", None):
        raise UserError("The base model is quantised on disk, so nothing can be merged into it.", "Export the adapter.")
    with torch.device("meta"):
        model = transformers.AutoModelForCausalLM.from_config(config, trust_remote_code=False)
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
