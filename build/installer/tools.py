"""The two package installers, behind one face: uv where it is present, pip otherwise."""

import importlib.util
import os
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from installer.environment import Environment
from installer.indexes import names_in_uv_files, uv_environment, uv_with_index
from installer.say import SetupError, detail

# Of all that pip and uv print, this tells a person why they wait: the big downloads.
_DOWNLOAD = re.compile(r"^\s*Downloading (\S+) \(([\d.]+) ?([MG]i?B)\)")
_BIG_MEGABYTES = 10.0
_REMINDER_SECONDS = 60.0


@dataclass(frozen=True)
class Tool:
    """A package installer that works on one environment."""

    environment: Environment
    uv: str | None
    """Path of uv; None for pip."""
    variables: Mapping[str, str] = field(default_factory=dict)
    """Environment variables on top of the ones that are there."""

    @property
    def name(self) -> str:
        """What the user knows it by."""
        return "uv" if self.uv else "pip"

    def create(self) -> None:
        """Make the virtual environment. It gets pip in either case: localft fetches the GGUF converter with it."""
        python = getattr(sys, "_base_executable", None) or sys.executable
        folder = str(self.environment.folder)
        if self.uv:
            command = [self.uv, "venv", "--quiet", "--seed", "--allow-existing", "--python", python, folder]
        else:
            _require_venv()
            command = [python, "-m", "venv", folder]
        answer = subprocess.run(command, capture_output=True, text=True, check=False, env=self._all_variables())
        if answer.returncode != 0:
            raise SetupError(f"The folder {folder} could not be made into a Python environment:\n{_tail(answer)}")

    def install(self, *arguments: str, extra_index: str | None = None) -> bool:
        """Install packages; tell whether it worked. The whole output goes to the log in the environment's folder.

        Args:
            arguments: requirements and options that pip and uv share.
            extra_index: an index to look at beside the user's own.
        """
        variables = self._all_variables()
        if self.uv:
            command = [self.uv, "pip", "install", "--python", str(self.environment.python), "--compile-bytecode"]
            if extra_index:
                variables |= uv_with_index(extra_index, variables)
        else:
            command = [str(self.environment.python), "-m", "pip", "install", "--no-input"]
            command += ["--extra-index-url", extra_index] if extra_index else []
        return run_logged([*command, *arguments], self.environment.log, variables) == 0

    def _all_variables(self) -> dict[str, str]:
        # A virtual environment that happens to be active must not be mistaken for the one that is being made.
        inherited = {name: value for name, value in os.environ.items() if name not in ("VIRTUAL_ENV", "PYTHONHOME")}
        return inherited | {"PIP_DISABLE_PIP_VERSION_CHECK": "1", "PYTHONUTF8": "1"} | dict(self.variables)


def find_tool(environment: Environment, pip_settings: Mapping[str, str]) -> Tool:
    """Return uv if it is on the path, or the one that started this process; pip otherwise."""
    uv = shutil.which("uv") or os.environ.get("UV")
    if uv is None or not Path(uv).is_file():
        return Tool(environment, None)
    return Tool(environment, uv, uv_environment(pip_settings, names_in_uv_files() | set(os.environ)))


def run_logged(command: Sequence[str], log: Path, variables: Mapping[str, str]) -> int:
    """Run a command, write what it prints to the end of a log, and show the big downloads. Returns its exit status."""
    with log.open("a", encoding="utf-8") as record:
        record.write(f"$ {' '.join(command)}\n")
    process = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        errors="replace",
        env=dict(variables),
    )
    reader = threading.Thread(target=_record, args=(process.stdout or (), log), daemon=True)
    reader.start()
    try:
        return _wait(process)
    finally:
        if process.poll() is None:
            process.terminate()
            process.wait()
        # What it started may hold its output open for longer.
        reader.join(timeout=5)


def _record(output: Iterable[str], log: Path) -> None:
    """Write the output of a command to a log as it comes."""
    try:
        with log.open("a", encoding="utf-8") as record:
            for line in output:
                record.write(line)
                record.flush()
                if (download := big_download(line)) is not None:
                    detail(download)
    except OSError as error:
        detail(f"its log cannot be written: {error}")
        # The command must not wait for a reader.
        for _ in output:
            pass


def _wait(process: subprocess.Popen[str]) -> int:
    """Wait for the end, and say every minute that work goes on.

    Never for output: Ctrl-C in the moment before such a wait begins is not heard until a line comes.
    """
    minutes = 0
    while True:
        try:
            return process.wait(_REMINDER_SECONDS)
        except subprocess.TimeoutExpired:
            minutes += 1
            detail(f"still at work, {minutes} min")


def big_download(line: str) -> str | None:
    """Return what to tell about a line of pip's or uv's output, None for most lines."""
    found = _DOWNLOAD.match(line)
    if found is None:
        return None
    name, amount, unit = found.groups()
    megabytes = float(amount) * (1000 if unit.startswith("G") else 1)
    short = re.split(r"-(?=\d)", name.rsplit("/", 1)[-1])[0]
    return f"downloading {short} ({amount} {unit[0]}B)" if megabytes >= _BIG_MEGABYTES else None


def log_tail(log: Path, lines: int = 15) -> str:
    """Return the end of a log, where the reason of a failure stands."""
    try:
        return "\n".join(log.read_text(encoding="utf-8", errors="replace").splitlines()[-lines:])
    except OSError:
        return ""


def _require_venv() -> None:
    # Debian and Ubuntu ship Python without the part that puts pip into a new environment.
    if importlib.util.find_spec("ensurepip") is None:
        version = f"{sys.version_info.major}.{sys.version_info.minor}"
        raise SetupError(
            "This Python cannot make virtual environments. Install what is missing and start again:\n"
            f"  sudo apt-get install python{version}-venv"
        )


def _tail(answer: "subprocess.CompletedProcess[str]") -> str:
    return "\n".join((answer.stdout + answer.stderr).strip().splitlines()[-15:])
