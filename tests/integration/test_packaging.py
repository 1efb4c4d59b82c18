"""`pip install .` gives a working localft with its assets."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def _run(*command: str, **variables: str) -> str:
    answer = subprocess.run(
        command, capture_output=True, text=True, check=False, cwd=ROOT.anchor, env={**os.environ, **variables}
    )
    assert answer.returncode == 0, answer.stdout + answer.stderr
    return answer.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the wheel the way pip does, with the build tools that the tests bring."""
    folder = tmp_path_factory.mktemp("wheel")
    options = ["--no-deps", "--no-build-isolation", "--no-index", "--quiet", "--wheel-dir", str(folder)]
    _run(sys.executable, "-m", "pip", "wheel", *options, str(ROOT))
    return next(folder.glob("localft-*.whl"))


def test_the_wheel_has_every_asset_and_no_tests(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
    assets = {f"localft/_assets/{file.relative_to(ROOT / 'assets').as_posix()}" for file in _tracked_assets()}
    assert assets
    assert assets <= set(names)
    assert not [
        name for name in names if name.split("/")[0] not in ("localft", wheel.name.split("-py3")[0] + ".dist-info")
    ]


def _tracked_assets() -> list[Path]:
    listing = subprocess.run(["git", "ls-files", "-z", "assets"], cwd=ROOT, capture_output=True, text=True, check=False)
    if listing.returncode == 0:
        return [path for name in listing.stdout.split("\0") if name and (path := ROOT / name).is_file()]
    return [path for path in (ROOT / "assets").rglob("*") if path.is_file()]


def test_an_installed_localft_starts_and_finds_its_assets(wheel: Path, tmp_path: Path) -> None:
    target = tmp_path / "site"
    _run(
        sys.executable,
        "-m",
        "pip",
        "install",
        "--no-deps",
        "--no-index",
        "--quiet",
        "--target",
        str(target),
        str(wheel),
    )
    installed = {"PYTHONPATH": str(target)}
    assert _run(str(target / "bin" / "localft"), "--version", **installed).startswith("localft 0.")
    first = next(iter(sorted(path.name for path in (ROOT / "assets").iterdir())))
    code = f"import localft.assets as a; print(a.__file__); print(a.asset({first!r}))"
    module, asset = _run(sys.executable, "-c", code, **installed).splitlines()
    assert Path(module).is_relative_to(target)
    assert Path(asset) == target / "localft" / "_assets" / first
