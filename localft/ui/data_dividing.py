"""In the Data tab: system prompt and how to divide, for the next import or for dividing the present examples anew."""

from dataclasses import dataclass
from typing import Any

import gradio as gr

from localft.data.making.dividing import divide_anew
from localft.data.splits.splitting import DEFAULT_RATIOS, Ratios
from localft.data.versions import Division, newest_version
from localft.data.works.background import change_is_work, start_division
from localft.ui.handlers import Updates
from localft.ui.shared import Shared, filled, required
from localft.ui.views import parts

AS_WORK = "The examples are being {}; how far that is stands at the top."
_WAYS: tuple[tuple[str, Division | None], ...] = (
    ("As before, or as the columns of the file say", None),
    ("By chance, each label with its share", "chance"),
    ("By time, the newest to measure with", "time"),
    ("As a column of the file says", "column"),
)


@dataclass(frozen=True)
class DividingArea:
    """The widgets of the fold."""

    system: gr.Textbox
    seed: gr.Number
    train: gr.Number
    validation: gr.Number
    way: gr.Dropdown

    @property
    def inputs(self) -> list[Any]:
        """What `chosen_dividing` wants."""
        return [self.seed, self.train, self.validation, self.way]


def draw_dividing(shared: Shared) -> DividingArea:
    """Draw the fold and connect it."""
    with gr.Accordion("All settings", open=False):
        gr.HTML(str(parts.note("For the next import. Every import is a version of its own and never changes.")))
        system = gr.Textbox(
            label="System prompt", lines=2, info="Given to every example that has none; empty: none is added."
        )
        with gr.Row(equal_height=True):
            seed = gr.Number(42, precision=0, label="Seed", info="Decides which example lands in which part.")
            train = gr.Number(DEFAULT_RATIOS[0], label="Share to learn from", info="0.8 is four examples of five.")
            validation = gr.Number(
                DEFAULT_RATIOS[1], label="Share to choose the best by", info="What is left over measures the result."
            )
        way = gr.Dropdown(
            [(name, division or "") for name, division in _WAYS],
            value="",
            label="In which way",
            info="By time, the oldest examples are learned and the newest measure; groups always stay together.",
        )
        again = gr.Button("Divide the present examples so", size="sm", elem_id="divide")
        message = gr.HTML()
    area = DividingArea(system, seed, train, validation, way)

    def divide(slug: str | None, *given: Any) -> Updates:
        project = required(slug)
        before, chosen = newest_version(project), chosen_dividing(*given)
        if change_is_work(before):
            start_division(project, before, *chosen)
            return {message: parts.done(AS_WORK.format("divided anew"), "plain")}
        version = divide_anew(project, before, *chosen)
        return {message: parts.done(f"{version.note.capitalize()}. Undo stands beside the versions above.")}

    shared.on(again.click, divide, [shared.project, *area.inputs], [], message, changes=True, concurrency_limit=1)
    return area


def chosen_dividing(
    seed: float | None, train: float | None, validation: float | None, way: str
) -> tuple[int, Ratios, Division | None]:
    """Seed, shares and way that the widgets say.

    Raises:
        UserError: a number is missing.
    """
    learned, chosen_by = filled("Share to learn from", train), filled("Share to choose the best by", validation)
    ratios = learned, chosen_by, round(1 - learned - chosen_by, 6)
    return int(filled("Seed", seed)), ratios, next((division for _, division in _WAYS if division == way), None)
