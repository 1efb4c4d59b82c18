"""Export: choose a form and a place to go, start it, and take away what came of it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import gradio as gr

from localft import jobs, words
from localft.errors import UserError
from localft.export import ollama
from localft.export.exports import (
    OLLAMA_MAKES,
    Export,
    SizeRow,
    Target,
    estimate_sizes,
    estimate_targets,
    list_exports,
    open_export,
    start_export,
)
from localft.store import files
from localft.store.projects import Project, move_to_trash
from localft.training.runs import Run, list_runs, open_run
from localft.ui import downloads
from localft.ui.actions import action_of, clickable
from localft.ui.frame import Watch
from localft.ui.handlers import Updates
from localft.ui.once import Once, new_key
from localft.ui.shared import Page, Shared, required
from localft.ui.views import export as views
from localft.ui.views import parts
from localft.ui.views.html import Markup, h, join

_NAMELESS = "The name it gets in Ollama; empty: the project's."


@dataclass(frozen=True)
class Order:
    """The widgets of the next export."""

    target: gr.Radio
    quantization: gr.Dropdown
    run: gr.Dropdown
    name: gr.Textbox
    system: gr.Textbox

    @property
    def all(self) -> list[Any]:
        return [self.target, self.quantization, self.run, self.name, self.system]


def draw(shared: Shared, watch: Watch) -> None:
    """Draw the tab and connect it."""
    state = gr.HTML(elem_classes="lf-live")
    message = gr.HTML()
    made = gr.HTML(js_on_load=clickable(), elem_classes="lf-live", elem_id="exports")
    gr.HTML("<h2 class='lf-heading'>The next export</h2>")
    sizes = gr.HTML()
    with gr.Row(equal_height=True):
        target = gr.Radio(views.targets({}), value="gguf", label="Where to", min_width=320)
        quantization = gr.Dropdown([], label="Form", info="Of GGUF files and Ollama only.", min_width=240)
    readiness = gr.HTML()
    start = gr.Button("Export", variant="primary", elem_classes="lf-long", elem_id="start-export")
    with gr.Accordion("All settings", open=False), gr.Row(equal_height=True):
        run = gr.Dropdown([], label="Run", info="The newest trained run unless another is chosen.", min_width=240)
        name = gr.Textbox(label="Name in Ollama", info=_NAMELESS, min_width=240)
        system = gr.Textbox(
            label="System prompt", info="For the Modelfile; empty: the one that all examples share.", min_width=240
        )
    order = Order(target, quantization, run, name, system)

    def live(page: Page) -> Updates:
        listing = list_exports(page.project).items if page.project else []
        trained = _trained(page.project)
        return {
            state: views.state(trained[0] if trained else None, listing),
            made: join(_card(page.project, export) for export in listing) if page.project else "",
        }

    def on_open(page: Page) -> Updates:
        trained = _trained(page.project)
        rows = estimate_sizes(trained[0].base_model, trained[0]) if trained else []
        gpus = watch.hardware().gpus
        return {
            sizes: views.sizes(rows, gpus[0].total_bytes if gpus else None) if rows else _nothing_yet(),
            target: gr.update(choices=views.targets(estimate_targets(trained[0]) if trained else {})),
            quantization: gr.update(choices=_forms(rows), value=_recommended(rows)),
            run: gr.update(choices=[(_run_name(one), one.id) for one in trained]),
            start: gr.update(interactive=bool(trained)),
            readiness: views.ollama(ollama.ollama_status()),
        }

    shared.view("export", [state, made], live, live=True)
    shared.view("export", [sizes, target, quantization, run, start, readiness], on_open)
    _connect(shared, order, start, made, message)


def _nothing_yet() -> Markup:
    return parts.empty(
        "Nothing to export yet",
        "After training, the base model and what it learned become one file that Ollama, LM Studio and llama.cpp read.",
        "Train first.",
    )


def _trained(project: Project | None) -> list[Run]:
    return [run for run in list_runs(project).items if run.has_weights] if project else []


def _run_name(run: Run) -> str:
    return f"{words.moment(run.job.order.created_at)}, {run.base_model.name}"


def _forms(rows: list[SizeRow]) -> list[tuple[str, str]]:
    """What can be chosen; without llama.cpp Ollama still makes some forms, for itself only."""
    return [
        (f"{row.quantization}, {words.size(row.bytes)}{'' if row.makeable else ', for Ollama only'}", row.quantization)
        for row in rows
        if row.makeable or row.quantization in OLLAMA_MAKES
    ]


def _recommended(rows: list[SizeRow]) -> str | None:
    makeable = [row for row in rows if row.makeable]
    chosen = next((row for row in makeable if row.recommended), makeable[0] if makeable else None)
    return chosen.quantization if chosen else None


def _card(project: Project | None, export: Export) -> Markup:
    if project is None:
        return Markup()
    sizes = {file.name: file.bytes for file in export.record.files} if export.record else {}
    links = [
        (name, downloads.export_address(project, export, name), sizes.get(name, 0))
        for name in downloads.download_names(export)
    ]
    commands = ollama.commands(export) if export.gguf is not None else []
    return views.export_card(export, links, commands, _delete_button)


def _delete_button(export: Export) -> Markup:
    size = words.size(files.folder_bytes(export.folder))
    return h("<p>{button}</p>", button=parts.action("delete", export.id, f"Move to the trash ({size})"))


def _connect(shared: Shared, order: Order, start: gr.Button, made: gr.HTML, message: gr.HTML) -> None:
    key = shared.request_key()
    started: Once[Export] = Once()

    def export(
        slug: str | None, request: str, target: Target, form: str | None, run: str | None, name: str, system: str
    ) -> Updates:
        started.run(request, _starter(required(slug), target, form, run, name, system))
        return {key: new_key()}

    def act(slug: str | None, event: gr.EventData) -> Updates:
        name, export_id = action_of(event)
        chosen = open_export(required(slug), export_id)
        if name == "resume":
            jobs.resume(chosen.folder)
            return {}
        if name != "delete":
            return {}
        if chosen.job.state.alive:
            raise UserError("This export is still going on.", "Stop it first.")
        move_to_trash(chosen.folder)
        return {message: parts.done("The export is in the trash. Settings can empty it.", "plain")}

    shared.on(
        start.click, export, [shared.project, key, *order.all], [key], message,
        changes=True, concurrency_limit=1, concurrency_id="start-export",
    )  # fmt: skip
    shared.on(made.click, act, [shared.project], [], message, changes=True, concurrency_limit=1)


def _starter(
    project: Project, target: Target, form: str | None, run_id: str | None, name: str, system: str
) -> Callable[[], Export]:
    def start() -> Export:
        run = open_run(project, run_id) if run_id else next(iter(_trained(project)), None)
        if run is None:
            raise UserError("There is no tuned model to export yet.", "Train first.")
        return start_export(
            project,
            run,
            target,
            form,
            ollama_name=(name or "").strip() or None,
            system_prompt=(system or "").strip() or None,
        )

    return start
