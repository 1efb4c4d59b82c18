"""What the model will learn: the tokens of the user's own examples, learned, masked or cut."""

from collections.abc import Callable

import gradio as gr

from localft.data.learning_preview import preview
from localft.data.versions import newest_version
from localft.models.templates import chat_format_for
from localft.planning.recipe import TrainingSettings
from localft.ui.forms import Form
from localft.ui.handlers import Updates
from localft.ui.models import present_model
from localft.ui.shared import Shared, required
from localft.ui.views import parts
from localft.ui.views import tokens as views


def draw_learning(shared: Shared, form: Form, message: gr.HTML) -> None:
    """Draw the preview and connect it."""
    with gr.Accordion("What the model will learn", open=False) as area:
        shown = gr.HTML()
        with gr.Row(elem_classes="lf-buttons"):
            number = gr.Number(1, precision=0, minimum=1, label="Example", min_width=110, scale=0)
            earlier = gr.Button("Previous", size="sm", scale=0, min_width=100)
            later = gr.Button("Next", size="sm", scale=0, min_width=100)

    def step(by: int) -> Callable[..., Updates]:
        def look(slug: str | None, position: float | None, *given: object) -> Updates:
            project = required(slug)
            version, model = newest_version(project), present_model(project)
            if model is None:
                return {shown: parts.note("The tokens appear once the base model is on this computer.")}
            settings = form.parse(given)
            assert isinstance(settings, TrainingSettings)
            total = version.counts.get("train", 0)
            where = max(1, min(total, int(position or 1) + by))
            pieces = preview(project, version, model, chat_format_for(model, settings.thinking), settings, where - 1)
            return {shown: views.tokens(pieces, where - 1, total), number: where}

        return look

    inputs = [shared.project, number, *form.widgets]
    shared.on(area.expand, step(0), inputs, [shown, number], message)
    shared.on(earlier.click, step(-1), inputs, [shown, number], message)
    shared.on(later.click, step(1), inputs, [shown, number], message)
    shared.on(number.submit, step(0), inputs, [shown, number], message)
