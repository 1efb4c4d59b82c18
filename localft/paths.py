"""Where things live on this computer. LOCALFT_HOME, where set, moves everything."""

import os
from pathlib import Path

import platformdirs

from localft.errors import UserError

_APPLICATION = "localft"
_MOVERS = ("LOCALFT_HOME", "HF_HOME", "HF_HUB_CACHE")


def _home() -> Path | None:
    home = os.environ.get("LOCALFT_HOME", "").strip()
    return Path(home).expanduser().resolve() if home else None


def settle() -> None:
    """Make the variables that move folders absolute: workers, and the app, work in folders of their own.

    Raises:
        UserError: one of them names the home of nobody, or is relative to a folder that is gone.
    """
    for name in _MOVERS:
        value = os.environ.get(name, "").strip()
        if value:
            try:
                os.environ[name] = str(Path(value).expanduser().absolute())
            except (OSError, RuntimeError) as error:
                raise UserError(
                    f"{name}={value} is no folder: {error}", "Give it a whole path, or unset it."
                ) from error


def data_dir() -> Path:
    """Projects, runs, exports: everything that must not be lost."""
    return _home() or platformdirs.user_data_path(_APPLICATION, appauthor=False)


def cache_dir() -> Path:
    """What can be made or fetched again."""
    home = _home()
    return home / "cache" if home else platformdirs.user_cache_path(_APPLICATION, appauthor=False)


def config_dir() -> Path:
    """Preferences of this user."""
    home = _home()
    return home / "config" if home else platformdirs.user_config_path(_APPLICATION, appauthor=False)


def projects_dir() -> Path:
    """One folder a project."""
    return data_dir() / "projects"


def trash_dir() -> Path:
    """Deleted projects and parts of them, until the user empties it."""
    return data_dir() / "trash"


def queue_dir() -> Path:
    """One ticket for each job that waits or runs, and the lock of the device."""
    return data_dir() / "queue"


def downloads_dir() -> Path:
    """Job folders of downloads: models lie in the Hugging Face cache, rows of datasets beside their job."""
    return data_dir() / "downloads"


def services_dir() -> Path:
    """Job folders of models that are being served."""
    return data_dir() / "services"


def make_private(folder: Path) -> Path:
    """Create a folder of localft's own that only this user can enter, and return it.

    The folders above it keep their modes: LOCALFT_HOME may name one that others use too.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if os.name == "posix":
        folder.chmod(0o700)
    return folder
