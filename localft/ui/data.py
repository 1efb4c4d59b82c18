"""Data: drop a file, see what it holds, take it in, and look at what there is."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import gradio as gr

from localft import words
from localft.data.checks.checking import CheckReport
from localft.data.making import keeping
from localft.data.making.dividing import divide_anew
from localft.data.making.gathering import ReadResult
from localft.data.making.importing import import_files, preview_files, told_before
from localft.data.making.set_aside import list_set_aside
from localft.data.repairs.mending import REPAIRS
from localft.data.repairs.repairing import repair_version
from localft.data.shapes.chats import ChatChoice
from localft.data.shapes.trees import Branches
from localft.data.splits.sealing import list_openings
from localft.data.splits.splitting import DEFAULT_RATIOS, Ratios
from localft.data.versions import DatasetVersion, Division, list_versions, newest_version
from localft.data.works.background import (
    CheckWork,
    change_is_work,
    import_is_work,
    start_division,
    start_import,
    start_repair,
    works_folder,
)
from localft.errors import UserError
from localft.store.projects import Project, open_project
from localft.ui import downloads
from localft.ui.actions import action_of, clickable
from localft.ui.data_chats import chosen
from localft.ui.data_checks import Checks, costs_of
from localft.ui.data_golden import draw_golden
from localft.ui.data_history import draw_history
from localft.ui.data_hub import draw_hub
from localft.ui.data_pasting import draw_pasting
from localft.ui.data_reading import ReadingArea, draw_reading_area
from localft.ui.data_rows import draw_rows
from localft.ui.data_synthesis import draw_synthesis
from localft.ui.data_table import draw_stamp
from localft.ui.frame import Watch
from localft.ui.handlers import Updates
from localft.ui.samples import find_sample, list_samples
from localft.ui.shared import Page, Read, Shared, filled, required
from localft.ui.views import data as views
from localft.ui.views import parts
from localft.ui.views.html import Markup

_WAYS: tuple[tuple[str, Division | None], ...] = (
    ("As before, or as the columns of the file say", None),
    ("By chance, each label with its share", "chance"),
    ("By time, the newest to measure with", "time"),
    ("As a column of the file says", "column"),
)


_AS_WORK = "The examples are being {}; how far that is stands at the top."


@dataclass(frozen=True)
class Intake:
    """The widgets that take a file in."""

    files: gr.File
    pasted: gr.Textbox
    preview: gr.HTML
    reading: ReadingArea
    take: gr.Button
    samples: gr.HTML


def draw(shared: Shared, watch: Watch) -> None:
    """Draw the tab and connect it."""
    checks, stamp = Checks(), draw_stamp()
    state, message = gr.HTML(), gr.HTML()
    intake = _draw_intake(shared)
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
    settings = _draw_settings(shared)
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
    _connect_intake(shared, intake, settings, message)
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


def _draw_intake(shared: Shared) -> Intake:
    files = gr.File(
        label="Add examples: drop tables (JSONL, CSV, XLSX, Parquet), documents (TXT, PDF, DOCX, HTML), ZIPs, chats",
        file_count="multiple",
        height=160,
    )
    pasted = draw_pasting(shared, files)
    draw_hub(shared, files)
    preview = gr.HTML()
    reading = draw_reading_area()
    take = gr.Button("Take these examples in", variant="primary", visible=False, elem_id="take-in")
    samples = gr.HTML(js_on_load=clickable(), elem_id="samples")
    return Intake(files, pasted, preview, reading, take, samples)


def _draw_settings(shared: Shared) -> list[Any]:
    """System prompt, and how to divide, for the next import or for dividing anew."""
    with gr.Accordion("All settings", open=False):
        gr.HTML(str(parts.note("For the next import. Every import is a version of its own and never changes.")))
        system = gr.Textbox(
            label="System prompt", lines=2, info="Given to every example that has none; empty: none is added."
        )
        with gr.Row(equal_height=True):
            seed = gr.Number(42, precision=0, label="Seed", info="Decides which example lands in which part.")
            train = gr.Number(DEFAULT_RATIOS[0], label="Share to learn from", info="0.8 is four examples of five.")
            validation = gr.Number(
                DEFAULT_RATIOS[1], label="Share to choose the best by", info="What is left over measures the result."
            )
        way = gr.Dropdown(
            [(name, division or "") for name, division in _WAYS],
            value="",
            label="In which way",
            info="By time, the oldest examples are learned and the newest measure; groups always stay together.",
        )
        again = gr.Button("Divide the present examples so", size="sm", elem_id="divide")
        message = gr.HTML()

    def divide(
        slug: str | None, seed: float | None, train: float | None, validation: float | None, chosen_way: str
    ) -> Updates:
        project, ratios = required(slug), _ratios(train, validation)
        before = newest_version(project)
        if change_is_work(before):
            start_division(project, before, _seed(seed), ratios, _division(chosen_way))
            return {message: parts.done(_AS_WORK.format("divided anew"), "plain")}
        version = divide_anew(project, before, _seed(seed), ratios, _division(chosen_way))
        return {message: parts.done(f"{version.note.capitalize()}. Undo stands beside the versions above.")}

    inputs = [shared.project, seed, train, validation, way]
    shared.on(again.click, divide, inputs, [], message, changes=True, concurrency_limit=1)
    return [system, seed, train, validation, way]


def _division(chosen_way: str) -> Division | None:
    return next((division for _, division in _WAYS if division == chosen_way), None)


def _seed(given: float | None) -> int:
    return int(filled("Seed", given))


def _ratios(train: float | None, validation: float | None) -> Ratios:
    learned, chosen_by = filled("Share to learn from", train), filled("Share to choose the best by", validation)
    return learned, chosen_by, round(1 - learned - chosen_by, 6)


def _connect_intake(shared: Shared, intake: Intake, settings: list[Any], message: gr.HTML) -> None:
    reading = intake.reading
    choices = reading.inputs
    dividing = settings[1:]
    shown = [intake.preview, intake.take, *reading.outputs]

    def look(slug: str | None, paths: list[str] | None, *given: Any) -> Updates:
        return _seen(intake, slug, paths, *reading.chosen(*given[: len(choices)]), given[len(choices) :])

    def look_afresh(
        slug: str | None, paths: list[str] | None, gap: float | None, branches: Branches, *way: Any
    ) -> Updates:
        return _seen(intake, slug, paths, None, chosen(None, gap, branches), way, afresh=True)

    def take(slug: str | None, paths: list[str] | None, *given: Any) -> Updates:
        mapping, chat = reading.chosen(*given[: len(choices)])
        system, seed, train, validation, way = given[len(choices) :]
        if not paths:
            raise UserError("No file was dropped yet.")
        files = [Path(path) for path in paths]
        order = (
            required(slug), files, mapping, system or None, _seed(seed), _ratios(train, validation), chat,
            _division(way),
        )  # fmt: skip
        if import_is_work(files):
            start_import(*order)
            said = parts.done("The examples are being taken in; how far that is stands at the top.", "plain")
        else:
            said = parts.done(f"{words.counted(import_files(*order).version.total, 'example')} are in.")
        return {**_emptied(intake), intake.pasted: "", message: said}

    def sample(slug: str | None, event: gr.EventData) -> Updates:
        report = import_files(required(slug), [find_sample(action_of(event)[1]).path])
        return {message: parts.done(f"{words.counted(report.version.total, 'example')} are in.")}

    inputs = [shared.project, intake.files, *choices, *settings]
    outputs = [intake.files, intake.pasted, *shown]
    once: dict[str, Any] = {"concurrency_limit": 1, "concurrency_id": "import"}
    fresh = [shared.project, intake.files, reading.chat.gap, reading.chat.branches, *dividing]
    shared.on(intake.files.change, look_afresh, fresh, shown, message)
    looked_at = [shared.project, intake.files, *choices, *dividing]
    reading.follow(shared, look, looked_at, shown, message)
    shared.on(intake.take.click, take, inputs, outputs, message, changes=True, **once)
    shared.on(intake.samples.click, sample, [shared.project], [], message, changes=True, **once)


def _seen(
    intake: Intake,
    slug: str | None,
    paths: list[str] | None,
    mapping: dict[str, str] | None,
    chat: ChatChoice,
    way: Sequence[Any],
    afresh: bool = False,
) -> Updates:
    """What the dropped files hold, read as chosen, and divided in a way; nothing is to be seen without files."""
    if not paths:
        return {widget: value for widget, value in _emptied(intake).items() if widget is not intake.files}
    project = open_project(slug) if slug else None
    read = preview_files([Path(path) for path in paths], mapping, chat, project=project, beginning=True)
    count = "all examples" if read.is_beginning else words.counted(len(read.examples), "example")
    usable = bool(read.examples) and not read.lacks_voice
    if project is not None and usable and not read.is_beginning:
        read = replace(read, notes=[*read.notes, *_held_before(project, read, *way)])
    return {
        intake.preview: views.preview(read),
        intake.take: gr.update(visible=usable, value=f"Take {count} in"),
        **intake.reading.updates(read, paths, afresh),
    }


def _held_before(
    project: Project, read: ReadResult, seed: float | None, train: float | None, validation: float | None, way: str
) -> list[str]:
    """What earlier versions mean for an import; of a setting that is wrong, taking it in tells."""
    try:
        return told_before(project, read, _seed(seed), _ratios(train, validation), _division(way))
    except UserError:
        return []


def _emptied(intake: Intake) -> Updates:
    return {
        intake.files: None,
        intake.preview: "",
        intake.take: gr.update(visible=False),
        **intake.reading.emptied(),
    }


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
                return {found: "", message: parts.done(_AS_WORK.format("mended"), "plain")}
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
