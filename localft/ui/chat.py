"""Chat: base and tuned model side by side, streaming; or an exported file."""

import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import gradio as gr

from localft import words
from localft.data.making.keeping import keep_example, keep_golden
from localft.errors import UserError
from localft.export.exports import list_exports, open_export
from localft.jobs import JobView
from localft.models.find import find_model
from localft.serving.endpoint import Sampling
from localft.serving.service import Service, endpoint, list_services, read_service, start_service, stop_service
from localft.store.projects import Project
from localft.training.runs import list_runs, open_run, usual_system_prompt
from localft.ui.conversation import Conversation, close_all, converse
from localft.ui.forms import Form, draw_form
from localft.ui.handlers import Updates
from localft.ui.loaded import Loaded
from localft.ui.once import new_key
from localft.ui.shared import Page, Shared, required
from localft.ui.views import chat as views
from localft.ui.views import parts
from localft.ui.views.html import Markup

_READY_SECONDS = 900.0
_WHO = [("Both side by side", "both"), ("Tuned model only", "tuned"), ("Base model only", "base")]


@dataclass(frozen=True)
class Desk:
    """The widgets of the tab."""

    target: gr.Dropdown
    who: gr.Radio
    loading: gr.HTML
    talk: gr.HTML
    question: gr.Textbox
    send: gr.Button
    stop: gr.Button
    again: gr.Button
    edit: gr.Button
    clear: gr.Button
    keep: gr.Button
    golden: gr.Button
    system: gr.Textbox
    form: Form
    unload: gr.Button
    memory: gr.State
    key: gr.Textbox

    @property
    def asking(self) -> list[Any]:
        """What an answer depends on."""
        return [self.target, self.who, self.memory, self.key, self.system, *self.form.widgets]


class Talks:
    """The answers being given at the moment, by the key of their page, so that a click can stop them."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._running: dict[str, threading.Event] = {}

    def begin(self, key: str) -> threading.Event:
        """Note that answers begin; an earlier one of the same page ends."""
        with self._lock:
            if key in self._running:
                self._running[key].set()
            event = threading.Event()
            self._running[key] = event
            return event

    def end(self, key: str, event: threading.Event) -> None:
        """Note that they have ended."""
        with self._lock:
            if self._running.get(key) is event:
                del self._running[key]

    def stop(self, key: str) -> None:
        """End the answers of a page."""
        with self._lock:
            if key in self._running:
                self._running[key].set()


def draw(shared: Shared, loaded: Loaded) -> None:
    """Draw the tab and connect it."""
    state = gr.HTML()
    message = gr.HTML()
    desk = _draw_desk(shared)

    def read(page: Page) -> Updates:
        choices = targets(page.project)
        kinds = {value.partition(":")[0] for _, value in choices}
        loaded = bool(page.project and list_services(page.project))
        return {
            state: views.state(kinds),
            desk.target: gr.update(choices=choices, value=choices[0][1] if choices else None),
            desk.send: gr.update(interactive=bool(choices)),
            desk.unload: gr.update(interactive=loaded),
            desk.system: _system_prompt(page.project),
        }

    shared.view("chat", [state, desk.target, desk.send, desk.unload, desk.system], read)
    _connect_asking(shared, desk, loaded, message)
    _connect_rest(shared, desk, message)


def _system_prompt(project: Project | None) -> str:
    """Asked without what it was always told first, a model does not do what it was taught."""
    if project is None:
        return ""
    return usual_system_prompt(project, next((run for run in list_runs(project).items if run.has_weights), None))


def targets(project: Project | None) -> list[tuple[str, str]]:
    """What can be talked to: trained runs, newest first, then exported GGUF files, then the base model alone."""
    if project is None:
        return []
    runs = [
        (f"Base and tuned: {run.base_model.name}, {words.moment(run.job.order.created_at)}", f"run:{run.id}")
        for run in list_runs(project).items
        if run.has_weights
    ]
    files = [
        (f"Exported file: {export.gguf.name}", f"export:{export.id}")
        for export in list_exports(project).items
        if export.gguf is not None
    ]
    base = project.info.base_model
    return runs + files + ([(f"Base model alone: {base}", f"base:{base}")] if base else [])


def _draw_desk(shared: Shared) -> Desk:
    with gr.Row(equal_height=True):
        target = gr.Dropdown([], label="Talk to", min_width=280)
        who = gr.Radio(_WHO, value="both", label="Show", min_width=280)
    loading = gr.HTML()
    talk = gr.HTML(str(views.conversation(Conversation())), elem_id="conversation")
    question = gr.Textbox(label="Your message", lines=3, max_lines=12, elem_id="question", placeholder="Ask something")
    with gr.Row(elem_classes="lf-buttons"):
        send = gr.Button("Send", variant="primary", scale=0, min_width=120)
        stop = gr.Button("Stop answering", scale=0, min_width=140)
        again = gr.Button("Answer again", scale=0, min_width=130)
        edit = gr.Button("Edit the question", scale=0, min_width=160)
        clear = gr.Button("New chat", scale=0, min_width=120)
    with gr.Row(elem_classes="lf-buttons"):
        keep = gr.Button("Keep as training example", size="sm", scale=0, min_width=180)
        golden = gr.Button("Keep as golden question", size="sm", scale=0, min_width=180)
    with gr.Accordion("All settings", open=False):
        system = gr.Textbox(
            label="System prompt",
            lines=2,
            info="Stands before the conversation; at first the one that all examples have, if they do.",
        )
        form = draw_form(Sampling, leave_out=["stop"])
        unload = gr.Button("Unload the models", size="sm")
    return Desk(
        target, who, loading, talk, question, send, stop, again, edit, clear, keep, golden, system, form, unload,
        gr.State(Conversation()), shared.request_key(),
    )  # fmt: skip


def _connect_asking(shared: Shared, desk: Desk, loaded: Loaded, message: gr.HTML) -> None:
    talks = Talks()
    written = [desk.talk, desk.memory, desk.question, desk.loading]

    def send(
        slug: str | None, question: str, target: str | None, who: str, memory: Conversation, *rest: Any
    ) -> Iterator[Updates]:
        if not (question or "").strip():
            raise UserError("There is no question yet.", "Write something first.")
        project = required(slug)
        target = chosen_target(project, target)
        memory = memory.ask(question.strip(), _models(target, who))
        yield {desk.question: "", desk.talk: views.conversation(memory), desk.memory: memory}
        yield from _answer(desk, talks, loaded, project, target, memory, rest)

    def again(slug: str | None, target: str | None, who: str, memory: Conversation, *rest: Any) -> Iterator[Updates]:
        if not memory.turns:
            raise UserError("There is no question to answer again.")
        project, question = required(slug), memory.turns[-1].question
        target = chosen_target(project, target)
        memory = memory.without_last().ask(question, _models(target, who))
        yield {desk.talk: views.conversation(memory), desk.memory: memory}
        yield from _answer(desk, talks, loaded, project, target, memory, rest)

    once: dict[str, Any] = {"concurrency_limit": 4, "concurrency_id": "chat"}
    for trigger in (desk.send.click, desk.question.submit):
        shared.on(trigger, send, [shared.project, desk.question, *desk.asking], written, message, **once)
    shared.on(desk.again.click, again, [shared.project, *desk.asking], written, message, **once)

    def stop(key: str) -> Updates:
        talks.stop(key)
        return {}

    shared.on(desk.stop.click, stop, [desk.key], [], message, queue=False)


def chosen_target(project: Project, target: str | None) -> str:
    """What is chosen, else the first that can be: a quick person sends before the page has filled its list.

    Raises:
        UserError: the project has nothing to talk to, or not any more what was chosen.
    """
    known = [value for _, value in targets(project)]
    if not known:
        raise UserError("There is no model to talk to yet.", "Choose a base model in Start, or train first.")
    if target and target not in known:
        raise UserError("This model is not there any more.", "Open Chat again, and choose another.")
    return target or known[0]


def _models(target: str, who: str) -> list[str]:
    kind = target.partition(":")[0]
    if kind in {"export", "base"}:
        return [{"export": "gguf", "base": "base"}[kind]]
    return ["base", "tuned"] if who == "both" else [who]


def _answer(
    desk: Desk,
    talks: Talks,
    loaded: Loaded,
    project: Project,
    target: str,
    memory: Conversation,
    rest: tuple[Any, ...],
) -> Iterator[Updates]:
    """Load the models if they are not, then stream.

    `rest` is the page's key, the system prompt, the sampling widgets.
    """
    key, system, *given = rest
    sampling = Sampling.model_validate(desk.form.parse(given).model_dump())
    stop = talks.begin(key)
    try:
        service = loaded.remember(start(project, target))
        for sentence in loading(service, stop):
            yield {desk.loading: sentence}
        service = read_service(service.folder)
        yield {desk.loading: ""}
        endpoints = {model: endpoint(service, model) for model in memory.turns[-1].replies}
        try:
            for grown in converse(memory, endpoints, system or "", sampling, stop):
                yield {desk.talk: views.conversation(grown), desk.memory: grown}
        finally:
            close_all(endpoints)
    except UserError:
        # The question goes back to where it was written; nothing typed is lost.
        yield {
            desk.question: memory.turns[-1].question, desk.talk: views.conversation(memory.without_last()),
            desk.memory: memory.without_last(), desk.loading: "",
        }  # fmt: skip
        raise
    finally:
        talks.end(key, stop)


def start(project: Project, target: str) -> Service:
    """The service of a target, started if it does not run."""
    kind, _, name = target.partition(":")
    if kind == "export":
        return start_service(project, export=open_export(project, name))
    if kind == "base":
        return start_service(project, base_model=find_model(name))
    return start_service(project, run=open_run(project, name))


def loading(service: Service, stop: threading.Event) -> Iterator[Markup]:
    """Say how far the loading is until the service answers.

    Raises:
        UserError: it ended before that, or it took too long.
    """
    deadline = time.monotonic() + _READY_SECONDS
    while not service.ready:
        if stop.is_set():
            raise UserError("Stopped before the models were loaded.")
        if not service.job.state.alive:
            result = service.job.result
            raise UserError(
                result.message if result else "The models could not be loaded.", result.advice if result else ""
            )
        if time.monotonic() > deadline:
            raise UserError("Loading the models takes too long.", "Look at the log in the service's folder.")
        yield _loading_line(service.job)
        stop.wait(0.3)
        service = read_service(service.folder)


def _loading_line(job: JobView) -> Markup:
    waits = f"The models wait for {job.waits_for}." if job.waits_for else f"Loading the models. {job.sentence}."
    bar = parts.progress(None, "Loading the models")
    return Markup("{}{}").format(parts.note(waits), bar)


def _connect_rest(shared: Shared, desk: Desk, message: gr.HTML) -> None:
    def edit(memory: Conversation) -> Updates:
        if not memory.turns:
            raise UserError("There is no question to edit.")
        earlier = memory.without_last()
        return {desk.question: memory.turns[-1].question, desk.memory: earlier, desk.talk: views.conversation(earlier)}

    def clear() -> Updates:
        empty = Conversation()
        return {desk.memory: empty, desk.talk: views.conversation(empty), desk.key: new_key()}

    def unload(slug: str | None) -> Updates:
        services = list_services(required(slug))
        for service in services:
            stop_service(service)
        return {message: parts.done("The models are unloaded; their memory is free.", "plain")}

    shared.on(desk.edit.click, edit, [desk.memory], [desk.question, desk.memory, desk.talk], message)
    shared.on(desk.clear.click, clear, [], [desk.memory, desk.talk, desk.key], message)
    shared.on(shared.project.change, clear, [], [desk.memory, desk.talk, desk.key], message)
    shared.on(desk.unload.click, unload, [shared.project], [], message, changes=True)
    _connect_keeping(shared, desk, message)


def _connect_keeping(shared: Shared, desk: Desk, message: gr.HTML) -> None:
    def kept(slug: str | None, memory: Conversation, system: str) -> Updates:
        count = keep_example(required(slug), best_answer(memory, system or ""))
        said = f"Kept. {words.counted(count, 'conversation')} can be added to the examples in Data."
        return {message: parts.done(said)}

    def golden(slug: str | None, memory: Conversation, system: str) -> Updates:
        count = keep_golden(required(slug), best_answer(memory, system or ""))
        return {message: parts.done(f"Kept. The project has {words.counted(count, 'golden question')} now.")}

    inputs = [shared.project, desk.memory, desk.system]
    shared.on(desk.keep.click, kept, inputs, [], message)
    shared.on(desk.golden.click, golden, inputs, [], message)


def best_answer(memory: Conversation, system: str) -> list[dict[str, Any]]:
    """The conversation up to the last answer of the tuned model (or of the only one).

    Raises:
        UserError: there is none.
    """
    if not memory.turns or not memory.turns[-1].replies:
        raise UserError("There is no answer to keep yet.", "Ask something first.")
    replies = memory.turns[-1].replies
    model = next((name for name in ("tuned", "gguf") if name in replies), next(iter(replies)))
    return [*memory.messages(model, system), {"role": "assistant", "content": replies[model].text}]
