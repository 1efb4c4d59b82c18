"""Training on a CUDA card: a whole run, a kill, memory as planned, memory that runs out, and the fast paths."""

import os
from pathlib import Path
from typing import Any

import numpy
import peft
import pytest
import torch

from localft import jobs
from localft.jobs import JobState
from localft.models.base_model import BaseModel
from localft.models.find import find_model
from localft.store import files
from localft.training.kernels.attention import register_attention
from localft.training.loading import choose_device, choose_precision, load_base
from localft.training.parity import switch_on
from localft.training.rows import IGNORED, Row
from localft.training.runs import Run, open_run, read_metrics
from tests.benchmarks.gpu_training import make_data, measure, memory_error, ours, prepare
from tests.forked_jobs import Nursery
from tests.job_help import end_now, wait_for
from tests.real_models import CONFIGS, limit_card, write_model
from tests.sample_projects import make_project
from tests.sample_projects import prepare as prepare_run

pytestmark = [
    pytest.mark.skipif(os.name == "nt", reason="forks children from a preloaded parent"),
    pytest.mark.timeout(900),
]
_RUNTIME = 700 * 2**20
# Far less than the activations of eight long examples in a model of 0.6 billion weights, and more than those weights.
_TOO_SMALL = 4.0


def losses(run: Run) -> dict[int, float]:
    return dict(read_metrics(run).loss)


@pytest.mark.parametrize(("method", "dropout"), [("qlora", 0.0), ("qlora", 0.05), ("lora", 0.05), ("full", 0.0)])
def test_a_run_on_the_card_learns(nursery: Nursery, base: BaseModel, method: str, dropout: float) -> None:
    project = make_project()
    nursery.finish(prepare_run(project, base, method=method, dropout=dropout, epochs=4, learning_rate=5e-3), 300)
    run = open_run(project)
    assert run.job.state is JobState.FINISHED, run.job.sentence
    assert run.plan is not None and run.plan.on_gpu
    metrics = read_metrics(run)
    assert metrics.best_validation_loss is not None
    assert metrics.best_validation_loss < metrics.validation_loss[0][1]
    assert not any("other" in warning for warning in metrics.warnings), "every fast path computes the same on this card"
    assert files.read_json(run.folder / "environment.json")["device"] == torch.cuda.get_device_name(0)


def test_killed_and_resumed_it_goes_the_same_way(nursery: Nursery, base: BaseModel) -> None:
    project = make_project()
    control, folder = (prepare_run(project, base, checkpoint_seconds=0.0, epochs=4) for _ in range(2))
    nursery.finish(control, 300)
    nursery.start(folder)
    wait_for(lambda: len(losses(open_run(project, folder.name))) >= 6, 300)
    end_now(folder)
    assert jobs.read(folder).state is JobState.INTERRUPTED
    nursery.finish(folder, 300)
    run, whole = open_run(project, folder.name), open_run(project, control.name)
    assert run.job.state is JobState.FINISHED, run.job.sentence
    resumed = [event["step"] for event in files.read_lines(folder / "events.jsonl")[0] if event["kind"] == "resumed"]
    assert resumed and resumed[0] > 0, "it goes on from a checkpoint"
    assert losses(run).keys() == losses(whole).keys()
    # Sums on a card may be added in another order each time.
    assert losses(run) == pytest.approx(losses(whole), rel=0.05)


@pytest.mark.parametrize(("name", "gigabytes"), [("Qwen3-0.6B", 8.0), ("Llama-3.2-3B", 8.0), ("Qwen3-4B", 12.0)])
def test_the_plan_errs_upwards_and_by_little(name: str, gigabytes: float, tmp_path: Path) -> None:
    if torch.cuda.get_device_properties(0).total_memory < 0.95 * gigabytes * 2**30:
        pytest.skip(f"the card has less than {gigabytes:g} GB")
    planned = prepare(write_model(tmp_path / name, CONFIGS[name]), name, gigabytes)
    assert planned.fits
    measured = measure(ours, planned, gigabytes)
    assert not measured.problem
    assert 0 <= memory_error(planned, measured) <= 0.05
    assert 0 <= measured.probed / measured.peak - 1 <= 0.05


def small_card() -> None:
    limit_card(_TOO_SMALL, _RUNTIME)


def test_memory_that_runs_out_is_relieved(nursery: Nursery, tmp_path: Path) -> None:
    model = find_model(str(write_model(tmp_path / "model", CONFIGS["Qwen3-0.6B"])))
    project, _ = make_data("Long")
    own: dict[str, Any] = {"epochs": 0.25, "batch_size": 8, "micro_batch_size": 8, "max_length": 1_024, "dropout": 0.0}
    folder = prepare_run(project, model, **own)
    run = open_run(project, folder.name)
    if run.plan is None or run.plan.micro_batch_size < 8 or run.plan.recomputed_layers:
        pytest.skip("this card is too small to be asked for too much")
    nursery.finish(folder, 600, fault=small_card)
    # The small card is that of the first process only.
    *_, view = jobs.follow(folder)
    assert view.state is JobState.FINISHED, view.sentence
    warnings = read_metrics(open_run(project, folder.name)).warnings
    assert any("The memory ran out" in warning and "4 of the 8 examples" in warning for warning in warnings)


def test_every_fast_path_computes_the_same_on_this_card(tmp_path: Path) -> None:
    device = choose_device()
    precision = choose_precision(device)
    shape = {"hidden_size": 256, "intermediate_size": 512, "num_hidden_layers": 3, "num_attention_heads": 4}
    config = {**CONFIGS["Llama-3.1-8B"], **shape, "vocab_size": 2_048, "head_dim": 64, "num_key_value_heads": 2}
    model_folder = write_model(tmp_path / "model", config)
    loaded = load_base(find_model(str(model_folder)), quantization="nf4", device=device, attention=register_attention())
    adapter = peft.LoraConfig(r=8, target_modules="all-linear", task_type="CAUSAL_LM")
    model = peft.get_peft_model(loaded, adapter).train()
    kind = torch.bfloat16 if precision == "bf16" else torch.float16
    assert switch_on(model, rows(), 60, 0, torch.autocast("cuda", dtype=kind)) == (True, True, True, ())


def rows() -> list[Row]:
    """Of unequal lengths, so that packing them has something to keep apart."""
    chooser = numpy.random.default_rng(0)
    made = []
    for length in (17, 33, 60):
        ids = chooser.integers(5, 2_000, size=length).astype(numpy.int32)
        made.append(Row(ids, numpy.where(numpy.arange(length) > 5, ids, IGNORED).astype(numpy.int32)))
    return made
