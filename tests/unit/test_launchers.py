"""The launchers fetch uv without Python: what they fetch is checked before it is opened."""

import hashlib
import os
import platform
import re
import shlex
import shutil
import subprocess
import tarfile
import threading
from collections.abc import Generator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

BUILD = Path(__file__).resolve().parents[2] / "build"
TARGETS = {
    "Linux-x86_64": "x86_64-unknown-linux-gnu",
    "Linux-aarch64": "aarch64-unknown-linux-gnu",
    "Darwin-arm64": "aarch64-apple-darwin",
}
TARGET = TARGETS.get(f"{platform.system()}-{platform.machine()}", "")

pytestmark = pytest.mark.skipif(not TARGET, reason="the shell launcher serves Linux and Macs with Apple processors")

FAKE_UV = """#!/bin/sh
printf 'uv %s\\n' "$*" >> "$FAKE_LOG"
case "$*" in
    "python find"*no-python-downloads*) [ -n "${FAKE_HAS_PYTHON:-}" ] || exit 1; echo "$FAKE_PYTHON" ;;
    "python find"*) echo "$FAKE_PYTHON" ;;
esac
"""
FAKE_PYTHON = """#!/bin/sh
printf 'python %s | uv is %s\\n' "$*" "$(command -v uv)" >> "$FAKE_LOG"
exit "${FAKE_STATUS:-0}"
"""


class Quiet(SimpleHTTPRequestHandler):
    """Serves files without telling of it."""

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """Make a checkout that holds the launcher only, in a folder whose name has a blank."""
    build = tmp_path / "my checkout" / "build"
    build.mkdir(parents=True)
    shutil.copy(BUILD / "localft.sh", build)
    return build.parent


@pytest.fixture
def mirror(tmp_path: Path) -> Generator[str]:
    """Serve an archive that is made like uv's, with a fake uv inside."""
    inside = tmp_path / "release" / f"uv-{TARGET}"
    inside.mkdir(parents=True)
    _program(inside / "uv", FAKE_UV)
    with tarfile.open(tmp_path / "release" / f"uv-{TARGET}.tar.gz", "w:gz") as archive:
        archive.add(inside, inside.name)
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(tmp_path / "release")))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def _program(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    path.chmod(0o755)
    return path


def _expect_the_archive(checkout: Path, tmp_path: Path) -> None:
    """Put the fake archive's sum in the place of the real one."""
    sums = hashlib.sha256((tmp_path / "release" / f"uv-{TARGET}.tar.gz").read_bytes()).hexdigest()
    script = checkout / "build" / "localft.sh"
    script.write_text(re.sub(r"sum=[0-9a-f]{64}", f"sum={sums}", script.read_text(encoding="utf-8")), encoding="utf-8")


def _launch(checkout: Path, tmp_path: Path, *words: str, **variables: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [str(checkout / "build" / "localft.sh"), *words],
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
        env={
            **{name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")},
            "LOCALFT_HOME": str(tmp_path / "home"),
            "FAKE_LOG": str(tmp_path / "log"),
            "FAKE_PYTHON": str(_program(tmp_path / "python" / "python3", FAKE_PYTHON)),
            **variables,
        },
    )


def _log(tmp_path: Path) -> list[str]:
    log = tmp_path / "log"
    return log.read_text(encoding="utf-8").splitlines() if log.exists() else []


def test_an_archive_with_another_sum_is_refused_and_nothing_of_it_is_kept(
    checkout: Path, tmp_path: Path, mirror: str
) -> None:
    answer = _launch(checkout, tmp_path, LOCALFT_UV_MIRROR=mirror)
    assert answer.returncode == 1
    assert "is not the uv that localft was made with" in answer.stderr
    assert _log(tmp_path) == []
    assert list((tmp_path / "home" / "cache").iterdir()) == []


def test_uv_is_fetched_once_and_brings_python(checkout: Path, tmp_path: Path, mirror: str) -> None:
    _expect_the_archive(checkout, tmp_path)
    first = _launch(checkout, tmp_path, "doctor", "--json", LOCALFT_UV_MIRROR=mirror)
    assert first.returncode == 0, first.stderr
    uv = tmp_path / "home" / "cache" / "uv-0.13.0" / "uv"
    assert _log(tmp_path)[1:] == [
        "uv python install --no-bin 3.12",
        "uv python find --system --no-project >=3.11,<3.15",
        f"python {checkout}/build/bootstrap.py doctor --json | uv is {uv}",
    ]
    second = _launch(checkout, tmp_path, LOCALFT_UV_MIRROR="http://127.0.0.1:9", FAKE_HAS_PYTHON="yes")
    assert (second.returncode, second.stderr) == (0, "")
    assert not any("install" in line for line in _log(tmp_path)[4:])


def test_an_environment_that_is_there_needs_no_uv(checkout: Path, tmp_path: Path) -> None:
    _program(checkout / ".venv" / "bin" / "python", FAKE_PYTHON)
    answer = _launch(checkout, tmp_path, "paths", LOCALFT_UV_MIRROR="http://127.0.0.1:9")
    assert answer.returncode == 0, answer.stderr
    assert [line.split(" | ")[0] for line in _log(tmp_path)] == [
        "python -c pass",
        f"python {checkout}/build/bootstrap.py paths",
    ]


def test_the_exit_status_is_that_of_localft(checkout: Path, tmp_path: Path, mirror: str) -> None:
    _expect_the_archive(checkout, tmp_path)
    variables = {"LOCALFT_UV_MIRROR": mirror, "FAKE_HAS_PYTHON": "yes", "FAKE_STATUS": "130"}
    assert _launch(checkout, tmp_path, "train", **variables).returncode == 130


def test_without_a_network_one_sentence_says_what_to_do(checkout: Path, tmp_path: Path) -> None:
    answer = _launch(checkout, tmp_path, LOCALFT_UV_MIRROR="http://127.0.0.1:9")
    assert answer.returncode == 1
    assert "Check the internet connection and start again." in answer.stderr


@pytest.mark.parametrize("name", ["localft.sh", "localft.command", "localft.desktop", "bootstrap.py"])
def test_what_is_double_clicked_may_be_started(name: str) -> None:
    assert os.access(BUILD / name, os.X_OK)


@pytest.mark.parametrize("name", ["localft.command", "localft.desktop"])
def test_the_other_launchers_start_the_shell_launcher_beside_them(name: str, checkout: Path) -> None:
    copied = Path(shutil.copy(BUILD / name, checkout / "build"))
    _program(checkout / "build" / "localft.sh", '#!/bin/sh\necho "$0 $#"\n')
    command = [str(copied)]
    if name == "localft.desktop":
        line = re.search(r"^Exec=(.*)$", copied.read_text(encoding="utf-8"), re.MULTILINE)
        assert line is not None
        # Desktop entries write a backslash as two. What is left is quoted as for a shell, dollar signs too, which shlex
        # leaves as they are.
        words = shlex.split(line.group(1).replace("\\\\", "\\"))
        command = [word.replace("\\$", "$").replace("%k", str(copied)) for word in words]
    answer = subprocess.run(command, capture_output=True, text=True, check=True)
    assert answer.stdout == f"{checkout}/build/localft.sh 0\n"


def test_both_launchers_pin_the_same_release() -> None:
    shell = (BUILD / "localft.sh").read_text(encoding="utf-8")
    windows = (BUILD / "localft.ps1").read_text(encoding="utf-8")
    version = re.search(r"^version=([\d.]+)$", shell, re.MULTILINE)
    assert version is not None
    assert f"$version = '{version.group(1)}'" in windows
    assert len(set(re.findall(r"\b[0-9a-f]{64}\b", shell + windows))) == 4
