"""Start: three doors, what this computer can do, and whether to fine-tune at all."""

import gradio as gr

from localft import jobs
from localft.data.versions import list_versions
from localft.evaluation.evaluations import list_evaluations
from localft.export.exports import list_exports
from localft.models.base_model import STARTER
from localft.planning.advice import QUESTIONS, advise
from localft.store.projects import Project, create_project, list_projects, update_project
from localft.training.runs import list_runs
from localft.ui import flows, models
from localft.ui.actions import action_of, clickable
from localft.ui.frame import Watch
from localft.ui.handlers import Updates, on
from localft.ui.shared import ONE_BY_ONE, Page, Shared, required
from localft.ui.views import start as views
from localft.ui.views.html import Markup
from localft.ui.views.start import Standing


def draw(shared: Shared, watch: Watch) -> None:
    """Draw the tab and connect it."""
    state = gr.HTML()
    message = gr.HTML()
    forward = gr.Button("Go on", variant="primary", visible=False, elem_id="go-on")
    demo = _draw_doors(shared, message)
    _draw_advice()
    computer = gr.HTML()
    table = gr.HTML(js_on_load=clickable())

    def read(page: Page) -> Updates:
        project = page.project
        hardware = watch.hardware()
        offered = models.offers(watch.hardware_for_next_job())
        chosen = (project.info.base_model or STARTER) if project else None
        stands = standing(project)
        return {
            state: views.state(project, stands, len(list_projects().items)),
            forward: gr.update(visible=project is not None, value=f"Go on: {views.way_on(stands).capitalize()}"),
            demo: gr.update(variant="secondary" if project else "primary"),
            computer: views.computer(hardware),
            table: views.models(offered, chosen, project is not None),
        }

    def choose(slug: str | None, event: gr.EventData) -> Updates:
        name, reference = action_of(event)
        if name == "choose":
            update_project(required(slug), base_model=reference)
            return {shared.tabs: gr.update(selected="train")}
        return {}

    def go_on(slug: str | None) -> Updates:
        return {shared.tabs: gr.update(selected=views.way_on(standing(required(slug))))}

    shared.view("start", [state, forward, demo, computer, table], read)
    shared.on(forward.click, go_on, [shared.project], [shared.tabs], message)
    shared.on(table.click, choose, [shared.project], [shared.tabs], message, changes=True)


def _draw_doors(shared: Shared, message: gr.HTML) -> gr.Button:
    with gr.Row(elem_classes="lf-doors", equal_height=True):
        with gr.Column(elem_classes="lf-box", min_width=240):
            gr.HTML(_door("Try it now", "Train the tiny bundled model on 500 support tickets: offline, in minutes."))
            demo = gr.Button("Try it now", variant="primary", elem_classes="lf-long")
        with gr.Column(elem_classes="lf-box", min_width=240):
            gr.HTML(_door("New project", "One project for each thing that a model shall learn."))
            name = gr.Textbox(label="Name", placeholder="Support bot", max_length=200)
            create = gr.Button("Create the project")
        with gr.Column(elem_classes="lf-box", min_width=240):
            gr.HTML(_door("Open a project", "Everything is where you left it."))
            recent = gr.HTML(js_on_load=clickable())

    def read(page: Page) -> Updates:
        listing = list_projects()
        return {recent: views.recent(listing.items, listing.broken)}

    def try_it() -> Updates:
        return shared.open(flows.try_it_now(), "train")

    def make(given: str) -> Updates:
        return {**shared.open(create_project(given or ""), "data"), name: ""}

    def open_recent(event: gr.EventData) -> Updates:
        _, slug = action_of(event)
        return shared.open(required(slug), "start")

    opened = [shared.project, shared.tabs]
    shared.view("start", [recent], read)
    shared.on(demo.click, try_it, [], opened, message, changes=True, **ONE_BY_ONE)
    shared.on(create.click, make, [name], [*opened, name], message, changes=True, **ONE_BY_ONE)
    shared.on(name.submit, make, [name], [*opened, name], message, changes=True, **ONE_BY_ONE)
    shared.on(recent.click, open_recent, [], opened, message, changes=True, **ONE_BY_ONE)
    return demo


def _door(title: str, words: str) -> str:
    return str(Markup("<h3>{}</h3><p>{}</p>").format(title, words))


def _draw_advice() -> None:
    with gr.Accordion("Should I fine-tune? Six questions, two minutes", open=False):
        asked = [
            gr.Radio([(choice.words, choice.key) for choice in question.choices], label=question.words)
            for question in QUESTIONS
        ]
        answer = gr.Button("Show the answer")
        failure = gr.HTML()
        result = gr.HTML()

    def show(*given: str | None) -> Updates:
        answers = {question.key: value or "" for question, value in zip(QUESTIONS, given, strict=True)}
        return {result: views.advice(advise(answers))}

    on(answer.click, show, asked, [result], failure)


def standing(project: Project | None) -> Standing:
    """How far a project is; what cannot be read counts as not there, the tab concerned says why."""
    if project is None:
        return Standing()
    versions = list_versions(project).items
    runs = list_runs(project).items
    done = next((one.verdict.sentence for one in list_evaluations(project).items if one.verdict), "")
    return Standing(
        examples=versions[0].total if versions else 0,
        runs=len(runs),
        trained=any(run.has_weights for run in runs),
        evaluated=done,
        exported=any(export.record for export in list_exports(project).items),
        training=bool(jobs.live_below(project.runs)),
    )
