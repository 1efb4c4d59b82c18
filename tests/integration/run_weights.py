"""The weights that a run has left, to be compared bit for bit."""

import torch
from safetensors.torch import load_file

from localft.training.runs import Run, run_weights


def weights_of(run: Run) -> dict[str, torch.Tensor]:
    """Copied, since what is mapped keeps its disk busy."""
    return {name: value.clone() for name, value in load_file(next(run_weights(run).glob("*.safetensors"))).items()}


def same(one: dict[str, torch.Tensor], other: dict[str, torch.Tensor]) -> bool:
    """Whether two sets of weights are equal bit for bit."""
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)
