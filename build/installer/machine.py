"""Read the machine: operating system, NVIDIA driver and card, compiler, free disk."""

import os
import platform
import shutil
import subprocess
from pathlib import Path

from installer.plan import Machine


def read_machine() -> Machine:
    """Look at this machine; the one slow part is asking nvidia-smi (about a second)."""
    driver, capability = read_nvidia()
    return Machine(
        system=platform.system(),
        architecture=platform.machine().lower(),
        driver=driver,
        compute_capability=capability,
        has_compiler=has_compiler(),
    )


def read_nvidia() -> tuple[str | None, tuple[int, int] | None]:
    """Return the driver's version and the first card's compute capability, as far as they can be read."""
    tool = _find_nvidia_smi()
    if tool is None:
        return _driver_without_tool(), None
    question = [tool, "--query-gpu=driver_version,compute_cap", "--format=csv,noheader"]
    try:
        answer = subprocess.run(question, capture_output=True, text=True, timeout=30, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None, None
    return parse_nvidia_smi(answer.stdout) if answer.returncode == 0 else (None, None)


def parse_nvidia_smi(output: str) -> tuple[str | None, tuple[int, int] | None]:
    """Read the first line of `driver_version, compute_cap`; old drivers answer "[N/A]" to the second question."""
    fields = [field.strip() for field in output.strip().split("\n")[0].split(",")]
    if not fields[0] or not fields[0][0].isdigit():
        return None, None
    parts = fields[1].split(".") if len(fields) > 1 else []
    capability = (int(parts[0]), int(parts[1])) if len(parts) == 2 and all(p.isdigit() for p in parts) else None
    return fields[0], capability


def _find_nvidia_smi() -> str | None:
    found = shutil.which("nvidia-smi")
    if found is None and os.name == "nt":
        candidate = Path(os.environ.get("SystemRoot", r"C:\Windows"), "System32", "nvidia-smi.exe")  # noqa: SIM112
        found = str(candidate) if candidate.is_file() else None
    return found


def _driver_without_tool() -> str | None:
    """Containers often have the driver without its tool; Linux names the version in /proc."""
    version = Path("/sys/module/nvidia/version")
    try:
        return version.read_text(encoding="ascii").strip() or None
    except OSError:
        return None


def has_compiler() -> bool:
    """Tell whether C++ can be compiled here; on Windows the Visual Studio installer knows where its tools are."""
    if os.environ.get("CXX") and shutil.which(os.environ["CXX"]):
        return True
    if any(shutil.which(name) for name in ("c++", "g++", "clang++")):
        return platform.system() != "Darwin" or _has_command_line_tools()
    return os.name == "nt" and (shutil.which("cl") is not None or _has_visual_studio())


def _has_command_line_tools() -> bool:
    # Every Mac has a /usr/bin/c++ that only offers to install the real one.
    return subprocess.run(["xcode-select", "-p"], capture_output=True, check=False).returncode == 0


def _has_visual_studio() -> bool:
    programs = os.environ.get("ProgramFiles(x86)", r"C:\Program Files (x86)")  # noqa: SIM112
    locator = Path(programs, "Microsoft Visual Studio", "Installer", "vswhere.exe")
    if not locator.is_file():
        return False
    component = "Microsoft.VisualStudio.Component.VC.Tools.x86.x64"
    question = [str(locator), "-products", "*", "-requires", component, "-property", "installationPath"]
    answer = subprocess.run(question, capture_output=True, text=True, check=False)
    return bool(answer.stdout.strip())


def free_bytes(folder: Path) -> int:
    """Return the free space of the disk that holds a folder."""
    return shutil.disk_usage(folder).free
