"""Versions of the data: what changed, undo, and using an earlier one again."""

import gradio as gr

from localft import words
from localft.data.exports.exporting import FORMS, form_of
from localft.data.making.history import GoneBack, redo, restore, undo, version_before
from localft.data.making.undone import next_redo
from localft.data.repairs.differing import compare_versions
from localft.data.repairs.summary import summarise
from localft.data.source_passages import passages_path
from localft.data.splits.golden import told_left_out
from localft.data.versions import DatasetVersion, list_versions, newest_version, open_version
from localft.data.works.background import works_folder
from localft.data.works.looking_back import (
    look_at_comparison,
    look_at_exports,
    looking_back_is_work,
    start_comparison,
    start_export,
)
from localft.errors import UserError
from localft.store.projects import Project
from localft.training.runs import versions_in_use
from localft.ui import downloads
from localft.ui.actions import action_of, clickable
from localft.ui.handlers import Updates
from localft.ui.shared import Page, Shared, required
from localft.ui.views import data_history as views
from localft.ui.views import parts
from localft.ui.views.html import Markup


def draw_history(shared: Shared, message: gr.HTML) -> None:
    """Draw the table of versions and connect it."""
    versions = gr.HTML(js_on_load=clickable(), elem_id="versions")
    changes = gr.HTML()

    def read(page: Page) -> Updates:
        listed = list_versions(page.project).items if page.project else []
        undone = next_redo(page.project) if page.project else None
        if page.project is None or not listed:
            return {versions: views.nothing_left(undone) if undone else "", changes: ""}
        shown = views.versions(listed, versions_in_use(page.project), _files(page.project, listed[0]), undone)
        return {versions: shown, changes: _compared(page.project, listed[0])}

    def read_live(page: Page) -> Updates:
        # Only what a job does changes by itself; of few examples the changes stay as they were asked for.
        if page.project is None or not works_folder(page.project).exists():
            return {}
        newest = next(iter(list_versions(page.project).items), None)
        if newest is None:
            return {}
        is_work = looking_back_is_work(newest) or look_at_comparison(page.project, newest).job is not None
        return read(page) if is_work else {}

    def act(slug: str | None, event: gr.EventData) -> Updates:
        project = required(slug)
        action, value = action_of(event)
        if action == "diff":
            return {changes: _what_changed(project, value)}
        if action == "write":
            start_export(project, newest_version(project), form_of(value))
            return {message: parts.done("The file is being written; how far that is stands at the top.", "plain")}
        return {changes: "", message: _go_back(project, action, value)}

    shared.view("data", [versions, changes], read)
    shared.view("data", [versions, changes], read_live, live=True)
    shared.on(versions.click, act, [shared.project], [changes], message, changes=True, concurrency_limit=1)


def _files(project: Project, version: DatasetVersion) -> list[views.TakeAway]:
    """What can be taken away of a version; of many examples only what a job has written."""
    addresses = {form: downloads.data_address(project, version, form) for form in FORMS}
    if not looking_back_is_work(version):
        plain = [views.TakeAway(form, address) for form, address in addresses.items()]
        if not passages_path(project).exists():
            return plain
        with_them = [(form, downloads.data_address(project, version, form, with_passages=True)) for form in FORMS]
        return [*plain, *(views.TakeAway(form, address, with_passages=True) for form, address in with_them)]
    return [
        views.TakeAway(form, addresses[form] if work.path else "", work.job)
        for form, work in look_at_exports(project, version).items()
    ]


def _what_changed(project: Project, version_id: str) -> Markup:
    later = open_version(project, version_id)
    earlier = version_before(project, later)
    if looking_back_is_work(later) or looking_back_is_work(earlier):
        start_comparison(project, later)
        return _compared(project, later)
    return views.difference(summarise(compare_versions(project, earlier, later)))


def _compared(project: Project, version: DatasetVersion) -> Markup:
    """What a job has found, or how far it is; nothing where none was asked to compare."""
    work = look_at_comparison(project, version)
    if work.summary is not None:
        return views.difference(work.summary)
    return views.comparing(work.job) if work.job is not None else Markup()


def _go_back(project: Project, action: str, version_id: str) -> Markup:
    if action == "restore":
        gone_back: GoneBack | None = restore(project, open_version(project, version_id))
    elif action == "redo":
        step = next_redo(project)
        if step is None or step.version != version_id:
            raise UserError("The versions have changed meanwhile.", "Look at the list of versions again.")
        gone_back = redo(project, versions_in_use(project))
    else:
        if newest_version(project).id != version_id:
            raise UserError("There is a newer version by now.", "Look at the list of versions again.")
        gone_back = undo(project, versions_in_use(project))
    if gone_back is None:
        return parts.done("The import is undone.", "plain")
    now, left_out = gone_back
    told = f"; {told_left_out(left_out)}" if left_out else ""
    return parts.done(f"{words.counted(now.total, 'example')} count now{told}.", "plain")
