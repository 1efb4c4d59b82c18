"""`localft evaluate`: base against tuned on held-out examples, and the verdict."""

from typing import Any

import click

from localft import words
from localft.cli.following import started_in_background, wait_for, ways_of
from localft.cli.options import detach_option, examples, json_option, project_argument, run_option
from localft.cli.output import Output, one_line, shorten
from localft.cli.selection import newest_with_weights
from localft.evaluation.answers import PARTS, Part
from localft.evaluation.evaluations import (
    Evaluation,
    RowResult,
    list_evaluations,
    open_evaluation,
    read_answers,
    regressions,
    start_evaluation,
    still_wrong,
    wins,
)
from localft.evaluation.scorecard import Score
from localft.store.projects import Project

_COLUMNS = 400


@click.command(
    "evaluate",
    epilog=examples(
        "localft evaluate support-bot",
        "localft evaluate support-bot --split validation --limit 20",
        "localft evaluate support-bot --split golden",
        "localft evaluate support-bot --show --rows 5",
        "localft evaluate support-bot --json",
    ),
)
@project_argument
@run_option
@click.option(
    "--split",
    type=click.Choice(PARTS),
    default="test",
    show_default=True,
    help="Which examples; golden are the project's own questions, kept in Chat or written by hand. The more often the "
    "test split is looked at, the less it proves.",
)
@click.option("--limit", type=click.IntRange(1), help="Ask only so many of them.")
@click.option(
    "--rows", type=click.IntRange(0), default=3, show_default=True, help="How many best and worst rows to show."
)
@click.option("--show", is_flag=True, help="Show the newest evaluation again instead of making one.")
@detach_option
@json_option
@click.pass_obj
def evaluate(
    output: Output,
    project: Project,
    run_id: str | None,
    split: Part,
    limit: int | None,
    rows: int,
    show: bool,
    detach: bool,
) -> None:
    """Compare the base and the tuned model on examples that the training has not seen.

    Ends with a verdict: better, worse, or no evidence either way; and with a check of what was forgotten.
    """
    if show:
        evaluation = _newest(project, run_id)
    else:
        evaluation = start_evaluation(project, newest_with_weights(project, run_id), split, limit)
        if detach:
            started_in_background(output, evaluation.folder, ways_of(project))
        else:
            wait_for(output, evaluation.folder, ways_of(project))
            evaluation = open_evaluation(project, evaluation.id)
    print_evaluation(output, evaluation, rows)
    if evaluation.verdict is not None:
        output.hint(f"Next: localft chat {project.slug}, or localft export {project.slug} --to gguf")
    output.result(evaluation_value(project, evaluation, rows))


def _newest(project: Project, run_id: str | None) -> Evaluation:
    if run_id is None:
        return open_evaluation(project)
    of_run = [evaluation for evaluation in list_evaluations(project).items if evaluation.run_id == run_id]
    return of_run[0] if of_run else open_evaluation(project, run_id)


def print_evaluation(output: Output, evaluation: Evaluation, rows: int) -> None:
    """Print verdict, scores, forgetting and the most telling rows, as far as they are there."""
    scorecard = evaluation.scorecard
    if evaluation.verdict is not None:
        output.heading(evaluation.verdict.sentence)
    if scorecard is None:
        return
    output.say()
    output.table(
        ["MEASURE", "BASE", "TUNED", "DIFFERENCE", "95 % INTERVAL", "BETTER IS"],
        [score_cells(score) for score in scorecard.scores],
        numbers=("BASE", "TUNED", "DIFFERENCE", "95 % INTERVAL"),
    )
    output.say()
    for sentence in (scorecard.forgetting.sentence if scorecard.forgetting else "", *scorecard.notes):
        if sentence:
            output.say(sentence)
    if rows:
        answers = read_answers(evaluation)
        _print_rows(output, "Improved most:", wins(answers, rows))
        _print_rows(output, "Got worse:", regressions(answers, rows))
        _print_rows(output, "Furthest from right:", still_wrong(answers, rows))


def _print_rows(output: Output, heading: str, rows: list[RowResult]) -> None:
    if not rows:
        return
    output.say()
    output.heading(heading)
    for row in rows:
        for name, text in (("", row.prompt), ("expected", row.expected), ("base", row.base), ("tuned", row.tuned)):
            label = f"{name}:" if name else f"{row.index + 1}."
            output.say(f"  {label:<10} {shorten(one_line(text), _COLUMNS)}")


def score_cells(score: Score) -> list[str]:
    """A line of the scorecard, in the measure's own unit."""
    interval = ""
    if score.low is not None and score.high is not None:
        interval = f"{_figure(score.low, score.unit)} to {_figure(score.high, score.unit)}"
    better = "higher" if score.higher_is_better else "lower"
    figures = [_figure(value, score.unit) for value in (score.base, score.tuned, score.difference)]
    return [score.label, *figures, interval, better]


def _figure(value: float, unit: str) -> str:
    if unit == "share":
        return words.percent(value)
    if unit == "seconds":
        return f"{value:.2f} s"
    return f"{value:.1f}" if unit in {"points", "tokens/s"} else f"{value:.3f}"


def evaluation_value(project: Project, evaluation: Evaluation, rows: int) -> dict[str, Any]:
    """An evaluation as --json shows it: figures by the measures' names."""
    answers = read_answers(evaluation) if evaluation.scorecard else []
    return {
        "project": project.slug,
        "run": evaluation.run_id,
        "evaluation": evaluation.id,
        "state": evaluation.job.state.value,
        "verdict": evaluation.verdict,
        "base": figures(evaluation, "base"),
        "tuned": figures(evaluation, "tuned"),
        "scorecard": evaluation.scorecard,
        "wins": wins(answers, rows),
        "regressions": regressions(answers, rows),
        "still_wrong": still_wrong(answers, rows),
        "folder": evaluation.folder,
    }


def figures(evaluation: Evaluation, model: str) -> dict[str, float]:
    """The measures of one of the two models by their names."""
    scores = evaluation.scorecard.scores if evaluation.scorecard else ()
    return {score.name: score.base if model == "base" else score.tuned for score in scores}
