"""Is there a C++ compiler, and which command brings one? The bootstrap reads this before anything is installed."""

import os
import platform
import shutil
import subprocess
from pathlib import Path


def has_compiler() -> bool:
    """Tell whether C++ can be compiled here."""
    named = os.environ.get("CXX")
    if named and shutil.which(named):
        return True
    if any(shutil.which(name) for name in ("c++", "g++", "clang++")):
        return platform.system() != "Darwin" or _has_command_line_tools()
    return os.name == "nt" and (shutil.which("cl") is not None or _has_visual_studio())


def command_for_compiler() -> str:
    """Return the command that installs a compiler on this system."""
    if platform.system() == "Darwin":
        return "xcode-select --install"
    if os.name == "nt":
        workload = "--add Microsoft.VisualStudio.Workload.VCTools --includeRecommended"
        return f'winget install Microsoft.VisualStudio.2022.BuildTools --override "--wait --passive {workload}"'
    managers = {
        "apt-get": "sudo apt-get install build-essential",
        "dnf": "sudo dnf install gcc-c++ make",
        "pacman": "sudo pacman -S base-devel",
        "zypper": "sudo zypper install gcc-c++ make",
    }
    known = (command for manager, command in managers.items() if shutil.which(manager))
    return next(known, "install g++ with the package manager of your system")


def _has_command_line_tools() -> bool:
    # Every Mac has a /usr/bin/c++ that only offers to install the real one.
    return subprocess.run(["xcode-select", "-p"], capture_output=True, check=False).returncode == 0


def _has_visual_studio() -> bool:
    # The installer of Visual Studio knows where its tools are; they are not on the path.
    programs = os.environ.get("ProgramFiles(x86)", r"C:\Program Files (x86)")  # noqa: SIM112 - Windows spells it so
    locator = Path(programs, "Microsoft Visual Studio", "Installer", "vswhere.exe")
    if not locator.is_file():
        return False
    component = "Microsoft.VisualStudio.Component.VC.Tools.x86.x64"
    question = [str(locator), "-products", "*", "-requires", component, "-property", "installationPath"]
    answer = subprocess.run(question, capture_output=True, text=True, check=False)
    return bool(answer.stdout.strip())
