"""The stamp: when a second start has nothing to do, and when it has."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from installer.environment import Environment, Stamp, exclusive, fingerprint
from installer.machine import parse_nvidia_smi
from installer.tools import big_download


@pytest.fixture
def environment(tmp_path: Path) -> Environment:
    """Make a checkout with a finished environment."""
    for name in ("pyproject.toml", "build/installer/plan.py", "localft/torch_builds.py"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(name, encoding="utf-8")
    environment = Environment(tmp_path)
    environment.python.parent.mkdir(parents=True)
    environment.python.touch()
    (environment.folder / "pyvenv.cfg").touch()
    environment.begin()
    environment.finish(_stamp(tmp_path))
    return environment


def _stamp(root: Path) -> Stamp:
    return Stamp(fingerprint(root), str(root), ("dev",), "2.13.0+cpu", llama_cpp=True)


def test_a_finished_environment_is_ready(environment: Environment) -> None:
    assert environment.is_ready(())
    assert environment.is_ready(("dev",))
    assert not environment.was_interrupted()


def test_an_extra_that_is_not_there_is_work(environment: Environment) -> None:
    assert not environment.is_ready(("more",))


@pytest.mark.parametrize("name", ["pyproject.toml", "build/installer/plan.py", "localft/torch_builds.py"])
def test_other_dependencies_are_work(environment: Environment, name: str) -> None:
    (environment.root / name).write_text("changed", encoding="utf-8")
    assert not environment.is_ready(())


def test_an_interrupted_installation_is_work(environment: Environment) -> None:
    environment.begin()
    assert environment.was_interrupted()
    assert environment.stamp() is None
    assert not environment.is_ready(())


def test_a_moved_checkout_is_work(environment: Environment) -> None:
    environment.finish(replace(_stamp(environment.root), root="/somewhere/else"))
    assert not environment.is_ready(())


def test_a_python_that_is_gone_is_work(environment: Environment) -> None:
    environment.python.unlink()
    assert environment.is_broken()
    assert not environment.is_ready(())


@pytest.mark.parametrize("text", ["", "{", "[]", json.dumps({"extras": 3}), json.dumps({"extras": [], "new": 1})])
def test_a_stamp_that_cannot_be_read_is_none(environment: Environment, text: str) -> None:
    (environment.folder / "localft-stamp.json").write_text(text, encoding="utf-8")
    assert environment.stamp() is None
    assert not environment.is_ready(())


def test_a_lock_is_free_again_after_its_use(tmp_path: Path) -> None:
    for _ in range(2):
        with exclusive(tmp_path):
            assert (tmp_path / ".localft-setup.lock").exists()


@pytest.mark.parametrize(
    ("output", "expected"),
    [
        ("580.65.06, 8.6\n", ("580.65.06", (8, 6))),
        ("591.44, 12.0\n580.65, 8.6\n", ("591.44", (12, 0))),
        ("470.223.02, [N/A]\n", ("470.223.02", None)),
        ("470.223.02\n", ("470.223.02", None)),
        ("No devices were found\n", (None, None)),
        ("", (None, None)),
    ],
)
def test_what_nvidia_smi_says(output: str, expected: tuple[str | None, tuple[int, int] | None]) -> None:
    assert parse_nvidia_smi(output) == expected


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("  Downloading torch-2.13.0+cpu-cp311-cp311-linux_x86_64.whl (191.8 MB)\n", "downloading torch (191.8 MB)"),
        ("Downloading nvidia_cublas-13.1-py3-none-any.whl (1.2 GB)", "downloading nvidia_cublas (1.2 GB)"),
        ("Downloading scikit-learn (12.5MiB)", "downloading scikit-learn (12.5 MB)"),
        ("Downloading click-8.5.1-py3-none-any.whl (110 kB)", None),
        ("Downloading numpy-2.4.6.whl (1.8 MB)", None),
        ("Collecting torch", None),
    ],
)
def test_only_big_downloads_are_told(line: str, expected: str | None) -> None:
    assert big_download(line) == expected
