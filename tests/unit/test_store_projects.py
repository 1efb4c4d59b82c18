"""Projects: made, listed beside broken neighbours, renamed without moving, put into the trash."""

import os
from pathlib import Path

import pytest

from localft import paths
from localft.errors import UserError
from localft.store.projects import (
    create_project,
    list_projects,
    move_to_trash,
    open_one_of,
    open_project,
    update_project,
)


def test_a_project_is_found_by_either_name() -> None:
    made = create_project(" Support bot ")
    assert made.slug == "support-bot"
    assert made.name == "Support bot"
    assert open_project("support-bot").info == open_project("Support bot").info == made.info


def test_a_name_is_taken_once() -> None:
    create_project("Support bot")
    with pytest.raises(UserError, match="already a project"):
        create_project("support BOT")


def test_an_unknown_project_is_refused_with_the_command_that_lists_them() -> None:
    with pytest.raises(UserError, match="no project") as caught:
        open_project("nothing")
    assert "localft projects" in caught.value.hint


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such permissions")
def test_only_this_user_can_enter_the_data() -> None:
    create_project("Secret")
    assert paths.projects_dir().stat().st_mode & 0o077 == 0


def test_a_broken_neighbour_is_reported_and_hides_nobody() -> None:
    create_project("Good")
    broken = paths.projects_dir() / "broken"
    broken.mkdir()
    (broken / "project.json").write_text('{"schema_version": 99}')
    (paths.projects_dir() / "empty").mkdir()
    (paths.projects_dir() / "folder" / "project.json").mkdir(parents=True)
    (paths.projects_dir() / "a file").write_text("x")
    listing = list_projects()
    assert [project.slug for project in listing.items] == ["good"]
    assert sorted(item.path.name for item in listing.broken) == ["broken", "empty", "folder"]
    assert all(item.message for item in listing.broken)


def test_renaming_changes_the_name_and_never_the_folder() -> None:
    project = create_project("Before")
    renamed = update_project(project, display_name="After", notes="kept")
    assert renamed.folder == project.folder
    again = open_project("After")
    assert (again.slug, again.info.notes) == ("before", "kept")


def test_two_changes_from_one_old_copy_do_not_undo_each_other() -> None:
    project = create_project("Shared")
    update_project(project, goal="first")
    update_project(project, notes="second")
    info = open_project("Shared").info
    assert (info.goal, info.notes) == ("first", "second")


def test_the_trash_keeps_what_was_deleted() -> None:
    project = create_project("Old")
    (project.folder / "golden.jsonl").write_text("precious")
    gone = move_to_trash(project.folder)
    assert (gone / "golden.jsonl").read_text() == "precious"
    assert gone.parent == paths.trash_dir()
    assert not project.folder.exists()
    assert create_project("Old").folder == project.folder


def test_everything_lies_below_the_home_that_is_set(home: Path) -> None:
    project = create_project("Here")
    for folder in (project.folder, paths.queue_dir(), paths.cache_dir(), paths.config_dir(), paths.trash_dir()):
        assert folder.is_relative_to(home)


def test_what_a_project_holds_is_opened_by_name_or_the_newest(tmp_path: Path) -> None:
    project, kites = create_project("Sky"), tmp_path / "kites"

    def read(folder: Path) -> str:
        if folder.name.startswith("torn"):
            raise UserError(f"{folder.name} is damaged.")
        return folder.name

    def opened(name: str | None) -> str:
        return open_one_of(project, "kite", kites, read, name, "Build one.")

    with pytest.raises(UserError, match="Sky has no kite yet") as none:
        opened(None)
    assert none.value.hint == "Build one."
    (kites / "torn-2").mkdir(parents=True)
    with pytest.raises(UserError, match="torn-2 is damaged"):
        opened(None)
    (kites / "red-1").mkdir()
    assert (opened(None), opened("red-1")) == ("red-1", "red-1")
    with pytest.raises(UserError, match="torn-2 is damaged"):
        opened("torn-2")
    with pytest.raises(UserError, match="has no kite"):
        opened("../kites/blue-1")
