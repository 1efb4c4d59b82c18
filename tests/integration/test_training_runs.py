"""Whole runs on tiny real models: every method; killed, stopped, damaged and resumed to the same bits."""

import json
import os
import signal
from pathlib import Path
from typing import Any

import pytest
import torch

from localft import jobs
from localft.hardware import read_hardware
from localft.jobs import JobState
from localft.models.base_model import BaseModel
from localft.planning.lengths import measure_tokens
from localft.planning.plan import Plan, make_plan
from localft.planning.proposing import propose
from localft.store import files
from localft.store.projects import Project
from localft.training.loading import load_base, load_tuned
from localft.training.runs import Run, open_run, read_metrics, run_weights, start_run
from tests.forked_jobs import Nursery
from tests.integration.run_weights import same, weights_of
from tests.job_help import wait_for
from tests.sample_projects import make_project, prepare

pytestmark = [
    pytest.mark.skipif(os.name == "nt", reason="forks children from a preloaded parent"),
    pytest.mark.usefixtures("one_thread"),
]


def losses(run: Run) -> dict[int, float]:
    return dict(read_metrics(run).loss)


def test_a_detached_run_ends_with_weights_that_answer_differently(base: BaseModel) -> None:
    project = make_project()
    version = next(project.datasets.iterdir()).name
    recipe = propose(project, version, base, read_hardware(), "quick", {"epochs": 2})
    plan = make_plan(recipe, base, measure_tokens(project, version, base, recipe.settings), read_hardware())
    run = start_run(project, recipe, plan)
    assert run.job.state.alive
    *_, view = jobs.follow(run.folder)
    assert view.state is JobState.FINISHED, view.sentence
    assert view.sentence.startswith(f"Trained {plan.steps} steps in ")
    run = open_run(project)
    metrics = read_metrics(run)
    assert [step for step, _ in metrics.loss] == list(range(1, plan.steps + 1))
    assert metrics.validation_loss[0][0] == 0
    assert metrics.best_validation_loss is not None
    assert metrics.best_validation_loss < metrics.validation_loss[0][1]
    assert [len(items) for items in metrics.samples.values()] == [5] * len(metrics.validation_loss)
    _check_records(run)
    model, tokenizer = load_tuned(run)
    ids = torch.tensor([tokenizer("Please help")["input_ids"]])
    with torch.no_grad():
        tuned = model(ids).logits
        with model.disable_adapter():
            adapter_off = model(ids).logits
        original = load_base(base, quantization="nf4")(ids).logits
    assert torch.equal(adapter_off, original)
    assert (tuned - original).abs().max() > 0.01


def _check_records(run: Run) -> None:
    result = run.job.result
    assert result is not None
    assert result.value["steps"] == result.value["planned_steps"]
    assert run.plan is not None
    assert result.value["predicted"]["memory_bytes"] == run.plan.measured_bytes, "comparable to what is measured"
    assert result.value["peak_memory_bytes"] > 2**20
    environment = files.read_json(run.folder / "environment.json")
    assert environment["libraries"]["torch"] == torch.__version__
    assert environment["seed"] == 42
    assert not (run.folder / "checkpoints").exists(), "a finished run needs no checkpoints"
    adapter = json.loads((run_weights(run) / "adapter_config.json").read_text(encoding="utf-8"))
    assert adapter["base_model_name_or_path"] == run.base_model.reference
    assert "lm_head" not in adapter["target_modules"]
    assert "DeprecationWarning: localft" not in (run.folder / "worker.log").read_text(encoding="utf-8")


@pytest.mark.parametrize("method", ["lora", "full"])
def test_the_other_methods_end_with_weights_too(nursery: Nursery, base: BaseModel, method: str) -> None:
    project = make_project()
    folder = prepare(project, base, method=method, epochs=1, learning_rate=1e-3)
    nursery.finish(folder)
    run = open_run(project)
    assert run.job.state is JobState.FINISHED, run.job.sentence
    model, _ = load_tuned(run)
    before = load_base(base)
    ids = torch.tensor([[5, 6, 7, 8]])
    with torch.no_grad():
        assert (model(ids).logits - before(ids).logits).abs().max() > 1e-3


def test_the_effective_batch_is_kept_whatever_fits(nursery: Nursery, base: BaseModel) -> None:
    project = make_project(train=24)
    runs = []
    for micro in (1, 4):
        folder = prepare(project, base, method="lora", batch_size=4, micro_batch_size=micro, epochs=1, dropout=0)
        nursery.finish(folder)
        runs.append(open_run(project))
    assert [run.plan.accumulation for run in runs if run.plan] == [4, 1]
    first, second = (losses(run) for run in runs)
    assert first.keys() == second.keys()
    assert all(first[step] == pytest.approx(second[step], rel=1e-4) for step in first)


def test_computing_parts_twice_changes_nothing(nursery: Nursery, base: BaseModel) -> None:
    project = make_project(train=16)
    runs = []
    for recomputed in (0, 1, 2):
        folder = prepare(project, base, epochs=1, dropout=0)
        plan = Plan.load(folder / "plan.json").model_copy(update={"recomputed_layers": recomputed})
        plan.save(folder / "plan.json")
        nursery.finish(folder)
        runs.append(open_run(project, folder.name))
        assert runs[-1].job.state is JobState.FINISHED, runs[-1].job.sentence
    plain, one_layer, all_layers = (losses(run) for run in runs)
    assert one_layer == pytest.approx(plain, rel=1e-5)
    assert all_layers == pytest.approx(plain, rel=1e-5)


@pytest.mark.parametrize("method", ["qlora", "lora", "full"])
def test_stopped_and_resumed_it_ends_with_the_same_bits(nursery: Nursery, base: BaseModel, method: str) -> None:
    project = make_project()
    own: dict[str, Any] = {"method": method, "epochs": 4, "dropout": 0.1, "learning_rate": 1e-3}
    control_folder, folder = (prepare(project, base, **own) for _ in range(2))
    nursery.finish(control_folder)
    child = nursery.start(folder)
    wait_for(lambda: len(read_metrics(open_run(project, folder.name)).loss) >= 3)
    jobs.request_stop(folder)
    child.join(60)
    stopped = open_run(project, folder.name)
    assert stopped.job.state is JobState.STOPPED
    assert "resume continues from there" in stopped.job.sentence
    assert stopped.has_weights, "what was learned so far can be tried"
    nursery.finish(folder)
    run, control = open_run(project, folder.name), open_run(project, control_folder.name)
    assert run.job.state is JobState.FINISHED, run.job.sentence
    assert same(weights_of(run), weights_of(control))
    assert losses(run) == losses(control)


def stopped_run(nursery: Nursery, base: BaseModel) -> tuple[Project, Path, Run]:
    """A run that was stopped after its fourth step, with a checkpoint of each; and one that nothing has disturbed."""
    project = make_project(train=32)
    control_folder, folder = (prepare(project, base, checkpoint_seconds=0.0, epochs=2) for _ in range(2))
    nursery.finish(control_folder)
    child = nursery.start(folder)
    wait_for(lambda: len(read_metrics(open_run(project, folder.name)).loss) >= 4)
    jobs.request_stop(folder)
    child.join(60)
    return project, folder, open_run(project, control_folder.name)


def test_a_damaged_checkpoint_is_set_aside_and_an_older_one_resumed(nursery: Nursery, base: BaseModel) -> None:
    project, folder, control = stopped_run(nursery, base)
    newest = max((folder / "checkpoints").glob("ckpt-*"))
    state = bytearray((newest / "optimizer.pt").read_bytes())
    state[len(state) // 2] ^= 1
    (newest / "optimizer.pt").write_bytes(state)
    nursery.finish(folder)
    run = open_run(project, folder.name)
    assert run.job.state is JobState.FINISHED, run.job.sentence
    assert [told for told in read_metrics(run).warnings if told.startswith("1 checkpoint of this run is damaged")]
    resumed = [event["step"] for event in files.read_lines(folder / "events.jsonl")[0] if event["kind"] == "resumed"]
    assert resumed == [int(newest.name.rpartition("-")[2]) - 1]
    assert same(weights_of(run), weights_of(control))


def test_where_every_checkpoint_is_damaged_the_run_begins_anew_and_says_so(nursery: Nursery, base: BaseModel) -> None:
    project, folder, control = stopped_run(nursery, base)
    for checkpoint in (folder / "checkpoints").glob("ckpt-*"):
        (checkpoint / "optimizer.pt").write_bytes(b"damaged")
    child = nursery.start(folder)
    wait_for(
        lambda: any("begins again with its first step" in told for told in read_metrics(open_run(project)).warnings)
    )
    os.kill(child.pid or 0, signal.SIGSTOP)
    events = files.read_lines(folder / "events.jsonl")[0]
    anew = max(number for number, event in enumerate(events) if event["kind"] == "resumed")
    points = [event["step"] for event in events[anew:] if event["kind"] == "metrics"]
    assert [step for step, _ in read_metrics(open_run(project, folder.name)).loss] == points, "of its former part: none"
    os.kill(child.pid or 0, signal.SIGCONT)
    child.join(120)
    run = open_run(project, folder.name)
    assert run.job.state is JobState.FINISHED, run.job.sentence
    assert 0 in [event["step"] for event in files.read_lines(folder / "events.jsonl")[0] if event["kind"] == "resumed"]
    assert same(weights_of(run), weights_of(control))
    assert list((folder / "checkpoints" / "quarantine").iterdir()), "what was damaged stays to be looked at"


def test_killed_between_the_last_step_and_the_result_nothing_is_done_twice(nursery: Nursery, base: BaseModel) -> None:
    project = make_project()
    folder = prepare(project, base, epochs=1)
    nursery.finish(folder)
    before = weights_of(open_run(project)), (folder / "events.jsonl").stat().st_size
    (folder / "result.json").unlink()
    # As when it was killed before it had deleted them.
    (folder / "checkpoints" / "ckpt-00000001").mkdir(parents=True)
    nursery.finish(folder)
    run = open_run(project)
    assert run.job.sentence.startswith("Trained ")
    assert not (folder / "checkpoints").exists()
    assert same(weights_of(run), before[0])


def test_patience_ends_a_run_and_the_best_weights_are_kept(nursery: Nursery, base: BaseModel) -> None:
    project = make_project()
    folder = prepare(project, base, epochs=20, patience=2, learning_rate=0.05)
    nursery.finish(folder)
    run = open_run(project)
    assert run.job.state is JobState.FINISHED, run.job.sentence
    assert "stopped early" in run.job.sentence
    result = run.job.result
    assert result is not None
    assert result.value["steps"] < result.value["planned_steps"]
    manifest = files.read_json(run_weights(run) / "manifest.json")
    assert manifest["step"] == read_metrics(run).best_step == result.value["best_step"]


def test_a_run_in_which_nothing_would_be_learned_says_why(nursery: Nursery, base: BaseModel) -> None:
    project = make_project(train=12)
    folder = prepare(project, base, max_length=32)
    nursery.finish(folder)
    view = open_run(project).job
    assert view.state is JobState.FAILED
    assert "Nothing would be learned" in view.sentence
    assert not (folder / "checkpoints").exists()
