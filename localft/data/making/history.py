"""Going back: what a version was made from is still there."""

from collections.abc import Container

from localft import words
from localft.data.making.importing import read_set_aside
from localft.data.making.keeping import give_back
from localft.data.making.writing import write_version
from localft.data.versions import SPLITS, DatasetVersion, list_versions, load_split, newest_version
from localft.errors import UserError
from localft.store.projects import Project, move_to_trash


def undo(project: Project, used: Container[str]) -> DatasetVersion | None:
    """Take the newest version back; return the one that counts then, None where none is left.

    `used` are the versions that runs were trained on. Such a version stays, and the one before it is kept once more as
    the newest; any other goes to the trash. What an undo kept once more is taken back to what came before it: step by
    step, each undo goes one further. Conversations kept in Chat that came with it are kept ones again.

    Raises:
        UserError: the project has no data, or the one to take back is the first, and a run was trained on a later one.
    """
    newest = newest_version(project)
    if newest.id not in used and not newest.undone_to:
        move_to_trash(project.datasets / newest.id)
        give_back(project, newest.id)
        return next(iter(list_versions(project).items), None)
    undone = _meant(project, newest)
    before = version_before(project, undone)
    stands_on = newest.id if newest.id in used else newest.parent
    now = _keep_again(project, before, stands_on, _meant(project, before).id)
    give_back(project, undone.id)
    if newest.id not in used and now.id != newest.id:
        move_to_trash(project.datasets / newest.id)
    return now


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
    return _keep_again(project, version, newest_version(project).id)


def _meant(project: Project, version: DatasetVersion) -> DatasetVersion:
    """The version that an undo has gone back to, where this one is what it kept; else the version itself."""
    return next((one for one in list_versions(project).items if one.id == version.undone_to), version)


def _keep_again(project: Project, version: DatasetVersion, parent: str, undone_to: str = "") -> DatasetVersion:
    splits = {name: load_split(project, version.id, name) for name in SPLITS}
    aside = read_set_aside(project, version.id)
    note = f"as it was on {words.moment(version.created_at)}"
    return write_version(
        project,
        splits,
        version.sources,
        aside,
        version.seed,
        version.ratios,
        parent,
        note,
        version.division,
        undone_to=undone_to,
    )
