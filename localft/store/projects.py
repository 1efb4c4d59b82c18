"""Projects: one folder that holds everything for one goal."""

import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Generic, TypeVar

from localft import paths
from localft.advice import Advice
from localft.errors import UserError
from localft.store import files
from localft.store.records import Record

T = TypeVar("T")


class ProjectInfo(Record):
    """What project.json says."""

    display_name: str
    created_at: str
    base_model: str | None = None
    goal: str = ""
    notes: str = ""


@dataclass(frozen=True)
class Project:
    """An open project: its folder, and what was in project.json when it was read."""

    folder: Path
    info: ProjectInfo

    @property
    def slug(self) -> str:
        return self.folder.name

    @property
    def name(self) -> str:
        return self.info.display_name

    @property
    def datasets(self) -> Path:
        return self.folder / "datasets"

    @property
    def runs(self) -> Path:
        return self.folder / "runs"

    @property
    def evaluations(self) -> Path:
        return self.folder / "evaluations"

    @property
    def exports(self) -> Path:
        return self.folder / "exports"

    @property
    def syntheses(self) -> Path:
        return self.folder / "synthesis"

    @property
    def golden(self) -> Path:
        """The user's own hand-written test questions."""
        return self.folder / "golden.jsonl"


@dataclass(frozen=True)
class Broken:
    """Something on disk that cannot be read, and why; it never hides its neighbours."""

    path: Path
    message: str


@dataclass(frozen=True)
class Listing(Generic[T]):
    """What could be read, newest first, and what could not."""

    items: list[T] = field(default_factory=list)
    broken: list[Broken] = field(default_factory=list)


def create_project(name: str) -> Project:
    """Make a new project folder.

    Raises:
        UserError: the name is unusable, or a project of that folder name exists.
    """
    folder = paths.projects_dir() / files.slugify(name)
    with files.locked(paths.make_private(paths.projects_dir()) / ".lock"):
        if folder.exists():
            raise UserError(
                f"There is already a project named {folder.name}.", "Choose another name, or open that project."
            )
        info = ProjectInfo(display_name=name.strip(), created_at=files.now())
        info.save(folder / "project.json")
    return Project(folder, info)


def open_project(name: str) -> Project:
    """Open a project by its folder name or its display name.

    Raises:
        UserError: there is none, or its project.json cannot be read.
    """
    folder = paths.projects_dir() / files.slugify(name)
    if not (folder / "project.json").exists():
        matching = [project for project in list_projects().items if project.name == name]
        if len(matching) != 1:
            raise UserError(
                f"There is no project named {name!r}.",
                Advice(
                    "`localft projects` lists them; `localft new NAME` makes one.",
                    "Choose one at the top, or make a new one.",
                ),
            )
        return matching[0]
    return Project(folder, ProjectInfo.load(folder / "project.json"))


def list_projects() -> Listing[Project]:
    """All projects, the most recently changed first; unreadable ones are reported beside them."""
    listing = list_folders(
        paths.projects_dir(), lambda folder: Project(folder, ProjectInfo.load(folder / "project.json"))
    )
    listing.items.sort(key=lambda project: project.folder.stat().st_mtime, reverse=True)
    return listing


def list_folders(parent: Path, load: Callable[[Path], T]) -> Listing[T]:
    """Load every visible folder below `parent`, newest name first."""
    listing: Listing[T] = Listing()
    if not parent.is_dir():
        return listing
    for folder in sorted(parent.iterdir(), reverse=True):
        if not folder.is_dir() or folder.name.startswith("."):
            continue
        try:
            listing.items.append(load(folder))
        except UserError as error:
            listing.broken.append(Broken(folder, error.message))
    return listing


def open_one_of(
    project: Project, noun: str, parent: Path, load: Callable[[Path], T], name: str | None, begin: str
) -> T:
    """Load what has this name below `parent`, a folder of the project; without a name the newest that can be read.

    `noun`: what lies there; `begin`: how to make the first one.

    Raises:
        UserError: there is none of this name or none at all, or it is damaged.
    """
    if name is not None:
        folder = parent / Path(name).name
        if not folder.is_dir():
            raise UserError(f"The project {project.name} has no {noun} {name}.", "Leave it out for the newest.")
        return load(folder)
    found = list_folders(parent, load)
    if found.items:
        return found.items[0]
    if found.broken:
        raise UserError(found.broken[0].message)
    raise UserError(f"The project {project.name} has no {noun} yet.", begin)


def update_project(project: Project, **changes: str | None) -> Project:
    """Change fields of project.json and return the project as it is now; a new display name never moves the folder."""
    with files.locked(project.folder / ".lock"):
        current = ProjectInfo.load(project.folder / "project.json")
        changed = current.model_copy(update=changes)
        changed.save(project.folder / "project.json")
    return Project(project.folder, changed)


def move_to_trash(folder: Path) -> Path:
    """Move a project, or a part of one, to the trash folder and return where it lies now.

    The caller makes sure that no live job writes into it (`localft.jobs.live_below`).
    """
    target = paths.make_private(paths.trash_dir()) / f"{files.new_id()}-{folder.name}"
    shutil.move(folder, target)
    return target
