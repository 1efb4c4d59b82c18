"""Dataset versions: immutable folders with three splits of JSON lines."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Literal

from localft.advice import Advice
from localft.data.examples import Example
from localft.data.scratch import Scratch
from localft.data.stored import StoredExamples, read_example
from localft.errors import UserError
from localft.store.projects import Listing, Project, list_folders
from localft.store.records import Record

Split = Literal["train", "validation", "test"]
SPLITS: tuple[Split, ...] = ("train", "validation", "test")
Division = Literal["chance", "time", "column"]
DIVISIONS: tuple[Division, ...] = ("chance", "time", "column")
# A version of so many bytes is not held in memory.
MANY_BYTES = 32 << 20


class SourceFile(Record):
    """A file that examples came from: its name, bytes and SHA-256; of a chat, whose voice is the assistant's too.

    Of trees of messages it says which `branches` were taken, of rows from the hub their `origin`: dataset, revision,
    config, split, and how many rows from its start.
    """

    name: str
    bytes: int
    sha256: str
    shape: str
    mapping: dict[str, str] = {}
    voice: str = ""
    gap_hours: float | None = None
    branches: str = ""
    origin: dict[str, str] = {}


class DatasetVersion(Record):
    """dataset.json, written last: with it the folder is complete and never changes again.

    `division` says by what the splits were made. `pairs` counts the examples that have a worse answer too. `parent` is
    the version that this one was made from, by what `note` says; both are empty where it was made from files alone.
    `undone_to` is the version that an undo keeps once more as this one.
    """

    id: str
    created_at: str
    sources: tuple[SourceFile, ...]
    seed: int
    ratios: tuple[float, float, float]
    division: Division = "chance"
    counts: dict[Split, int]
    pairs: int = 0
    set_aside: int
    sha256: str
    parent: str = ""
    note: str = ""
    undone_to: str = ""

    @property
    def total(self) -> int:
        return sum(self.counts.values())

    @property
    def how(self) -> str:
        """How it was made, in words."""
        return self.note or f"imported from {', '.join(source.name for source in self.sources)}"


def list_versions(project: Project) -> Listing[DatasetVersion]:
    """All complete dataset versions of a project, newest first."""
    return list_folders(project.datasets, lambda folder: DatasetVersion.load(folder / "dataset.json"))


def newest_version(project: Project) -> DatasetVersion:
    """The version that training uses unless told otherwise.

    Raises:
        UserError: the project has no data yet.
    """
    versions = list_versions(project).items
    if not versions:
        raise UserError(
            f"The project {project.name} has no examples yet.",
            Advice(f"Import a file: `localft data import {project.slug} FILE`.", "Drop a file in Data."),
        )
    return versions[0]


def open_version(project: Project, version_id: str) -> DatasetVersion:
    """Read one version.

    Raises:
        UserError: there is no such version, or it is damaged.
    """
    if version_id not in {folder.name for folder in project.datasets.glob("[!.]*")}:
        raise UserError(
            f"The project {project.slug} has no version {version_id!r} of its data.",
            Advice("Leave --dataset out to use the newest.", "Look at the list of versions again."),
        )
    return DatasetVersion.load(project.datasets / version_id / "dataset.json")


def iterate_split(project: Project, version_id: str, split: Split) -> Iterator[Example]:
    """Read the examples of one split, one at a time.

    Raises:
        UserError: the file was changed, and is no longer what localft wrote, or it is gone.
    """
    path = _file(project, version_id, split)
    with path.open("rb") as lines:
        for number, line in enumerate(lines, start=1):
            yield read_example(line, path, number)


def open_split(project: Project, version_id: str, split: Split) -> StoredExamples:
    """The examples of one split, which are read when they are asked for.

    Raises:
        UserError: the file is gone.
        OSError: it cannot be read.
    """
    return StoredExamples.of_file(_file(project, version_id, split))


def _file(project: Project, version_id: str, split: Split) -> Path:
    path = project.datasets / Path(version_id).name / f"{split}.jsonl"
    if not path.exists():
        raise UserError(f"The file {path} is gone, which a version is made of.", "Import the data again.")
    return path


def is_many(project: Project, version_id: str) -> bool:
    """Whether a version has so many examples that they are not held in memory."""
    return sum(path.stat().st_size for path in _files(project, version_id) if path.exists()) >= MANY_BYTES


def open_together(project: Project, version_id: str) -> Sequence[Example]:
    """All examples of a version, one split after the other: in memory, or in a file of their own where they are many.

    Raises:
        UserError: a file was changed, and is no longer what localft wrote, or it is gone.
    """
    if not is_many(project, version_id):
        return [example for name in SPLITS for example in iterate_split(project, version_id, name)]
    return put_together([open_split(project, version_id, name) for name in SPLITS])


def put_together(parts: Sequence[Sequence[Example]]) -> Sequence[Example]:
    """The examples of all parts, one part after the other; where they lie in files, in one of their own."""
    stored = [part for part in parts if isinstance(part, StoredExamples)]
    if not stored or len(stored) < len(parts):
        return [example for part in parts for example in part]
    scratch = Scratch()
    path = scratch.folder / "together.jsonl"
    with path.open("wb") as together:
        for part in stored:
            together.writelines(part.lines())
    return StoredExamples.of_file(path, scratch)


def _files(project: Project, version_id: str) -> list[Path]:
    return [project.datasets / Path(version_id).name / f"{name}.jsonl" for name in SPLITS]


def load_split(project: Project, version_id: str, split: Split) -> list[Example]:
    """Read a whole split into memory."""
    return list(iterate_split(project, version_id, split))


def shared_system_prompt(project: Project, version_id: str | None) -> str:
    """The system prompt that all training examples of a version share; "" where they differ, have none, or are gone."""
    if version_id is None or version_id not in {version.id for version in list_versions(project).items}:
        return ""
    prompts = set()
    for example in iterate_split(project, version_id, "train"):
        first = example.messages[0]
        prompts.add(first.content if first.role == "system" else "")
        if len(prompts) > 1:
            return ""
    return prompts.pop() if prompts else ""
