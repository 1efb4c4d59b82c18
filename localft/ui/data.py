"""Data: drop a file, see what it holds, take it in, and look at what there is."""

from typing import Any

import gradio as gr

from localft import words
from localft.data.checks.checking import CheckReport
from localft.data.making import keeping
from localft.data.making.set_aside import list_set_aside
from localft.data.repairs.mending import REPAIRS
from localft.data.repairs.repairing import repair_version
from localft.data.splits.sealing import list_openings
from localft.data.versions import DatasetVersion, list_versions, newest_version
from localft.data.works.background import (
    CheckWork,
    change_is_work,
    start_repair,
    works_folder,
)
from localft.errors import UserError
from localft.store.projects import Project
from localft.ui import downloads
from localft.ui.actions import action_of, clickable
from localft.ui.data_checks import Checks, costs_of
from localft.ui.data_dividing import AS_WORK, draw_dividing
from localft.ui.data_golden import draw_golden
from localft.ui.data_history import draw_history
from localft.ui.data_intake import connect_intake, draw_intake
from localft.ui.data_rows import draw_rows
from localft.ui.data_synthesis import draw_synthesis
from localft.ui.data_table import draw_stamp
from localft.ui.frame import Watch
from localft.ui.handlers import Updates
from localft.ui.samples import list_samples
from localft.ui.shared import Page, Read, Shared, required
from localft.ui.views import data as views
from localft.ui.views import parts
from localft.ui.views.html import Markup


def draw(shared: Shared, watch: Watch) -> None:
    """Draw the tab and connect it."""
    checks, stamp = Checks(), draw_stamp()
    state, message = gr.HTML(), gr.HTML()
    intake = draw_intake(shared)
    kept = gr.HTML(js_on_load=clickable())
    draw_synthesis(shared)
    with gr.Column(visible=False) as results:
        verdict = gr.HTML()
        forward = gr.Button("Next: train", variant="primary", elem_id="to-train")
        findings = gr.HTML(js_on_load=clickable())
        found = gr.HTML()
        with gr.Row(elem_classes="lf-two"):
            split, lengths = gr.HTML(min_width=280), gr.HTML(min_width=280)
        draw_rows(shared, checks, stamp, message)
        draw_history(shared, message)
        aside = gr.HTML()
    draw_golden(shared, checks)
    dividing = draw_dividing(shared)
    outputs = [
        state, results, verdict, forward, findings, found, split, lengths, kept, aside, intake.samples,
    ]  # fmt: skip

    def read(page: Page) -> Updates:
        project = page.project
        listed = list_versions(project).items if project else []
        version = listed[0] if listed else None
        check = checks.look(project, version) if project and version else CheckWork(None, None)
        report = check.report
        opened = len(list_openings(project, version)) if project and version else 0
        return {
            state: views.state(project.name if project else None, version, report),
            results: gr.update(visible=version is not None),
            kept: views.kept(keeping.count_kept(project) if project and version else 0),
            aside: _aside(project, version),
            intake.samples: views.samples(list_samples()) if project and not version else "",
            found: "",
            verdict: views.verdict(report, downloads.verdict_address(project, version))
            if project and version and report
            else "",
            forward: gr.update(visible=report is not None and report.verdict == "ready"),
            findings: views.findings(report.findings) if report else views.checking(check.job),
            split: views.split_bar(version, opened) if version else "",
            lengths: _lengths(project, report, watch),
        }

    _keep_current(shared, outputs, read)
    shared.on(forward.click, lambda: {shared.tabs: gr.update(selected="train")}, [], [shared.tabs], message)
    connect_intake(shared, intake, dividing, message)
    _connect_results(shared, checks, findings, found, message)
    _connect_kept(shared, kept, message)


def _keep_current(shared: Shared, outputs: list[Any], read: Read) -> None:
    def read_live(page: Page) -> Updates:
        # Only where jobs take in or check examples does something change by itself.
        return read(page) if page.project and works_folder(page.project).exists() else {}

    shared.view("data", outputs, read)
    shared.view("data", outputs, read_live, live=True)


def _lengths(project: Project | None, report: CheckReport | None, watch: Watch) -> Markup:
    if project is None or report is None:
        return Markup()
    return views.lengths(report.lengths, costs_of(project, report, watch.hardware()))


def _aside(project: Project | None, version: DatasetVersion | None) -> Markup:
    if project is None or version is None or not version.set_aside:
        return Markup()
    rows = [
        (str(row["source"]), int(str(row["row"])), str(row["reason"]), str(row["text"]))
        for row in list_set_aside(project, version)
    ]
    return views.aside(rows)


def _connect_results(shared: Shared, checks: Checks, findings: gr.HTML, found: gr.HTML, message: gr.HTML) -> None:
    def act(slug: str | None, event: gr.EventData) -> Updates:
        project, (action, value) = required(slug), action_of(event)
        version = newest_version(project)
        if action == "check":
            checks.again(project, version)
            return {found: ""}
        report = checks.report(project, version)
        if action == "repair":
            mendable = [finding.check for finding in report.findings if finding.check in REPAIRS]
            names = [value] if value else mendable
            if change_is_work(version):
                start_repair(project, version, names)
                return {found: "", message: parts.done(AS_WORK.format("mended"), "plain")}
            repaired = repair_version(project, version, names)
            said = f"Repaired, {repaired.note}. Undo stands beside the versions below."
            return {found: "", message: parts.done(said)}
        number = int(value)
        if not 0 <= number < len(report.findings):
            raise UserError("The findings have changed.", "Reload the page.")
        return {found: views.found_rows(report.findings[number])}

    shared.on(findings.click, act, [shared.project], [found], message, changes=True, concurrency_limit=1)


def _connect_kept(shared: Shared, kept: gr.HTML, message: gr.HTML) -> None:
    def add(slug: str | None) -> Updates:
        version = keeping.add_kept(required(slug))
        return {message: parts.done(f"{words.counted(version.total, 'example')} are in now.")}

    shared.on(kept.click, add, [shared.project], [], message, changes=True, concurrency_limit=1)
