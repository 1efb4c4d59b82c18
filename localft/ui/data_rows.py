"""Browsing the examples of the newest version, one conversation at a time."""

from collections.abc import Callable
from itertools import islice

import gradio as gr

from localft.data.versions import SPLITS, Split, iterate_split, newest_version
from localft.errors import UserError
from localft.ui.handlers import Updates
from localft.ui.shared import Page, Shared, required
from localft.ui.views import data as views


def draw_rows(shared: Shared, message: gr.HTML) -> None:
    """Draw the browser and connect it."""
    gr.HTML("<h3>Examples</h3>")
    with gr.Row(elem_classes="lf-buttons"):
        split = gr.Radio(list(SPLITS), value="train", label="Part", min_width=260)
        number = gr.Number(1, precision=0, minimum=1, label="Example", min_width=110, scale=0)
        earlier = gr.Button("Previous", size="sm", scale=0, min_width=100)
        later = gr.Button("Next", size="sm", scale=0, min_width=100)
    shown = gr.HTML()

    def read(page: Page) -> Updates:
        if page.project is None:
            return {shown: ""}
        try:
            return {shown: _look(page.project.slug, "train", 1)[1], number: 1, split: "train"}
        except UserError:
            return {shown: ""}

    def step(by: int) -> Callable[[str | None, Split, float | None], Updates]:
        def go(slug: str | None, part: Split, position: float | None) -> Updates:
            where, html = _look(slug, part, int(position or 1) + by)
            return {number: where, shown: html}

        return go

    def first(slug: str | None, part: Split) -> Updates:
        where, html = _look(slug, part, 1)
        return {number: where, shown: html}

    inputs = [shared.project, split, number]
    shared.view("data", [shown, number, split], read)
    shared.on(earlier.click, step(-1), inputs, [number, shown], message)
    shared.on(later.click, step(1), inputs, [number, shown], message)
    shared.on(number.submit, step(0), inputs, [number, shown], message)
    shared.on(split.input, first, [shared.project, split], [number, shown], message)


def _look(slug: str | None, part: Split, position: int) -> tuple[int, str]:
    """The example at a position (from 1, kept inside the part) and where that is."""
    project = required(slug)
    version = newest_version(project)
    total = version.counts.get(part, 0)
    if not total:
        raise UserError(f"There are no examples in {part}.")
    where = max(1, min(total, position))
    example = next(islice(iterate_split(project, version.id, part), where - 1, None))
    return where, str(views.example(example, where - 1, total, part))
