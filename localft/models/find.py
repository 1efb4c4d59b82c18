"""Find a base model: bundled, in a folder, or on the Hugging Face hub."""

import re
from pathlib import Path

from localft.assets import asset
from localft.errors import UserError
from localft.models import hub
from localft.models.base_model import STARTER, BaseModel
from localft.models.catalogue import CatalogueEntry, catalogue
from localft.models.hub_access import Gated, Unreachable
from localft.models.inspection import inspect_folder

_HUB_ID = re.compile(r"[A-Za-z0-9][\w.-]{0,95}/[A-Za-z0-9][\w.-]{0,95}")
_EXAMPLES = "Examples: `starter`, `Qwen/Qwen3-0.6B`, `./my-model`."
_COMMIT = re.compile(r"[0-9a-f]{40}")


def find_model(reference: str, revision: str | None = None) -> BaseModel:
    """Describe a base model without downloading its weights.

    `reference` is "starter", an id on the hub (owner/name), or the path of a folder. A model that is downloaded is
    taken as it is, and the hub is not asked; name the revision "main" to ask it for the newest one.

    Raises:
        UserError: there is no such model, it cannot be used, it is gated, or it is neither here nor reachable.
    """
    reference = settle_reference(reference)
    if reference == STARTER:
        return inspect_folder(asset("starter-model"), STARTER, "bundled")
    if Path(reference).is_absolute():
        return inspect_folder(Path(reference), reference, "folder")
    if revision is None or hub.is_offline() or _COMMIT.fullmatch(revision):
        cached = hub.cached_model(reference, revision)
        if cached is not None:
            return cached
    return hub.look_up(reference, revision)


def find_for_plan(reference: str, revision: str | None = None) -> BaseModel:
    """As `find_model`, but what the hub does not give is described by the catalogue, if it is listed there.

    Raises:
        UserError: there is no such model, it cannot be used, or it is neither here, nor reachable, nor listed.
    """
    try:
        return find_model(reference, revision)
    except (Unreachable, Gated):
        wanted = settle_reference(reference)
        for entry in catalogue():
            if entry.reference == wanted and entry.parameters:
                return entry.described()
        raise


def settle_reference(reference: str) -> str:
    """The reference as it means the same everywhere: a folder with its whole path, others as they are.

    The hub is not asked, so an id is only known to be one by its form.

    Raises:
        UserError: it is empty, names a folder that is not there, or is neither a folder nor an id.
    """
    reference = reference.strip()
    if not reference:
        raise UserError("The name of the base model is empty.", _EXAMPLES)
    if reference == STARTER:
        return STARTER
    try:
        folder = Path(reference).expanduser()
        is_folder = folder.is_dir()
    except (OSError, RuntimeError) as error:
        # Too long for a path, or the home of a user who does not exist.
        raise UserError(f"{reference[:200]!r} cannot be read as a path: {error}.", _EXAMPLES) from error
    if _is_hub_id(reference) and not _holds_model(folder):
        return reference
    if is_folder and not _holds_model(folder):
        raise UserError(f"The folder {folder.absolute()} holds no model: it has no config.json.", _EXAMPLES)
    if is_folder:
        return str(folder.resolve())
    if _is_path(reference):
        raise UserError(f"There is no folder {folder.absolute()}.", "Check the spelling of the path.")
    raise UserError(
        f"{reference[:200]!r} is neither a model on the Hugging Face hub (owner/name) nor a folder.", _EXAMPLES
    )


def _is_hub_id(reference: str) -> bool:
    return bool(_HUB_ID.fullmatch(reference)) and ".." not in reference and "--" not in reference


def _holds_model(folder: Path) -> bool:
    return (folder / "config.json").is_file()


def _is_path(reference: str) -> bool:
    """Whether it is written as a path, so that what is missing is a folder and no model of the hub."""
    return reference.startswith((".", "/", "~", "\\")) or "\\" in reference or reference[1:3] in {":/", ":\\"}


def search_hub(query: str, limit: int = 20) -> list[CatalogueEntry]:
    """Search the hub for models that answer in text and have safetensors, the most downloaded first.

    Raises:
        UserError: the hub cannot be reached.
    """
    return hub.search(query, limit)
