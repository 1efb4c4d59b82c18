"""In the Data tab, for a chat between people: whose voice is the assistant's, and when a new conversation begins."""

from dataclasses import dataclass

import gradio as gr

from localft import words
from localft.data.chats import ChatChoice
from localft.data.reading import ReadResult
from localft.errors import UserError
from localft.ui.handlers import Updates

_USUAL_HOURS = ChatChoice().gap_hours


@dataclass(frozen=True)
class ChatArea:
    """The widgets, seen only while a chat is in the drop zone."""

    area: gr.Row
    voice: gr.Dropdown
    gap: gr.Number

    @property
    def inputs(self) -> list[gr.Dropdown | gr.Number]:
        """What `chosen` wants."""
        return [self.voice, self.gap]

    @property
    def outputs(self) -> list[gr.Row | gr.Dropdown]:
        """What `updates` and `emptied` set."""
        return [self.area, self.voice]

    def updates(self, read: ReadResult) -> Updates:
        """Offer the speakers of what was read."""
        offered = [(f"{name} ({words.counted(count, 'message')})", name) for name, count in read.speakers.items()]
        return {
            self.area: gr.update(visible=bool(offered)),
            self.voice: gr.update(choices=offered, value=read.voice or None),
        }

    def emptied(self) -> Updates:
        """No chat is there any more."""
        return {self.area: gr.update(visible=False), self.voice: gr.update(choices=[], value=None)}


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
    return ChatArea(area, voice, gap)


def chosen(voice: str | None, gap: float | None) -> ChatChoice:
    """The choice in the widgets.

    Raises:
        UserError: the hours are missing, or no positive number.
    """
    if gap is None:
        raise UserError("The hours of silence are missing.", f"{_USUAL_HOURS:g} is usual.")
    return ChatChoice(voice or None, gap)
