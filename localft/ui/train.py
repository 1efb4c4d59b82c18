"""Train: what goes on above, the next run below it, every setting in a fold."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gradio as gr

from localft import jobs
from localft.data.versions import list_versions
from localft.errors import UserError
from localft.jobs import JobState
from localft.models.base_model import STARTER, BaseModel
from localft.models.catalogue import catalogue, described_only
from localft.models.download import is_present, start_download
from localft.models.find import find_for_plan, find_model
from localft.models.inspection import refuse_experts
from localft.planning.overview import fit_badge
from localft.planning.proposals import Proposal
from localft.planning.proposing import PRESETS, Preset
from localft.planning.recipe import TrainingSettings
from localft.preferences import read_preferences
from localft.store.projects import Project, update_project
from localft.training.runs import Run, list_runs, open_run, read_metrics, resume_run
from localft.ui import flows
from localft.ui.actions import action_of, clickable
from localft.ui.forms import Form, draw_form
from localft.ui.frame import Watch
from localft.ui.handlers import Updates
from localft.ui.learning import Learning, connect_learning, draw_learning
from localft.ui.models import template_choices, template_note
from localft.ui.once import Once, new_key
from localft.ui.shared import Page, Picked, Shared, required
from localft.ui.sweep import Chosen, Several, connect_several, draw_comparison, draw_several
from localft.ui.views import parts
from localft.ui.views import train as views
from localft.ui.views.html import Markup, join

_LOG_BYTES = 16_384
_PRESET_WORDS = [("Quick look", "quick"), ("Balanced", "balanced"), ("Thorough", "thorough")]


@dataclass(frozen=True)
class Planned:
    """What the setup below was worked out for; while it holds, the person's own values stay in the widgets."""

    slug: str
    version: str
    reference: str
    present: bool
    preset: Preset
    proposed: TrainingSettings


@dataclass(frozen=True)
class Setup:
    """The widgets of the next run."""

    model: gr.Dropdown
    preset: gr.Radio
    line: gr.HTML
    download: gr.Button
    plan: gr.HTML
    details: gr.Column
    start: gr.Button
    form: Form
    planned: gr.State
    key: gr.Textbox
    learning: Learning
    several: Several

    @property
    def chosen(self) -> list[Any]:
        return [self.model, self.preset, self.planned, *self.form.widgets]


def draw(shared: Shared, watch: Watch) -> None:
    """Draw the tab and connect it."""
    state = gr.HTML(elem_classes="lf-live")
    message = gr.HTML()
    _draw_run(shared, message)
    draw_comparison(shared, message, picked_run)
    setup = _draw_setup(shared)
    connect_learning(shared, setup.learning, setup.form, message)

    def read(page: Page) -> Updates:
        versions = list_versions(page.project).items if page.project else []
        total = versions[0].total if versions else 0
        name = page.project.name if page.project else None
        run = picked_run(page)
        label, variant = _start_button(run)
        return {state: views.state(name, total, run), setup.start: gr.update(value=label, variant=variant)}

    shared.view("train", [state, setup.start], read, live=True)
    _connect_setup(shared, setup, watch, message)
    _connect_start(shared, setup, message)
    connect_several(shared, setup.several, setup.plan, setup.chosen, _chosen(setup), watch)


def _start_button(run: Run | None) -> tuple[str, str]:
    """The words of the button that starts the next run; after a finished one the way on is to evaluate it."""
    if run is None:
        return "Start training", "primary"
    if run.job.state.alive:
        return "Queue this run behind it", "secondary"
    return "Train again", "secondary" if run.job.state is JobState.FINISHED else "primary"


def picked_run(page: Page) -> Run | None:
    """The run that the page looks at: the one it has picked, else the newest."""
    if page.project is None:
        return None
    runs = list_runs(page.project).items
    return next((run for run in runs if run.id == page.picked.get("run")), runs[0] if runs else None)


def _draw_run(shared: Shared, message: gr.HTML) -> None:
    with gr.Column(visible=False) as area:
        progress = gr.HTML(elem_classes="lf-live")
        with gr.Row(elem_classes="lf-buttons"):
            evaluate = gr.Button("Evaluate", variant="primary", visible=False, scale=0, min_width=160)
            resume = gr.Button("Resume", visible=False, scale=0, min_width=160)
        curves = gr.HTML(elem_classes="lf-live")
        answers = gr.HTML(elem_classes="lf-live")
        with gr.Accordion("Log of this run", open=False):
            log = gr.Textbox(label="The last lines", lines=12, max_lines=12, interactive=False, elem_classes="lf-log")
        history = gr.HTML(js_on_load=clickable())
    outputs = [area, progress, evaluate, resume, curves, answers, log, history]

    def read(page: Page) -> Updates:
        run = picked_run(page)
        if run is None or page.project is None:
            return {area: gr.update(visible=False)}
        metrics = read_metrics(run)
        return {
            area: gr.update(visible=True),
            progress: views.progress_card(run, metrics),
            evaluate: gr.update(visible=run.job.state is JobState.FINISHED and run.has_weights),
            resume: gr.update(visible=run.job.state.resumable),
            curves: views.curves(run, metrics),
            answers: views.answers(metrics),
            log: _tail(run.folder / "worker.log"),
            history: views.history(list_runs(page.project).items, run.id),
        }

    def resumed(slug: str | None, picked: Picked) -> Updates:
        run = picked_run(Page(required(slug), picked))
        if run is None:
            raise UserError("There is no run to resume.")
        resume_run(run)
        return {}

    def show(picked: Picked, slug: str | None, event: gr.EventData) -> Updates:
        _, run_id = action_of(event)
        return {shared.picked: {**picked, "run": open_run(required(slug), run_id).id}}

    shared.view("train", outputs, read, live=True)
    shared.on(resume.click, resumed, [shared.project, shared.picked], [], message, changes=True, concurrency_limit=1)
    shared.on(evaluate.click, lambda: {shared.tabs: gr.update(selected="evaluate")}, [], [shared.tabs], message)
    shared.on(history.click, show, [shared.picked, shared.project], [shared.picked], message, changes=True)


def _tail(path: Path) -> str:
    if not path.exists():
        return ""
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - _LOG_BYTES))
        return file.read().decode("utf-8", errors="replace")


def _draw_setup(shared: Shared) -> Setup:
    gr.HTML("<h2 class='lf-heading'>The next run</h2>")
    with gr.Row(equal_height=True):
        model = gr.Dropdown(
            [(entry.name, entry.reference) for entry in catalogue()],
            value=None,
            label="Base model",
            info="One of the catalogue, or type an id of the Hugging Face hub or the path of a folder.",
            allow_custom_value=True,
            min_width=280,
        )
        preset = gr.Radio(
            _PRESET_WORDS,
            value=PRESETS[1],
            label="How thorough",
            info="Sets passes, rate and size; every value is below, and can be changed.",
            min_width=280,
        )
    line = gr.HTML()
    download = gr.Button("Download the base model", visible=False, elem_classes="lf-long")
    plan = gr.HTML()
    # Hidden until there is a plan: what is set or started before it would be lost when it arrives.
    with gr.Column(visible=False) as details:
        learning = draw_learning()
        start = gr.Button("Start training", variant="primary", elem_classes="lf-long", elem_id="start-training")
        several = draw_several(shared)
        with gr.Accordion("All settings", open=False):
            form = draw_form(TrainingSettings)
    return Setup(
        model, preset, line, download, plan, details, start, form, gr.State(None), shared.request_key(), learning,
        several,
    )  # fmt: skip


def _connect_setup(shared: Shared, setup: Setup, watch: Watch, message: gr.HTML) -> None:
    written = [
        setup.model, setup.preset, setup.line, setup.download, setup.plan, setup.details, setup.start, setup.planned,
        *setup.form.widgets,
    ]  # fmt: skip
    planner = _Planner(setup, watch)
    shared.hook("train", planner.open, [shared.project, setup.planned], written, message)
    inputs = [shared.project, *setup.chosen]
    shared.on(setup.model.input, planner.choose_model, inputs, written, message)
    shared.on(setup.preset.input, planner.choose, inputs, written, message)
    for widget in setup.form.widgets:
        trigger = widget.blur if isinstance(widget, gr.Number | gr.Textbox) else widget.input
        shared.on(trigger, planner.recalculate, inputs, [setup.line, setup.plan], message)

    def download(reference: str) -> Updates:
        model = find_model(reference)
        refuse_experts(model)
        start_download(model)
        return {message: parts.done("The download goes on when you close this page.", "plain")}

    shared.on(setup.download.click, download, [setup.model], [], message, changes=True, concurrency_limit=1)


class _Planner:
    """Works out the next run whenever what it rests on has changed."""

    def __init__(self, setup: Setup, watch: Watch) -> None:
        self._setup = setup
        self._watch = watch

    def open(self, slug: str | None, planned: Planned | None) -> Updates:
        """The tab was opened: start from the project's model, unless the page has worked all this out already."""
        if not slug:
            return {self._setup.plan: "", self._setup.line: "", self._setup.details: gr.update(visible=False)}
        project = required(slug)
        reference = project.info.base_model or STARTER
        version = _newest(project)
        known = planned is not None and (planned.slug, planned.reference, planned.version) == (slug, reference, version)
        if known and planned is not None and planned.present:
            return {}
        preset = planned.preset if known and planned is not None else PRESETS[1]
        return {self._setup.model: reference, self._setup.preset: preset, **self._plan(project, reference, preset, {})}

    def choose_model(
        self, slug: str | None, reference: str, preset: Preset, planned: Planned | None, *given: Any
    ) -> Updates:
        """Another base model: the project remembers it, and everything is proposed anew."""
        model = find_for_plan((reference or "").strip())
        refuse_experts(model)
        project = update_project(required(slug), base_model=model.reference)
        return self._plan(project, model.reference, preset, {})

    def choose(self, slug: str | None, reference: str, preset: Preset, planned: Planned | None, *given: Any) -> Updates:
        """Another preset: what the person has set stays."""
        overrides = self._setup.form.changed(given, planned.proposed) if planned else {}
        return self._plan(required(slug), reference, preset, overrides)

    def recalculate(
        self, slug: str | None, reference: str, preset: Preset, planned: Planned | None, *given: Any
    ) -> Updates:
        """Another value of a setting: the plan changes and what is said of it, the widgets are the person's."""
        if planned is None:
            return {}
        overrides = self._setup.form.changed(given, planned.proposed)
        proposal = flows.prepare(
            required(slug), find_for_plan(reference), self._watch.hardware_for_next_job(), preset, overrides
        )
        model = proposal.base_model
        return {
            self._setup.line: self._line(model, template_choices(model), proposal.recipe.settings.chat_template),
            self._setup.plan: _plan_card(proposal),
        }

    def _line(self, model: BaseModel, templates: Sequence[str], chosen: str | None) -> str:
        """What the model is, whether it fits and is here, and the chat template of one without its own."""
        fit, present = fit_badge(model, self._watch.hardware_for_next_job()), is_present(model)
        line = views.model_line(model.name, model.reference, fit, present, model.weight_bytes, model.licence)
        if model.is_described_only:
            line += parts.note(described_only(model))
        return line + views.template_line(template_note(model, templates, chosen))

    def _plan(self, project: Project, reference: str, preset: Preset, overrides: dict[str, Any]) -> Updates:
        setup, hardware = self._setup, self._watch.hardware_for_next_job()
        model = find_for_plan(reference)
        present, templates = is_present(model), template_choices(model)
        line = self._line(model, templates, overrides.get("chat_template"))
        shown = {setup.line: line, setup.download: gr.update(visible=not present)}
        if not _newest(project):
            hint = parts.note("The plan appears once there are examples.")
            return {**shown, setup.plan: hint, setup.details: gr.update(visible=False)}
        proposal = flows.prepare(project, model, hardware, preset, overrides)
        plain = flows.prepare(project, model, hardware, preset, {}) if overrides else proposal
        settings = plain.recipe.settings
        return {
            **shown,
            setup.plan: _plan_card(proposal),
            setup.details: gr.update(visible=True),
            setup.start: gr.update(interactive=present),
            setup.planned: Planned(project.slug, _newest(project), reference, present, preset, settings),
            **setup.form.updates(proposal.recipe.settings),
            setup.form.widget("chat_template"): gr.update(
                choices=templates, value=proposal.recipe.settings.chat_template
            ),
        }


def _plan_card(proposal: Proposal) -> Markup:
    return views.plan_card(proposal.plan, proposal.recipe, proposal.stats.estimated, read_preferences())


def _newest(project: Project) -> str:
    versions = list_versions(project).items
    return versions[0].id if versions else ""


def _connect_start(shared: Shared, setup: Setup, message: gr.HTML) -> None:
    started: Once[Run] = Once()
    chosen = _chosen(setup)

    def start(slug: str | None, key: str, picked: Picked, *given: Any) -> Updates:
        run = started.run(key, _starter(required(slug), *chosen(*given)))
        return {setup.key: new_key(), shared.picked: {**picked, "run": run.id}}

    inputs = [shared.project, setup.key, shared.picked, *setup.chosen]
    shared.on(
        setup.start.click, start, inputs, [setup.key, shared.picked], message,
        changes=True, concurrency_limit=1, concurrency_id="start-run",
    )  # fmt: skip


def _chosen(setup: Setup) -> Chosen:
    """What reads base model, preset and the person's own settings from the widgets of the next run."""

    def chosen(
        reference: str, preset: Preset, planned: Planned | None, *given: Any
    ) -> tuple[str, Preset, dict[str, Any]]:
        if planned is None:
            raise UserError("There is no plan yet.", "Add examples in Data, then choose a base model.")
        return reference, preset, setup.form.changed(given, planned.proposed)

    return chosen


def _starter(project: Project, reference: str, preset: Preset, overrides: dict[str, Any]) -> Callable[[], Run]:
    return lambda: flows.train(project, reference, preset, overrides)


def waiting(project: Project) -> Markup:
    """The runs of a project that wait behind another."""
    queued = [job.order.title for job in jobs.live_below(project.runs) if job.state is JobState.QUEUED]
    return join([views.queue(queued)])
