"""Merging an adapter into its base model one tensor at a time, by the names that the tensors have on disk.

The names inside the model, which an adapter uses, are not always those on disk: transformers renames, splits and joins
tensors while loading. Its own table of conversions leads from one to the other. Every tensor of the adapter must be
used by exactly one change to exactly one place; otherwise parts of the training would be missing, silently.
"""

from pathlib import Path

import torch

from localft.errors import UserError
from localft.export.adapter import Adapter, Change
from localft.export.tensor_names import Group, Names, read_names

_KEPT = 4


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
        self._on_disk: dict[str, dict[str, torch.Tensor]] = {}
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
                delta = self._adapter.delta(change) if group is None else self._joined(change, group)[name]
                merged = merged + _same_shape(delta, merged, change)
            self._applied.update(change.keys)
        return merged

    def _joined(self, change: Change, group: Group) -> dict[str, torch.Tensor]:
        """What is added to each tensor on disk that a joined parameter is made of; the last few are kept.

        A layer of experts has hundreds of tensors on disk and two parameters in the model.
        """
        if change.parameter not in self._on_disk:
            while len(self._on_disk) >= _KEPT:
                del self._on_disk[next(iter(self._on_disk))]
            delta = _with_zeros(group, change.parameter, self._adapter.delta(change))
            self._on_disk[change.parameter] = group.back(delta)
        return self._on_disk[change.parameter]

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
