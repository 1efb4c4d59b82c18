"""Evaluate: the verdict, the scores, the rows behind them, and ratings by hand."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import gradio as gr

from localft import jobs, words
from localft.data.versions import SPLITS, Split
from localft.errors import UserError
from localft.evaluation import ratings
from localft.evaluation.evaluations import (
    Evaluation,
    list_evaluations,
    open_evaluation,
    read_answers,
    regressions,
    start_evaluation,
    wins,
)
from localft.store.projects import Project
from localft.training.runs import Run, list_runs, open_run
from localft.ui import downloads
from localft.ui.actions import action_of, clickable
from localft.ui.handlers import Updates
from localft.ui.once import Once, new_key
from localft.ui.shared import Page, Picked, Shared, required
from localft.ui.views import evaluate as views
from localft.ui.views import parts
from localft.ui.views.html import Markup

_SHOWN_ROWS = 5


@dataclass(frozen=True)
class Choices:
    """What is measured: which run, on which part of the data, how much of it."""

    run: gr.Dropdown
    split: gr.Radio
    limit: gr.Number

    @property
    def all(self) -> list[Any]:
        return [self.run, self.split, self.limit]


def draw(shared: Shared) -> None:
    """Draw the tab and connect it."""
    state = gr.HTML(elem_classes="lf-live")
    message = gr.HTML()
    with gr.Row(elem_classes="lf-buttons"):
        start = gr.Button("Evaluate", variant="primary", elem_classes="lf-long", scale=0, min_width=160)
    key = shared.request_key()
    waiting = gr.HTML(elem_classes="lf-live")
    banner, scores, forgetting = gr.HTML(), gr.HTML(), gr.HTML()
    better, worse = gr.HTML(), gr.HTML()
    report = gr.HTML()
    _draw_blind(shared, message)
    history = gr.HTML(js_on_load=clickable())
    with gr.Accordion("All settings", open=False):
        choices = _draw_choices()
    outputs = [state, start, waiting, banner, scores, forgetting, better, worse, report, history, choices.run]

    def read(page: Page) -> Updates:
        run, evaluation = newest_trained(page.project), picked_evaluation(page)
        rows = read_answers(evaluation) if evaluation and evaluation.scorecard else []
        card = evaluation.scorecard if evaluation else None
        return {
            state: views.state(run, evaluation),
            start: gr.update(interactive=run is not None),
            waiting: _progress(evaluation),
            banner: views.banner(evaluation.verdict if evaluation else None, card),
            scores: views.scores(card),
            forgetting: views.forgetting(card.forgetting if card else None),
            better: _rows("What it does better", wins(rows, _SHOWN_ROWS), "No answer got better.", card is not None),
            worse: _rows(
                "What it does worse", regressions(rows, _SHOWN_ROWS), "No answer got worse.", card is not None
            ),
            report: _report(page.project, evaluation),
            history: _history(page, evaluation),
            choices.run: gr.update(choices=_runs(page.project)),
        }

    shared.view("evaluate", outputs, read, live=True)
    _connect(shared, start, key, choices, message)

    def show(slug: str | None, picked: Picked, event: gr.EventData) -> Updates:
        chosen = open_evaluation(required(slug), action_of(event)[1])
        return {shared.picked: {**picked, "evaluation": chosen.id}}

    shared.on(history.click, show, [shared.project, shared.picked], [shared.picked], message, changes=True)


def _draw_choices() -> Choices:
    with gr.Row(equal_height=True):
        run = gr.Dropdown([], label="Run", info="The newest trained run unless another is chosen.", min_width=240)
        split = gr.Radio(
            list(SPLITS),
            value="test",
            label="Part of the data",
            info="The test part has influenced nothing; validation chose the best checkpoint, train was learned.",
            min_width=240,
        )
        limit = gr.Number(
            None, precision=0, minimum=1, label="At most so many questions", info="Empty: all of them.", min_width=240
        )
    return Choices(run, split, limit)


def newest_trained(project: Project | None) -> Run | None:
    """The newest run that has weights."""
    if project is None:
        return None
    return next((run for run in list_runs(project).items if run.has_weights), None)


def picked_evaluation(page: Page) -> Evaluation | None:
    """The evaluation that the page looks at: the one it has picked, else the newest."""
    if page.project is None:
        return None
    known = list_evaluations(page.project).items
    return next((one for one in known if one.id == page.picked.get("evaluation")), known[0] if known else None)


def _progress(evaluation: Evaluation | None) -> Markup:
    if evaluation is None or not evaluation.job.state.alive:
        return Markup()
    progress = evaluation.job.progress
    return parts.progress(progress.fraction if progress and progress.total else None, "Evaluation progress")


def _rows(title: str, chosen: list[Any], none: str, measured: bool) -> Markup:
    return views.rows(title, chosen, none) if measured else Markup()


def _report(project: Project | None, evaluation: Evaluation | None) -> Markup:
    if project is None or evaluation is None or evaluation.scorecard is None:
        return Markup()
    return views.report_link(downloads.report_address(project, evaluation.id))


def _history(page: Page, evaluation: Evaluation | None) -> Markup:
    if page.project is None:
        return Markup()
    return views.history(list_evaluations(page.project).items, evaluation.id if evaluation else None)


def _runs(project: Project | None) -> list[tuple[str, str]]:
    runs = list_runs(project).items if project else []
    return [
        (f"{words.moment(run.job.order.created_at)}, {run.base_model.name}", run.id) for run in runs if run.has_weights
    ]


def _connect(shared: Shared, start: gr.Button, key: gr.Textbox, choices: Choices, message: gr.HTML) -> None:
    started: Once[Evaluation] = Once()

    def evaluate(
        slug: str | None, request: str, picked: Picked, run_id: str | None, split: Split, limit: float | None
    ) -> Updates:
        evaluation = started.run(request, _starter(required(slug), run_id, split, limit))
        return {key: new_key(), shared.picked: {**picked, "evaluation": evaluation.id}}

    shared.on(
        start.click, evaluate, [shared.project, key, shared.picked, *choices.all], [key, shared.picked], message,
        changes=True, concurrency_limit=1, concurrency_id="start-evaluation",
    )  # fmt: skip


def _starter(project: Project, run_id: str | None, split: Split, limit: float | None) -> Callable[[], Evaluation]:
    def start() -> Evaluation:
        run = open_run(project, run_id) if run_id else newest_trained(project)
        if run is None:
            raise UserError("There is no tuned model to measure yet.", "Train first.")
        going_on = jobs.live_below(project.evaluations)
        if going_on:
            raise UserError("An evaluation is going on already.", "Wait for it, or stop it at the top.")
        return start_evaluation(project, run, split, int(limit) if limit else None)

    return start


def _draw_blind(shared: Shared, message: gr.HTML) -> None:
    """Rate answers without knowing whose they are: buttons, or the keys A, B and =."""
    with gr.Accordion("Rate blind: which answer is better?", open=False, visible=False) as area:
        pair = gr.HTML(elem_id="blind-pair")
        index = gr.Textbox(visible="hidden", label="Question", container=False)
        with gr.Row(elem_classes="lf-buttons lf-rate"):
            first = gr.Button("A is better", scale=0, min_width=130, elem_id="rate-a")
            same = gr.Button("Equal (=)", scale=0, min_width=130, elem_id="rate-same")
            second = gr.Button("B is better", scale=0, min_width=130, elem_id="rate-b")
        result = gr.HTML()
    buttons = [first, same, second]

    def read(page: Page) -> Updates:
        evaluation = picked_evaluation(page)
        if evaluation is None or evaluation.scorecard is None:
            return {area: gr.update(visible=False)}
        rows = read_answers(evaluation)
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
            ratings.rate(evaluation, read_answers(evaluation), int(row), side)
            return {}

        return rate

    shared.view("evaluate", [area, pair, index, result, *buttons], read)
    sides: list[tuple[gr.Button, ratings.Side]] = [(first, "a"), (same, "="), (second, "b")]
    for button, side in sides:
        shared.on(button.click, rated(side), [shared.project, shared.picked, index], [], message, changes=True)
