"""In the Data tab: a dataset of the hub, looked up first, then fetched by a job; its rows come into the drop zone."""

import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import gradio as gr
from gradio.utils import get_upload_folder

from localft import jobs
from localft.data.hub.fetching import fetch_folder, forget, order_for, rows_path, start_fetch
from localft.data.hub.listing import HubDataset, look_up
from localft.data.hub.order import FetchOrder
from localft.errors import UserError
from localft.jobs import JobState, JobView
from localft.ui.handlers import Updates
from localft.ui.shared import Shared
from localft.ui.views import data_hub as views
from localft.ui.views import parts

_USUAL_ROWS = 1000


@dataclass(frozen=True)
class HubArea:
    """The widgets; `found` is the dataset that was looked up."""

    reference: gr.Textbox
    revision: gr.Textbox
    look: gr.Button
    found: gr.State
    shown: gr.HTML
    choice: gr.Row
    part: gr.Dropdown
    rows: gr.Number
    fetch: gr.Button
    stop: gr.Button
    said: gr.HTML


def draw_hub(shared: Shared, files: gr.File) -> None:
    """Draw the widgets and connect them with the drop zone."""
    with gr.Accordion("Or take a dataset of the Hugging Face hub", open=False, elem_id="hub"):
        with gr.Row(equal_height=True):
            reference = gr.Textbox(label="Dataset", placeholder="owner/name", scale=3, info="Its name, or its address.")
            revision = gr.Textbox(label="Revision", info="A commit or tag; empty: the newest.", scale=2)
        look = gr.Button("Look it up", size="sm", elem_id="hub-look")
        found, shown = gr.State(None), gr.HTML()
        with gr.Row(visible=False, equal_height=True) as choice:
            part = gr.Dropdown([], label="Which part", min_width=240)
            rows = gr.Number(_USUAL_ROWS, precision=0, minimum=0, label="Rows from its start", info="0: all of them.")
            fetch = gr.Button("Fetch these rows", elem_id="hub-fetch")
            stop = gr.Button("Stop fetching", elem_id="hub-stop")
        said = gr.HTML(elem_id="hub-said")
    area = HubArea(reference, revision, look, found, shown, choice, part, rows, fetch, stop, said)
    asked = [reference, revision]
    offered = [found, shown, choice, part]
    for trigger in (look.click, reference.submit, revision.submit):
        shared.on(trigger, lambda name, commit: _looked_up(area, name, commit), asked, offered, said)

    def fetching(dataset: HubDataset | None, place: int | None, count: float | None) -> Iterator[Updates]:
        order, gated = _order(dataset, place, count)
        # One that is going on is followed, whoever started it: the page may have been closed meanwhile.
        for view in jobs.follow(start_fetch(order, gated).folder, 0.3):
            yield {said: views.fetching(view)}
        yield _ended(order, jobs.read(fetch_folder(order)), files, said)

    def stopping(dataset: HubDataset | None, place: int | None, count: float | None) -> Updates:
        folder = fetch_folder(_order(dataset, place, count)[0])
        if not (folder / "job.json").exists() or not jobs.read(folder).state.alive:
            raise UserError("Nothing is being fetched.")
        jobs.request_stop(folder)
        return {said: parts.note("It stops; what has come is kept.")}

    chosen = [found, part, rows]
    shared.on(fetch.click, fetching, chosen, [files], said)
    shared.on(stop.click, stopping, chosen, [], said)


def _looked_up(area: HubArea, name: str | None, commit: str | None) -> Updates:
    dataset = look_up(name or "", (commit or "").strip() or None)
    choices = [(one.described, index) for index, one in enumerate(dataset.parts)]
    try:
        usual = dataset.parts.index(dataset.part())
    except UserError:
        usual = 0
    return {
        area.found: dataset,
        area.shown: views.found(dataset),
        area.choice: gr.update(visible=True),
        area.part: gr.update(choices=choices, value=usual),
    }


def _order(dataset: HubDataset | None, place: int | None, count: float | None) -> tuple[FetchOrder, bool]:
    """What the widgets say is to be fetched, and whether its dataset is gated.

    Raises:
        UserError: they say nothing.
    """
    if dataset is None or place is None or not 0 <= int(place) < len(dataset.parts):
        raise UserError("No dataset was looked up yet.", "Name one and look it up.")
    return order_for(dataset, dataset.parts[int(place)], int(count or 0)), dataset.gated


def _ended(order: FetchOrder, view: JobView, files: gr.File, said: gr.HTML) -> Updates:
    """The rows in the drop zone; or why they are not.

    Raises:
        UserError: fetching failed.
    """
    if view.state is JobState.FINISHED:
        uploads = Path(get_upload_folder())
        uploads.mkdir(parents=True, exist_ok=True)
        kept = Path(shutil.move(rows_path(order), tempfile.mkdtemp(dir=uploads)))
        forget(order)
        return {files: [str(kept)], said: views.fetched(view)}
    if view.state is JobState.FAILED and view.result is not None:
        raise UserError(view.result.message, view.result.advice)
    return {said: parts.note(f"{view.sentence} Fetch these rows again to go on.")}
