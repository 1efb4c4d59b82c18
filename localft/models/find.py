"""Find a base model: bundled, in a folder, or on the Hugging Face hub."""

import re
from pathlib import Path

from localft.assets import asset
from localft.errors import UserError
from localft.models import hub
from localft.models.base_model import STARTER, BaseModel
from localft.models.catalogue import CatalogueEntry
from localft.models.inspection import inspect_folder

_HUB_ID = re.compile(r"[A-Za-z0-9][\w.-]{0,95}/[A-Za-z0-9][\w.-]{0,95}")
_COMMIT = re.compile(r"[0-9a-f]{40}")


def find_model(reference: str, revision: str | None = None) -> BaseModel:
    """Describe a base model without downloading its weights.

    `reference` is "starter", an id on the hub (owner/name), or the path of a folder. A model that is downloaded is
    taken as it is, and the hub is not asked; name the revision "main" to ask it for the newest one.

    Raises:
        UserError: there is no such model, it cannot be used, it is gated, or it is neither here nor reachable.
    """
    reference = reference.strip()
    if reference == STARTER:
        return inspect_folder(asset("starter-model"), STARTER, "bundled")
    folder = Path(reference).expanduser()
    if _is_path(reference) or (folder / "config.json").is_file():
        return inspect_folder(folder.resolve(), str(folder.resolve()), "folder")
    if not _HUB_ID.fullmatch(reference) or ".." in reference or "--" in reference:
        raise UserError(
            f"{reference[:200]!r} is neither a model on the Hugging Face hub (owner/name) nor a folder.",
            "Examples: `starter`, `Qwen/Qwen3-0.6B`, `./my-model`.",
        )
    if revision is None or hub.is_offline() or _COMMIT.fullmatch(revision):
        cached = hub.cached_model(reference, revision)
        if cached is not None:
            return cached
    return hub.look_up(reference, revision)


def _is_path(reference: str) -> bool:
    """Tell a path from an id of the hub by its look: a folder named like an id is only taken if it holds a model."""
    return reference.startswith((".", "/", "~", "\\")) or "\\" in reference or reference[1:3] in {":/", ":\\"}


def search_hub(query: str, limit: int = 20) -> list[CatalogueEntry]:
    """Search the hub for models that answer in text and have safetensors, the most downloaded first.

    Raises:
        UserError: the hub cannot be reached.
    """
    return hub.search(query, limit)
