"""In the Data tab: how dropped files are read, wherever they are dropped: columns, chats and trees, the encoding."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import gradio as gr

from localft.data.making.reading import ReadResult
from localft.data.shapes.chats import ChatChoice
from localft.ui.data_chats import ChatArea, chosen, draw_chat_area
from localft.ui.data_columns import ColumnArea, chosen_columns, draw_column_area
from localft.ui.data_encoding import EncodingArea, draw_encoding_area
from localft.ui.handlers import Updates
from localft.ui.shared import Shared


@dataclass(frozen=True)
class ReadingArea:
    """The widgets, each seen only where the dropped files are such that it says something."""

    columns: ColumnArea
    chat: ChatArea
    encoding: EncodingArea

    @property
    def inputs(self) -> list[Any]:
        """What `chosen` wants."""
        return [*self.columns.inputs, *self.chat.inputs, self.columns.is_data, self.encoding.choice]

    @property
    def outputs(self) -> list[Any]:
        """What the updates set."""
        return [*self.columns.outputs, *self.chat.outputs, *self.encoding.outputs]

    def chosen(self, *given: Any) -> tuple[dict[str, str] | None, ChatChoice]:
        """The mapping of columns and the rest of what the widgets say.

        Raises:
            UserError: a choice is none.
        """
        mapped = len(self.columns.inputs)
        *talk, is_data, encoding = given[mapped:]
        told = (encoding or "").strip() or None
        return chosen_columns(*given[:mapped]), replace(chosen(*talk), encoding=told, has_header=not is_data)

    def updates(self, read: ReadResult, paths: Sequence[str], afresh: bool = False) -> Updates:
        """Offer what fits what was read; `afresh` forgets what was chosen for other files."""
        return {
            **self.columns.updates(read, afresh),
            **self.chat.updates(read, afresh),
            **self.encoding.updates(read, paths, afresh),
        }

    def follow(
        self,
        shared: Shared,
        look: Callable[..., Updates],
        inputs: Sequence[Any],
        shown: Sequence[Any],
        message: gr.HTML,
    ) -> None:
        """Look at the files anew with each choice."""

        def look_unmapped(*given: Any) -> Updates:
            start = next(place for place, widget in enumerate(inputs) if widget is self.columns.inputs[0])
            mapped = len(self.columns.inputs)
            return self.columns.unmapped(look(*given[:start], *[None] * mapped, *given[start + mapped :]))

        for choice in self.inputs:
            if choice is self.columns.is_data:
                shared.on(choice.input, look_unmapped, inputs, shown, self.columns.said, trigger_mode="always_last")
                continue
            # Of what is typed into a template only the last state is read; what is wrong with it stands below it.
            said = self.columns.said if choice in self.columns.inputs else message
            # What is pasted into a text box is a change, and no input.
            trigger = choice.change if choice in self.columns.templates else choice.input
            shared.on(trigger, look, inputs, shown, said, trigger_mode="always_last")

    def emptied(self) -> Updates:
        """No files are there any more."""
        return {**self.columns.emptied(), **self.chat.emptied(), **self.encoding.emptied()}


def draw_reading_area(prefix: str = "") -> ReadingArea:
    """Draw the widgets, out of sight; a `prefix` tells their ids from those of another place."""
    chat = draw_chat_area(prefix)
    return ReadingArea(draw_column_area(prefix), chat, draw_encoding_area(prefix))
