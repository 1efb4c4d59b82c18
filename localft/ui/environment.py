"""What Gradio finds when it is imported: none of its own switches, a private folder to work in, a private cache."""

import os
import shutil
import signal
import sys
import tempfile
from pathlib import Path
from types import FrameType

import psutil

from localft import paths, privacy
from localft.errors import UserError

# Gradio obeys a score of variables of its own and a few of its hosts', which can open the app to the network or to code
# of strangers; FastAPI sends each request to the collector that the last two name.
_SWITCHES = ("GRADIO_", "SPACE_", "SPACES_", "OTEL_", "FASTAPI_")
_PREFIX = "run-"


def prepare() -> Path:
    """Make the process fit for Gradio, and return the private folder of this launch. Call it before Gradio is imported.

    Gradio hands out any file below the current folder, or the folder for temporary files, that a function returns:
    hence both are an empty one. What is uploaded lies beside it, and goes with the app.

    Raises:
        UserError: Gradio was imported already, or the folders cannot be made.
    """
    if "gradio" in sys.modules:
        raise UserError("Gradio was loaded before localft could secure it.", "Start the app with `localft`.")
    for name in [name for name in os.environ if name.startswith(_SWITCHES)]:
        del os.environ[name]
    paths.settle()
    privacy.switch_telemetry_off()
    for private in (paths.projects_dir(), paths.config_dir(), paths.cache_dir()):
        paths.make_private(private)
    cache = paths.make_private(paths.cache_dir() / "app")
    _remove_left_behind(cache)
    folder = Path(tempfile.mkdtemp(prefix=f"{_PREFIX}{os.getpid()}-", dir=cache))
    os.environ["GRADIO_TEMP_DIR"] = str(paths.make_private(folder / "uploads"))
    empty = paths.make_private(folder / "work")
    tempfile.tempdir = str(empty)
    os.chdir(empty)
    _end_as_with_ctrl_c()
    return folder


def tidy(folder: Path) -> None:
    """Leave and remove the folder that `prepare` made, with everything that was uploaded."""
    tempfile.tempdir = None
    os.chdir(folder.parent)
    shutil.rmtree(folder, ignore_errors=True)


def blocked() -> list[str]:
    """Folders out of which Gradio must never give a file, whatever a function returns."""
    from huggingface_hub import constants

    own = [
        paths.projects_dir(),
        paths.trash_dir(),
        paths.config_dir(),
        paths.downloads_dir(),
        paths.services_dir(),
        paths.queue_dir(),
    ]
    return [str(folder) for folder in own] + [constants.HF_HOME, constants.HF_HUB_CACHE]


def _remove_left_behind(cache: Path) -> None:
    """Remove the folders of launches that did not get to do it themselves."""
    for folder in cache.glob(f"{_PREFIX}*"):
        owner = folder.name.removeprefix(_PREFIX).partition("-")[0]
        if not (owner.isdecimal() and psutil.pid_exists(int(owner))):
            shutil.rmtree(folder, ignore_errors=True)


def _end_as_with_ctrl_c() -> None:
    """Let a closed terminal and a polite kill end the app as Ctrl-C does: with its link closed and its folder gone."""

    def interrupt(number: int, frame: FrameType | None) -> None:
        signal.raise_signal(signal.SIGINT)

    # Windows has no SIGHUP; nohup ignores it, and then so does the app.
    for name in {"SIGTERM", "SIGHUP"} & set(signal.Signals.__members__):
        if signal.getsignal(signal.Signals[name]) is signal.SIG_DFL:
            signal.signal(signal.Signals[name], interrupt)
