"""The whole set-up as a user starts it, with a uv, a pip and a Python that only write down what they were asked."""

import ast
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from installer import flow
from installer.environment import Environment
from installer.plan import Machine
from installer.say import SetupError

ROOT = Path(__file__).resolve().parents[2]

pytestmark = pytest.mark.skipif(os.name != "posix", reason="the fake programs are shell scripts")

# $FAKE_FAIL is a word: a command that contains it fails.
FAKE_UV = """#!/bin/sh
printf 'uv %s\\n' "$*" >> "$FAKE_LOG"
if [ -n "${FAKE_FAIL:-}" ]; then case "$*" in *"$FAKE_FAIL"*) echo "no route to host"; exit 1 ;; esac; fi
if [ "$1" = venv ]; then
    for folder; do :; done
    mkdir -p "$folder/bin"
    touch "$folder/pyvenv.cfg"
    cp "$FAKE_PROGRAMS/python" "$folder/bin/python"
    cp "$FAKE_PROGRAMS/localft" "$folder/bin/localft"
fi
"""
FAKE_PYTHON = """#!/bin/sh
printf 'python %s\\n' "$*" >> "$FAKE_LOG"
if [ -n "${FAKE_FAIL:-}" ]; then case "$*" in *"$FAKE_FAIL"*) echo "no route to host"; exit 1 ;; esac; fi
case "$1" in
    -c) echo 2.13.0+cpu ;;
    *llama_probe.py) exit "${FAKE_PROBE:-0}" ;;
esac
"""
FAKE_LOCALFT = """#!/bin/sh
echo "localft $*"
exit "${FAKE_STATUS:-0}"
"""


class Checkout:
    """A checkout in which the set-up runs, and what it did."""

    def __init__(self, folder: Path) -> None:
        self.root = folder / "checkout"
        self.log = folder / "log"
        self.tools = folder / "tools"
        self.programs = folder / "programs"
        self.environment = Environment(self.root)
        shutil.copytree(ROOT / "build" / "installer", self.root / "build" / "installer")
        for name in ("pyproject.toml", "build/bootstrap.py"):
            shutil.copy(ROOT / name, self.root / name)
        (self.root / "localft").mkdir()
        for name in ("__init__.py", "torch_builds.py", "compilers.py"):
            shutil.copy(ROOT / "localft" / name, self.root / "localft" / name)
        self.program(self.tools / "uv", FAKE_UV)
        self.program(self.programs / "python", FAKE_PYTHON)
        self.program(self.programs / "localft", FAKE_LOCALFT)
        # The few programs that the fake ones stand on; nothing else of this machine, no compiler above all.
        for name in ("mkdir", "touch", "cp", "echo", "sleep"):
            (self.tools / name).symlink_to(str(shutil.which(name)))

    @staticmethod
    def program(path: Path, text: str) -> None:
        """Write an executable script."""
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        path.chmod(0o755)

    def start(self, *words: str, **variables: str) -> "subprocess.CompletedProcess[str]":
        """Run the bootstrap; the log begins anew."""
        self.log.unlink(missing_ok=True)
        return subprocess.run(
            [sys.executable, str(self.root / "build" / "bootstrap.py"), *words],
            capture_output=True,
            text=True,
            check=False,
            env={**self.variables(), **variables},
        )

    def variables(self) -> dict[str, str]:
        """Return an environment with nothing of this machine in it."""
        return {
            "PATH": str(self.tools),
            "HOME": str(self.root.parent),
            "PIP_NO_INDEX": "1",
            "FAKE_LOG": str(self.log),
            "FAKE_PROGRAMS": str(self.programs),
        }

    def done(self) -> list[str]:
        """Return what the fake programs were asked, one line each."""
        return self.log.read_text(encoding="utf-8").splitlines() if self.log.exists() else []


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    """Make a fresh checkout."""
    return Checkout(tmp_path)


def _installed(lines: list[str]) -> list[str]:
    """Return the requirements of the install commands, without the options that come before them."""
    return [" ".join(line.split()[6:]) for line in lines if line.startswith("uv pip install")]


def test_a_fresh_checkout_is_set_up_and_the_words_are_handed_over(checkout: Checkout) -> None:
    answer = checkout.start("demo", "--json", FAKE_STATUS="3")
    assert answer.returncode == 3
    assert answer.stdout == "localft demo --json\n", "stdout belongs to the command"
    assert _installed(checkout.done()) == [
        "torch==2.13.0",
        f"--editable {checkout.root}",
        "--only-binary llama-cpp-python llama-cpp-python==0.3.36",
    ]
    stamp = checkout.environment.stamp()
    assert stamp is not None
    assert (stamp.torch, stamp.llama_cpp, stamp.extras) == ("2.13.0+cpu", True, ())


def test_a_second_start_asks_nobody_and_opens_the_app(checkout: Checkout) -> None:
    checkout.start("paths")
    (checkout.tools / "uv").unlink()
    answer = checkout.start()
    assert (answer.returncode, answer.stdout, answer.stderr) == (0, "localft app\n", "")
    assert checkout.done() == []


def test_an_interrupted_set_up_is_noticed_and_finished(checkout: Checkout) -> None:
    failed = checkout.start("doctor", FAKE_FAIL="--editable")
    assert failed.returncode == 1
    assert "no route to host" in failed.stderr
    assert failed.stdout == ""
    assert checkout.environment.stamp() is None
    finished = checkout.start("doctor")
    assert finished.returncode == 0
    assert "the last set-up was interrupted; finishing it" in finished.stderr
    assert not any(line.startswith("uv venv") for line in checkout.done())


@pytest.mark.parametrize("tool", ["uv", "pip"])
def test_a_kill_in_the_middle_is_noticed_and_finished(checkout: Checkout, tool: str) -> None:
    """As if the power had failed: nothing that tidies up gets a chance to run."""
    checkout.start("paths", FAKE_FAIL="torch==2.13.0")
    program, text = {"uv": (checkout.tools / "uv", FAKE_UV), "pip": (checkout.environment.python, FAKE_PYTHON)}[tool]
    if tool == "pip":
        (checkout.tools / "uv").unlink()
    checkout.log.unlink()
    checkout.program(program, text.replace("if [ ", 'case "$*" in *--editable*) exec sleep 60 ;; esac\nif [ ', 1))
    command = [sys.executable, str(checkout.root / "build" / "bootstrap.py"), "paths"]
    with subprocess.Popen(
        command, env=checkout.variables(), stderr=subprocess.DEVNULL, start_new_session=True
    ) as process:
        while not any("--editable" in line for line in checkout.done()):
            assert process.poll() is None
            time.sleep(0.02)
        os.killpg(process.pid, signal.SIGKILL)
    checkout.program(program, text)
    answer = checkout.start("paths")
    assert answer.returncode == 0, answer.stderr
    assert "the last set-up was interrupted; finishing it" in answer.stderr
    assert any("--editable" in line for line in checkout.done())
    assert checkout.environment.is_ready(())


def test_an_environment_whose_python_is_gone_is_made_anew(checkout: Checkout) -> None:
    checkout.start("paths")
    checkout.environment.python.unlink()
    checkout.environment.python.symlink_to("/no/such/python")
    (checkout.environment.folder / "remains").touch()
    answer = checkout.start("paths")
    assert answer.returncode == 0
    assert "making it anew" in answer.stderr
    assert any(line.startswith("uv venv") for line in checkout.done())
    assert not (checkout.environment.folder / "remains").exists()


def test_a_moved_checkout_is_set_up_anew(checkout: Checkout, tmp_path: Path) -> None:
    checkout.start("paths")
    checkout.root.rename(tmp_path / "moved")
    checkout.root, checkout.environment = tmp_path / "moved", Environment(tmp_path / "moved")
    assert checkout.start("paths").returncode == 0
    assert any(line.startswith("uv venv") for line in checkout.done())


def test_changed_dependencies_are_installed_into_what_is_there(checkout: Checkout) -> None:
    checkout.start("test")
    with (checkout.root / "pyproject.toml").open("a", encoding="utf-8") as project:
        project.write("\n# changed\n")
    answer = checkout.start("paths")
    assert "up to date" in answer.stderr
    assert not any(line.startswith("uv venv") for line in checkout.done())
    assert f"--editable {checkout.root}[dev]" in _installed(checkout.done()), "what was asked for once stays"


def test_setup_looks_again_even_where_all_is_ready(checkout: Checkout) -> None:
    checkout.start("paths")
    answer = checkout.start("setup")
    assert (answer.returncode, answer.stdout) == (0, "")
    assert "torch==2.13.0" in _installed(checkout.done())


def test_the_tests_get_what_they_need(checkout: Checkout) -> None:
    answer = checkout.start("test", "--only", "unit", LOCALFT_CHROMIUM=sys.executable)
    assert answer.returncode == 0, answer.stderr
    assert f"--editable {checkout.root}[dev]" in _installed(checkout.done())
    assert checkout.done()[-1] == "python -m tests.check --only unit"


def test_without_a_browser_the_tests_name_the_command_that_brings_one(checkout: Checkout) -> None:
    answer = checkout.start("test", LOCALFT_CHROMIUM="/no/such/browser")
    assert answer.returncode == 1
    assert "The browser tests need Chromium" in answer.stderr


def test_without_wheel_and_compiler_llama_cpp_is_left_out_with_a_sentence(checkout: Checkout) -> None:
    answer = checkout.start("paths", FAKE_FAIL="--only-binary")
    assert answer.returncode == 0
    assert "no C++ compiler" in answer.stderr
    assert "F16, BF16 and Q8_0" in answer.stderr
    assert len(_installed(checkout.done())) == 3, "without a compiler it is not even tried"
    stamp = checkout.environment.stamp()
    assert stamp is not None
    assert not stamp.llama_cpp


def test_with_a_compiler_it_is_compiled(checkout: Checkout) -> None:
    checkout.program(checkout.tools / "c++", "#!/bin/sh\n")
    answer = checkout.start("paths", FAKE_FAIL="--only-binary")
    assert answer.returncode == 0
    assert "compiled: 5 to 20 minutes" in answer.stderr
    assert _installed(checkout.done())[-1].endswith("llama-cpp-python==0.3.36")
    assert checkout.environment.stamp() is not None


def test_a_wheel_that_this_processor_cannot_run_is_replaced_or_left_out(checkout: Checkout) -> None:
    answer = checkout.start("paths", FAKE_PROBE="132")
    assert answer.returncode == 0
    assert "needs a newer processor" in answer.stderr
    stamp = checkout.environment.stamp()
    assert stamp is not None
    assert not stamp.llama_cpp


def test_pip_does_the_same_where_there_is_no_uv(checkout: Checkout) -> None:
    checkout.start("paths", FAKE_FAIL="torch==2.13.0")
    (checkout.tools / "uv").unlink()
    answer = checkout.start("paths")
    assert answer.returncode == 0, answer.stderr
    prefix = "python -m pip install --no-input "
    assert [line.removeprefix(prefix) for line in checkout.done() if line.startswith(prefix)] == [
        "torch==2.13.0",
        f"--editable {checkout.root}",
        "--only-binary llama-cpp-python llama-cpp-python==0.3.36",
    ]


FAKE_NVIDIA_SMI = """#!/bin/sh
echo "$FAKE_CARD"
"""


@pytest.mark.parametrize(
    ("card", "variant"), [("580.65.06, 8.6", "cu130"), ("566.36, 8.9", "cu126"), ("470.223.02, 8.6", "cpu")]
)
@pytest.mark.parametrize("tool", ["uv", "pip"])
def test_the_build_for_the_card_comes_from_its_own_index_beside_the_users(
    card: str, variant: str, tool: str, checkout: Checkout, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    checkout.start("paths", FAKE_FAIL="torch==2.13.0")
    checkout.program(checkout.tools / "nvidia-smi", FAKE_NVIDIA_SMI)
    if tool == "uv":
        checkout.program(checkout.tools / "uv", FAKE_UV.replace("$*", "$* from $UV_DEFAULT_INDEX $UV_INDEX", 1))
    else:
        (checkout.tools / "uv").unlink()
    checkout.log.unlink()
    _use(
        checkout, monkeypatch, FAKE_CARD=card, UV_DEFAULT_INDEX="https://mine.example", UV_INDEX="https://more.example"
    )
    monkeypatch.delenv("PIP_NO_INDEX")
    monkeypatch.setattr(flow, "reachable", lambda index: True)
    flow.set_up(checkout.environment, ())
    asked = next(line for line in checkout.done() if "torch==2.13.0" in line)
    index = f"https://download.pytorch.org/whl/{variant}"
    assert f"torch==2.13.0+{variant}" in asked
    if tool == "uv":
        assert asked.endswith(f"from https://mine.example https://more.example {index}")
    else:
        assert f"--extra-index-url {index}" in asked
    assert ("driver 470.223.02 is too old" in capsys.readouterr().err) == (variant == "cpu")


def test_windows_is_told_where_the_cards_build_is_out_of_reach(
    checkout: Checkout, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    _use(checkout, monkeypatch)
    monkeypatch.setattr(flow, "read_machine", lambda: Machine("Windows", "amd64", "580.65", (8, 6)))
    flow.set_up(checkout.environment, ())
    assert "torch==2.13.0" in _installed(checkout.done())
    assert "on Windows the ordinary one only has torch for the processor" in capsys.readouterr().err


def _use(checkout: Checkout, monkeypatch: pytest.MonkeyPatch, **variables: str) -> None:
    """Let this process see what a start of the bootstrap would see."""
    for name, value in {**checkout.variables(), **variables}.items():
        monkeypatch.setenv(name, value)


def test_libraries_that_do_not_start_are_no_finished_set_up(checkout: Checkout) -> None:
    answer = checkout.start("paths", FAKE_FAIL="import torch")
    assert answer.returncode == 1
    assert "installed but do not start" in answer.stderr
    assert checkout.environment.stamp() is None


def test_too_little_disk_is_said_before_anything_is_made(checkout: Checkout, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(flow, "free_bytes", lambda folder: 10**9)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    with pytest.raises(SetupError, match=r"needs about \d+ GB .* has 1.0 GB free"):
        flow.set_up(checkout.environment, ())
    assert not checkout.environment.exists()


def test_a_mac_with_an_intel_processor_is_told_at_once(checkout: Checkout, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(flow, "read_machine", lambda: Machine("Darwin", "x86_64"))
    with pytest.raises(SetupError, match="Intel"):
        flow.set_up(checkout.environment, ())


def test_a_python_newer_than_torch_is_told(checkout: Checkout, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(flow, "NEWEST_PYTHON", (3, 10))
    with pytest.raises(SetupError, match=r"python3\.10"):
        flow.set_up(checkout.environment, ())


def test_stopping_it_is_no_fault_and_it_goes_on_later(checkout: Checkout) -> None:
    checkout.program(checkout.tools / "uv", FAKE_UV.replace("if [ ", '[ "$1" = pip ] && exec sleep 60\nif [ ', 1))
    command = [sys.executable, str(checkout.root / "build" / "bootstrap.py"), "paths"]
    with subprocess.Popen(command, env=checkout.variables(), stderr=subprocess.PIPE, text=True) as process:
        while not any("pip install" in line for line in checkout.done()):
            assert process.poll() is None
            time.sleep(0.02)
        process.send_signal(signal.SIGINT)
        _, told = process.communicate(timeout=30)
    assert process.returncode == 130
    assert told.endswith("localft: stopped; the same command goes on from here\n")
    checkout.program(checkout.tools / "uv", FAKE_UV)
    assert "interrupted; finishing it" in checkout.start("paths").stderr


def test_an_old_python_is_told_in_one_sentence(tmp_path: Path) -> None:
    source = (ROOT / "build" / "bootstrap.py").read_text(encoding="utf-8")
    ast.parse(source, feature_version=(3, 8))
    script = tmp_path / "bootstrap.py"
    script.write_text(source.replace("MINIMUM = (3, 11)", "MINIMUM = (4, 0)"), encoding="utf-8")
    answer = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, check=False)
    assert answer.returncode == 1
    assert answer.stderr.startswith("localft needs Python 4.0 or newer, and this is 3.")
    assert answer.stderr.count("\n") == 1


def test_the_stamp_is_a_record_that_people_can_read(checkout: Checkout) -> None:
    checkout.start("paths")
    stamp = json.loads((checkout.environment.folder / "localft-stamp.json").read_text(encoding="utf-8"))
    assert stamp["root"] == str(checkout.root)
