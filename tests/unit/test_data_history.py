"""Going back and forward between versions: each undo goes one further, and each redo takes one back."""

import json
import shutil
from pathlib import Path

import pytest

from localft import paths
from localft.cli.main import main
from localft.data.making.history import redo, restore, undo, version_before
from localft.data.making.undone import next_redo
from localft.data.repairs.repairing import repair_version
from localft.data.rows.editing import change_turn
from localft.data.versions import DatasetVersion, list_versions, newest_version
from localft.errors import UserError
from localft.store.projects import Project, create_project
from localft.ui.views import data_history as views
from tests.unit.test_data_checking import clean
from tests.unit.test_data_repairing import all_of, bring_in, faulty


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return create_project("Repaired")


def test_undo_goes_back_step_by_step(project: Project, tmp_path: Path) -> None:
    first = bring_in(project, tmp_path, faulty("refusals"))
    second = repair_version(project, first, ["refusals"])
    assert version_before(project, second).id == first.id
    assert undo(project, used=set()) == (first, 0)
    assert newest_version(project).id == first.id
    assert undo(project, used=set()) is None
    with pytest.raises(UserError, match="no examples yet"):
        undo(project, used=set())


def test_what_a_run_was_trained_on_stays_and_the_one_before_counts_again(project: Project, tmp_path: Path) -> None:
    first = bring_in(project, tmp_path, faulty("refusals"))
    second = repair_version(project, first, ["refusals"])
    gone_back = undo(project, used={second.id})
    assert gone_back is not None
    now = gone_back.version
    assert (now.sha256, now.parent) == (first.sha256, second.id)
    assert {one.id for one in list_versions(project).items} == {first.id, second.id, now.id}
    assert all_of(project, now) == all_of(project, first)
    assert restore(project, second).version.sha256 == second.sha256


def chain(project: Project, tmp_path: Path) -> list[DatasetVersion]:
    """Four versions, each made from the one before."""
    made = [bring_in(project, tmp_path, clean())]
    for number in range(3):
        made.append(change_turn(project, made[-1], "train", number, 1, f"Changed answer {number}."))
    return made


def test_undo_goes_back_to_the_first_version_past_one_that_a_run_was_trained_on(
    project: Project, tmp_path: Path
) -> None:
    made = chain(project, tmp_path)
    used = {made[-1].id}
    for earlier in reversed(made[:-1]):
        gone_back = undo(project, used)
        assert gone_back is not None
        now = gone_back.version
        assert (now.sha256, now.undone_to, now.parent) == (earlier.sha256, earlier.id, made[-1].id)
        assert newest_version(project) == now
    assert {one.id for one in list_versions(project).items} == {*(one.id for one in made), now.id}
    with pytest.raises(UserError, match="no version of the data before"):
        undo(project, used)


def test_what_is_made_after_an_undo_is_undone_first(project: Project, tmp_path: Path) -> None:
    made = chain(project, tmp_path)
    gone_back = undo(project, {made[-1].id})
    assert gone_back is not None
    changed = change_turn(project, gone_back.version, "train", 7, 1, "Another.")
    assert undo(project, {made[-1].id}) == gone_back
    changed = change_turn(project, gone_back.version, "train", 7, 1, "Another.")
    used = {made[-1].id, changed.id}
    shas = [gone.version.sha256 for gone in (undo(project, used), undo(project, used)) if gone is not None]
    assert shas == [made[-2].sha256, made[-3].sha256]


def test_using_a_version_again_is_undone_like_any_other_change(project: Project, tmp_path: Path) -> None:
    made = chain(project, tmp_path)
    restore(project, made[0])
    assert undo(project, {made[-1].id}) == (made[-1], 0)


def test_the_only_import_is_had_again_after_an_undo(
    project: Project, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first = bring_in(project, tmp_path, clean())
    assert main(["data", "undo", "repaired"]) == 0
    assert "localft data redo repaired" in capsys.readouterr().err
    undone = next_redo(project)
    assert undone is not None
    shown = str(views.nothing_left(undone))
    assert 'data-action="redo"' in shown
    assert "imported from" in shown
    assert main(["data", "redo", "repaired", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"project": "repaired", "dataset": first.id, "left_out": 0}
    assert newest_version(project) == first
    assert next_redo(project) is None
    assert main(["data", "redo", "repaired"]) == 1
    assert "no undo to take back" in capsys.readouterr().err


def test_undos_are_taken_back_one_by_one_and_not_past_what_was_made_since(project: Project, tmp_path: Path) -> None:
    made = chain(project, tmp_path)
    for _ in made:
        undo(project, set())
    for version in made:
        assert redo(project, set()) == (version, 0)
    undo(project, set())
    undo(project, set())
    changed = change_turn(project, made[1], "train", 7, 1, "Another.")
    assert next_redo(project) is None
    with pytest.raises(UserError, match="no undo to take back"):
        redo(project, set())
    undo(project, set())
    assert redo(project, set()).version == changed


def test_an_undo_of_what_a_run_was_trained_on_is_taken_back_without_another_version(
    project: Project, tmp_path: Path
) -> None:
    made = chain(project, tmp_path)
    used = {made[-1].id}
    undo(project, used)
    undo(project, used)
    assert redo(project, used).version.sha256 == made[-2].sha256
    assert redo(project, used).version == made[-1]
    assert list_versions(project).items == made[::-1]


def test_what_is_gone_from_the_trash_is_not_offered_again(project: Project, tmp_path: Path) -> None:
    chain(project, tmp_path)
    undo(project, set())
    shutil.rmtree(paths.trash_dir())
    assert next_redo(project) is None


def test_a_version_is_used_again_from_the_command_line(
    project: Project, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made = chain(project, tmp_path)
    assert main(["data", "restore", "repaired", made[1].id, "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    now = newest_version(project)
    restored = {"project": "repaired", "restored": made[1].id, "dataset": now.id, "left_out": 0}
    assert (said, now.sha256) == (restored, made[1].sha256)


def test_the_only_version_a_run_was_trained_on_cannot_be_undone(project: Project, tmp_path: Path) -> None:
    first = bring_in(project, tmp_path, clean())
    with pytest.raises(UserError, match="no version of the data before"):
        undo(project, used={first.id})
