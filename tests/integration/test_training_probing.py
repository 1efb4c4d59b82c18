"""A look at two small micro-batches tells what the largest takes: never more than is told, and hardly less."""

from pathlib import Path

import numpy
import pytest
import torch

from localft.planning.load import Load
from localft.planning.memory import step_bytes
from localft.training.batches import Batch, Batches, packed
from localft.training.losses import summed_loss
from localft.training.probing import probe
from localft.training.recompute import recompute_layers
from localft.training.rows import Row
from tests.allocation_meter import AllocationMeter
from tests.integration.test_planning_activations import LAYERS, Tuned, every_architecture

LENGTH, TOGETHER = 128, 8


def backward(model: torch.nn.Module, batch: Batch) -> None:
    summed_loss(model, batch).backward()


def rows() -> list[Row]:
    ids = numpy.arange(5, 5 + LENGTH, dtype=numpy.int32) % 60 + 3
    labels = numpy.where(numpy.arange(LENGTH) < LENGTH // 2, -100, ids)
    return [Row(ids, labels) for _ in range(TOGETHER)]


def batches(budget: int) -> Batches:
    return Batches(budget, pad_id=0, packed=True)


def real_peak(model: torch.nn.Module, meter: AllocationMeter) -> int:
    """Of the second of two whole steps with AdamW."""
    optimiser = torch.optim.AdamW([weights for weights in model.parameters() if weights.requires_grad], foreach=False)
    for _ in range(2):
        meter.reset()
        backward(model, packed(rows()))
        peak = meter.peak()
        optimiser.step()
        optimiser.zero_grad()
    return peak


@every_architecture
@pytest.mark.parametrize(
    ("method", "recomputed", "dropout"),
    [("qlora", 0, False), ("qlora", 2, False), ("lora", 0, True), ("lora", LAYERS, False), ("full", 0, False)],
)
def test_the_prediction_is_the_real_peak_or_up_to_five_per_cent_more(
    tmp_path: Path, architecture: str, method: str, recomputed: int, dropout: bool
) -> None:
    load = Load(method, "fp32", False, rank=8, micro_batch=1, length=64, recomputed=recomputed, dropout=dropout)  # ty: ignore[invalid-argument-type]
    tuned = Tuned(tmp_path, architecture, load)
    recompute_layers(tuned.model, recomputed)

    def formula(tokens: int, share: float) -> int:
        return step_bytes(
            tuned.shape,
            Load(load.method, load.precision, False, load.rank, 1, tokens, recomputed, dropout, share),
        )

    with AllocationMeter(tuned.model) as meter:
        found = probe(tuned.model, rows(), TOGETHER * LENGTH, batches, backward, formula, meter)
        assert found is not None
        actual = real_peak(tuned.model, meter)
    error = found.predicted_bytes / actual - 1
    assert 0 <= error <= 0.05
