"""In the Data tab, for chats and trees: whose voice is the assistant's, when a conversation begins, which branches."""

from dataclasses import dataclass
from pathlib import Path

import gradio as gr

from localft import words
from localft.data.making.reading import ReadResult
from localft.data.readers.documents import MARKDOWN, PLAIN
from localft.data.shapes.chats import ChatChoice, TakenAs
from localft.data.shapes.detecting import Shape
from localft.data.shapes.trees import Branches
from localft.data.versions import SourceFile
from localft.errors import UserError
from localft.ui.handlers import Updates

_USUAL_HOURS = ChatChoice().gap_hours
_BRANCHES: list[tuple[str, Branches]] = [
    ("The best-ranked branch", "best"),
    ("All branches", "all"),
    ("Pairs of a better and a worse answer", "pairs"),
]
_TAKEN_AS: list[tuple[str, TakenAs]] = [
    ("What they look like", "auto"),
    ("A chat between people", "chat"),
    ("Documents or tables", "document"),
]


@dataclass(frozen=True)
class ChatArea:
    """The widgets, seen only while a chat, or trees of messages, are in the drop zone."""

    area: gr.Row
    voice: gr.Dropdown
    gap: gr.Number
    branches: gr.Radio
    taken_as: gr.Radio

    @property
    def inputs(self) -> list[gr.Dropdown | gr.Number | gr.Radio]:
        """What `chosen` wants."""
        return [self.voice, self.gap, self.branches, self.taken_as]

    @property
    def outputs(self) -> list[gr.Row | gr.Dropdown | gr.Radio]:
        """What `updates` and `emptied` set."""
        return [self.area, self.voice, self.branches, self.taken_as]

    def updates(self, read: ReadResult, afresh: bool = False) -> Updates:
        """Offer the speakers of what was read; other files (`afresh`) are what they look like again."""
        as_it_looks = {"value": "auto"} if afresh else {}
        may_be_other = bool(read.speakers) or any(map(_may_be_chat, read.sources))
        offered = [(f"{name} ({words.counted(count, 'message')})", name) for name, count in read.speakers.items()]
        return {
            self.area: gr.update(visible=bool(offered)),
            self.voice: gr.update(choices=offered, value=read.voice or None),
            self.branches: gr.update(visible=any(source.branches for source in read.sources)),
            self.taken_as: gr.update(visible=may_be_other, **as_it_looks),
        }

    def emptied(self) -> Updates:
        """No chat is there any more, and no trees."""
        hidden = {widget: gr.update(visible=False) for widget in (self.area, self.branches)}
        as_it_looks = gr.update(visible=False, value="auto")
        return {**hidden, self.voice: gr.update(choices=[], value=None), self.taken_as: as_it_looks}


def draw_chat_area(prefix: str = "") -> ChatArea:
    """Draw the widgets, out of sight; a `prefix` tells their ids from those of another place."""
    with gr.Row(visible=False, equal_height=True, elem_id=f"{prefix}chat-choice") as area:
        voice = gr.Dropdown(
            [], value=None, label="Whose voice is the assistant's?", info="What the others say is what it answers to."
        )
        gap = gr.Number(
            _USUAL_HOURS,
            label="A new conversation after so many hours",
            info="Of silence. A chat over years becomes many conversations.",
        )
    branches = gr.Radio(
        _BRANCHES,
        value="best",
        label="One message has several answers. What is learned?",
        info="People ranked the answers. Pairs teach which of two is preferred (DPO).",
        visible=False,
        elem_id=f"{prefix}branches",
    )
    taken_as = gr.Radio(
        _TAKEN_AS,
        value="auto",
        label="What are these files?",
        info="Where a document was taken for a chat, or a chat for a document, say so.",
        visible=False,
        elem_id=f"{prefix}taken-as",
    )
    return ChatArea(area, voice, gap, branches, taken_as)


def chosen(voice: str | None, gap: float | None, branches: Branches = "best", taken_as: TakenAs = "auto") -> ChatChoice:
    """The choice in the widgets.

    Raises:
        UserError: the hours are missing, or no positive number.
    """
    if gap is None:
        raise UserError("The hours of silence are missing.", f"{_USUAL_HOURS:g} is usual.")
    # Nobody speaks in a document, whoever was chosen before.
    return ChatChoice(None if taken_as == "document" else voice or None, gap, branches, taken_as)


def _may_be_chat(source: SourceFile) -> bool:
    return (
        source.shape in {Shape.TEXT, Shape.QUESTIONS, Shape.TRANSCRIPTS}
        and Path(source.name).suffix.lower() in PLAIN | MARKDOWN
    )
