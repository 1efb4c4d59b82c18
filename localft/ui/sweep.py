"""Several runs in the Train tab: what to try in a fold, and the runs side by side once there are any."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import gradio as gr

from localft.errors import UserError
from localft.planning.proposing import Preset
from localft.training.runs import Run, open_run
from localft.training.sweeps import Sweep, compare, open_sweep, resume_sweep, stop_sweep
from localft.ui import flows
from localft.ui.actions import action_of, clickable
from localft.ui.frame import Watch
from localft.ui.handlers import Updates
from localft.ui.once import Once, new_key
from localft.ui.shared import Page, Picked, Shared, required
from localft.ui.views import parts
from localft.ui.views import sweep as views

# From the values of the setup's widgets: the base model, the preset, and what the person has set by hand.
Chosen = Callable[..., tuple[str, Preset, dict[str, Any]]]
PickedRun = Callable[[Page], Run | None]


@dataclass(frozen=True)
class Several:
    """The widgets of the fold."""

    fold: gr.Accordion
    ranks: gr.Textbox
    learning_rates: gr.Textbox
    line: gr.HTML
    start: gr.Button
    message: gr.HTML
    key: gr.Textbox


def draw_several(shared: Shared) -> Several:
    """Draw the fold."""
    with gr.Accordion("Try several", open=False) as fold:
        with gr.Row(equal_height=True):
            ranks = gr.Textbox(
                label="Ranks to try",
                info="Left empty: the proposed one, its half and its double.",
                placeholder="8, 16, 32",
                min_width=240,
            )
            rates = gr.Textbox(
                label="Learning rates to try",
                info="Left empty: the proposed one, a third and three times of it.",
                placeholder="1e-4, 2e-4",
                min_width=240,
            )
        line = gr.HTML()
        start = gr.Button("Try them all", elem_classes="lf-long", elem_id="start-sweep")
        # Apart from the line, which is written again with every plan: what was started stays said.
        message = gr.HTML()
    return Several(fold, ranks, rates, line, start, message, shared.request_key())


def connect_several(
    shared: Shared, widgets: Several, plan: gr.HTML, chosen_widgets: Sequence[Any], chosen: Chosen, watch: Watch
) -> None:
    """Say what would be run and how long that takes, and start it. `plan` changes with everything that matters."""
    started: Once[Sweep] = Once()

    def look(slug: str | None, ranks: str, rates: str, *given: Any) -> Updates:
        planned = flows.plan_several(required(slug), *chosen(*given), ranks, rates, watch.hardware_for_next_job())
        return {widgets.line: parts.note(planned.sentence)}

    def look_if_open(line: str | None, *given: Any) -> Updates:
        return look(*given) if line else {widgets.line: gr.skip()}

    def start(slug: str | None, key: str, picked: Picked, ranks: str, rates: str, *given: Any) -> Updates:
        asked = (required(slug), *chosen(*given), ranks, rates)
        sweep = started.run(key, lambda: flows.try_several(*asked))
        said = parts.done(f"{len(sweep.runs)} runs are queued; they go on when you close this page.", "plain")
        return {widgets.key: new_key(), shared.picked: {**picked, "run": sweep.runs[0].id}, widgets.message: said}

    # An empty line says that the fold is closed: then nothing has to be worked out.
    values = [widgets.ranks, widgets.learning_rates, *chosen_widgets]
    for trigger in (widgets.fold.expand, widgets.ranks.blur, widgets.learning_rates.blur):
        shared.on(trigger, look, [shared.project, *values], [], widgets.line)
    emptied: Updates = {widgets.line: "", widgets.message: ""}
    shared.on(widgets.fold.collapse, lambda: emptied, [], [widgets.message], widgets.line)
    shared.on(plan.change, look_if_open, [widgets.line, shared.project, *values], [], widgets.line)
    shared.on(
        widgets.start.click, start, [shared.project, widgets.key, shared.picked, *values],
        [widgets.key, shared.picked], widgets.message, changes=True, concurrency_limit=1, concurrency_id="start-run",
    )  # fmt: skip


def draw_comparison(shared: Shared, message: gr.HTML, picked_run: PickedRun) -> None:
    """Draw the runs of the sweep that the picked run is one of; nothing where it is none of any."""
    with gr.Column(visible=False) as area:
        table = gr.HTML(js_on_load=clickable(), elem_classes="lf-live", elem_id="sweep")
        with gr.Row(elem_classes="lf-buttons"):
            stop = gr.Button("Stop all of them", visible=False, scale=0, min_width=160)
            go_on = gr.Button("Go on with the rest", visible=False, scale=0, min_width=160)

    def read(page: Page) -> Updates:
        run = picked_run(page)
        if page.project is None or run is None or run.sweep is None:
            return {area: gr.update(visible=False)}
        sweep = open_sweep(page.project, run.sweep)
        return {
            area: gr.update(visible=True),
            table: views.comparison(compare(page.project, sweep), run.id),
            stop: gr.update(visible=sweep.alive),
            go_on: gr.update(visible=sweep.resumable and not sweep.alive),
        }

    def changed(act: Callable[[Sweep], None]) -> Callable[[str | None, Picked], Updates]:
        def change(slug: str | None, picked: Picked) -> Updates:
            project = required(slug)
            run = picked_run(Page(project, picked))
            if run is None or run.sweep is None:
                raise UserError("There is no sweep any more.")
            act(open_sweep(project, run.sweep))
            return {}

        return change

    def show(picked: Picked, slug: str | None, event: gr.EventData) -> Updates:
        _, run_id = action_of(event)
        return {shared.picked: {**picked, "run": open_run(required(slug), run_id).id}}

    shared.view("train", [area, table, stop, go_on], read, live=True)
    for button, act in ((stop, stop_sweep), (go_on, resume_sweep)):
        inputs = [shared.project, shared.picked]
        shared.on(button.click, changed(act), inputs, [], message, changes=True, concurrency_limit=1)
    shared.on(table.click, show, [shared.picked, shared.project], [shared.picked], message, changes=True)
