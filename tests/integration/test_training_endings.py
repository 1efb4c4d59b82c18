"""How a run ends when something comes between: a stop at once, a kill at the very end, data or disk that go missing."""

import contextlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from localft import jobs
from localft.data.versions import load_split, open_version
from localft.jobs import JobState
from localft.models.base_model import BaseModel
from localft.models.download import model_folder
from localft.models.find import find_model
from localft.models.tokens import TextTokenizer
from localft.store import files
from localft.store.projects import move_to_trash
from localft.training.batches import Batches
from localft.training.environment import Environment
from localft.training.loading import load_tuned
from localft.training.losses import plain_token_losses
from localft.training.objectives import Imitation
from localft.training.rows import make_rows
from localft.training.runs import open_run, read_metrics
from localft.training.validation import validate
from tests.faults import cannot_pack
from tests.forked_jobs import Nursery
from tests.integration.run_weights import same, weights_of
from tests.job_help import wait_for
from tests.sample_projects import make_base_model, make_project, prepare

pytestmark = [
    pytest.mark.skipif(os.name == "nt", reason="forks children from a preloaded parent"),
    pytest.mark.usefixtures("one_thread"),
]


def told(folder: Path) -> str:
    """What a run that has failed tells the person."""
    view = jobs.read(folder)
    assert view.state is JobState.FAILED, view.sentence
    assert view.result is not None
    return f"{view.result.message} {view.result.hint}"


def test_a_stop_in_the_first_step_is_a_stop(nursery: Nursery, base: BaseModel) -> None:
    """The first step of a warm-up has a rate of zero, so the adapter is still unchanged."""
    project = make_project()
    folder = prepare(project, base, epochs=4, warmup=0.2)
    child = nursery.start(folder)
    wait_for(lambda: len(read_metrics(open_run(project)).validation_loss) == 1)
    jobs.request_stop(folder)
    child.join(60)
    assert open_run(project).job.state is JobState.STOPPED, open_run(project).job.sentence
    nursery.finish(folder)
    assert open_run(project).job.state is JobState.FINISHED, open_run(project).job.sentence


def test_a_tokenizer_without_a_padding_token_trains(nursery: Nursery, tmp_path: Path) -> None:
    """As those of many base models."""
    folder = tmp_path / "model"
    make_base_model(folder)
    for path in folder.glob("*.json"):
        value = json.loads(path.read_text(encoding="utf-8"))
        path.write_text(json.dumps({key: item for key, item in value.items() if not key.startswith("pad_token")}))
    project = make_project()
    nursery.finish(prepare(project, find_model(str(folder)), epochs=1))
    assert open_run(project).job.state is JobState.FINISHED, open_run(project).job.sentence


def test_killed_after_its_last_save_it_ends_with_the_same_bits(nursery: Nursery, base: BaseModel) -> None:
    project = make_project()
    control_folder, folder = prepare(project, base), prepare(project, base)
    nursery.finish(control_folder)
    control = open_run(project, control_folder.name)
    assert control.plan is not None
    child = nursery.start(folder)
    last = folder / "checkpoints" / f"ckpt-{control.plan.steps:08d}"
    wait_for(lambda: last.exists() or (folder / "outcome.json").exists())
    child.kill()
    child.join(10)
    nursery.finish(folder)
    run = open_run(project, folder.name)
    assert run.job.state is JobState.FINISHED, run.job.sentence
    assert same(weights_of(run), weights_of(control))
    assert not list(folder.glob(".staging-*"))


@pytest.mark.parametrize("method", ["qlora", "full"])
def test_the_published_weights_are_those_of_the_best_validation(nursery: Nursery, base: BaseModel, method: str) -> None:
    """The rate breaks the model on the way, so that the last step is far from the best one."""
    project = make_project()
    rate = 0.05 if method == "qlora" else 0.01
    folder = prepare(project, base, method=method, epochs=12, patience=3, learning_rate=rate)
    nursery.finish(folder)
    run, metrics = open_run(project), read_metrics(open_run(project))
    assert run.job.state is JobState.FINISHED, run.job.sentence
    assert metrics.best_step != metrics.validation_loss[-1][0], "the last step must not be the best one here"
    model, tokenizer = load_tuned(run)
    version = open_version(project, run.recipe.dataset)
    examples = load_split(project, version.id, "validation")
    text = TextTokenizer(model_folder(base))
    rows = make_rows(examples, run.chat_format, text, run.recipe.settings.max_length, "all").rows
    batches = Batches(256, tokenizer.pad_token_id, packed=False)
    loss = validate(model, rows, batches, Imitation(plain_token_losses), contextlib.nullcontext()).loss
    assert loss == pytest.approx(metrics.best_validation_loss, rel=1e-4)


def test_data_deleted_under_a_run_stop_it_only_when_they_are_needed_again(nursery: Nursery, base: BaseModel) -> None:
    project = make_project()
    folder = prepare(project, base, epochs=6)
    child = nursery.start(folder)
    wait_for(lambda: len(read_metrics(open_run(project)).loss) >= 2)
    version = next(project.datasets.iterdir())
    deleted = move_to_trash(version)
    jobs.request_stop(folder)
    child.join(60)
    assert open_run(project).job.state is JobState.STOPPED
    assert open_run(project).has_weights
    nursery.finish(folder)
    assert f"version {version.name}, are no longer in the project" in told(folder)
    assert open_run(project).has_weights
    shutil.move(deleted, version)
    nursery.finish(folder)
    assert open_run(project).job.state is JobState.FINISHED, open_run(project).job.sentence


@pytest.mark.skipif(not sys.platform.startswith("linux") or os.geteuid() != 0, reason="needs a small disk of its own")
def test_a_full_disk_costs_nothing_that_was_saved(nursery: Nursery, base: BaseModel) -> None:
    project = make_project(train=32)
    control = prepare(project, base)
    nursery.finish(control)
    expected = weights_of(open_run(project))
    small = project.folder / "small"
    small.mkdir()

    def mount(*options: str) -> int:
        command = ["mount", "-t", "tmpfs", "-o", ",".join(options), "tmpfs", str(small)]
        return subprocess.run(command, capture_output=True, check=False).returncode

    if mount("size=3m") != 0:
        pytest.skip("mounting is not allowed here")
    try:
        folder = prepare(project, base, checkpoint_seconds=0.0)
        shutil.move(folder, small / folder.name)
        folder.symlink_to(small / folder.name)
        nursery.finish(folder)
        assert "The disk is too full: the checkpoints of this run take" in told(folder)
        assert not read_metrics(open_run(project)).loss, "it was told before the first step"
        assert mount("remount", "size=12m") == 0
        child = nursery.start(folder)
        wait_for(lambda: len(read_metrics(open_run(project)).loss) >= 3)
        with contextlib.suppress(OSError):
            (small / "another program").write_bytes(bytes(12 << 20))
        child.join(60)
        assert "disk is full" in told(folder)
        (small / "another program").unlink()
        nursery.finish(folder)
        run = open_run(project, folder.name)
        assert run.job.state is JobState.FINISHED, run.job.sentence
        assert same(weights_of(run), expected)
        assert any(event["kind"] == "resumed" for event in files.read_lines(folder / "events.jsonl")[0])
    finally:
        subprocess.run(["umount", str(small)], check=True)


def test_a_run_that_can_no_longer_pack_goes_on_in_its_own_order(nursery: Nursery, base: BaseModel) -> None:
    """Where nothing is packed, a run that begins puts examples of like length together; this one began otherwise."""
    project = make_project()
    control_folder, folder = (prepare(project, base, batch_size=4, epochs=6) for _ in range(2))
    nursery.finish(control_folder)
    child = nursery.start(folder)
    wait_for(lambda: len(read_metrics(open_run(project, folder.name)).validation_loss) >= 2)
    jobs.request_stop(folder)
    child.join(60)
    assert open_run(project, folder.name).job.state is JobState.STOPPED
    nursery.finish(folder, fault=cannot_pack)
    run, control = (open_run(project, one.name) for one in (folder, control_folder))
    assert run.job.state is JobState.FINISHED, run.job.sentence
    assert dict(read_metrics(run).loss) == pytest.approx(dict(read_metrics(control).loss), rel=2e-3)
    paths = [event["packed"] for event in files.read_lines(folder / "events.jsonl")[0] if event["kind"] == "fast_paths"]
    assert paths == [True, False]


def exchange(folder: Path, seed: int) -> None:
    """Put another base model into a folder: of the same shape and size, with other weights."""
    torch.manual_seed(seed)
    path = folder / "model.safetensors"
    other = {name: torch.randn_like(weights.float()).to(weights.dtype) for name, weights in load_file(path).items()}
    save_file(other, path, {"format": "pt"})


def test_a_run_does_not_go_on_with_another_base_model(nursery: Nursery, base: BaseModel, tmp_path: Path) -> None:
    project = make_project()
    control, folder = (prepare(project, base, epochs=4) for _ in range(2))
    nursery.finish(control)
    child = nursery.start(folder)
    wait_for(lambda: len(read_metrics(open_run(project, folder.name)).loss) >= 3)
    jobs.request_stop(folder)
    child.join(60)
    original = (tmp_path / "model" / "model.safetensors").read_bytes()
    exchange(tmp_path / "model", seed=7)
    nursery.finish(folder)
    assert "is not the one that this run began with. Put the former files back" in told(folder)
    assert open_run(project, folder.name).has_weights
    (tmp_path / "model" / "model.safetensors").write_bytes(original)
    nursery.finish(folder)
    run = open_run(project, folder.name)
    assert run.job.state is JobState.FINISHED, run.job.sentence
    assert same(weights_of(run), weights_of(open_run(project, control.name)))


def test_runs_of_an_older_localft_and_runs_that_have_learned_nothing_take_the_base_that_is_there(
    nursery: Nursery, base: BaseModel, tmp_path: Path
) -> None:
    project = make_project()
    older, nothing = (prepare(project, base, epochs=1) for _ in range(2))
    child = nursery.start(older)
    wait_for(lambda: len(read_metrics(open_run(project, older.name)).loss) >= 1)
    jobs.request_stop(older)
    child.join(60)
    environment = Environment.load(older / "environment.json")
    assert environment.base_digest
    environment.model_copy(update={"base_digest": None}).save(older / "environment.json")
    environment.model_copy(update={"base_digest": "0" * 64}).save(nothing / "environment.json")
    for folder in (older, nothing):
        nursery.finish(folder)
        run = open_run(project, folder.name)
        assert run.job.state is JobState.FINISHED, run.job.sentence
    assert Environment.load(nothing / "environment.json").base_digest == environment.base_digest
