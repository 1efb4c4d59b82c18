"""Chromium for the browser tests; whoever only uses localft needs none."""

import os
import platform
import shutil
import subprocess
from pathlib import Path

from installer.say import SetupError, say

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "microsoft-edge", "chrome", "msedge")


def find_chromium() -> str | None:
    """Return the path of a browser of the Chromium family; LOCALFT_CHROMIUM names one that stands elsewhere."""
    named = os.environ.get("LOCALFT_CHROMIUM")
    if named:
        return named if Path(named).is_file() else None
    on_path = next((found for name in NAMES if (found := shutil.which(name))), None)
    return on_path or next((str(path) for path in _usual_places() if path.is_file()), None)


def _usual_places() -> list[Path]:
    if platform.system() == "Darwin":
        applications = Path("/Applications")
        return [
            applications / "Google Chrome.app/Contents/MacOS/Google Chrome",
            applications / "Chromium.app/Contents/MacOS/Chromium",
            applications / "Microsoft Edge.app/Contents/MacOS/Microsoft Edge",
        ]
    roots = [os.environ[name] for name in ("ProgramFiles", "ProgramFiles(x86)", "LOCALAPPDATA") if name in os.environ]
    programs = (Path("Google/Chrome/Application/chrome.exe"), Path("Microsoft/Edge/Application/msedge.exe"))
    return [Path(root) / program for root in roots for program in programs]


def ensure_chromium() -> str:
    """Return a browser, installing Debian's where that can be done without asking.

    Raises:
        SetupError: there is none; the text has the command that installs one.
    """
    found = find_chromium()
    if found:
        return found
    if can_apt_install():
        say("Chromium, for the browser tests")
        variables = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        for command in (["apt-get", "update", "-q"], ["apt-get", "install", "-y", "-q", "chromium"]):
            subprocess.run(command, check=False, env=variables, stdout=2)
        found = find_chromium()
    if found:
        return found
    raise SetupError(f"The browser tests need Chromium, Chrome or Edge. Install one with\n  {command_for_chromium()}")


def can_apt_install() -> bool:
    """Tell whether packages can be installed here by apt without a password."""
    return shutil.which("apt-get") is not None and hasattr(os, "geteuid") and os.geteuid() == 0


def command_for_chromium() -> str:
    """Return the command that installs a browser on this system."""
    if platform.system() == "Darwin":
        return "brew install --cask chromium"
    if os.name == "nt":
        return "winget install Google.Chrome"
    if shutil.which("apt-get"):
        return "sudo apt-get install chromium"
    return "sudo dnf install chromium" if shutil.which("dnf") else "the package manager of your system"
