"""The Hugging Face hub: look models up, search, and read what the cache holds."""

from pathlib import Path
from typing import Any

from localft.errors import UserError
from localft.models.base_model import BaseModel
from localft.models.catalogue import CatalogueEntry
from localft.models.hub_access import TIMEOUT_SECONDS, Unreachable, explained, is_offline
from localft.models.inspection import (
    context_length,
    inspect_folder,
    read_config,
    read_object,
    refuse_unusable,
    required_files,
)

# Bytes of a 64-bit number.
_WIDEST_WEIGHT = 8


def snapshot_folder(reference: str, revision: str | None) -> Path | None:
    """The folder of the cache that holds (parts of) a model, None where there is nothing of it."""
    from huggingface_hub import constants, try_to_load_from_cache

    found = try_to_load_from_cache(reference, "config.json", cache_dir=constants.HF_HUB_CACHE, revision=revision)
    return Path(found).parent if isinstance(found, str) else None


def cached_model(reference: str, revision: str | None) -> BaseModel | None:
    """Describe a model from the cache alone, None unless all of it is there.

    Without a revision (or "main") it is the newest one looked up, else any that is complete.

    Raises:
        UserError: it is there, and localft refuses it.
    """
    folder = snapshot_folder(reference, revision)
    if folder is None:
        return None
    candidates = [folder]
    if revision in {None, "main"}:
        candidates += sorted(folder.parent.iterdir(), key=lambda path: path.stat().st_mtime, reverse=True)
    for candidate in candidates:
        if _complete(candidate):
            return inspect_folder(candidate, reference, "hub", candidate.name)
    return None


def _complete(folder: Path) -> bool:
    """Tell whether a snapshot has its tokenizer and all parts of its weights."""
    index = read_object(folder / "model.safetensors.index.json", f"The model in {folder}")
    parts = set(index.get("weight_map", {}).values()) or {"model.safetensors"}
    return all((folder / name).is_file() for name in {"tokenizer.json", *parts})


def look_up(reference: str, revision: str | None) -> BaseModel:
    """Describe a model on the hub, fetching only its small description files into the cache.

    Raises:
        UserError: no such model or revision, gated, unusable, or neither here nor reachable.
    """
    from huggingface_hub import HfApi

    try:
        with explained(reference):
            info = HfApi().model_info(
                reference, revision=revision, files_metadata=True, securityStatus=True, timeout=TIMEOUT_SECONDS
            )
            return _describe(reference, revision, info)
    except Unreachable:
        cached = cached_model(reference, revision)
        if cached is None:
            raise
        return cached


def _describe(reference: str, revision: str | None, info: Any) -> BaseModel:
    from huggingface_hub import hf_hub_download

    where = f"The model {reference}"
    sizes = {sibling.rfilename: int(sibling.size or 0) for sibling in info.siblings or []}
    files = required_files(sizes, where)
    _refuse_flagged(info, files, where)
    # Asked for under the name that the user gave (main, mostly): offline, the cache then knows the revision by it.
    folder = Path(hf_hub_download(reference, "config.json", revision=revision, etag_timeout=TIMEOUT_SECONDS)).parent
    for name in ("tokenizer_config.json", "chat_template.jinja", "README.md"):
        if name in files:
            hf_hub_download(reference, name, revision=info.sha, etag_timeout=TIMEOUT_SECONDS)
    config = read_config(folder, where)
    tokenizer_config = read_object(folder / "tokenizer_config.json", where)
    refuse_unusable(config, tokenizer_config, where)
    weights = {name: size for name, size in files.items() if name.endswith(".safetensors")}
    card = info.card_data
    licence = (card.get("license_name") or card.get("license")) if card is not None else None
    return BaseModel(
        reference=reference,
        origin="hub",
        revision=info.sha,
        architecture=str((config.get("architectures") or [""])[0]),
        parameters=_parameters(reference, info, sum(weights.values())),
        weight_bytes=sum(weights.values()),
        context_length=context_length(config),
        files=files,
        licence=str(licence) if licence else None,
        gated=bool(info.gated),
        has_chat_template="chat_template.jinja" in files or bool(tokenizer_config.get("chat_template")),
        config=config,
    )


def _refuse_flagged(info: Any, files: dict[str, int], where: str) -> None:
    """Refuse files that the hub's scanners have flagged."""
    status = info.security_repo_status or {}
    flagged = [issue.get("path") for issue in status.get("filesWithIssues", []) if isinstance(issue, dict)]
    bad = sorted(name for name in flagged if name in files)
    if bad:
        raise UserError(
            f"{where} has a file that the hub's security scan flags: {bad[0]}.", "Choose a model from another source."
        )


def _parameters(reference: str, info: Any, weight_bytes: int) -> int:
    """The number of weights: as the hub has counted them, else from the files' headers, else from 2 bytes a weight.

    The hub's number is taken if it fits the files' size: of some models split into files it knows but a part.
    """
    from huggingface_hub import HfApi, errors

    counted = int(info.safetensors.total or 0) if info.safetensors is not None else 0
    if weight_bytes // _WIDEST_WEIGHT <= counted <= weight_bytes:
        return counted
    try:
        metadata = HfApi().get_safetensors_metadata(reference, revision=info.sha)
    except (errors.NotASafetensorsRepoError, errors.SafetensorsParsingError):
        return weight_bytes // 2
    return sum(metadata.parameter_count.values())


def _reach() -> None:
    """Fail at once where the hub is out of reach: the client's listing would try again for half a minute."""
    from huggingface_hub import constants, get_session

    get_session().head(constants.ENDPOINT, timeout=TIMEOUT_SECONDS)


def search(query: str, limit: int) -> list[CatalogueEntry]:
    """`localft.models.find.search_hub`."""
    from huggingface_hub import HfApi

    if is_offline():
        raise Unreachable(
            "Offline mode is on (HF_HUB_OFFLINE), so the Hugging Face hub cannot be searched.",
            "Unset HF_HUB_OFFLINE to search it; `localft models` lists the catalogue.",
        )
    wanted: Any = ["safetensors", "gated", "cardData", "config", "tags"]
    try:
        with explained(query):
            _reach()
            found = HfApi().list_models(
                search=query, filter=["safetensors", "text-generation"], sort="downloads", limit=limit, expand=wanted
            )
            return [_entry(info) for info in found]
    except Unreachable as error:
        why = "offline mode is on (HF_HUB_OFFLINE)" if is_offline() else "it cannot be reached"
        raise UserError(
            f"The Hugging Face hub cannot be searched: {why}.", "`localft models` lists models without the network."
        ) from error


def _entry(info: Any) -> CatalogueEntry:
    config = info.config or {}
    licence = (info.card_data.get("license") if info.card_data is not None else None) or "unknown"
    template = str((config.get("tokenizer_config") or {}).get("chat_template", ""))
    counts = info.safetensors.parameters if info.safetensors is not None else {}
    width = {"F64": 8, "F32": 4, "I64": 8, "I32": 4, "F8_E4M3": 1, "F8_E5M2": 1, "U8": 1, "I8": 1}
    return CatalogueEntry(
        reference=info.id,
        name=info.id.rsplit("/", 1)[-1],
        parameters=sum(counts.values()),
        licence=str(licence),
        gated=bool(info.gated),
        download_bytes=sum(count * width.get(kind, 2) for kind, count in counts.items()),
        thinking="<think>" in template or "enable_thinking" in template,
        architecture=str((config.get("architectures") or [""])[0]),
    )
