"""Evaluate: the verdict, the scores, the rows behind them, and ratings by hand."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import gradio as gr

from localft import jobs, words
from localft.errors import UserError
from localft.evaluation.answers import Part
from localft.evaluation.evaluations import (
    Evaluation,
    list_evaluations,
    open_evaluation,
    regressions,
    start_evaluation,
    still_wrong,
    wins,
)
from localft.store.projects import Project
from localft.training.runs import list_runs, open_run
from localft.ui import downloads
from localft.ui.actions import action_of, clickable
from localft.ui.handlers import Updates
from localft.ui.measured import Answers, newest_trained, picked_evaluation
from localft.ui.once import Once, new_key
from localft.ui.rating import draw_rating
from localft.ui.shared import Page, Picked, Shared, required
from localft.ui.views import evaluate as views
from localft.ui.views import parts
from localft.ui.views.html import Markup

_SHOWN_ROWS = 5
_PARTS: list[tuple[str, Part]] = [
    ("Test", "test"),
    ("Validation", "validation"),
    ("Training", "train"),
    ("Golden questions", "golden"),
]


@dataclass(frozen=True)
class Choices:
    """What is measured: which run, on which part of the data, how much of it."""

    run: gr.Dropdown
    split: gr.Radio
    limit: gr.Number

    @property
    def all(self) -> list[Any]:
        return [self.run, self.split, self.limit]


@dataclass(frozen=True)
class Results:
    """Where the measurements are shown."""

    banner: gr.HTML
    scores: gr.HTML
    forgetting: gr.HTML
    better: gr.HTML
    worse: gr.HTML
    wrong: gr.HTML
    report: gr.HTML

    @property
    def all(self) -> list[gr.HTML]:
        return [self.banner, self.scores, self.forgetting, self.better, self.worse, self.wrong, self.report]


def draw(shared: Shared) -> None:
    """Draw the tab and connect it."""
    answers = Answers()
    state = gr.HTML(elem_classes="lf-live")
    message = gr.HTML()
    with gr.Row(elem_classes="lf-buttons"):
        forward = gr.Button("Next: chat with it", variant="primary", visible=False, scale=0, min_width=160)
        start = gr.Button(
            "Evaluate", variant="primary", elem_classes="lf-long", elem_id="start-evaluation", scale=0, min_width=160
        )
    waiting = gr.HTML(elem_classes="lf-live")
    results = Results(gr.HTML(), gr.HTML(), gr.HTML(), gr.HTML(), gr.HTML(), gr.HTML(), gr.HTML())
    draw_rating(shared, answers, message)
    history = gr.HTML(js_on_load=clickable())
    with gr.Accordion("All settings", open=False):
        choices = _draw_choices()

    def read(page: Page) -> Updates:
        run, evaluation = newest_trained(page.project), picked_evaluation(page)
        measured = evaluation is not None and evaluation.scorecard is not None
        return {
            state: views.state(run, evaluation),
            forward: gr.update(visible=measured),
            start: gr.update(
                interactive=run is not None,
                value="Evaluate again" if measured else "Evaluate",
                variant="secondary" if measured else "primary",
            ),
            waiting: _progress(evaluation),
            history: _history(page, evaluation),
            choices.run: gr.update(choices=_runs(page.project)),
            **_results(results, answers, page.project, evaluation),
        }

    shared.view("evaluate", [state, forward, start, waiting, history, choices.run, *results.all], read, live=True)
    shared.on(forward.click, lambda: {shared.tabs: gr.update(selected="chat")}, [], [shared.tabs], message)
    _connect(shared, start, choices, message)

    def show(slug: str | None, picked: Picked, event: gr.EventData) -> Updates:
        chosen = open_evaluation(required(slug), action_of(event)[1])
        return {shared.picked: {**picked, "evaluation": chosen.id}}

    shared.on(history.click, show, [shared.project, shared.picked], [shared.picked], message, changes=True)


def _results(results: Results, answers: Answers, project: Project | None, evaluation: Evaluation | None) -> Updates:
    """What was measured, or nothing while there is nothing."""
    card = evaluation.scorecard if evaluation else None
    if project is None or evaluation is None or card is None:
        return dict.fromkeys(results.all, "")
    rows = answers.read(evaluation)
    labels = {score.name: score.label for score in card.scores}
    won, lost, wrong = (choose(rows, _SHOWN_ROWS) for choose in (wins, regressions, still_wrong))
    return {
        results.banner: views.banner(evaluation.verdict, card),
        results.scores: views.scores(card),
        results.forgetting: views.forgetting(card.forgetting),
        results.better: views.rows("What it does better", won, "No answer got better.", labels),
        results.worse: views.rows("What it does worse", lost, "No answer got worse.", labels),
        results.wrong: views.rows("Where it is furthest from right", wrong, "Every other answer is right.", labels),
        results.report: views.report_link(downloads.report_address(project, evaluation.id)),
    }


def _draw_choices() -> Choices:
    with gr.Row(equal_height=True):
        run = gr.Dropdown([], label="Run", info="The newest trained run unless another is chosen.", min_width=240)
        split = gr.Radio(
            _PARTS,
            value="test",
            label="Part of the data",
            info="Test has influenced nothing, validation chose the best checkpoint, training was learned. Golden "
            "questions are your own: keep them in Chat.",
            min_width=240,
        )
        # Gradio makes 0 of an empty number when the fold opens, and would refuse it below a minimum.
        limit = gr.Number(0, precision=0, label="At most so many questions", info="0: all of them.", min_width=240)
    return Choices(run, split, limit)


def _progress(evaluation: Evaluation | None) -> Markup:
    if evaluation is None or not evaluation.job.state.alive:
        return Markup()
    progress = evaluation.job.progress
    return parts.progress(progress.fraction if progress and progress.total else None, "Evaluation progress")


def _history(page: Page, evaluation: Evaluation | None) -> Markup:
    if page.project is None:
        return Markup()
    return views.history(list_evaluations(page.project).items, evaluation.id if evaluation else None)


def _runs(project: Project | None) -> list[tuple[str, str]]:
    runs = list_runs(project).items if project else []
    return [
        (f"{words.moment(run.job.order.created_at)}, {run.base_model.name}", run.id) for run in runs if run.has_weights
    ]


def _connect(shared: Shared, start: gr.Button, choices: Choices, message: gr.HTML) -> None:
    key = shared.request_key()
    started: Once[Evaluation] = Once()

    def evaluate(
        slug: str | None, request: str, picked: Picked, run_id: str | None, split: Part, limit: float | None
    ) -> Updates:
        evaluation = started.run(request, _starter(required(slug), run_id, split, limit))
        return {key: new_key(), shared.picked: {**picked, "evaluation": evaluation.id}}

    shared.on(
        start.click, evaluate, [shared.project, key, shared.picked, *choices.all], [key, shared.picked], message,
        changes=True, concurrency_limit=1, concurrency_id="start-evaluation",
    )  # fmt: skip


def _starter(project: Project, run_id: str | None, split: Part, limit: float | None) -> Callable[[], Evaluation]:
    def start() -> Evaluation:
        run = open_run(project, run_id) if run_id else newest_trained(project)
        if run is None:
            raise UserError("There is no tuned model to measure yet.", "Train first.")
        going_on = jobs.live_below(project.evaluations)
        if going_on:
            raise UserError("An evaluation is going on already.", "Wait for it, or stop it at the top.")
        return start_evaluation(project, run, split, int(limit) if limit else None)

    return start
