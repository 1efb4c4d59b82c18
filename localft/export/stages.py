"""What the worker of an export knows and does at every step: the run, its folders, its progress, its children."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import psutil

from localft.data.examples import Example
from localft.data.versions import SPLITS, DatasetVersion, iterate_split, open_version, shared_system_prompt
from localft.errors import UserError
from localft.export.children import Outcome, run_child
from localft.jobs import JobContext
from localft.models.chat_format import ChatFormat
from localft.models.download import model_folder
from localft.models.thinking import OPEN
from localft.store import files
from localft.store.projects import Project
from localft.training.runs import Run, run_weights

_MOST_EXAMPLES = 24
_LONGEST_PROMPT = 6_000
_SOME_QUESTION = "Please answer in one sentence: what can you do?"


@dataclass
class Stages:
    """One export under way. Intermediate files lie in `.work`, which goes away at the end."""

    context: JobContext
    project: Project
    run: Run
    peaks: dict[str, int] = field(default_factory=dict)

    @property
    def folder(self) -> Path:
        return self.context.folder

    @cached_property
    def work(self) -> Path:
        path = self.folder / ".work"
        path.mkdir(exist_ok=True)
        return path

    @cached_property
    def base(self) -> Path:
        """The folder of the base model."""
        return model_folder(self.run.base_model)

    @cached_property
    def weights(self) -> Path:
        """The folder of what was trained."""
        return run_weights(self.run)

    @property
    def is_full(self) -> bool:
        """Whether all weights were trained, so that there is no adapter."""
        return self.run.recipe.settings.method == "full"

    @property
    def adapter(self) -> str | None:
        return None if self.is_full else str(self.weights)

    @property
    def model(self) -> Path:
        """The folder whose weights an export starts from."""
        return self.weights if self.is_full else self.base

    @cached_property
    def chat_format(self) -> ChatFormat:
        return self.run.chat_format

    @cached_property
    def threads(self) -> int:
        return psutil.cpu_count(logical=False) or 1

    @cached_property
    def dataset(self) -> DatasetVersion | None:
        """The examples that the run was made with, None if they are gone."""
        try:
            return open_version(self.project, self.run.recipe.dataset)
        except UserError:
            return None

    @cached_property
    def examples(self) -> list[Example]:
        """Some examples, those not trained on first."""
        found: list[Example] = []
        for split in reversed(SPLITS) if self.dataset is not None else ():
            for example in iterate_split(self.project, self.run.recipe.dataset, split):
                if len(found) == _MOST_EXAMPLES:
                    return found
                if _is_plain(example):
                    found.append(example)
        return found

    @cached_property
    def conversations(self) -> list[list[dict[str, Any]]]:
        """What the proof asks: the prompts of some examples."""
        prompts = [[message.as_chat() for message in example.prompt] for example in self.examples]
        return [prompt for prompt in prompts if prompt] or [[{"role": "user", "content": _SOME_QUESTION}]]

    @cached_property
    def system_prompt(self) -> str:
        """The system prompt that all training examples share; "" if they do not."""
        return shared_system_prompt(self.project, self.run.recipe.dataset)

    def report(self, low: float, high: float) -> Callable[[float, float, str], None]:
        """A way to report the part of the whole export (in percent) that a step is."""

        def report(done: float, total: float, message: str) -> None:
            share = min(1.0, done / total) if total else 0.0
            self.context.progress(low + (high - low) * share, 100, "%", message)

        return report

    def child(self, module: str, settings: dict[str, Any], low: float, high: float) -> Outcome:
        """Run a step in a process of its own; it takes the progress from `low` to `high` percent.

        Raises:
            UserError: it failed.
            Stopped: the user has asked for it.
        """
        outcome = run_child(module, settings, self.report(low, high), self.context.stop_requested)
        self.peaks[module] = max(outcome.peak_bytes, self.peaks.get(module, 0))
        self.context.event("step", name=module, peak_bytes=outcome.peak_bytes)
        return outcome

    def once(self, name: str, product: Path, make: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        """Do a step whose result is a file, unless an interrupted attempt has finished it already."""
        note = self.work / f"{name}.json"
        if product.exists() and note.exists():
            return files.read_json(note)
        value = make()
        files.write_json(note, value)
        return value


def _is_plain(example: Example) -> bool:
    """Tell whether every program passes a conversation on in the same way: tools and earlier thinking differ."""
    if example.plain:
        return False
    short = sum(len(message.content) for message in example.messages) <= _LONGEST_PROMPT
    tools = bool(example.tools) or any(message.tool_calls for message in example.messages)
    return short and not tools and not any(OPEN in message.content for message in example.prompt)
