"""What a step takes is planned, and a look at two small micro-batches tells it better: never less, and hardly more."""

from collections.abc import Callable
from pathlib import Path

import numpy
import pytest
import torch

from localft.planning.load import Load
from localft.planning.memory import memory_by_cause, step_bytes
from localft.training.batches import Batch, Batches, packed
from localft.training.losses import token_losses
from localft.training.probing import probe
from localft.training.recompute import recompute_layers
from localft.training.rows import Row
from tests.allocation_meter import AllocationMeter
from tests.integration.test_planning_activations import LAYERS, Tuned, every_architecture

LENGTH, TOGETHER = 128, 8


def backward(model: torch.nn.Module, batch: Batch) -> None:
    token_losses(model, batch).sum().backward()


def backward_in_16_bits(model: torch.nn.Module, batch: Batch) -> None:
    with torch.autocast("cpu", torch.bfloat16):
        loss = token_losses(model, batch).sum()
    loss.backward()


def rows() -> list[Row]:
    ids = numpy.arange(5, 5 + LENGTH, dtype=numpy.int32) % 60 + 3
    labels = numpy.where(numpy.arange(LENGTH) < LENGTH // 2, -100, ids)
    return [Row(ids, labels) for _ in range(TOGETHER)]


def batches(budget: int) -> Batches:
    return Batches(budget, pad_id=0, packed=True)


def real_peak(
    model: torch.nn.Module, meter: AllocationMeter, learn: Callable[[torch.nn.Module, Batch], None] = backward
) -> int:
    """Of the second of two whole steps with AdamW."""
    optimiser = torch.optim.AdamW([weights for weights in model.parameters() if weights.requires_grad], foreach=False)
    for _ in range(2):
        meter.reset()
        learn(model, packed(rows()))
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


@every_architecture
@pytest.mark.parametrize("precision", ["fp32", "bf16"])
@pytest.mark.parametrize(
    ("method", "recomputed", "dropout"),
    [("qlora", 0, False), ("qlora", 2, False), ("lora", 0, True), ("lora", LAYERS, False), ("full", 0, False)],
)
def test_the_plan_is_the_real_peak_or_some_per_cent_more(
    tmp_path: Path, architecture: str, precision: str, method: str, recomputed: int, dropout: bool
) -> None:
    load = Load(method, precision, False, 8, TOGETHER, LENGTH, recomputed, dropout, learned_share=0.5)  # ty: ignore[invalid-argument-type]
    tuned = Tuned(tmp_path, architecture, load)
    recompute_layers(tuned.model, recomputed)
    with AllocationMeter(tuned.model) as meter:
        actual = real_peak(tuned.model, meter, backward_in_16_bits if precision == "bf16" else backward)
    memory = memory_by_cause(tuned.shape, load)
    # A card's allocator rounds up, for which the plan has 2.5 per cent; this meter does not.
    assert 0 <= (sum(memory.values()) - memory["runtime"]) / actual - 1 <= 0.075
