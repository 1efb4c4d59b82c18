"""A recipe proposed from the data, the model and the machine, each value with its reason in words."""

from collections.abc import Mapping
from typing import Any, Literal

from localft.hardware import Hardware
from localft.models.base_model import BaseModel
from localft.planning.recipe import Recipe
from localft.store.projects import Project

Preset = Literal["quick", "balanced", "thorough"]
PRESETS: tuple[Preset, ...] = ("quick", "balanced", "thorough")


def propose(
    project: Project,
    version_id: str,
    base_model: BaseModel,
    hardware: Hardware,
    preset: Preset = "balanced",
    overrides: Mapping[str, Any] | None = None,
) -> Recipe:
    """Propose every setting of a run; `overrides` are the person's own values and win.

    Raises:
        UserError: an override is unknown or out of range; the version is missing or has no training examples.
    """
    raise NotImplementedError
