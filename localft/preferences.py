"""What a person has set once for all projects; preferences.json in the folder of localft's configuration."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import Field

from localft import paths
from localft.errors import UserError
from localft.settings import Settings, parse
from localft.store import files


class Preferences(Settings):
    """Declared once; the form in Settings and the options of `localft settings` are made from it."""

    price_per_kwh: float = Field(0.30, ge=0, le=10, description="What a kilowatt-hour of electricity costs you.")
    currency: str = Field("€", min_length=1, max_length=5, description="The sign of the money behind that price.")
    cards: int = Field(1, ge=1, le=64, description="On how many graphics cards at once a run learns.")

    def price_of(self, watt_hours: float) -> float:
        """What so much energy costs."""
        return watt_hours / 1000 * self.price_per_kwh


def read_preferences() -> Preferences:
    """What was set, and the defaults for the rest.

    Raises:
        UserError: the file is damaged, or holds what is no preference.
    """
    path = _file()
    if not path.exists():
        return Preferences()
    values = files.read_json(path)
    if not isinstance(values, dict):
        raise UserError(f"The file {path} is damaged: it is no object.", "Delete it, and set your preferences again.")
    return parse(Preferences, values, str(path))


def set_preferences(values: Mapping[str, Any]) -> Preferences:
    """Change some preferences and keep the others.

    Raises:
        UserError: a value is out of range, or the file cannot be read or written.
    """
    changed = parse(Preferences, {**read_preferences().model_dump(), **values}, "your preferences")
    paths.make_private(paths.config_dir())
    files.write_json(_file(), changed.model_dump())
    return changed


def _file() -> Path:
    return paths.config_dir() / "preferences.json"
