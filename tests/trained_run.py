"""A finished run made in seconds: a tiny model that has really learned a small task."""

import json
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

from localft import paths
from localft.data.examples import Example, Message
from localft.data.versions import DatasetVersion
from localft.jobs import JobOrder, JobResult
from localft.models.base_model import BaseModel
from localft.models.download import model_folder
from localft.models.find import find_model
from localft.models.templates import chat_format_for
from localft.models.tokens import TextTokenizer, encode_example
from localft.planning.recipe import Recipe, TrainingSettings
from localft.store import files
from localft.store.projects import Project, ProjectInfo, open_project
from localft.training.runs import Run, open_run
from tests.tiny_models import Architecture, make_tiny_model

SUBJECTS = {"invoice": "billing", "payment": "billing", "application": "technical", "settings": "technical"}
OPENINGS = ("My", "The", "Please help, the", "This")
ENDINGS = ("is wrong.", "crashes.", "is urgent.", "cannot be changed.")


def task_examples() -> tuple[list[Example], list[Example]]:
    """32 tickets to learn from and 32 others, each with the JSON that sorts it; every word is in both halves."""
    halves: tuple[list[Example], list[Example]] = ([], [])
    for first, opening in enumerate(OPENINGS):
        for second, (subject, category) in enumerate(SUBJECTS.items()):
            for third, ending in enumerate(ENDINGS):
                example = _example(f"{opening} {subject} {ending}", json.dumps({"category": category}))
                halves[(first + second + third) % 2].append(example)
    return halves


def _example(question: str, answer: str) -> Example:
    return Example(messages=(Message(role="user", content=question), Message(role="assistant", content=answer)))


def new_project(folder: Path, name: str = "Tickets") -> Project:
    """A project in any folder, to be made once and copied into the home of each test."""
    info = ProjectInfo(display_name=name, created_at=files.now())
    info.save(folder / "project.json")
    return Project(folder, info)


def copy_into_home(project: Project) -> Project:
    """Copy a project to where this test's localft looks for it."""
    target = paths.projects_dir() / files.slugify(project.name)
    shutil.copytree(project.folder, target)
    return open_project(target.name)


def make_dataset(project: Project, examples: Sequence[Example], test: Sequence[Example]) -> DatasetVersion:
    """Write a dataset version whose training and validation examples are the same."""
    identifier = files.new_id()
    folder = project.datasets / identifier
    folder.mkdir(parents=True)
    for name, rows in (("train", examples), ("validation", examples), ("test", test)):
        lines = "".join(row.model_dump_json() + "\n" for row in rows)
        files.write_text(folder / f"{name}.jsonl", lines)
    version = DatasetVersion(
        id=identifier,
        created_at=files.now(),
        sources=(),
        seed=42,
        ratios=(0.8, 0.1, 0.1),
        counts={"train": len(examples), "validation": len(examples), "test": len(test)},
        set_aside=0,
        sha256="0" * 64,
    )
    version.save(folder / "dataset.json")
    return version


def make_trained_run(
    project: Project,
    folder: Path,
    *,
    method: Literal["lora", "full"] = "lora",
    architecture: Architecture = "llama",
    steps: int = 40,
    **model_changes: Any,
) -> Run:
    """Make a tiny base model in `folder`, train it on half of the task, and write the run's folder."""
    # Larger random weights than usual: no adapter raises the logits of a frozen output layer that is almost zero.
    changes: dict[str, Any] = {"initializer_range": 0.2, **model_changes}
    make_tiny_model(folder, architecture, **changes)
    learned, test = task_examples()
    version = make_dataset(project, learned, test)
    return write_run(project, find_model(str(folder)), version.id, learned, method=method, steps=steps)


def write_run(
    project: Project,
    base: BaseModel,
    dataset: str,
    learned: Sequence[Example],
    *,
    method: Literal["lora", "full"] = "lora",
    steps: int = 40,
) -> Run:
    """Train a base model on examples, a step being all of them at once, and write the folder of a finished run."""
    settings = TrainingSettings(method=method, max_length=256)
    target = project.runs / files.new_id()
    recipe = Recipe(base_model=base.reference, dataset=dataset, settings=settings)
    recipe.save(target / "recipe.json")
    base.save(target / "base_model.json")
    chat_format = chat_format_for(base)
    chat_format.save(target / "chat_format.json")
    order = JobOrder(worker="localft.training.worker", title="Training", project=project.slug, created_at=files.now())
    order.save(target / "job.json")
    tokenizer = TextTokenizer(model_folder(base))
    encoded = [part for row in learned for part in encode_example(chat_format, tokenizer, row, 256)]
    _train(model_folder(base), target / "weights", method, encoded, steps)
    files.write_json(target / "weights" / "manifest.json", {"schema_version": 1})
    JobResult(outcome="finished", message="Finished.", finished_at=files.now()).save(target / "result.json")
    return open_run(project, target.name)


def _train(base: Path, weights: Path, method: str, encoded: Sequence[Any], steps: int) -> None:
    import peft
    import torch
    import transformers

    # Tiny matrices are slower with more threads, and much slower on a busy machine.
    torch.set_num_threads(1)
    torch.manual_seed(0)
    model: Any = transformers.AutoModelForCausalLM.from_pretrained(base, dtype=torch.float32)
    if method == "lora":
        model = peft.get_peft_model(model, peft.LoraConfig(r=16, lora_alpha=32, target_modules="all-linear"))
    optimizer = torch.optim.AdamW([weight for weight in model.parameters() if weight.requires_grad], lr=1e-2)
    longest = max(len(row.token_ids) for row in encoded)
    ids = torch.tensor([row.token_ids + [1] * (longest - len(row.token_ids)) for row in encoded])
    mask = torch.tensor([[1] * len(row.token_ids) + [0] * (longest - len(row.token_ids)) for row in encoded])
    learned = torch.tensor([row.learned + [False] * (longest - len(row.token_ids)) for row in encoded])
    labels = ids.masked_fill(~learned, -100)
    for _ in range(steps):
        loss = model(input_ids=ids, attention_mask=mask, labels=labels, use_cache=False).loss
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
    model.save_pretrained(str(weights))
