"""In the Data tab: have a model write examples from documents, look at them, take them in."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, cast

import gradio as gr

from localft import words
from localft.errors import UserError
from localft.export.exports import list_exports, open_export
from localft.export.ollama import loopback_address
from localft.models.find import find_model
from localft.preferences import read_preferences
from localft.store.projects import Project
from localft.synthesis.settings import KINDS, SynthesisSettings
from localft.synthesis.syntheses import (
    Planned,
    Synthesis,
    drop,
    leave_out,
    list_syntheses,
    open_synthesis,
    outcome_of,
    plan_synthesis,
    read_passages,
    resume_synthesis,
    start_synthesis,
    take_in,
)
from localft.synthesis.writers import Writer, address_writer, base_writer, export_writer, run_writer
from localft.training.runs import list_runs, open_run
from localft.ui.actions import action_of, clickable
from localft.ui.forms import Form, draw_form
from localft.ui.handlers import Updates
from localft.ui.once import Once, new_key
from localft.ui.shared import Page, Picked, Shared, required
from localft.ui.views import parts
from localft.ui.views import synthesis as views

_PAGE, _REJECTED_PAGE = "page", "rejected-page"
_OLLAMA, _ADDRESS = "ollama", "address"
_KIND_NAMES = {"question-answer": "Questions and answers", "instruction": "Tasks", "style": "The document's own voice"}
_ONE_BY_ONE: dict[str, Any] = {"concurrency_limit": 1, "concurrency_id": "synthesis"}


@dataclass(frozen=True)
class _Order:
    """The widgets that say what shall be written, and by whom."""

    files: gr.File
    kind: gr.Radio
    writer: gr.Dropdown
    place: gr.Row
    url: gr.Textbox
    model: gr.Textbox
    key: gr.Textbox
    form: Form
    look: gr.Button
    expected: gr.HTML
    start: gr.Button

    @property
    def choices(self) -> list[Any]:
        """What `planned` wants after the project."""
        return [self.files, self.kind, self.writer, self.url, self.model, *self.form.widgets]

    def planned(self, slug: str | None, *given: Any) -> Planned:
        """What would be asked, from the widgets' values.

        Raises:
            UserError: something is missing or wrong.
        """
        paths, kind, writer, url, model, *values = given
        project = required(slug)
        if not paths:
            raise UserError("No document was dropped yet.", "Drop one above.")
        settings = cast("SynthesisSettings", self.form.parse(values)).model_copy(update={"kind": kind})
        return plan_synthesis(project, [Path(path) for path in paths], settings, _writer(project, writer, url, model))


@dataclass(frozen=True)
class _Results:
    """Where one sees what is written, and decides about it."""

    state: gr.HTML
    examples: gr.HTML
    resume: gr.Button
    take: gr.Button
    drop: gr.Button


def draw_synthesis(shared: Shared) -> None:
    """Draw the fold and connect it."""
    with gr.Accordion("Make examples from documents", open=False, elem_id="synthesis"):
        gr.HTML(str(views.explained()))
        order = _draw_order()
        message = gr.HTML()
        state = gr.HTML(elem_classes="lf-live", elem_id="synthesis-state")
        with gr.Row(elem_classes="lf-buttons"):
            take = gr.Button(
                "Take in", variant="primary", visible=False, elem_id="synthesis-take", scale=0, min_width=160
            )
            resume = gr.Button("Go on", visible=False, elem_id="synthesis-resume", scale=0, min_width=120)
            dropping = gr.Button("Drop what was written", visible=False, scale=0, min_width=180)
        examples = gr.HTML(js_on_load=clickable(), elem_id="synthesis-examples")
    results = _Results(state, examples, resume, take, dropping)
    shared.view("data", [state, examples, resume, take, dropping, order.writer], _reader(results, order), live=True)
    _connect_order(shared, order, message)
    _connect_results(shared, order, results, message)


def _draw_order() -> _Order:
    files = gr.File(
        label="Documents: drop PDF, Word, web pages, Markdown or text here", file_count="multiple", height=130
    )
    with gr.Row(equal_height=True):
        kind = gr.Radio(
            [(_KIND_NAMES[kind], kind) for kind in KINDS], value=KINDS[0], label="What to write", min_width=280
        )
        writer = gr.Dropdown([], label="Who writes", info="A larger model writes better ones.", min_width=280)
    with gr.Row(equal_height=True, visible=False) as area:
        url = gr.Textbox(
            label="Address of the server", placeholder="https://api.example.com/v1", info="It ends in /v1 as a rule."
        )
        key = gr.Textbox(
            label="Key to the server",
            type="password",
            info="Used for this and stored nowhere; empty where none is needed.",
        )
    model = gr.Textbox(
        label="Name of the model", placeholder="qwen3:8b", visible=False, info="As the address calls it."
    )
    with gr.Accordion("More choices", open=False):
        form = draw_form(SynthesisSettings, leave_out=["kind"])
    look = gr.Button("See what it takes", elem_id="synthesis-look")
    expected = gr.HTML(elem_id="synthesis-expected")
    start = gr.Button("Start writing", variant="primary", visible=False, elem_id="synthesis-start")

    return _Order(files, kind, writer, area, url, model, key, form, look, expected, start)


def writer_choices(project: Project | None) -> list[tuple[str, str]]:
    """Who can write: an address, and the models of the project."""
    choices = [("Ollama on this computer", _OLLAMA), ("A model behind an OpenAI-compatible address", _ADDRESS)]
    if project is None:
        return choices
    for run in list_runs(project).items:
        if run.has_weights:
            told = f"{run.base_model.name}, {words.moment(run.job.order.created_at)}"
            choices += [(f"Tuned model: {told}", f"tuned:{run.id}"), (f"Its base model: {told}", f"base:{run.id}")]
    for export in list_exports(project).items:
        if export.gguf is not None:
            choices.append((f"Exported file: {export.gguf.name}", f"export:{export.id}"))
    if project.info.base_model:
        choices.append((f"Base model alone: {project.info.base_model}", f"alone:{project.info.base_model}"))
    return choices


def _writer(project: Project, choice: str | None, url: str, model: str) -> Writer:
    if choice not in {value for _, value in writer_choices(project)}:
        raise UserError("Nobody is chosen who shall write.", "Choose a model beside what to write.")
    if choice == _OLLAMA:
        return address_writer(f"{loopback_address()}/v1", model)
    if choice == _ADDRESS:
        return address_writer(url, model)
    kind, _, name = str(choice).partition(":")
    if kind == "export":
        return export_writer(open_export(project, name).folder)
    if kind == "alone":
        return base_writer(find_model(name))
    return run_writer(open_run(project, name), "tuned" if kind == "tuned" else "base")


def _reader(results: _Results, order: _Order) -> Callable[[Page], Updates]:
    def read(page: Page) -> Updates:
        project = page.project
        listed = list_syntheses(project).items[:1] if project else []
        shown: Updates = {
            results.state: "",
            results.examples: "",
            results.resume: gr.update(visible=False),
            results.take: gr.update(visible=False),
            results.drop: gr.update(visible=False),
            order.writer: gr.update(choices=writer_choices(project)),
        }
        if project is None or not listed:
            return shown
        return shown | _shown(project, listed[0], results, _pages(page.picked, listed[0]))

    return read


def _pages(picked: Picked, synthesis: Synthesis) -> views.Pages:
    """Which pages the person has turned to, of this synthesis and no other."""

    def turned(action: str) -> int | None:
        of, _, page = picked.get(action, "").partition(":")
        return int(page) if of == synthesis.id and page.isdecimal() else None

    return views.Pages(turned(_PAGE), turned(_REJECTED_PAGE))


def _shown(project: Project, synthesis: Synthesis, results: _Results, pages: views.Pages) -> Updates:
    """The newest synthesis: how far it is; once it has ended what it wrote, and what can be done with that."""
    if synthesis.job.state.alive:
        return {results.state: views.going_on(synthesis.job)}
    outcome = outcome_of(project, synthesis)
    passages = {passage.index: passage for passage in read_passages(synthesis.folder)}
    left = sum(one.id not in synthesis.without for one in outcome.accepted)
    undecided = synthesis.taken is None
    currency = read_preferences().currency
    return {
        results.state: views.ended(synthesis, outcome, currency),
        results.examples: views.examples(outcome, passages, synthesis.without, undecided, pages),
        results.resume: gr.update(visible=synthesis.job.state.resumable),
        results.take: gr.update(
            visible=undecided and bool(outcome.accepted),
            interactive=left > 0,
            value=f"Take {words.counted(left, 'example')} in",
        ),
        results.drop: gr.update(visible=True),
    }


def _connect_order(shared: Shared, order: _Order, message: gr.HTML) -> None:
    request = shared.request_key()
    started: Once[Synthesis] = Once()

    def look(slug: str | None, *given: Any) -> Updates:
        planned = order.planned(slug, *given)
        currency = read_preferences().currency
        shown = views.expected(planned.estimate, planned.writer, currency, planned.settings.caution)
        return {order.expected: shown, order.start: gr.update(visible=True)}

    def start(slug: str | None, once: str, key: str, *given: Any) -> Updates:
        project = required(slug)
        started.run(once, lambda: start_synthesis(project, order.planned(slug, *given), key.strip()))
        return {request: new_key(), order.key: "", **hidden}

    def offer(chosen: str | None) -> Updates:
        return {
            order.place: gr.update(visible=chosen == _ADDRESS),
            order.model: gr.update(visible=chosen in {_ADDRESS, _OLLAMA}),
        }

    hidden: Updates = {order.expected: "", order.start: gr.update(visible=False)}
    outputs = [order.expected, order.start]
    shared.on(order.writer.change, offer, [order.writer], [order.place, order.model], message)
    shared.on(order.look.click, look, [shared.project, *order.choices], outputs, message)
    # What was agreed to is what is started: a change hides the button until one has looked again.
    any_change = partial(gr.on, [widget.change for widget in order.choices])
    shared.on(any_change, lambda: hidden, [], outputs, message)
    shared.on(
        order.start.click, start, [shared.project, request, order.key, *order.choices],
        [request, order.key, *outputs], message, changes=True, **_ONE_BY_ONE,
    )  # fmt: skip


def _connect_results(shared: Shared, order: _Order, results: _Results, message: gr.HTML) -> None:
    def choose(slug: str | None, picked: Picked, event: gr.EventData) -> Updates:
        action, example = action_of(event)
        synthesis = open_synthesis(required(slug))
        if action in {_PAGE, _REJECTED_PAGE}:
            return {shared.picked: {**picked, action: f"{synthesis.id}:{example}"}}
        if example not in {one.id for one in outcome_of(required(slug), synthesis).accepted}:
            raise UserError("The examples have changed.", "Reload the page.")
        leave_out(synthesis, example, action == "leave-out")
        return {}

    def take(slug: str | None) -> Updates:
        project = required(slug)
        version, count, left_out = take_in(project, open_synthesis(project))
        rest = f" {words.counted(len(left_out), 'example')} left out: in the data by now." if left_out else ""
        return {message: parts.done(f"{words.counted(count, 'example')} are in, {version.total:,} in all.{rest}")}

    def go_on(slug: str | None, key: str) -> Updates:
        resume_synthesis(open_synthesis(required(slug)), key.strip())
        return {order.key: ""}

    def discard(slug: str | None) -> Updates:
        drop(open_synthesis(required(slug)))
        return {message: parts.done("What was written lies in the trash folder.", "plain")}

    changing: dict[str, Any] = {"changes": True, **_ONE_BY_ONE}
    inputs = [shared.project, shared.picked]
    shared.on(results.examples.click, choose, inputs, [shared.picked], message, **changing)
    shared.on(results.take.click, take, [shared.project], [], message, **changing)
    shared.on(results.resume.click, go_on, [shared.project, order.key], [order.key], message, **changing)
    shared.on(results.drop.click, discard, [shared.project], [], message, **changing)
