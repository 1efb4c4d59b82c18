"""A stop is heard between micro-batches, in a step and in a validation, and costs no bit of what was learned."""

import contextlib
import os
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from localft.errors import Stopped
from localft.jobs import JobState
from localft.models.base_model import BaseModel
from localft.models.templates import chat_format_for
from localft.models.tokens import TextTokenizer
from localft.store import files
from localft.training.loading import load_base
from localft.training.runs import Run, open_run, read_metrics
from localft.training.validation import FixedPrompt, answer_prompts
from tests import faults
from tests.forked_jobs import Nursery
from tests.integration.run_weights import same, weights_of
from tests.sample_projects import make_project, prepare


def steps_saved(folder: Path) -> list[int]:
    return sorted(int(path.name.rpartition("-")[2]) for path in folder.glob("checkpoints/ckpt-*"))


def resumed_at(run: Run) -> list[int]:
    return [event["step"] for event in files.read_lines(run.folder / "events.jsonl")[0] if event["kind"] == "resumed"]


@pytest.mark.skipif(os.name == "nt", reason="forks children from a preloaded parent")
@pytest.mark.usefixtures("one_thread")
@pytest.mark.parametrize(
    ("fault", "step"),
    [
        (faults.stopped_within_a_step, 2),
        (partial(faults.stopped_within_a_validation, calls=2), 0),
        # The first validation has eight micro-batches at most, and the second one follows the second step.
        (partial(faults.stopped_within_a_validation, calls=10), 2),
    ],
    ids=["in a step", "in the first validation", "in a later one"],
)
def test_stopped_at_once_and_resumed_it_ends_with_the_same_bits(
    nursery: Nursery, base: BaseModel, fault: Callable[[Path], None], step: int
) -> None:
    project = make_project(train=32)
    settings = {"epochs": 2, "dropout": 0.1, "batch_size": 8, "micro_batch_size": 1}
    control_folder, folder = (prepare(project, base, checkpoint_seconds=1e9, **settings) for _ in range(2))
    nursery.finish(control_folder)
    nursery.finish(folder, fault=partial(fault, folder))
    stopped = open_run(project, folder.name)
    assert stopped.job.state is JobState.STOPPED, stopped.job.sentence
    assert not (folder / "late").exists(), "micro-batches came after the stop"
    assert steps_saved(folder) == ([step] if step else [])
    assert stopped.has_weights == (step > 0)
    assert (f"Stopped at step {step} of" if step else "before the first step") in stopped.job.sentence
    nursery.finish(folder)
    run, control = open_run(project, folder.name), open_run(project, control_folder.name)
    assert run.job.state is JobState.FINISHED, run.job.sentence
    assert resumed_at(run) == ([step] if step else [])
    assert same(weights_of(run), weights_of(control))
    ours, theirs = read_metrics(run), read_metrics(control)
    assert ours.loss == theirs.loss
    assert ours.validation_loss == theirs.validation_loss
    assert run.job.result is not None and control.job.result is not None
    assert run.job.result.value["trained_tokens"] == control.job.result.value["trained_tokens"]


def test_answers_are_left_at_the_next_token(base: BaseModel, tmp_path: Path) -> None:
    model, tokens = load_base(base), []

    def ask() -> None:
        tokens.append(1)
        if len(tokens) == 2:
            raise Stopped

    prompts = [FixedPrompt("x", "a long answer " * 9, [5, 6, 7])]
    chat_format = chat_format_for(base)
    tokenizer = TextTokenizer(tmp_path / "model")
    model.train()
    with pytest.raises(Stopped):
        answer_prompts(model, prompts, chat_format, tokenizer, contextlib.nullcontext(), ask)
    assert len(tokens) == 2 and model.training
