"""What the model will learn: the tokens of the user's own examples, learned, masked or cut."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import gradio as gr

from localft.data.rows.learning_preview import preview
from localft.data.versions import newest_version
from localft.models.templates import chat_format_for
from localft.planning.recipe import TrainingSettings
from localft.settings import parse
from localft.ui.forms import Form
from localft.ui.handlers import Updates
from localft.ui.models import present_model
from localft.ui.shared import Shared, required
from localft.ui.views import parts
from localft.ui.views import tokens as views


@dataclass(frozen=True)
class Learning:
    """The widgets of the preview."""

    area: gr.Accordion
    shown: gr.HTML
    number: gr.Number
    earlier: gr.Button
    later: gr.Button


def draw_learning() -> Learning:
    """Draw the preview."""
    with gr.Accordion("What the model will learn of an example", open=False) as area:
        shown = gr.HTML()
        with gr.Row(elem_classes="lf-buttons"):
            number = gr.Number(1, precision=0, minimum=1, label="Example", min_width=110, scale=0)
            earlier = gr.Button("Previous", size="sm", scale=0, min_width=100)
            later = gr.Button("Next", size="sm", scale=0, min_width=100)
    return Learning(area, shown, number, earlier, later)


def connect_learning(shared: Shared, widgets: Learning, form: Form, message: gr.HTML) -> None:
    """Show an example when the preview is opened, and others on request."""

    def step(by: int) -> Callable[..., Updates]:
        def look(slug: str | None, position: float | None, *given: Any) -> Updates:
            project = required(slug)
            version, model = newest_version(project), present_model(project)
            if model is None:
                return {widgets.shown: parts.note("The tokens appear once the base model is on this computer.")}
            settings = parse(TrainingSettings, form.values(given))
            total = version.counts.get("train", 0)
            where = max(1, min(total, int(position or 1) + by))
            chat_format = chat_format_for(model, settings.thinking, settings.chat_template)
            pieces = preview(project, version, model, chat_format, settings, where - 1)
            return {widgets.shown: views.tokens(pieces, where - 1, total), widgets.number: where}

        return look

    inputs, outputs = [shared.project, widgets.number, *form.widgets], [widgets.shown, widgets.number]
    shared.on(widgets.area.expand, step(0), inputs, outputs, message)
    shared.on(widgets.earlier.click, step(-1), inputs, outputs, message)
    shared.on(widgets.later.click, step(1), inputs, outputs, message)
    shared.on(widgets.number.submit, step(0), inputs, outputs, message)
