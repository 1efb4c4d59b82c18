"""In the Data tab: golden questions out of files, read and looked at as examples are before they are taken in."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gradio as gr

from localft import words
from localft.data.making.golden_import import import_golden, preview_golden
from localft.data.shapes.chats import ChatChoice
from localft.errors import UserError
from localft.ui.data_reading import ReadingArea, draw_reading_area
from localft.ui.handlers import Updates
from localft.ui.shared import Shared, required
from localft.ui.views import data as views
from localft.ui.views import parts


@dataclass(frozen=True)
class _Intake:
    files: gr.File
    preview: gr.HTML
    reading: ReadingArea
    take: gr.Button

    def seen(
        self, paths: list[str] | None, mapping: dict[str, str] | None, chat: ChatChoice, afresh: bool = False
    ) -> Updates:
        """What the dropped files hold, read as chosen; nothing is to be seen without files."""
        if not paths:
            return {widget: value for widget, value in self.emptied().items() if widget is not self.files}
        read = preview_golden([Path(path) for path in paths], mapping, chat)
        usable = bool(read.examples) and not read.lacks_voice
        named = f"Import {words.counted(len(read.examples), 'golden question')}"
        return {
            self.preview: views.preview(read, "golden question"),
            self.take: gr.update(visible=usable, value=named),
            **self.reading.updates(read, paths, afresh),
        }

    def emptied(self) -> Updates:
        """No files are there any more."""
        hidden = gr.update(visible=False)
        return {self.files: None, self.preview: "", self.take: hidden, **self.reading.emptied()}


def draw_golden_import(shared: Shared, order: dict[str, Any]) -> None:
    """Draw the fold and connect it; imports go in `order` with the other changes of the golden questions."""
    with gr.Accordion("Import golden questions", open=False):
        files = gr.File(
            label="Golden questions: any file that examples are read from", file_count="multiple", height=160
        )
        preview = gr.HTML()
        reading = draw_reading_area("golden-")
        with gr.Row(elem_classes="lf-buttons"):
            take = gr.Button(
                "Import golden questions", size="sm", scale=0, min_width=200, visible=False, elem_id="import-golden"
            )
        said = gr.HTML()
    _connect(shared, _Intake(files, preview, reading, take), said, order)


def _connect(shared: Shared, intake: _Intake, said: gr.HTML, order: dict[str, Any]) -> None:
    reading = intake.reading
    shown = [intake.preview, intake.take, *reading.outputs]

    def look_afresh(paths: list[str] | None) -> Updates:
        return intake.seen(paths, None, ChatChoice(), afresh=True)

    def look(paths: list[str] | None, *given: Any) -> Updates:
        return intake.seen(paths, *reading.chosen(*given))

    def take(slug: str | None, paths: list[str] | None, *given: Any) -> Updates:
        if not paths:
            raise UserError("No file was dropped yet.")
        done = import_golden(required(slug), [Path(path) for path in paths], *reading.chosen(*given))
        there = f"; {done.known:,} were there already" if done.known else ""
        told = f"{words.counted(done.added, 'golden question')} imported{there}."
        if done.set_aside:
            first = done.set_aside[0]
            told += f" {words.counted(len(done.set_aside), 'row')} cannot be used; row {first.row}: {first.reason}."
        return {**intake.emptied(), said: parts.done(told)}

    inputs = [intake.files, *reading.inputs]
    shared.on(intake.files.change, look_afresh, [intake.files], shown, said, clear=False)
    reading.follow(shared, look, inputs, shown, said)
    shared.on(intake.take.click, take, [shared.project, *inputs], [intake.files, *shown], said, changes=True, **order)
