"""Fetching rows of a dataset: the job that does it, and whether they are here already."""

import shutil
from pathlib import Path

from localft import jobs, paths, words
from localft.data.hub.listing import HubDataset, Part
from localft.data.hub.order import ENDING, FetchOrder
from localft.errors import UserError
from localft.jobs import JobOrder, JobView
from localft.models.hub_access import explained
from localft.store import files
from localft.store.projects import move_to_trash

WORKER = "localft.data.hub.fetch_worker"
# Beyond this a person says how much of it to take.
ASK_FROM_BYTES = 1_000_000_000
_SPARE_BYTES = 200_000_000


def order_for(dataset: HubDataset, part: Part, rows: int | None) -> FetchOrder:
    """What to fetch; `rows` None for all of a small part, 0 for all however large it is.

    Raises:
        UserError: the part is large, and nothing says how much of it is wanted.
    """
    if rows is None and part.bytes > ASK_FROM_BYTES:
        raise UserError(
            f"{dataset.reference}, {part.described}, is large.",
            "Say how many rows to take: --rows 10000, or --rows 0 for all of them.",
        )
    return FetchOrder(
        reference=dataset.reference,
        revision=dataset.revision,
        config=part.config,
        split=part.split,
        files=part.files,
        rows=rows or 0,
    )


def fetch_folder(order: FetchOrder) -> Path:
    """The job folder: one for each thing that can be asked for, so that a second start finds the first."""
    return paths.downloads_dir() / f"datasets--{order.name}-{order.revision[:12]}-{order.rows or 'all'}"


def rows_path(order: FetchOrder) -> Path:
    """Where the rows lie once they are fetched."""
    return fetch_folder(order) / f"{order.name}{ENDING}"


def start_fetch(order: FetchOrder, gated: bool = False) -> JobView:
    """Start, or go on with, fetching; a running job is returned as it is, and so is one whose rows are here.

    Raises:
        UserError: the dataset is gated, or too little space is free.
    """
    folder = fetch_folder(order)
    if (folder / "job.json").exists():
        view = jobs.read(folder)
        if view.state.alive or rows_path(order).exists():
            return view
        if view.state.resumable:
            return jobs.resume(folder)
        move_to_trash(folder)
    if gated:
        _refuse_gated(order)
    _refuse_without_space(order)
    title = f"Fetch {order.reference}"
    settings = {"order": order.model_dump(mode="json")}
    return jobs.start(
        folder, JobOrder(worker=WORKER, title=title, needs_device=False, created_at=files.now(), settings=settings)
    )


def forget(order: FetchOrder) -> None:
    """Remove fetched rows: the version of the data that was made of them holds what is needed."""
    shutil.rmtree(fetch_folder(order), ignore_errors=True)


def _refuse_gated(order: FetchOrder) -> None:
    """Ask for one file before a job is started: the way into a gated dataset is a matter for the person."""
    from huggingface_hub import get_hf_file_metadata, hf_hub_url

    name, _ = order.files[0]
    with explained(order.reference, "dataset"):
        get_hf_file_metadata(hf_hub_url(order.reference, name, repo_type="dataset", revision=order.revision))


def _refuse_without_space(order: FetchOrder) -> None:
    # Pieces and the file that is made of them lie side by side for a moment.
    needed = 2 * (min(order.bytes, ASK_FROM_BYTES) if order.rows else order.bytes)
    folder = paths.downloads_dir()
    place = next(one for one in (folder, *folder.parents) if one.exists())
    free = shutil.disk_usage(place).free
    if free < needed + _SPARE_BYTES and not (order.rows and free > _SPARE_BYTES):
        raise UserError(
            f"{order.reference} needs up to {words.size(needed)}, but {folder} is on a disk with {words.size(free)} "
            "free.",
            "Take fewer rows, free some space, or move localft's folder by LOCALFT_HOME.",
        )
