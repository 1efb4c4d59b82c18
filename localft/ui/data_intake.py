"""In the Data tab: drop files or paste text, see what they hold, take them in beside or in place of what is there."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import gradio as gr

from localft import words
from localft.data.making.adding import NOTHING_NEW, add_files, has_nothing_new, is_mended, read_more
from localft.data.making.gathering import ReadResult
from localft.data.making.importing import first_examples, import_files, preview_files, told_before
from localft.data.shapes.chats import ChatChoice
from localft.data.shapes.trees import Branches
from localft.data.versions import DatasetVersion, list_versions
from localft.data.works.background import change_is_work, import_is_work, start_import
from localft.errors import UserError
from localft.store.projects import Project, open_project
from localft.ui.actions import action_of, clickable
from localft.ui.data_chats import chosen
from localft.ui.data_dividing import DividingArea, chosen_dividing
from localft.ui.data_hub import draw_hub
from localft.ui.data_pasting import draw_pasting
from localft.ui.data_reading import ReadingArea, draw_reading_area
from localft.ui.handlers import Updates
from localft.ui.samples import find_sample
from localft.ui.shared import Shared, required
from localft.ui.views import data as views
from localft.ui.views import parts

_BESIDE, _INSTEAD = "beside", "instead"
_KEPT = (("Stay, and these are added", _BESIDE), ("Go: these take their place", _INSTEAD))


@dataclass(frozen=True)
class Intake:
    """The widgets that take a file in."""

    files: gr.File
    pasted: gr.Textbox
    preview: gr.HTML
    reading: ReadingArea
    kept: gr.Radio
    take: gr.Button
    samples: gr.HTML

    @property
    def shown(self) -> list[Any]:
        """What a look at the dropped files changes."""
        return [self.preview, self.kept, self.take, *self.reading.outputs]

    def emptied(self) -> Updates:
        """No files are there any more."""
        return {
            self.files: None,
            self.preview: "",
            self.kept: gr.update(visible=False),
            self.take: gr.update(visible=False),
            **self.reading.emptied(),
        }


def draw_intake(shared: Shared) -> Intake:
    """Draw the widgets, not yet connected."""
    files = gr.File(
        label="Add examples: drop tables (JSONL, CSV, XLSX, Parquet), documents (TXT, PDF, DOCX, HTML), ZIPs, chats",
        file_count="multiple",
        height=160,
    )
    pasted = draw_pasting(shared, files)
    draw_hub(shared, files)
    preview = gr.HTML()
    reading = draw_reading_area()
    kept = gr.Radio(_KEPT, value=_BESIDE, label="The examples that are there", visible=False, elem_id="kept-examples")
    take = gr.Button("Take these examples in", variant="primary", visible=False, elem_id="take-in")
    samples = gr.HTML(js_on_load=clickable(), elem_id="samples")
    return Intake(files, pasted, preview, reading, kept, take, samples)


def connect_intake(shared: Shared, intake: Intake, dividing: DividingArea, message: gr.HTML) -> None:
    """Look at dropped files with each choice, and take them in at a click."""
    reading = intake.reading
    mapped = len(reading.inputs)

    def look(slug: str | None, paths: list[str] | None, *given: Any) -> Updates:
        return _seen(intake, slug, paths, *reading.chosen(*given[:mapped]), *given[mapped:])

    def look_afresh(
        slug: str | None, paths: list[str] | None, gap: float | None, branches: Branches, *by: Any
    ) -> Updates:
        return _seen(intake, slug, paths, None, chosen(None, gap, branches), None, *by)

    def take(slug: str | None, paths: list[str] | None, kept: str, system: str, *given: Any) -> Updates:
        if not paths:
            raise UserError("No file was dropped yet.")
        project, files = required(slug), [Path(path) for path in paths]
        mapping, chat = reading.chosen(*given[:mapped])
        version = _newest(project) if kept == _BESIDE else None
        by = chosen_dividing(*given[mapped:])
        if import_is_work(files) or (version is not None and change_is_work(version)):
            start_import(project, files, mapping, system or None, *by[:2], chat, by[2], version)
            said = parts.done("The examples are being taken in; how far that is stands at the top.", "plain")
        elif version is not None:
            added = add_files(project, version, files, mapping, system or None, chat)
            count = words.counted(len(added.read.examples), "example")
            new = f"{count} added; there are {added.version.total:,} now."
            said = parts.done(NOTHING_NEW if added.version == version else new)
        else:
            taken = import_files(project, files, mapping, system or None, *by[:2], chat, by[2])
            said = parts.done(f"{words.counted(taken.version.total, 'example')} are in.")
        return {**intake.emptied(), intake.pasted: "", message: said}

    def sample(slug: str | None, event: gr.EventData) -> Updates:
        report = import_files(required(slug), [find_sample(action_of(event)[1]).path])
        return {message: parts.done(f"{words.counted(report.version.total, 'example')} are in.")}

    source = [shared.project, intake.files]
    outputs = [intake.files, intake.pasted, *intake.shown]
    once: dict[str, Any] = {"concurrency_limit": 1, "concurrency_id": "import"}
    fresh = [*source, reading.chat.gap, reading.chat.branches, dividing.system, *dividing.inputs]
    shared.on(intake.files.change, look_afresh, fresh, intake.shown, message)
    looked_at = [*source, *reading.inputs, intake.kept, dividing.system, *dividing.inputs]
    reading.follow(shared, look, looked_at, intake.shown, message)
    shared.on(intake.kept.input, look, looked_at, intake.shown, message, trigger_mode="always_last")
    taken = [*source, intake.kept, dividing.system, *reading.inputs, *dividing.inputs]
    shared.on(intake.take.click, take, taken, outputs, message, changes=True, **once)
    shared.on(intake.samples.click, sample, [shared.project], [], message, changes=True, **once)


def _newest(project: Project) -> DatasetVersion | None:
    return next(iter(list_versions(project).items), None)


def _seen(
    intake: Intake,
    slug: str | None,
    paths: list[str] | None,
    mapping: dict[str, str] | None,
    chat: ChatChoice,
    kept: str | None,
    system: str,
    *by: Any,
) -> Updates:
    """What the dropped files hold, read as chosen; nothing is to be seen without files.

    `kept` says what becomes of the examples that are there, None where other files were dropped: then those stay,
    unless all files that they were read from come once more, which are likely to be mended.
    """
    if not paths:
        return {widget: value for widget, value in intake.emptied().items() if widget is not intake.files}
    project = open_project(slug) if slug else None
    newest = _newest(project) if project else None
    afresh = kept is None
    if kept is None:
        kept = _INSTEAD if newest is not None and is_mended(newest, paths) else _BESIDE
    version = newest if kept == _BESIDE else None
    read = _read(project, version, paths, mapping, system, chat)
    count = "all examples" if read.is_beginning else words.counted(len(read.examples), "example")
    usable = bool(read.examples) and not read.lacks_voice
    if project is not None and usable and not read.is_beginning:
        read = replace(read, notes=[*read.notes, *_held_before(project, version, read, *by)])
    # What a version holds out is not shown by way of a file either.
    first = first_examples(project, read, (), system, most=1) if project else read.examples[:1]
    label = f"The {words.counted(newest.total, 'example')} that are there" if newest else ""
    return {
        intake.preview: views.preview(read, first=first),
        intake.kept: gr.update(visible=newest is not None, value=kept, **({"label": label} if label else {})),
        intake.take: gr.update(visible=usable, value=f"Take {count} in"),
        **intake.reading.updates(read, paths, afresh),
    }


def _read(
    project: Project | None,
    version: DatasetVersion | None,
    paths: Sequence[str],
    mapping: dict[str, str] | None,
    system: str,
    chat: ChatChoice,
) -> ReadResult:
    """The files as they would be added to the version, or else taken in by themselves."""
    files = [Path(path) for path in paths]
    # Of many examples it is told when they are taken in what they hold already: to compare takes seconds.
    if project is None or version is None or change_is_work(version):
        return preview_files(files, mapping, chat, project=project, beginning=True)
    read = read_more(project, version, files, mapping, system or None, chat, beginning=True)
    return replace(read, notes=[*read.notes, NOTHING_NEW]) if has_nothing_new(read) else read


def _held_before(project: Project, version: DatasetVersion | None, read: ReadResult, *by: Any) -> list[str]:
    """What earlier versions mean for an import; of a setting that is wrong, taking it in tells."""
    try:
        way = (version.seed, version.ratios, version.division) if version else chosen_dividing(*by)
        return told_before(project, read, *way)
    except UserError:
        return []
