"""Training in 16 bits, as on a card: every product is made in them, what learns stays in 32, and the loss falls."""

import os
from typing import Any

import pytest
import torch

from localft.jobs import JobState
from localft.models.base_model import BaseModel
from localft.planning.plan import Plan
from localft.store import files
from localft.training.runs import open_run, read_metrics
from tests.forked_jobs import Nursery
from tests.integration.run_weights import weights_of
from tests.sample_projects import make_project, prepare

pytestmark = [
    pytest.mark.skipif(os.name == "nt", reason="forks children from a preloaded parent"),
    pytest.mark.usefixtures("one_thread"),
]


def refuse_32_bits() -> None:
    """From now on a linear layer in training mode that answers in 32 bits is an error."""

    def look(module: torch.nn.Module, given: Any, answer: Any) -> None:
        if isinstance(module, torch.nn.Linear) and module.training and answer.dtype is not torch.bfloat16:
            raise AssertionError(f"{type(module).__name__} answers in {answer.dtype}")

    torch.nn.modules.module.register_module_forward_hook(look)


@pytest.mark.parametrize(
    ("method", "dropout", "pairs"),
    [
        ("qlora", 0.0, False),
        ("qlora", 0.05, False),
        ("lora", 0.0, False),
        ("lora", 0.05, False),
        ("full", 0.0, False),
        ("qlora", 0.0, True),
        ("lora", 0.05, True),
    ],
)
def test_a_run_in_16_bits_learns(nursery: Nursery, base: BaseModel, method: str, dropout: float, pairs: bool) -> None:
    project = make_project(pairs=pairs)
    folder = prepare(project, base, method=method, dropout=dropout, epochs=3, learning_rate=5e-3)
    plan = Plan.load(folder / "plan.json")
    plan.model_copy(update={"precision": "bf16"}).save(folder / "plan.json")
    nursery.finish(folder, fault=refuse_32_bits)
    run = open_run(project)
    assert run.job.state is JobState.FINISHED, run.job.sentence
    metrics = read_metrics(run)
    paths = next(event for event in files.read_lines(folder / "events.jsonl")[0] if event["kind"] == "fast_paths")
    assert paths["head"] and paths["packed"]
    assert metrics.best_validation_loss is not None
    assert metrics.best_validation_loss < metrics.validation_loss[0][1]
    assert {tensor.dtype for tensor in weights_of(run).values()} == {torch.float32}
