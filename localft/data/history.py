"""Going back: what a version was made from is still there."""

from collections.abc import Container

from localft import words
from localft.data.importing import read_set_aside
from localft.data.versions import SPLITS, DatasetVersion, list_versions, load_split, newest_version
from localft.data.writing import write_version
from localft.errors import UserError
from localft.store.projects import Project, move_to_trash


def undo(project: Project, used: Container[str]) -> DatasetVersion | None:
    """Take the newest version back; return the one that counts then, None where none is left.

    `used` are the versions that runs were trained on. Such a version stays, and the one before it is kept once more as
    the newest; any other goes to the trash.

    Raises:
        UserError: the project has no data, or a run was trained on its first version.
    """
    newest = newest_version(project)
    if newest.id in used:
        return restore(project, version_before(project, newest))
    move_to_trash(project.datasets / newest.id)
    return next(iter(list_versions(project).items), None)


def version_before(project: Project, version: DatasetVersion) -> DatasetVersion:
    """What a version was made from, or what was imported before it.

    Raises:
        UserError: it is the first one.
    """
    listed = list_versions(project).items
    older = listed[[one.id for one in listed].index(version.id) + 1 :]
    if not older:
        raise UserError("There is no version of the data before this one.", "A repair or an import makes another one.")
    return next((one for one in older if one.id == version.parent), older[0])


def restore(project: Project, version: DatasetVersion) -> DatasetVersion:
    """Keep an earlier version once more, as the newest.

    Raises:
        UserError: it is damaged.
    """
    splits = {name: load_split(project, version.id, name) for name in SPLITS}
    aside = read_set_aside(project, version.id)
    note = f"as it was on {words.moment(version.created_at)}"
    replaced = newest_version(project).id
    return write_version(
        project, splits, version.sources, aside, version.seed, version.ratios, replaced, note, version.division
    )
