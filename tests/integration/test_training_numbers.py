"""Losses, gradients and weights that are no longer numbers: the run ends, says why, and what was good is kept."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from localft.errors import UserError
from localft.jobs import JobState
from localft.models.base_model import BaseModel
from localft.training.finite import FiniteGradients, NotANumberError, is_finite, not_a_number
from localft.training.runs import open_run
from tests import faults
from tests.forked_jobs import Nursery
from tests.integration.run_weights import same, weights_of
from tests.integration.test_training_parts import make_watcher, step
from tests.sample_projects import make_project, prepare

NAN, INFINITE = float("nan"), float("inf")


@pytest.mark.skipif(os.name == "nt", reason="forks children from a preloaded parent")
@pytest.mark.usefixtures("one_thread")
@pytest.mark.parametrize(
    ("fault", "what"), [(faults.no_gradient, "gradient"), (faults.no_weights, "model")], ids=["gradient", "weights"]
)
def test_what_is_no_number_is_never_saved_and_the_last_good_weights_are_published(
    nursery: Nursery, base: BaseModel, fault: Callable[[], None], what: str
) -> None:
    project = make_project(train=24, validation=0)
    control, folder = (prepare(project, base, checkpoint_seconds=0.0, epochs=2) for _ in range(2))
    nursery.finish(folder, fault=fault)
    run = open_run(project, folder.name)
    assert run.job.state is JobState.FAILED
    assert f"The {what} is no longer a number at step 3" in run.job.sentence
    assert "What was learned until step 2 is kept" in run.job.sentence
    assert run.job.result is not None and "smaller learning rate, such as" in run.job.result.hint
    saved = [load_file(next(folder.glob(f"checkpoints/ckpt-0000000{number}/*.safetensors"))) for number in (1, 2)]
    assert not (folder / "checkpoints" / "ckpt-00000003").exists()
    assert same(weights_of(run), saved[1]) and not same(*saved)
    # What spoilt the step was not of the run itself: it goes on from the last good checkpoint.
    for one in (control, folder):
        nursery.finish(one)
    assert open_run(project, folder.name).job.state is JobState.FINISHED
    assert same(weights_of(open_run(project, folder.name)), weights_of(open_run(project, control.name)))


def test_a_loss_that_is_no_number_ends_the_run_before_anything_is_saved(tmp_path: Path) -> None:
    watcher = make_watcher(tmp_path, [1.0] * 9)
    step(watcher, 1)
    with pytest.raises(NotANumberError, match="loss is no longer a number at step 2") as caught:
        step(watcher, 2, loss=NAN)
    assert "smaller learning rate" in caught.value.hint
    with pytest.raises(NotANumberError, match="validation loss is no longer a number"):
        step(make_watcher(tmp_path, [INFINITE]), 5)


@pytest.mark.parametrize("number", [0, 1])
def test_before_anything_is_learned_the_base_model_is_the_cause(number: int) -> None:
    told = not_a_number("loss", number, "bf16", 1e-4)
    assert "the cause is the base model" in told.message
    assert "learning rate" not in told.hint


def test_later_the_steps_are_too_large() -> None:
    told = not_a_number("loss", 2, "bf16", 2e-4)
    assert "too large" in told.message
    assert "such as 5e-05" in told.hint


@pytest.mark.parametrize("number", [1, 40])
def test_in_fp16_its_largest_number_may_be_the_cause(number: int) -> None:
    told = not_a_number("loss", number, "fp16", 1e-4)
    assert "65,504" in told.message
    assert ("learning rate" in told.hint) == (number > 1)


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
@pytest.mark.parametrize("norm", [NAN, INFINITE])
def test_a_gradient_is_refused_before_the_optimiser_takes_it(precision: str, norm: float) -> None:
    gradients = FiniteGradients(precision, 1e-4)
    gradients.look(1, 0.5)
    with pytest.raises(UserError, match="gradient is no longer a number at step 2"):
        gradients.look(2, norm)


def test_the_scaler_of_fp16_finds_its_scale_and_not_more() -> None:
    gradients = FiniteGradients("fp16", 1e-4)
    for number in range(1, 21):
        gradients.look(number, INFINITE)
    gradients.look(21, 1.0)
    with pytest.raises(NotANumberError) as caught:
        for number in range(22, 99):
            gradients.look(number, INFINITE)
    assert "at step 46" in caught.value.message, "the count begins anew after a step that went well"


@pytest.mark.parametrize("bad", [NAN, INFINITE, -INFINITE])
def test_one_bad_number_among_many_is_found(bad: float) -> None:
    good = torch.ones(1_000)
    spoilt = good.clone()
    spoilt[-1] = bad
    assert is_finite([good, torch.tensor([1, 2]), 3])
    assert not is_finite([good, spoilt])
