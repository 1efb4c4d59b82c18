from pathlib import Path

import pytest

from localft.errors import UserError
from localft.evaluation.answers import DESIGN, QUESTIONS, AnswerLog, Design, Question, Questions
from localft.evaluation.evaluations import Evaluation, read_answers, regressions, still_wrong, wins
from localft.evaluation.measuring import measure, reach_verdict
from localft.evaluation.preparing import choose_indices
from localft.evaluation.ratings import next_pair, rate, tally, unrated
from localft.evaluation.report import write_report
from localft.evaluation.scorecard import Scorecard
from localft.jobs import JobOrder, JobState, JobView

QUESTION_TEXTS = ["plain", "<script>alert(1)</script> & <think>", "four", "five"]


def fill(folder: Path, base: list[float], tuned: list[float], primary: str = "exact_match") -> Design:
    """An evaluation's folder with the given primary scores of both models."""
    design = Design(
        dataset="d", split="test", available=9, indices=tuple(range(len(base))), opened=1, primary=primary,
        primary_reason="Because.", max_tokens=9,
    )  # fmt: skip
    design.save(folder / DESIGN)
    rows = [
        Question(index=index, messages=({"role": "user", "content": QUESTION_TEXTS[index % 4]},), expected="right")
        for index in range(len(base))
    ]
    Questions(rows=tuple(rows)).save(folder / QUESTIONS)
    log = AnswerLog(folder / "answers.jsonl")
    for model, values in (("base", base), ("tuned", tuned)):
        for index, value in enumerate(values):
            scores = {"exact_match": 0.0, "chrf": 50.0 + index, "rouge_l": 0.5} | {primary: value}
            log.write(
                "answer", model=model, index=index, text=f"<b>{model} {value}</b>", prompt_tokens=3,
                completion_tokens=4, seconds=1.0, finish="stop", scores=scores,
            )  # fmt: skip
    return design


def evaluation_in(folder: Path) -> Evaluation:
    order = JobOrder(worker="localft.evaluation.worker", title="Evaluating", created_at="")
    view = JobView(folder, order, JobState.FINISHED, None, None, None)
    return Evaluation(folder, folder.name, "r", "test", view, None, None)


def test_a_torn_line_spoils_only_itself(tmp_path: Path) -> None:
    fill(tmp_path, [0, 1], [1, 1])
    path = tmp_path / "answers.jsonl"
    path.write_bytes(path.read_bytes()[:-20])
    log = AnswerLog(path)
    assert log.answered([0, 1]) == [0]
    log.write("loss", model="base", index=0, total=2.0, tokens=4)
    again = AnswerLog(path)
    assert again.losses["base", 0].mean == 0.5
    assert again.answered([0, 1]) == [0]


def test_a_line_of_another_shape_is_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "answers.jsonl"
    path.write_text('{"kind": "answer", "model": "base"}\n{"kind": "new"}\n[1]\n', encoding="utf-8")
    assert AnswerLog(path).answers == {}


def test_wins_and_regressions_are_sorted_by_how_much_changed(tmp_path: Path) -> None:
    fill(tmp_path, [10, 90, 50, 40], [95, 20, 50, 60], "chrf")
    rows = read_answers(evaluation_in(tmp_path))
    assert [row.outcome for row in rows] == ["win", "regression", "same", "win"]
    assert [(row.index, row.gain) for row in wins(rows)] == [(0, 85), (3, 20)]
    assert [row.index for row in regressions(rows)] == [1]
    assert wins(rows, 1)[0].prompt == "plain"


def test_a_lower_loss_is_a_win(tmp_path: Path) -> None:
    design = fill(tmp_path, [0] * 20, [0] * 20, "loss")
    log = AnswerLog(tmp_path / "answers.jsonl")
    for index in range(20):
        log.write("loss", model="base", index=index, total=30.0 + index, tokens=10)
        log.write("loss", model="tuned", index=index, total=10.0 + index, tokens=10)
    log.write("loss", model="base", index=19, total=0.0, tokens=0)
    rows = read_answers(evaluation_in(tmp_path))
    assert all(row.outcome == "win" for row in rows[:19])
    verdict = reach_verdict(design, log)
    assert (verdict.word, verdict.count) == ("better", 19)
    assert verdict.difference == pytest.approx(-2.0)
    scores = {score.name: score for score in measure(design, Questions.load(tmp_path / QUESTIONS).rows, log)}
    assert scores["loss"].base == pytest.approx(3.9)
    assert scores["perplexity"].tuned < scores["perplexity"].base
    assert scores["loss"].improvement > 0


def test_an_evaluation_under_way_has_rows_but_no_report(tmp_path: Path) -> None:
    evaluation = evaluation_in(tmp_path)
    assert read_answers(evaluation) == []
    fill(tmp_path, [0, 1], [1, 1])
    assert len(read_answers(evaluation)) == 2
    with pytest.raises(UserError, match="has not finished"):
        write_report(evaluation)


def test_a_report_escapes_whatever_stands_in_the_data(tmp_path: Path) -> None:
    design = fill(tmp_path, [0] * 8, [1] * 8)
    log = AnswerLog(tmp_path / "answers.jsonl")
    scorecard = Scorecard(
        project="</title><script>", run="r", dataset="d", split="test", count=8, available=9, opened=1,
        primary="exact_match", primary_reason="Because.", max_tokens=9, notes=("<img src=x>",), finished_at="now",
        scores=measure(design, Questions.load(tmp_path / QUESTIONS).rows, log),
    )  # fmt: skip
    evaluation = evaluation_in(tmp_path)
    complete = Evaluation(
        evaluation.folder, "e", "r", "test", evaluation.job, scorecard, reach_verdict(design, log)
    )  # fmt: skip
    page = write_report(complete).read_text(encoding="utf-8")
    for tag in ("<script", "<img", "<think>", "<b>"):
        assert tag not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt; &amp; &lt;think&gt;" in page
    assert page.count("<h2>") == page.count("</h2>")


def test_what_is_still_wrong_is_neither_right_nor_a_regression(tmp_path: Path) -> None:
    fill(tmp_path / "right-or-wrong", [0, 1, 0, 0], [1, 0, 0, 0])
    assert [row.index for row in still_wrong(read_answers(evaluation_in(tmp_path / "right-or-wrong")))] == [2, 3]
    fill(tmp_path / "alike", [10, 90, 50, 40], [95, 20, 50, 60], "chrf")
    assert [row.index for row in still_wrong(read_answers(evaluation_in(tmp_path / "alike")))] == [2, 3, 0]


def test_a_row_is_rated_once_however_fast_one_types(tmp_path: Path) -> None:
    fill(tmp_path, [0, 0], [1, 1])
    evaluation = evaluation_in(tmp_path)
    rows = read_answers(evaluation)
    pair = next_pair(evaluation, rows)
    assert pair is not None
    wanted = "tuned" if pair.tuned_is_a else "base"
    assert rate(evaluation, rows, pair.index, "a") == wanted
    assert rate(evaluation, rows, pair.index, "=") == wanted
    following = next_pair(evaluation, rows)
    assert following is not None
    assert following.index != pair.index
    assert (tally(evaluation).total, unrated(evaluation, rows)) == (1, 1)
    assert rate(evaluation, rows, following.index, "=") == "same"
    assert next_pair(evaluation, rows) is None


def test_a_limit_chooses_the_same_examples_every_time() -> None:
    chosen = choose_indices(100, 10)
    assert chosen == choose_indices(100, 10) == sorted(set(chosen))
    assert len(chosen) == 10
    assert chosen[-1] > 50
    assert choose_indices(5, None) == choose_indices(5, 9) == [0, 1, 2, 3, 4]
