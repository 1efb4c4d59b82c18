"""Guards on examples made to set them off: learning by heart, learning nothing, and pairs without a difference."""

import os
import random
from typing import Any

import pytest

from localft.data.examples import Example, Message
from localft.jobs import JobState
from localft.models.base_model import BaseModel
from localft.store import files
from localft.store.projects import Project, create_project
from localft.training.runs import Run, open_run
from tests.forked_jobs import Nursery
from tests.sample_projects import add_version, make_project, prepare

pytestmark = [
    pytest.mark.skipif(os.name == "nt", reason="forks children from a preloaded parent"),
    pytest.mark.usefixtures("one_thread"),
]
_WORDS = ("red", "blue", "green", "cold", "warm", "north", "south", "paper", "stone", "water")
_BY_HEART, _NOTHING = "learn by heart", "Nothing was learned"


def answers_of_chance(train: int = 16, validation: int = 12) -> Project:
    """A project whose answers follow from nothing: they can only be learned by heart."""
    chooser = random.Random(1)

    def example(number: int) -> Example:
        answer = " ".join(chooser.choice(_WORDS) for _ in range(5))
        said = Message(role="user", content=f"Question {number}?"), Message(role="assistant", content=answer)
        return Example(messages=said, source="made", row=number + 1)

    project, examples = create_project("Chance"), [example(number) for number in range(train + validation)]
    add_version(project, {"train": examples[:train], "validation": examples[train:], "test": []})
    return project


def warnings(run: Run) -> list[str]:
    events = files.read_lines(run.folder / "events.jsonl")[0]
    return [event["message"] for event in events if event["kind"] == "warning"]


def test_answers_that_follow_from_nothing_are_learned_by_heart_and_that_is_said(
    nursery: Nursery, base: BaseModel
) -> None:
    project = answers_of_chance()
    own: dict[str, Any] = {
        "method": "full",
        "epochs": 30,
        "learning_rate": 5e-3,
        "batch_size": 4,
        "evaluations_per_epoch": 0.5,
    }
    folder = prepare(project, base, **own)
    nursery.finish(folder)
    run = open_run(project)
    assert run.job.state is JobState.FINISHED, run.job.sentence
    assert len([warning for warning in warnings(run) if _BY_HEART in warning]) == 1
    assert not any(_NOTHING in warning for warning in warnings(run))


def test_steps_too_small_to_learn_anything_are_told_as_that_and_not_as_learning_by_heart(
    nursery: Nursery, base: BaseModel
) -> None:
    project = answers_of_chance()
    folder = prepare(project, base, epochs=12, learning_rate=1e-9, batch_size=4, dropout=0.0, evaluations_per_epoch=1)
    nursery.finish(folder)
    run = open_run(project)
    assert run.job.state is JobState.FINISHED, run.job.sentence
    (told,) = warnings(run)
    assert told.startswith(_NOTHING) and "a larger learning rate or more passes" in told


def test_a_run_that_learns_is_not_warned_of(nursery: Nursery, base: BaseModel) -> None:
    project = make_project()
    nursery.finish(prepare(project, base, epochs=4, learning_rate=5e-3))
    run = open_run(project)
    assert run.job.state is JobState.FINISHED, run.job.sentence
    assert not warnings(run)


def test_pairs_that_differ_beyond_the_longest_length_only_are_not_learned(nursery: Nursery, base: BaseModel) -> None:
    """With dropout the difference of two equal sequences is that of two masks: noise, learned as a preference."""
    shared = "the same beginning of an answer " * 40
    project = make_project(train=24, pairs=True)
    version = next(project.datasets.iterdir())
    for split in ("train", "validation"):
        path = version / f"{split}.jsonl"
        examples = [Example.model_validate(line) for line in files.read_lines(path)[0]]
        said = [Message(role="assistant", content=f"{shared} {example.answer}") for example in examples]
        parted = [
            example.model_copy(update={"messages": (*example.prompt, answer), "rejected": f"{shared} nothing"})
            for example, answer in zip(examples, said, strict=True)
        ]
        path.write_text("".join(f"{example.model_dump_json()}\n" for example in parted), encoding="utf-8")
    folder = prepare(project, base, epochs=1, dropout=0.1, max_length=64)
    nursery.finish(folder)
    run = open_run(project)
    assert run.job.state is JobState.FAILED
    assert "Nothing would be learned" in run.job.sentence and "the same as far as that" in run.job.sentence
