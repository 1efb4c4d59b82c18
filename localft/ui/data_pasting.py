"""In the Data tab: a box for examples that are pasted; they are then read as a dropped file is."""

import tempfile
from pathlib import Path

import gradio as gr
from gradio.utils import get_upload_folder

from localft.data.readers.pasting import keep_in
from localft.ui.handlers import Updates
from localft.ui.shared import Shared


def draw_pasting(shared: Shared, files: gr.File) -> gr.Textbox:
    """Draw the box and connect it with the drop zone; what is pasted stays until it is taken in."""
    with gr.Accordion("Or paste them", open=False, elem_id="paste"):
        text = gr.Textbox(
            label="Examples as text",
            info="JSON lines, JSON, a table out of a spreadsheet, or lines that begin with Q: and A:.",
            lines=6,
            max_lines=20,
            elem_id="pasted",
        )
        button = gr.Button("Look at them", size="sm", elem_id="look-at-pasted")
        said = gr.HTML()

    def look(pasted: str | None) -> Updates:
        return {files: [str(_kept(pasted or ""))]}

    shared.on(button.click, look, [text], [files], said)
    return text


def _kept(text: str) -> Path:
    """The text among the files that were dropped, which are cleaned away after a while.

    Raises:
        UserError: there is nothing in it.
    """
    uploads = Path(get_upload_folder())
    uploads.mkdir(parents=True, exist_ok=True)
    return keep_in(Path(tempfile.mkdtemp(dir=uploads)), text.encode("utf-8", "surrogatepass"))
