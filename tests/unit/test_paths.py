"""Folders that a variable moves are the same for a process that works elsewhere, and only this user enters them."""

import os
import stat
from pathlib import Path

import pytest

from localft import paths
from localft.errors import UserError
from localft.store.projects import create_project


def test_a_relative_home_is_the_same_from_everywhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LOCALFT_HOME", "home")
    monkeypatch.setenv("HF_HOME", " models ")
    paths.settle()
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    assert paths.data_dir() == tmp_path / "home"
    assert os.environ["HF_HOME"] == str(tmp_path / "models")


def test_nothing_is_settled_where_nothing_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOCALFT_HOME", "")
    monkeypatch.delenv("HF_HOME", raising=False)
    paths.settle()
    assert "HF_HOME" not in os.environ
    assert os.environ["LOCALFT_HOME"] == ""


@pytest.mark.skipif(os.name != "posix", reason="Windows keeps the user's folders private by itself")
def test_private_folders_are_private(tmp_path: Path) -> None:
    folder = paths.make_private(tmp_path / "new")
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


@pytest.mark.skipif(os.name != "posix", reason="modes are POSIX's")
def test_a_home_that_others_use_too_keeps_its_mode(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOCALFT_HOME", str(tmp_path))
    tmp_path.chmod(0o1777)
    create_project("Support bot")
    assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o1777
    assert stat.S_IMODE(paths.projects_dir().stat().st_mode) == 0o700


@pytest.mark.parametrize("name", ["LOCALFT_HOME", "HF_HOME"])
def test_a_home_that_cannot_be_is_a_sentence(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, "~nobody-of-this-name/models")
    with pytest.raises(UserError, match=f"{name}=~nobody"):
        paths.settle()
