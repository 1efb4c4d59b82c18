"""The page: the frame, then a tab for each step in working order."""

from typing import Any

import gradio as gr

from localft import jobs
from localft.data.versions import list_versions
from localft.evaluation.evaluations import list_evaluations
from localft.export.exports import list_exports
from localft.jobs import JobView
from localft.store.projects import Project
from localft.training.runs import list_runs
from localft.ui import chat, data, evaluate, export, settings, start, train
from localft.ui.flows import damaged
from localft.ui.frame import Top, Watch, connect_refresh, connect_top, draw_top
from localft.ui.handlers import Updates
from localft.ui.loaded import Loaded
from localft.ui.share import ShareDesk
from localft.ui.shared import Page, Shared
from localft.ui.views import frame as frame_views

_NAMES = {
    "start": "Start",
    "data": "Data",
    "train": "Train",
    "evaluate": "Evaluate",
    "chat": "Chat",
    "export": "Export",
    "settings": "Settings",
}
# What the page keeps of itself: label and first value.
_HIDDEN = {"Shown": "", "Open tab": "start", "Wanted": ""}
# Uploads and what else Gradio keeps: looked through every hour, removed after a day.
_TIDY_EVERY, _KEEP_FOR = 3_600, 86_400


def build(desk: ShareDesk | None = None, loaded: Loaded | None = None) -> gr.Blocks:
    """Draw everything and connect it."""
    watch, shares, kept = Watch(), desk or ShareDesk(), loaded or Loaded()
    with gr.Blocks(title="localft", analytics_enabled=False, delete_cache=(_TIDY_EVERY, _KEEP_FOR)) as page:
        top = draw_top()
        tabs: dict[str, gr.Tab] = {}
        # Made outside of the bar: Gradio counts whatever lies in it as a tab.
        hidden: dict[str, Any] = {"visible": "hidden", "container": False}
        seen, tab, wanted = (gr.Textbox(first, label=label, **hidden) for label, first in _HIDDEN.items())
        picked = gr.State({})
        with gr.Tabs(selected="start", elem_id="tabs") as bar:
            shared = Shared(top.project, bar, top.message, seen, tab, wanted, picked)
            for name, label in _NAMES.items():
                with gr.Tab(label, id=name) as tabs[name]:
                    _draw(name, shared, watch, shares, kept)
        connect_top(shared, top, watch)
        _tell_state(shared, top)
        connect_refresh(shared, top, page, list(tabs.values()))
    return page.queue(default_concurrency_limit=8, max_size=200)


def _draw(name: str, shared: Shared, watch: Watch, shares: ShareDesk, loaded: Loaded) -> None:
    drawing = {
        "start": lambda: start.draw(shared, watch),
        "data": lambda: data.draw(shared, watch),
        "train": lambda: train.draw(shared, watch),
        "evaluate": lambda: evaluate.draw(shared),
        "chat": lambda: chat.draw(shared, loaded),
        "export": lambda: export.draw(shared, watch),
        "settings": lambda: settings.draw(shared, shares),
    }
    drawing[name]()


def _tell_state(shared: Shared, top: Top) -> None:
    """Let the labels of the tabs say how far the project is, and a line above them what of it cannot be read.

    Gradio loses updates of labels that arrive while the bar is being built, hence a style instead.
    """

    def read(page: Page) -> Updates:
        return {
            top.marks: frame_views.marks(tab_marks(page.project, jobs.active())),
            top.damage: frame_views.damage(damaged(page.project) if page.project else []),
        }

    shared.view(None, [top.marks, top.damage], read, live=True)


def tab_marks(project: Project | None, living: list[JobView]) -> dict[str, str]:
    """What stands behind the name of each tab that has a state.

    A dot while it works, a tick when there is something.
    """
    if project is None:
        return dict.fromkeys(("data", "train", "evaluate", "export"), "")
    versions = list_versions(project).items
    done = {
        "train": any(run.has_weights for run in list_runs(project).items),
        "evaluate": any(one.verdict for one in list_evaluations(project).items),
        "export": any(one.record for one in list_exports(project).items),
    }
    folders = {"train": project.runs, "evaluate": project.evaluations, "export": project.exports}
    marks = {"data": f"✓ {versions[0].total:,}" if versions else ""}
    for name, folder in folders.items():
        works = any(job.folder.is_relative_to(folder) for job in living)
        marks[name] = "●" if works else "✓" if done[name] else ""
    return marks
