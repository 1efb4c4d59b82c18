"""What undos have taken back, kept for a redo, until something else is made."""

from pathlib import Path

import pydantic

from localft import paths
from localft.data.versions import DatasetVersion, list_versions
from localft.store import files
from localft.store.projects import Project
from localft.store.records import Record


class Undone(pydantic.BaseModel):
    """An undo: which version it took back, and `onto` which one it went back, "" where none was left.

    `trash` is the name of the version's folder in the trash, "" where it stays in the list since a run was trained on
    it. `what` says how it was made.
    """

    model_config = pydantic.ConfigDict(frozen=True, extra="forbid")

    version: str
    onto: str
    what: str
    trash: str = ""

    @property
    def folder(self) -> Path | None:
        """Where in the trash the version lies, None where it is still in the list."""
        return paths.trash_dir() / self.trash if self.trash else None


class _Steps(Record):
    """undone.json: the undos that can still be taken back, the newest last."""

    steps: tuple[Undone, ...] = ()


def note_undone(project: Project, step: Undone) -> None:
    """Put an undo down. What was undone from the same version before is no longer the way forward."""
    with files.locked(project.folder / ".lock"):
        kept = tuple(one for one in _read(project) if one.onto != step.onto)
        _Steps(steps=(*kept, step)).save(_path(project))


def forget_undone(project: Project, step: Undone) -> None:
    """Take an undo off, since it was taken back."""
    with files.locked(project.folder / ".lock"):
        _Steps(steps=tuple(one for one in _read(project) if one != step)).save(_path(project))


def next_redo(project: Project) -> Undone | None:
    """The undo that a redo takes back now.

    None: nothing was undone since the newest version was made, or what was is gone from the trash.
    """
    steps = _read(project)
    listed = list_versions(project).items
    here = meant_by(listed[0], listed).id if listed else ""
    if not steps or steps[-1].onto != here:
        return None
    step = steps[-1]
    there = any(one.id == step.version for one in listed) if step.folder is None else step.folder.is_dir()
    return step if there else None


def meant_by(version: DatasetVersion, listed: list[DatasetVersion]) -> DatasetVersion:
    """The version that an undo has gone back to, where this one is what it kept; else the version itself."""
    return next((one for one in listed if one.id == version.undone_to), version)


def _read(project: Project) -> tuple[Undone, ...]:
    return _Steps.load(_path(project)).steps if _path(project).exists() else ()


def _path(project: Project) -> Path:
    return project.folder / "undone.json"
