"""What Gradio finds when it is imported: none of its own switches, a private folder to work in, a private cache."""

import os
import sys
import tempfile
from pathlib import Path

from localft import paths, privacy
from localft.errors import UserError


def prepare() -> Path:
    """Make the process fit for Gradio, and return the empty folder it now runs in. Call it before Gradio is imported.

    Gradio obeys a score of GRADIO_* variables, which can open the app to the network or to code of strangers, and
    hands out
    any file below the current folder that a function returns: hence no variable survives, and the current folder is
    empty.

    Raises:
        UserError: Gradio was imported already, or the folders cannot be made.
    """
    if "gradio" in sys.modules:
        raise UserError("Gradio was loaded before localft could secure it.", "Start the app with `localft`.")
    for name in [name for name in os.environ if name.startswith("GRADIO_")]:
        del os.environ[name]
    privacy.switch_telemetry_off()
    cache = paths.make_private(paths.cache_dir() / "app")
    uploads = paths.make_private(cache / "uploads")
    os.environ["GRADIO_TEMP_DIR"] = str(uploads)
    folder = Path(tempfile.mkdtemp(prefix="run-", dir=cache))
    os.chdir(folder)
    return folder


def tidy(folder: Path) -> None:
    """Leave and remove the folder that `prepare` made."""
    import shutil

    os.chdir(folder.parent)
    shutil.rmtree(folder, ignore_errors=True)


def blocked() -> list[str]:
    """Folders out of which Gradio must never give a file, whatever a function returns."""
    cache = os.environ.get("HF_HOME") or str(Path.home() / ".cache" / "huggingface")
    folders = [paths.projects_dir(), paths.trash_dir(), paths.config_dir(), paths.downloads_dir(), paths.services_dir()]
    return [str(folder) for folder in folders] + [cache]
