"""Going back, and forward again: what a version was made from is still there, and so is what an undo took back."""

import shutil
from collections.abc import Container
from typing import NamedTuple

from localft import words
from localft.advice import Advice
from localft.data.making.importing import read_set_aside
from localft.data.making.keeping import give_back, take_again
from localft.data.making.undone import Undone, forget_undone, meant_by, next_redo, note_undone
from localft.data.making.writing import write_version
from localft.data.splits.golden import Splits, has_golden, leave_out_golden, never_learned, told_left_out
from localft.data.splits.sealing import count_learned, open_test, told_released
from localft.data.stored import StoredExamples
from localft.data.versions import SPLITS, DatasetVersion, list_versions, newest_version, open_split, open_version
from localft.errors import UserError
from localft.store.projects import Project, move_to_trash


class GoneBack(NamedTuple):
    """The version that counts then, and how many examples were left out of training.

    Those are the ones that ask golden questions: a question may have become one since the version was made.
    """

    version: DatasetVersion
    left_out: int = 0


def undo(project: Project, used: Container[str]) -> GoneBack | None:
    """Take the newest version back; return what counts then, None where none is left.

    `used` are the versions that runs were trained on. Such a version stays, and the one before it is kept once more as
    the newest; any other goes to the trash. What an undo kept once more is taken back to what came before it: step by
    step, each undo goes one further. Conversations kept in Chat that came with it are kept ones again.

    Raises:
        UserError: the project has no data, the one to take back is the first, and a run was trained on a later one, or
            the golden questions, which no training sees, cannot be read. Then nothing was changed.
    """
    newest = newest_version(project)
    if newest.id not in used and not newest.undone_to:
        return _take_away(project, newest)
    undone = _meant(project, newest)
    listed = {one.id for one in list_versions(project).items}
    if listed == {newest.id, undone.id} and not any(one in used for one in listed):
        # The first import, kept once more without what is a golden question now: it is taken back as it was made.
        move_to_trash(project.datasets / newest.id)
        return _take_away(project, undone)
    before = version_before(project, undone)
    stands_on = newest.id if newest.id in used else newest.parent
    goes_to = _meant(project, before).id
    now = _keep_again(project, before, stands_on, goes_to)
    give_back(project, undone.id)
    note_undone(project, Undone(version=undone.id, onto=goes_to, what=undone.how))
    if newest.id not in used and now.version.id != newest.id:
        move_to_trash(project.datasets / newest.id)
    return now


def _take_away(project: Project, newest: DatasetVersion) -> GoneBack | None:
    """Move the newest version to the trash; the one before it counts, without what must not be learned by now."""
    before = next(iter(list_versions(project).items[1:]), None)
    splits, left_out = _learnable(project, before) if before and has_golden(project) else ({}, 0)
    if before is None or not left_out:
        now = GoneBack(before) if before else None
        trash = move_to_trash(project.datasets / newest.id)
    else:
        # Written first: whatever dies meanwhile, what must not be learned does not count again.
        goes_to = _meant(project, before).id
        now = _write_again(project, before, splits, left_out, before.id, goes_to)
        trash = move_to_trash(project.datasets / newest.id)
        if now.version.id == newest.id:
            # It held the same, and was not written.
            now = _write_again(project, before, splits, left_out, before.id, goes_to)
    give_back(project, newest.id)
    onto = _meant(project, now.version).id if now else ""
    step = Undone(version=newest.id, onto=onto, what=newest.how, trash=trash.name)
    note_undone(project, step)
    return now


def redo(project: Project, used: Container[str]) -> GoneBack:
    """Take the newest undo back, as long as nothing else was made since; return what counts then.

    Each further redo goes one further. What has become a golden question meanwhile is left out of training.

    Raises:
        UserError: nothing was undone since the newest version was made, or it is gone from the trash, or the golden
            questions cannot be read.
    """
    step = next_redo(project)
    if step is None:
        raise UserError(
            "There is no undo to take back: something else was made since, or the trash was emptied.",
            Advice(f"`localft data versions {project.slug}` lists what there is.", "All versions stand in their list."),
        )
    newest = next(iter(list_versions(project).items), None)
    folder = step.folder or project.datasets / step.version
    # Looked at where it lies: what must not be learned is found, or the golden questions are not, before it counts.
    splits: Splits = {name: StoredExamples.of_file(folder / f"{name}.jsonl") for name in SPLITS}
    left_out = leave_out_golden(splits, never_learned(project))[1] if has_golden(project) else 0
    if step.folder is not None:
        shutil.move(step.folder, project.datasets / step.version)
    if newest is not None and newest.undone_to and newest.id not in used:
        # It only said that the undo had gone back.
        move_to_trash(project.datasets / newest.id)
    version, there = open_version(project, step.version), newest_version(project)
    again = left_out or there.id != version.id
    now = _keep_again(project, version, there.id, version.id) if again else GoneBack(version)
    take_again(project, version.id)
    forget_undone(project, step)
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


def restore(project: Project, version: DatasetVersion) -> GoneBack:
    """Keep an earlier version once more, as the newest.

    Raises:
        UserError: it is damaged, or the golden questions cannot be read.
    """
    return _keep_again(project, version, newest_version(project).id)


def _meant(project: Project, version: DatasetVersion) -> DatasetVersion:
    return meant_by(version, list_versions(project).items)


def _keep_again(project: Project, version: DatasetVersion, parent: str, undone_to: str = "") -> GoneBack:
    splits, left_out = _learnable(project, version)
    return _write_again(project, version, splits, left_out, parent, undone_to)


def _learnable(project: Project, version: DatasetVersion) -> tuple[Splits, int]:
    """The splits of a version without what has become a golden question, and how many examples those are."""
    return leave_out_golden({name: open_split(project, version.id, name) for name in SPLITS}, never_learned(project))


def _write_again(
    project: Project, version: DatasetVersion, splits: Splits, left_out: int, parent: str, undone_to: str
) -> GoneBack:
    aside = read_set_aside(project, version.id)
    note = f"as it was on {words.moment(version.created_at)}{f'; {told_left_out(left_out)}' if left_out else ''}"
    newest = newest_version(project)
    released = count_learned(project, newest, splits)
    note = "; ".join(filter(None, (note, told_released(released))))

    def count_opening(after: DatasetVersion) -> None:
        if released:
            open_test(project, newest, "division", after.id)

    written = write_version(
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
        opens=count_opening,
    )
    return GoneBack(written, left_out)
