"""In the Data tab: as which encoding text is read, with the words to see it by, and the choice of another."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gradio as gr

from localft.advice import ENCODING_FOLD
from localft.data.making.reading import ReadResult
from localft.data.readers.guessing import IF_WRONG, called
from localft.data.readers.opening import is_text
from localft.ui.handlers import Updates
from localft.ui.views import parts

_OFFERED = (
    "utf-8", "cp1250", "cp1251", "cp1252", "cp1253", "cp1254", "iso8859-2", "iso8859-5", "mac-roman", "koi8-r", "cp866",
    "cp932", "euc_jp", "gb18030", "big5hkscs", "cp949",
)  # fmt: skip
_CHOICES = [("As it is found", ""), *((called(name), name) for name in _OFFERED)]
_USUAL = "Only where letters look wrong in the preview. The name of any other encoding can be typed."


@dataclass(frozen=True)
class EncodingArea:
    """The widgets, seen only while a file of text is in the drop zone."""

    fold: gr.Accordion
    found: gr.HTML
    choice: gr.Dropdown

    @property
    def outputs(self) -> list[Any]:
        """What the updates set."""
        return [self.fold, self.found, self.choice]

    def updates(self, read: ReadResult, paths: Iterable[str], afresh: bool) -> Updates:
        """Say what was found; `afresh` forgets what was chosen for other files."""
        found = [note.removesuffix(IF_WRONG).strip() for note in read.notes if note.endswith(IF_WRONG)]
        chosen: Updates = {"value": ""} if afresh else {}
        shown = bool(found) or any(is_text(Path(path)) for path in paths)
        folded: Updates = {"open": False} if afresh else {}
        return {
            self.fold: gr.update(visible=shown, **folded),
            self.found: parts.sentences(found) if found else "",
            self.choice: gr.update(**chosen),
        }

    def emptied(self) -> Updates:
        """No text is there any more."""
        return {self.fold: gr.update(visible=False), self.found: "", self.choice: ""}


def draw_encoding_area(prefix: str = "") -> EncodingArea:
    """Draw the widgets, out of sight; a `prefix` tells their ids from those of another place."""
    with gr.Accordion(ENCODING_FOLD, open=False, visible=False, elem_id=f"{prefix}encoding") as fold:
        found = gr.HTML()
        choice = gr.Dropdown(_CHOICES, value="", label="Read the text as", info=_USUAL, allow_custom_value=True)
    return EncodingArea(fold, found, choice)
