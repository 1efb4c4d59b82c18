"""Rating blind: which of two answers is better, without knowing whose they are."""

from collections.abc import Callable

import gradio as gr

from localft.errors import UserError
from localft.evaluation import ratings
from localft.ui.handlers import Updates
from localft.ui.measured import Answers, picked_evaluation
from localft.ui.shared import Page, Picked, Shared, required
from localft.ui.views import evaluate as views
from localft.ui.views import parts


def draw_rating(shared: Shared, answers: Answers, message: gr.HTML) -> None:
    """Rate answers without knowing whose they are: buttons, or the keys A, B and =."""
    # A hidden field inside of the fold would show as soon as the fold is hidden and shown again.
    index = gr.State("")
    with gr.Accordion("Rate blind: which answer is better?", open=False, visible=False) as area:
        pair = gr.HTML(elem_id="blind-pair", elem_classes="lf-live")
        with gr.Row(elem_classes="lf-buttons lf-rate"):
            first = gr.Button("A is better", scale=0, min_width=130, elem_id="rate-a")
            same = gr.Button("Equal (=)", scale=0, min_width=130, elem_id="rate-same")
            second = gr.Button("B is better", scale=0, min_width=130, elem_id="rate-b")
        result = gr.HTML(elem_classes="lf-live")
    buttons = [first, same, second]

    def read(page: Page) -> Updates:
        evaluation = picked_evaluation(page)
        if evaluation is None or evaluation.scorecard is None:
            return {area: gr.update(visible=False)}
        rows = answers.read(evaluation)
        question = ratings.next_pair(evaluation, rows)
        so_far = ratings.tally(evaluation)
        shown = parts.note("Every question with two different answers has been rated.")
        if question is not None:
            shown = views.blind(question.prompt, question.a, question.b, ratings.unrated(evaluation, rows))
        return {
            area: gr.update(visible=True),
            pair: shown,
            index: str(question.index) if question else "",
            result: views.blind_result(so_far.base, so_far.tuned, so_far.same),
            **{button: gr.update(interactive=question is not None) for button in buttons},
        }

    def rated(side: ratings.Side) -> Callable[[str | None, Picked, str], Updates]:
        def rate(slug: str | None, picked: Picked, row: str) -> Updates:
            evaluation = picked_evaluation(Page(required(slug), picked))
            if evaluation is None or not row:
                raise UserError("There is nothing to rate.")
            ratings.rate(evaluation, answers.read(evaluation), int(row), side)
            return {}

        return rate

    shared.view("evaluate", [area, pair, index, result, *buttons], read, live=True)
    sides: list[tuple[gr.Button, ratings.Side]] = [(first, "a"), (same, "="), (second, "b")]
    for button, side in sides:
        shared.on(button.click, rated(side), [shared.project, shared.picked, index], [], message, changes=True)
