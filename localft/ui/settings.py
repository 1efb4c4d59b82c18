"""Settings: where things lie and how big they are, keys, privacy, and a demo for others."""

import os
import shutil
from pathlib import Path
from typing import Any

import gradio as gr

from localft import jobs, paths, words
from localft.errors import UserError
from localft.preferences import Preferences, read_preferences, set_preferences
from localft.store import files
from localft.store.projects import move_to_trash
from localft.training.runs import list_runs
from localft.ui.forms import draw_form
from localft.ui.handlers import Updates
from localft.ui.share import ShareDesk
from localft.ui.shared import Page, Shared, project_choices, required
from localft.ui.views import parts
from localft.ui.views import settings as views
from localft.ui.views.settings import Key, Place

_CONFIRMATION = "share"


def draw(shared: Shared, desk: ShareDesk) -> None:
    """Draw the tab and connect it."""
    state = gr.HTML()
    message = gr.HTML()
    places = gr.HTML()
    with gr.Row(elem_classes="lf-buttons"):
        empty = gr.Button("Empty the trash", scale=0, min_width=200)
        emptied = gr.Checkbox(label="Yes, delete it for ever", scale=0, min_width=220, container=False)
    _draw_preferences(shared, message)
    _draw_project(shared, message)
    _draw_share(shared, desk, message)
    keys = gr.HTML()
    gr.HTML(str(views.privacy()))

    def read(page: Page) -> Updates:
        listed = list_places()
        return {state: views.state(listed), places: views.places(listed), keys: views.keys(known_keys())}

    def empty_trash(sure: bool) -> Updates:
        trash = paths.trash_dir()
        if not trash.is_dir() or not any(trash.iterdir()):
            raise UserError("The trash is empty.")
        size = words.size(files.folder_bytes(trash))
        if not sure:
            raise UserError(f"This deletes {size} for ever.", "Tick the box beside the button, then press it again.")
        for entry in trash.iterdir():
            shutil.rmtree(entry)
        return {emptied: False, message: parts.done(f"{size} are free again.")}

    shared.view("settings", [state, places, keys], read)
    shared.on(empty.click, empty_trash, [emptied], [emptied], message, changes=True, concurrency_limit=1)


def list_places() -> list[Place]:
    """The folders of localft with their sizes, and the Hugging Face cache, which other programs use too."""
    own = [
        ("Projects", paths.projects_dir()),
        ("Trash", paths.trash_dir()),
        ("Cache", paths.cache_dir()),
        ("Hugging Face cache (shared with other programs)", hub_cache()),
    ]
    return [Place(name, str(folder), files.folder_bytes(folder) if folder.is_dir() else 0) for name, folder in own]


def hub_cache() -> Path:
    """Where downloaded models lie."""
    from huggingface_hub import constants

    return Path(constants.HF_HUB_CACHE)


def known_keys() -> list[Key]:
    """The keys that would be used, by source and last four characters."""
    from huggingface_hub import get_token

    token = get_token() or ""
    named = next((name for name in ("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN") if os.environ.get(name)), None)
    source = f"the environment variable {named}" if named else "`hf auth login`" if token else "nowhere"
    return [Key("Hugging Face hub", source, token[-4:] if len(token) > 12 else "")]


def _draw_preferences(shared: Shared, message: gr.HTML) -> None:
    gr.HTML("<h3>For all projects</h3><p class='lf-note'>The price is for the money in plans, beside the energy.</p>")
    form = draw_form(Preferences)
    with gr.Row(elem_classes="lf-buttons"):
        keep = gr.Button("Keep these", scale=0, min_width=200)

    def set_them(*given: Any) -> Updates:
        preferences = set_preferences(form.values(given))
        price = words.money(preferences.price_per_kwh, preferences.currency)
        cards = words.counted(preferences.cards, "card")
        said = f"From now on a kilowatt-hour costs {price}, and a run learns on {cards}."
        return {message: parts.done(said, "plain")}

    def read(page: Page) -> Updates:
        return form.updates(read_preferences())

    shared.view("settings", form.widgets, read)
    shared.on(keep.click, set_them, list(form.widgets), [], message, changes=True)


def _draw_project(shared: Shared, message: gr.HTML) -> None:
    gr.HTML("<h3>This project</h3>")
    with gr.Row(elem_classes="lf-buttons"):
        delete = gr.Button("Move this project to the trash", scale=0, min_width=260)
        typed = gr.Textbox(label="Its name, to confirm", scale=0, min_width=260)

    def move(slug: str | None, name: str) -> Updates:
        project = required(slug)
        size = words.size(files.folder_bytes(project.folder))
        runs = len(list_runs(project).items)
        if (name or "").strip() != project.name:
            raise UserError(
                f"This moves {project.name} with {runs} runs and {size} to the trash.", "Type its name to confirm."
            )
        if jobs.live_below(project.folder):
            raise UserError("Something of this project is still running.", "Stop it first.")
        move_to_trash(project.folder)
        choices = project_choices()
        chosen = gr.update(choices=choices, value=choices[0][1] if choices else None)
        return {shared.project: chosen, typed: "", message: parts.done(f"{project.name} is in the trash.", "plain")}

    shared.on(delete.click, move, [shared.project, typed], [shared.project, typed], message, changes=True)


def _draw_share(shared: Shared, desk: ShareDesk, message: gr.HTML) -> None:
    gr.HTML(
        "<h3>Share a demo</h3><p class='lf-note'>Others chat with your tuned model through Gradio's public link, on a "
        "page of its own. What they type passes through Gradio's servers and is answered on this computer.</p>"
    )
    with gr.Row(equal_height=True):
        minutes = gr.Number(60, precision=0, minimum=1, maximum=1440, label="Minutes until it ends", min_width=200)
        typed = gr.Textbox(label=f"Type “{_CONFIRMATION}” to confirm", min_width=200)
        public = gr.Checkbox(value=True, label="Public link", info="Off: on this computer only.", min_width=200)
    with gr.Row(elem_classes="lf-buttons"):
        start = gr.Button("Share", scale=0, min_width=160)
        stop = gr.Button("Stop sharing", scale=0, min_width=160, interactive=False)
    shown = gr.HTML(elem_id="share")
    running = gr.HTML()

    def begin(slug: str | None, length: float | None, confirmation: str, link: bool) -> Updates:
        if (confirmation or "").strip().lower() != _CONFIRMATION:
            raise UserError("Nothing is shared yet.", f"Type “{_CONFIRMATION}” to confirm that others may use it.")
        project = required(slug)
        run = next((one for one in list_runs(project).items if one.has_weights), None)
        if run is None:
            raise UserError("There is no tuned model to share yet.", "Train first.")
        share = desk.start(project, run, int(length or 60), public=link)
        told = views.shared(share.address, share.user, share.password, share.ends, share.public)
        return {shown: told, typed: ""}

    def end() -> Updates:
        desk.stop()
        return {shown: "", message: parts.done("Nothing is shared any more.", "plain")}

    def read(page: Page) -> Updates:
        share = desk.current
        told = views.still_shared(share.address, share.ends) if share else ""
        return {running: told, stop: gr.update(interactive=share is not None)}

    inputs = [shared.project, minutes, typed, public]
    once: dict[str, Any] = {"concurrency_limit": 1, "concurrency_id": "share"}
    shared.view("settings", [running, stop], read, live=True)
    shared.on(start.click, begin, inputs, [shown, typed], message, changes=True, **once)
    shared.on(stop.click, end, [], [shown], message, changes=True, **once)
