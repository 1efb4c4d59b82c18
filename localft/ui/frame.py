"""The frame around the tabs: project, hardware, the running job with its stop button, and the one timer."""

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gradio as gr

from localft import jobs
from localft.errors import UserError
from localft.hardware import Hardware, read_hardware
from localft.jobs import JobState, JobView
from localft.jobs.holding import once_free
from localft.store.projects import create_project
from localft.ui.handlers import Updates
from localft.ui.once import new_key
from localft.ui.shared import ONE_BY_ONE, Hook, Page, Shared, project_choices
from localft.ui.views import frame as views

# While a job runs the page looks each second; else only whether another window or a terminal started something.
_LIVE_SECONDS = 1.0
_IDLE_SECONDS = 5.0
_HARDWARE_SECONDS = 5.0

# The address names project and tab, so that a reload, a bookmark and a second window show the same. While the page is
# being built Gradio reports its first tab as opened: that must not overwrite the tab that the address asks for.
_REMEMBER_PROJECT = """
  const address = new URL(window.location);
  address.searchParams.set('project', slug ?? '');
  window.history.replaceState(null, '', address);
"""
_REMEMBER_TAB = """
  const address = new URL(window.location);
  if (window.localftBuilt || !address.searchParams.get('tab')) {
    address.searchParams.set('tab', 'NAME');
    window.history.replaceState(null, '', address);
  }
  window.localftBuilt = true;
"""
# What the page wants to be told: "<how often everything>.<how often what is live>". Nothing is asked before the page
# has been told which project is open: the answer would be about none.
_EVERYTHING = "wanted && (Number(wanted.split('.')[0]) + 1) + '.0'"
_WHAT_IS_LIVE = "wanted && wanted.split('.')[0] + '.' + (Number(wanted.split('.')[1]) + 1)"
# The open tab is asked of the page itself, which knows of the click that came after the question.
_WITH_TAB = """(slug, picked, tab, seen, wanted) =>
  [slug, picked, new URL(window.location).searchParams.get('tab') || 'start', seen, wanted]"""


class Watch:
    """What all pages of the app ask each second: the hardware, and which job ended last."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._read_at = 0.0
        self._hardware: Hardware | None = None
        self._living: set[Path] = set()
        self._ended: JobView | None = None

    def hardware(self) -> Hardware:
        """The hardware, at most some seconds old."""
        with self._lock:
            now = time.monotonic()
            if self._hardware is None or now - self._read_at > _HARDWARE_SECONDS:
                self._hardware, self._read_at = read_hardware(), now
            return self._hardware

    def hardware_for_next_job(self) -> Hardware:
        """The same once what goes on has ended: what plans and lists of models rest on."""
        return once_free(self.hardware())

    def jobs(self) -> tuple[list[JobView], JobView | None]:
        """The jobs that wait or run, served models left out, and the one that was last seen to end."""
        living = [job for job in jobs.active() if not job.order.yields_device]
        folders = {job.folder for job in living}
        with self._lock:
            for folder in self._living - folders:
                if (folder / "job.json").exists():
                    self._ended = jobs.read(folder)
            self._living = folders
            return living, self._ended


@dataclass(frozen=True)
class Top:
    """The components above the tabs."""

    project: gr.Dropdown
    new: gr.Button
    hardware: gr.HTML
    naming: gr.Row
    name: gr.Textbox
    create: gr.Button
    cancel: gr.Button
    job_row: gr.Row
    job: gr.HTML
    shown_job: gr.State
    stop: gr.Button
    signal: gr.HTML
    marks: gr.HTML
    damage: gr.HTML
    message: gr.HTML
    timer: gr.Timer


def draw_top() -> Top:
    """Draw everything above the tabs."""
    with gr.Row(elem_classes="lf-top"):
        gr.HTML(str(views.brand()), min_width=110, elem_classes="lf-fixed")
        project = gr.Dropdown(
            project_choices(), value=None, label="Project", container=False, min_width=200, elem_id="project"
        )
        new = gr.Button("New project", size="sm", min_width=120, scale=0, elem_id="new-project")
        hardware = gr.HTML(min_width=200, elem_classes="lf-live")
    with gr.Row(visible=False, elem_classes="lf-top") as naming:
        name = gr.Textbox(label="Name of the new project", placeholder="Support bot", scale=3, max_length=200)
        create = gr.Button("Create", variant="primary", size="sm", scale=0, min_width=100)
        cancel = gr.Button("Cancel", size="sm", scale=0, min_width=100)
    with gr.Row(visible=False, elem_classes="lf-top") as job_row:
        job = gr.HTML(elem_classes="lf-live", elem_id="job", min_width=200)
        stop = gr.Button("Stop", variant="stop", size="sm", scale=0, min_width=100, elem_id="stop-job")
    signal = gr.HTML(elem_classes="lf-signal")
    marks = gr.HTML(elem_classes="lf-signal")
    damage = gr.HTML()
    message = gr.HTML(elem_id="message")
    return Top(
        project, new, hardware, naming, name, create, cancel, job_row, job, gr.State(""), stop, signal, marks, damage,
        message, gr.Timer(_IDLE_SECONDS),
    )  # fmt: skip


def connect_top(shared: Shared, top: Top, watch: Watch) -> None:
    """Show hardware and jobs, stop jobs, make projects."""
    _show_jobs(shared, top, watch)
    shared.on(top.stop.click, _stop, [top.shown_job], [], changes=True)

    def make(given: str) -> Updates:
        project = create_project(given or "")
        return {**shared.open(project, "data"), top.naming: gr.update(visible=False), top.name: ""}

    shared.on(top.new.click, lambda: {top.naming: gr.update(visible=True)}, [], [top.naming])
    shared.on(top.cancel.click, lambda: {top.naming: gr.update(visible=False)}, [], [top.naming])
    for trigger in (top.create.click, top.name.submit):
        shared.on(
            trigger, make, [top.name], [top.project, shared.tabs, top.naming, top.name], **ONE_BY_ONE
        )  # fmt: skip


def _show_jobs(shared: Shared, top: Top, watch: Watch) -> None:
    def read(page: Page) -> Updates:
        living, ended = watch.jobs()
        shown = first(living) if living else None
        return {
            top.hardware: views.hardware_line(watch.hardware()),
            top.job_row: gr.update(visible=bool(living)),
            top.job: views.job_line(living),
            top.shown_job: str(shown.folder) if shown else "",
            top.stop: gr.update(
                value="Stopping" if shown and shown.state is JobState.STOPPING else "Stop",
                interactive=shown is not None and shown.state is not JobState.STOPPING,
            ),
            top.signal: views.signal(living, ended, page.project.name if page.project else None),
            top.timer: gr.update(value=_LIVE_SECONDS if living else _IDLE_SECONDS),
        }

    outputs = [top.hardware, top.job_row, top.job, top.shown_job, top.stop, top.signal, top.timer]
    shared.view(None, outputs, read, live=True)


def first(living: Sequence[JobView]) -> JobView:
    """The job that the frame shows: the one that runs, else the first that waits."""
    return next((job for job in living if job.state is not JobState.QUEUED), living[0])


def _stop(folder: str) -> Updates:
    if not folder or not jobs.read(Path(folder)).state.alive:
        raise UserError("Nothing is running any more.")
    # The line of the job says that it saves and stops, for as long as it does.
    jobs.request_stop(Path(folder))
    return {}


def connect_refresh(shared: Shared, top: Top, demo: gr.Blocks, tabs: Sequence[gr.Tab]) -> None:
    """Read the views at the right moments: page load, another project or tab, after a change, and as time goes by.

    All of them only say in `shared.wanted` that there is something to read, without asking the server. One event reads,
    one answer at a time and once more after the last wish: two answers under way at once would each build on what the
    page showed before the other, and leave it with something that nobody would mend.
    """
    wanted: list[Any] = [shared.wanted]
    hidden: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}
    inputs = [shared.project, shared.picked, shared.tab, shared.seen, shared.wanted]
    always: dict[str, Any] = {"queue": False, "trigger_mode": "always_last", "clear": False}
    shared.on(shared.wanted.change, shared.refresh, inputs, [shared.seen, *shared.outputs], js=_WITH_TAB, **always)
    _connect_load(shared, demo, {str(tab.id) for tab in tabs})
    top.timer.tick(None, wanted, wanted, js=f"(wanted) => [{_WHAT_IS_LIVE}]", **hidden)
    another = f"(slug, wanted) => {{ {_REMEMBER_PROJECT} return [{_EVERYTHING}, '']; }}"
    shared.project.change(None, [shared.project, *wanted], [*wanted, shared.message], js=another, **hidden)
    for tab in tabs:
        name = str(tab.id)
        opened = f"(wanted) => {{ {_REMEMBER_TAB.replace('NAME', name)} return [{_EVERYTHING}]; }}"
        tab.select(None, wanted, wanted, js=opened, **hidden)
        for hook in shared.hooks:
            if hook.tab == name:
                _connect_hook(shared, tab, hook)
    for change in list(shared.changes):
        change.then(None, wanted, wanted, js=f"(wanted) => [{_EVERYTHING}]", **hidden)


def _connect_load(shared: Shared, demo: gr.Blocks, known: set[str]) -> None:
    """Open the project and the tab that the address asks for, then read the views for the first time."""

    def load(request: gr.Request) -> Updates:
        wanted = dict(request.query_params)
        choices = project_choices()
        slugs = [slug for _, slug in choices]
        slug = wanted.get("project") if wanted.get("project") in slugs else next(iter(slugs), None)
        name = wanted["tab"] if wanted.get("tab") in known else "start"
        return {
            # At once, so that the page does not begin empty; read again after it, for a tab that was clicked meanwhile.
            **shared.refresh(slug, {}, name, "", "0.0"),
            shared.project: gr.update(choices=choices, value=slug),
            # The first tab is open already; saying so late would take a quick person back to it.
            shared.tabs: gr.update(selected=name) if name != "start" else gr.skip(),
            **{key: new_key() for key in shared.keys},
        }

    # One after the other with what opens projects: an answer to the loading must not undo a click that came after it.
    outputs = [shared.project, shared.tabs, *shared.keys, shared.seen, *shared.outputs]
    loaded = shared.on(demo.load, load, [], outputs, **ONE_BY_ONE, clear=False)
    loaded.then(None, [], [shared.wanted], js="() => ['1.0']", api_visibility="private", show_progress="hidden")


def _connect_hook(shared: Shared, tab: gr.Tab, hook: Hook) -> None:
    def if_open(open_tab: str, *given: Any) -> Updates:
        # The view of the tab is enough while another one is open: the handler runs when this one is opened.
        return hook.handler(*given) if open_tab == hook.tab else {}  # ty: ignore[invalid-explicit-return]

    # One after the other: the second of two events that mean the same sees what the first has found out, and leaves
    # alone what a person has set meanwhile.
    once: dict[str, Any] = {"concurrency_limit": 1, "concurrency_id": f"open-{hook.tab}"}
    shared.on(tab.select, hook.handler, hook.inputs, hook.outputs, hook.message, clear=False, **once)
    with_tab = "(tab, ...given) => [new URL(window.location).searchParams.get('tab') || 'start', ...given]"
    inputs = [shared.tab, *hook.inputs]
    shared.on(shared.project.change, if_open, inputs, hook.outputs, hook.message, js=with_tab, **once)
