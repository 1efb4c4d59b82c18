"""Versions of the data: what changed, undo, and using an earlier one again."""

import gradio as gr

from localft import words
from localft.data.exports.exporting import FORMS
from localft.data.making.history import GoneBack, restore, undo, version_before
from localft.data.repairs.differing import compare_versions
from localft.data.splits.golden import told_left_out
from localft.data.versions import list_versions, newest_version, open_version
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
        if page.project is None or not listed:
            return {versions: "", changes: ""}
        used = versions_in_use(page.project)
        files = [(form.upper(), downloads.data_address(page.project, listed[0], form)) for form in FORMS]
        return {versions: views.versions(listed, used, files), changes: ""}

    def act(slug: str | None, event: gr.EventData) -> Updates:
        project = required(slug)
        action, version_id = action_of(event)
        if action == "diff":
            return {changes: _what_changed(project, version_id)}
        return {changes: "", message: _go_back(project, action, version_id)}

    shared.view("data", [versions, changes], read)
    shared.on(versions.click, act, [shared.project], [changes], message, changes=True, concurrency_limit=1)


def _what_changed(project: Project, version_id: str) -> Markup:
    later = open_version(project, version_id)
    return views.difference(compare_versions(project, version_before(project, later), later))


def _go_back(project: Project, action: str, version_id: str) -> Markup:
    if action == "restore":
        gone_back: GoneBack | None = restore(project, open_version(project, version_id))
    else:
        if newest_version(project).id != version_id:
            raise UserError("There is a newer version by now.", "Look at the list of versions again.")
        gone_back = undo(project, versions_in_use(project))
    if gone_back is None:
        return parts.done("The import is undone.", "plain")
    now, left_out = gone_back
    told = f"; {told_left_out(left_out)}" if left_out else ""
    return parts.done(f"{words.counted(now.total, 'example')} count now{told}.", "plain")
