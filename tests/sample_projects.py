"""Projects with data, and runs on them: a small task that a tiny model can learn, written without the import room."""

import hashlib
import random
from pathlib import Path
from typing import Any

from localft.data.examples import Example, Message
from localft.data.versions import SPLITS, DatasetVersion, SourceFile, Split
from localft.hardware import read_hardware
from localft.models.base_model import BaseModel
from localft.models.find import find_model
from localft.planning.lengths import measure_tokens
from localft.planning.plan import make_plan
from localft.planning.proposing import propose
from localft.store import files
from localft.store.projects import Project, create_project
from localft.training.runs import prepare_run
from tests.tiny_models import Architecture, make_tiny_model

_CATEGORIES = {
    "billing": ("invoice", "payment", "refund"),
    "technical": ("crash", "error", "settings page"),
    "account": ("password", "log in", "account"),
}


def make_examples(count: int, seed: int = 0, pairs: bool = False) -> list[Example]:
    """Tickets and their category: one word answers that follow from one word of the question.

    With `pairs` each rejects the same evasion.
    """
    chooser = random.Random(seed)
    examples = []
    for row in range(count):
        category, words = chooser.choice(list(_CATEGORIES.items()))
        question = f"Please help with my {chooser.choice(words)}, it is number {row}."
        messages = (Message(role="user", content=question), Message(role="assistant", content=category))
        rejected = "invoice error, or password" if pairs else ""
        examples.append(Example(messages=messages, rejected=rejected, source="made", row=row + 1))
    return examples


def make_project(
    name: str = "Tickets", train: int = 48, validation: int = 8, test: int = 8, seed: int = 0, pairs: bool = False
) -> Project:
    """A project with one dataset version of the given sizes."""
    project = create_project(name)
    examples = make_examples(train + validation + test, seed, pairs)
    parts = {"train": examples[:train], "validation": examples[train : train + validation]}
    parts["test"] = examples[train + validation :]
    add_version(project, parts)  # ty: ignore[invalid-argument-type]
    return project


def add_version(project: Project, parts: dict[Split, list[Example]]) -> DatasetVersion:
    """Write a dataset version with these splits."""
    version_id = files.new_id()
    digest = hashlib.sha256()
    for split in SPLITS:
        text = "".join(example.model_dump_json() + "\n" for example in parts[split])
        files.write_text(project.datasets / version_id / f"{split}.jsonl", text)
        digest.update(text.encode())
    version = DatasetVersion(
        id=version_id,
        created_at=files.now(),
        sources=(SourceFile(name="made", bytes=1, sha256="0" * 64, shape="messages"),),
        seed=0,
        ratios=(0.8, 0.1, 0.1),
        counts={split: len(parts[split]) for split in SPLITS},
        pairs=sum(bool(example.rejected) for split in SPLITS for example in parts[split]),
        set_aside=0,
        sha256=digest.hexdigest(),
    )
    version.save(project.datasets / version_id / "dataset.json")
    return version


def make_base_model(
    folder: Path, architecture: Architecture = "llama", hidden_size: int = 64, layers: int = 2
) -> BaseModel:
    """A tiny model in a folder, found as a user's own local model is."""
    return find_model(str(make_tiny_model(folder, architecture, hidden_size=hidden_size, layers=layers)))


def prepare(project: Project, base: BaseModel, checkpoint_seconds: float = 180.0, **own: Any) -> Path:
    """The folder of a run of two epochs that is ready to start; `own` values win."""
    version = next(project.datasets.iterdir()).name
    hardware = read_hardware()
    recipe = propose(project, version, base, hardware, "balanced", {"epochs": 2, "patience": 0, **own})
    plan = make_plan(recipe, base, measure_tokens(project, version, base, recipe.settings), hardware)
    folder, order = prepare_run(project, recipe, plan, checkpoint_seconds)
    order.save(folder / "job.json")
    return folder
