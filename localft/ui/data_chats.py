"""In the Data tab, for chats and trees: whose voice is the assistant's, when a conversation begins, which branches."""

from dataclasses import dataclass

import gradio as gr

from localft import words
from localft.data.making.reading import ReadResult
from localft.data.shapes.chats import ChatChoice
from localft.data.shapes.trees import Branches
from localft.errors import UserError
from localft.ui.handlers import Updates

_USUAL_HOURS = ChatChoice().gap_hours
_BRANCHES: list[tuple[str, Branches]] = [
    ("The best-ranked branch", "best"),
    ("All branches", "all"),
    ("Pairs of a better and a worse answer", "pairs"),
]


@dataclass(frozen=True)
class ChatArea:
    """The widgets, seen only while a chat, or trees of messages, are in the drop zone."""

    area: gr.Row
    voice: gr.Dropdown
    gap: gr.Number
    branches: gr.Radio

    @property
    def inputs(self) -> list[gr.Dropdown | gr.Number | gr.Radio]:
        """What `chosen` wants."""
        return [self.voice, self.gap, self.branches]

    @property
    def outputs(self) -> list[gr.Row | gr.Dropdown | gr.Radio]:
        """What `updates` and `emptied` set."""
        return [self.area, self.voice, self.branches]

    def updates(self, read: ReadResult) -> Updates:
        """Offer the speakers of what was read."""
        offered = [(f"{name} ({words.counted(count, 'message')})", name) for name, count in read.speakers.items()]
        return {
            self.area: gr.update(visible=bool(offered)),
            self.voice: gr.update(choices=offered, value=read.voice or None),
            self.branches: gr.update(visible=any(source.branches for source in read.sources)),
        }

    def emptied(self) -> Updates:
        """No chat is there any more, and no trees."""
        hidden = {widget: gr.update(visible=False) for widget in (self.area, self.branches)}
        return {**hidden, self.voice: gr.update(choices=[], value=None)}


def draw_chat_area() -> ChatArea:
    """Draw the widgets, out of sight."""
    with gr.Row(visible=False, equal_height=True, elem_id="chat-choice") as area:
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
        elem_id="branches",
    )
    return ChatArea(area, voice, gap, branches)


def chosen(voice: str | None, gap: float | None, branches: Branches = "best") -> ChatChoice:
    """The choice in the widgets.

    Raises:
        UserError: the hours are missing, or no positive number.
    """
    if gap is None:
        raise UserError("The hours of silence are missing.", f"{_USUAL_HOURS:g} is usual.")
    return ChatChoice(voice or None, gap, branches)
