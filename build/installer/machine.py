"""Read the machine: operating system, NVIDIA driver and card, compiler, free disk."""

import os
import platform
import shutil
import subprocess
from pathlib import Path

from installer.plan import Machine
from localft.compilers import has_compiler


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


def free_bytes(folder: Path) -> int:
    """Return the free space of the disk that holds a folder."""
    return shutil.disk_usage(folder).free
