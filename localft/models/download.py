"""Downloads: is a model here, where, and the job that fetches it into the user's Hugging Face cache."""

import shutil
from pathlib import Path

from localft import jobs, paths
from localft.advice import Advice
from localft.assets import asset
from localft.errors import UserError
from localft.jobs import JobOrder, JobView
from localft.models import hub
from localft.models.base_model import BaseModel
from localft.models.transfer import partial_bytes
from localft.store import files
from localft.store.projects import move_to_trash

WORKER = "localft.models.download_worker"
_SPARE_BYTES = 200_000_000


def is_present(model: BaseModel) -> bool:
    """Tell whether every file of the model is on this computer."""
    return _folder(model) is not None


def model_folder(model: BaseModel) -> Path:
    """The folder with the model's files.

    Raises:
        UserError: it is not downloaded, or not completely.
    """
    folder = _folder(model)
    if folder is not None:
        return folder
    if model.origin == "folder":
        raise UserError(f"The folder {model.folder} is gone, or files in it have changed.", "Choose the model again.")
    raise UserError(
        f"The model {model.reference} is not downloaded yet.",
        Advice(f"Run `localft models download {model.reference}`.", "Download it, in Train."),
    )


def tokenizer_folder(model: BaseModel) -> Path:
    """The folder with everything but the weights, which is enough to make tokens; they come first in a download.

    Raises:
        UserError: these files are not here.
    """
    folder = _folder(model, with_weights=False)
    return folder if folder is not None else model_folder(model)


def has_tokenizer(model: BaseModel) -> bool:
    """Tell whether the model's tokenizer and chat template are on this computer, its weights perhaps not yet."""
    return _folder(model, with_weights=False) is not None


def _folder(model: BaseModel, with_weights: bool = True) -> Path | None:
    if model.origin == "bundled":
        return asset("starter-model")
    folder = Path(model.folder) if model.folder else hub.snapshot_folder(model.reference, model.revision)
    if folder is None or model.is_described_only:
        return None
    needed = [name for name in model.files if with_weights or not name.endswith(".safetensors")]
    here = all(_has(folder / name, model.files[name]) for name in needed)
    return folder if here else None


def _has(path: Path, size: int) -> bool:
    return path.is_file() and path.stat().st_size == size


def missing_files(model: BaseModel) -> dict[str, int]:
    """The files of a model on the hub that are not here, or not whole, with their bytes."""
    folder = hub.snapshot_folder(model.reference, model.revision)
    return {name: size for name, size in model.files.items() if folder is None or not _has(folder / name, size)}


def refuse_without_space(model: BaseModel) -> None:
    """Look whether the disk of the Hugging Face cache has room for what is missing of a model.

    Raises:
        UserError: it has not.
    """
    from huggingface_hub import constants

    needed = sum(missing_files(model).values()) - partial_bytes(model.reference)
    cache = Path(constants.HF_HUB_CACHE)
    place = next(folder for folder in (cache, *cache.parents) if folder.exists())
    free = shutil.disk_usage(place).free
    if needed > 0 and free < needed + _SPARE_BYTES:
        raise UserError(
            f"{model.name} needs {_gigabytes(needed)} more, but {cache} is on a disk with {_gigabytes(free)} free.",
            "Free some space, or move the cache by setting HF_HOME to a folder on a larger disk.",
        )


def _gigabytes(count: int) -> str:
    return f"{count / 1e9:.1f} GB ({count:,} bytes)"


def download_folder(model: BaseModel) -> Path:
    """The job folder of a model's download: one a model and revision, so that a second start finds the first."""
    revision = (model.revision or "main")[:12]
    return paths.downloads_dir() / f"{model.reference.replace('/', '--')}-{revision}"


def start_download(model: BaseModel) -> JobView:
    """Start, or go on with, the download of a model; a running one is returned as it is.

    Raises:
        UserError: the model is not on the hub, or too little space is free.
    """
    if model.origin != "hub":
        raise UserError(f"The model {model.reference} is on this computer already.", "There is nothing to download.")
    folder = download_folder(model)
    if (folder / "job.json").exists():
        view = jobs.read(folder)
        if view.state.alive:
            return view
        refuse_without_space(model)
        if view.state.resumable:
            return jobs.resume(folder)
        # Finished before, and the cache has been emptied since; or never begun.
        move_to_trash(folder)
    else:
        refuse_without_space(model)
    order = JobOrder(
        worker=WORKER,
        title=f"Download {model.name}",
        needs_device=False,
        created_at=files.now(),
        settings={"model": model.model_dump(mode="json")},
    )
    return jobs.start(folder, order)
