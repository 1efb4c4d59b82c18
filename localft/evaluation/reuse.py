"""Answers of the base model taken over from earlier evaluations: the very same question, asked in the very same way."""

import hashlib
import json
from collections.abc import Sequence
from importlib import metadata
from pathlib import Path
from typing import Any

from localft.evaluation.answers import ANSWERS, QUESTIONS, AnswerLog, GivenAnswer, Question, Questions
from localft.models.base_model import BaseModel
from localft.models.download import model_folder
from localft.serving.endpoint import Sampling
from localft.store.projects import Project, list_folders
from localft.training.runs import Run

# What computes the answers; another version of any may round differently, and then choose another token.
_LIBRARIES = ("localft", "torch", "transformers", "tokenizers", "bitsandbytes")


def way_of_asking(run: Run, sampling: Sampling, device: str) -> str:
    """A fingerprint (SHA-256) of everything that the base model's answer depends on, except for the question itself.

    Raises:
        UserError: the base model is not on this computer.
    """
    facts = {
        "base_model": _weights(run.base_model),
        "four_bits": run.recipe.settings.method == "qlora",
        "chat_format": run.chat_format.model_dump(mode="json"),
        "sampling": sampling.model_dump(mode="json"),
        "device": device,
        "libraries": {name: _version(name) for name in _LIBRARIES},
    }
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()


def earlier_answers(
    project: Project, evaluation_id: str, questions: Sequence[Question], asked_by: str
) -> dict[int, GivenAnswer]:
    """What the base model has answered to these questions in other evaluations of the project, by their index.

    An evaluation whose records cannot be read is passed over, as in every list.
    """
    known: dict[str, GivenAnswer] = {}
    for earlier, rows, log in list_folders(project.evaluations, _read).items:
        for row in rows if earlier != evaluation_id else ():
            answer = log.answers.get(("base", row.index))
            if answer is not None and answer.asked_by == asked_by:
                known.setdefault(_key(row), answer.model_copy(update={"taken_from": answer.taken_from or earlier}))
    return {
        question.index: known[_key(question)].model_copy(update={"index": question.index})
        for question in questions
        if _key(question) in known
    }


def _read(folder: Path) -> tuple[str, tuple[Question, ...], AnswerLog]:
    return folder.name, Questions.load(folder / QUESTIONS).rows, AnswerLog(folder / ANSWERS)


def _key(question: Question) -> str:
    return json.dumps([question.messages, question.tools], sort_keys=True)


def _weights(model: BaseModel) -> Any:
    """A commit of the hub stands for its files; the files of a folder may have changed since, so they are read."""
    if model.origin == "hub" and model.revision:
        return [model.reference, model.revision]
    folder = model_folder(model)
    return {name: _sha256(folder / name) for name in sorted(model.files)}


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _version(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return "not installed"
