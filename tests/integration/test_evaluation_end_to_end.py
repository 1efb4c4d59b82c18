"""Evaluations as jobs, on a tiny model that has learned its task: to the verdict, killed on the way, and stopped."""

import json
import math
from collections import Counter
from html.parser import HTMLParser
from pathlib import Path

import pytest

from localft import jobs
from localft.data.examples import Example, Message
from localft.errors import UserError
from localft.evaluation import evaluations
from localft.evaluation.answers import ANSWERS, DESIGN
from localft.evaluation.evaluations import (
    Evaluation,
    list_evaluations,
    open_evaluation,
    read_answers,
    read_evaluation,
    regressions,
    start_evaluation,
    wins,
)
from localft.evaluation.report import write_report
from localft.jobs import JobState
from localft.store import files
from localft.store.projects import Project
from localft.training.runs import open_run
from tests.job_help import end_now, wait_for
from tests.trained_run import copy_into_home, make_trained_run, new_project, task_examples


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Project:
    folder = tmp_path_factory.mktemp("evaluation")
    project = new_project(folder / "project")
    make_trained_run(project, folder / "model", architecture="qwen3")
    return project


@pytest.fixture
def project(trained: Project, monkeypatch: pytest.MonkeyPatch) -> Project:
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    return copy_into_home(trained)


def finish(evaluation: Evaluation) -> Evaluation:
    *_, last = jobs.follow(evaluation.folder)
    assert last.state is JobState.FINISHED, last.sentence
    return read_evaluation(evaluation.folder)


def lines(evaluation: Evaluation) -> list[dict[str, object]]:
    return files.read_lines(evaluation.folder / ANSWERS)[0]


def test_an_evaluation_killed_on_the_way_goes_on_to_its_verdict(project: Project) -> None:
    evaluation = start_evaluation(project, open_run(project))
    assert evaluation.verdict is None
    assert read_answers(evaluation) == []
    wait_for(lambda: any(line["kind"] == "answer" for line in lines(evaluation)), 120)
    end_now(evaluation.folder)
    kept = lines(evaluation)
    assert jobs.read(evaluation.folder).state is JobState.INTERRUPTED
    design = (evaluation.folder / DESIGN).read_bytes()

    jobs.resume(evaluation.folder)
    evaluation = finish(evaluation)
    assert lines(evaluation)[: len(kept)] == kept
    assert (evaluation.folder / DESIGN).read_bytes() == design
    counts = Counter((line["kind"], line["model"], line["index"]) for line in lines(evaluation))
    assert set(counts.values()) == {1}
    for model in ("base", "tuned"):
        assert sum(key[:2] == ("answer", model) for key in counts) == 32
        assert sum(key[:2] == ("loss", model) for key in counts) == 32
        assert sum(key[:2] == ("speed", model) for key in counts) == 10
    _look_at_scorecard_and_verdict(evaluation)
    _look_at_rows(evaluation)
    _look_at_report(evaluation)
    assert open_evaluation(project).id == evaluation.id
    assert [found.id for found in list_evaluations(project).items] == [evaluation.id]


def _look_at_scorecard_and_verdict(evaluation: Evaluation) -> None:
    scorecard, verdict = evaluation.scorecard, evaluation.verdict
    assert scorecard is not None
    assert verdict is not None
    assert (verdict.word, verdict.primary, verdict.count) == ("better", "exact_match", 32)
    assert verdict.sentence.startswith("On 32 unseen examples the tuned model answers ")
    assert evaluation.job.sentence == verdict.sentence
    assert (scorecard.count, scorecard.available, scorecard.opened) == (32, 32, 1)
    names = {score.name for score in scorecard.scores}
    assert names == {
        "exact_match", "json_valid", "json_fields", "rouge_l", "bleu", "chrf", "loss", "perplexity", "latency_median",
        "latency_p95", "tokens_per_second", "field.category",
    }  # fmt: skip
    for score in scorecard.scores:
        assert math.isclose(score.difference, score.tuned - score.base, abs_tol=1e-9)
        tested = score.unit not in {"seconds", "tokens/s"}
        assert (score.low is not None) == tested
        if score.low is not None and score.high is not None:
            assert score.low - 1e-9 <= score.difference <= score.high + 1e-9
            assert score.improvement > 0
    right = scorecard.score("exact_match")
    assert right is not None
    assert right.base == 0
    assert right.tuned == verdict.tuned > 0.8
    loss, perplexity = scorecard.score("loss"), scorecard.score("perplexity")
    assert loss is not None
    assert perplexity is not None
    assert perplexity.tuned == pytest.approx(math.exp(loss.tuned))
    assert scorecard.forgetting is not None
    assert scorecard.forgetting.tokens > 1_000
    result = evaluation.job.result
    assert result is not None
    assert result.value["tuned"]["exact_match"] == right.tuned


def _look_at_rows(evaluation: Evaluation) -> None:
    rows = read_answers(evaluation)
    expected = {example.prompt[-1].content: example.answer for example in task_examples()[1]}
    assert [row.index for row in rows] == list(range(32))
    assert {row.prompt: row.expected for row in rows} == expected
    for row in rows:
        assert (row.tuned == row.expected) == (row.scores.tuned["exact_match"] == 1)
        assert row.outcome == ("win" if row.tuned == row.expected else "same")
        assert row.scores.base["loss"] > row.scores.tuned["loss"]
    best = wins(rows, 5)
    assert len(best) == 5
    assert all(row.gain == 1 for row in best)
    assert regressions(rows) == []


def _look_at_report(evaluation: Evaluation) -> None:
    page = write_report(evaluation).read_text(encoding="utf-8")
    assert evaluation.verdict is not None
    assert evaluation.verdict.sentence in page
    assert "Exactly right" in page
    assert "&quot;category&quot;" in page
    assert '"category"' not in page
    assert "http" not in page

    class Tags(HTMLParser):
        found: set[str]

        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            self.found.add(tag)

    tags = Tags()
    tags.found = set()
    tags.feed(page)
    assert not tags.found & {"script", "img", "link", "iframe"}


def test_a_limited_evaluation_is_stopped_resumed_and_counted(project: Project) -> None:
    run = open_run(project)
    evaluation = start_evaluation(project, run, limit=12)
    wait_for(lambda: any(line["kind"] == "loss" for line in lines(evaluation)), 120)
    jobs.request_stop(evaluation.folder)
    *_, stopped = jobs.follow(evaluation.folder)
    if stopped.state is JobState.STOPPED:
        assert read_evaluation(evaluation.folder).scorecard is None
        jobs.resume(evaluation.folder)
        evaluation = finish(evaluation)
    else:
        # A very fast machine was done before it could be stopped.
        assert stopped.state is JobState.FINISHED
        evaluation = read_evaluation(evaluation.folder)
    scorecard = evaluation.scorecard
    assert scorecard is not None
    assert (scorecard.count, scorecard.available, scorecard.opened) == (12, 32, 1)
    assert any("12 of 32 examples" in note for note in scorecard.notes)
    assert [row.index for row in read_answers(evaluation)] != list(range(12))
    assert evaluations.count_opened(project, run.recipe.dataset, "test", "99999999") == 2
    assert evaluations.count_opened(project, run.recipe.dataset, "validation", "99999999") == 1


def test_golden_questions_are_asked_and_the_base_model_only_once(project: Project) -> None:
    run = open_run(project)
    asked = task_examples()[1][:6]
    rows = [{"prompt": example.prompt[-1].content, "answer": example.answer} for example in asked]
    learned = task_examples()[0][0]
    rows.append({"prompt": learned.prompt[-1].content, "answer": learned.answer})
    project.golden.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    started = start_evaluation(project, run, "golden")
    # What is written afterwards belongs to the next evaluation.
    project.golden.write_text(json.dumps(rows[0]) + "\n", encoding="utf-8")
    first = finish(started)
    assert first.scorecard is not None
    assert first.verdict is not None
    assert (first.scorecard.split, first.scorecard.dataset, first.scorecard.count) == ("golden", "", 7)
    assert first.verdict.sentence.startswith("On 7 golden questions the tuned model ")
    assert any("chosen by hand" in note for note in first.scorecard.notes)
    assert any("1 golden question is among the examples" in note for note in first.scorecard.notes)
    assert not any("taken over" in note for note in first.scorecard.notes)
    assert "7 golden questions, of 7" in write_report(first).read_text(encoding="utf-8")

    second = finish(start_evaluation(project, run, "golden"))
    assert second.scorecard is not None
    assert any(note.startswith("1 answer of the base model is taken over") for note in second.scorecard.notes)
    (again,) = read_answers(second)
    before = read_answers(first)[0]
    assert (again.prompt, again.base, again.scores.base["exact_match"]) == (before.prompt, before.base, 0)
    (taken,) = [line for line in lines(second) if line["kind"] == "answer" and line["model"] == "base"]
    assert taken["taken_from"] == first.id

    # Other weights under the same names are another model: it is asked itself.
    weights = Path(run.base_model.folder or "") / "model.safetensors"
    content = weights.read_bytes()
    weights.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    third = finish(start_evaluation(project, run, "golden"))
    weights.write_bytes(content)
    assert third.scorecard is not None
    assert not any("taken over" in note for note in third.scorecard.notes)


def test_what_cannot_be_evaluated_is_refused(project: Project) -> None:
    run = open_run(project)
    with pytest.raises(UserError, match="has no evaluation yet"):
        open_evaluation(project)
    with pytest.raises(UserError, match="no golden questions yet"):
        start_evaluation(project, run, "golden")
    with pytest.raises(UserError, match="at least one example"):
        start_evaluation(project, run, limit=0)
    (project.datasets / run.recipe.dataset / "dataset.json").unlink()
    with pytest.raises(UserError, match=r"dataset\.json is missing"):
        start_evaluation(project, run)
    (run.folder / "weights" / "manifest.json").unlink()
    with pytest.raises(UserError, match="no weights yet"):
        start_evaluation(project, run)
    assert list_evaluations(project).items == []


def test_calls_of_tools_are_expected_as_the_template_writes_them(project: Project) -> None:
    from localft.evaluation.preparing import expected_text

    chat_format = open_run(project).chat_format
    calls = ({"type": "function", "function": {"name": "look_up", "arguments": {"city": "Rome"}}},)
    template = chat_format.template.replace(
        "{{ message['content'] + '<|im_end|>' }}{% endgeneration %}",
        "{{ message['content'] + ((message.tool_calls | tojson) if message.tool_calls else '') + '<|im_end|>' }}"
        "{% endgeneration %}",
    )
    assert template != chat_format.template
    changed = chat_format.model_copy(update={"template": template})
    question = Message(role="user", content="Weather?")
    called = Example(messages=(question, Message(role="assistant", content="", tool_calls=calls)))
    assert json.loads(expected_text(called, changed)) == list(calls)
    plain = Example(messages=(question, Message(role="assistant", content="Sunny")))
    assert expected_text(plain, changed) == "Sunny"
