"""Training in 16 bits, as on a card: every product is made in them, what learns stays in 32, and the loss falls.

In fp16 a scaler belongs to what learns, and to what a checkpoint keeps.
"""

import os
from pathlib import Path
from typing import Any

import pytest
import torch

from localft.jobs import JobState
from localft.models.base_model import BaseModel
from localft.planning.plan import Plan
from localft.store import files
from localft.store.projects import Project
from localft.training.runs import open_run, read_metrics
from tests.faults import computes_in_fp16
from tests.forked_jobs import Nursery
from tests.integration.run_weights import same, weights_of
from tests.job_help import wait_for
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


def in_fp16(project: Project, base: BaseModel) -> Path:
    folder = prepare(project, base, method="lora", epochs=4, dropout=0.05, learning_rate=5e-3, checkpoint_seconds=0.0)
    plan = Plan.load(folder / "plan.json")
    plan.model_copy(update={"precision": "fp16"}).save(folder / "plan.json")
    return folder


def test_a_run_in_fp16_learns_and_is_resumed_with_its_scaler(nursery: Nursery, base: BaseModel) -> None:
    project = make_project()
    control_folder, folder = (in_fp16(project, base) for _ in range(2))
    nursery.finish(control_folder, fault=computes_in_fp16)
    child = nursery.start(folder, fault=computes_in_fp16)
    wait_for(lambda: len(read_metrics(open_run(project, folder.name)).loss) >= 6)
    child.kill()
    child.join(10)
    scales = [
        torch.load(path, weights_only=True)["scale"] for path in sorted(folder.glob("checkpoints/ckpt-*/scaler.pt"))
    ]
    assert len(scales) >= 2 and all(scale < 2**21 for scale in scales), scales
    nursery.finish(folder, fault=computes_in_fp16)
    run, control = open_run(project, folder.name), open_run(project, control_folder.name)
    assert run.job.state is JobState.FINISHED, run.job.sentence
    ours, theirs = read_metrics(run), read_metrics(control)
    assert theirs.best_validation_loss is not None
    assert theirs.best_validation_loss < theirs.validation_loss[0][1]
    assert ours.loss == theirs.loss and ours.validation_loss == theirs.validation_loss
    assert same(weights_of(run), weights_of(control))
