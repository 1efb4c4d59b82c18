"""What a run has measured, as the app and the command line tell it."""

import json
from pathlib import Path
from typing import Any

import pytest

from localft.cli.main import main
from localft.cli.train import narrate_training
from localft.jobs.records import JobResult
from localft.models.find import find_model
from localft.planning.carried_out import carried_out_bytes
from localft.planning.model_shape import shape_of
from localft.planning.plan import Plan
from localft.store import files
from localft.store.projects import Project
from localft.training.metrics import metrics_of
from localft.training.runs import Run, open_run
from localft.training.telling import answers_over_time, measured
from localft.ui.views import train as views
from tests.sample_projects import make_project, prepare

GIB = 2**30
LOOK = {"kind": "probe", "predicted_bytes": 8 * GIB, "room_bytes": 11 * GIB}


@pytest.fixture
def project() -> Project:
    return make_project()


@pytest.fixture
def run(project: Project) -> Run:
    """A finished run on a card whose peak is known, which answered two questions at four evaluations."""
    folder = prepare(project, find_model("starter"))
    plan = Plan.load(folder / "plan.json")
    plan.model_copy(update={"flops_per_token": 1e9, "device_flops": 1e13}).save(folder / "plan.json")
    for step, answer in ((0, "no idea"), (10, "bill"), (20, "billing"), (30, "billing")):
        items = [{"prompt": "Refund?", "expected": "billing", "answer": answer}]
        items.append({"prompt": "<b>Crash?</b>", "expected": "technical", "answer": "technical"})
        write(folder, kind="samples", step=step, items=items)
    write(folder, **LOOK)
    write(folder, kind="metrics", step=30, loss=0.5, tokens_per_second=900.0, memory_bytes=7 * GIB)
    value = {"seconds": 12.5, "whole_seconds": 21.4, "tokens_per_second": 2_500.0}
    JobResult(outcome="finished", message="Ended.", finished_at=files.now(), value=value).save(folder / "result.json")
    return open_run(project)


def write(folder: Path, **event: Any) -> None:
    files.append_line(folder / "events.jsonl", event)


def test_rate_utilisation_and_the_look_are_told(run: Run) -> None:
    told = dict(measured(run, metrics_of(run.folder)))
    assert told["Rate"] == "2,500 tokens/s, 25 % of the card's peak", "of the whole run, not of its last moment"
    assert told["Looked at before step 1"] == "8.0 GB foreseen of the 11.0 GB that the card could give"
    assert told["Memory"].startswith("7.0 GB, planned ")
    assert told["Time"].startswith("21 s, planned "), "all that it took, as was planned, not its steps alone"
    assert "25 % of the card&#39;s peak" in views.progress_card(run, metrics_of(run.folder))


def test_the_look_is_told_when_it_happens() -> None:
    line = narrate_training(LOOK)
    assert line == "A look before the first step: 8.0 GB foreseen of the 11.0 GB that the card could give."


def test_the_command_line_tells_them_of_one_run(project: Project, run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["runs", project.slug, "--run", run.id]) == 0
    printed = capsys.readouterr().out
    assert "2,500 tokens/s, 25 % of the card's peak" in printed
    assert "8.0 GB foreseen of the 11.0 GB" in printed
    assert main(["runs", project.slug, "--json"]) == 0
    (value,) = json.loads(capsys.readouterr().out)["runs"]
    assert (value["tokens_per_second"], value["utilisation"]) == (2_500.0, 0.25)
    assert value["foreseen"] == {"needed_bytes": 8 * GIB, "room_bytes": 11 * GIB}


def test_the_command_line_tells_the_warnings_of_a_run_that_nobody_followed(
    project: Project, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    write(run.folder, kind="warning", step=30, message="Nothing was learned.")
    assert main(["runs", project.slug, "--run", run.id]) == 0
    assert "  Note: Nothing was learned.\n" in capsys.readouterr().out
    assert main(["runs", project.slug, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["runs"][0]["warnings"] == ["Nothing was learned."]


def test_answers_are_followed_over_time(run: Run) -> None:
    (refund, changed), (_, same) = answers_over_time(metrics_of(run.folder))
    assert refund.expected == "billing"
    assert changed == [("0", "no idea"), ("10", "bill"), ("20 to 30", "billing")]
    assert same == [("0 to 30", "technical")]


def test_the_command_line_shows_the_answers(project: Project, run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["runs", project.slug, "--run", run.id, "--answers"]) == 0
    printed = capsys.readouterr().out
    assert "Refund?\n  expected: billing\n  step 0: no idea\n  step 10: bill\n  step 20 to 30: billing\n" in printed
    assert main(["runs", project.slug, "--answers", "--json"]) == 0
    first = json.loads(capsys.readouterr().out)["questions"][0]
    assert first["answers"][1] == {"steps": "10", "answer": "bill"}


def test_the_app_shows_every_evaluation(run: Run) -> None:
    shown = views.answers(metrics_of(run.folder))
    assert "The answers at all 4 evaluations" in shown
    for heading in ("Step 0", "Step 10", "Steps 20 to 30"):
        assert f">{heading}</th>" in shown
    assert "<b>Crash" not in shown


def test_a_run_that_has_asked_nothing_says_so(project: Project, capsys: pytest.CaptureFixture[str]) -> None:
    prepare(project, find_model("starter"))
    assert main(["runs", project.slug, "--answers"]) == 0
    assert "has asked no questions yet" in capsys.readouterr().out


def test_with_less_at_once_less_is_expected(run: Run) -> None:
    assert run.plan is not None
    shape, settings = shape_of(run.base_model), run.recipe.settings
    whole = carried_out_bytes(settings, run.plan, shape, 2_000, 0.5)
    half = carried_out_bytes(settings, run.plan, shape, 1_000, 0.5)
    recomputed = run.plan.model_copy(update={"recomputed_layers": shape.layers})
    assert half < whole
    assert carried_out_bytes(settings, recomputed, shape, 2_000, 0.5) < whole
    card = run.plan.model_copy(update={"on_gpu": True})
    assert carried_out_bytes(settings, card, shape, 2_000, 0.5) < whole, "what is there before a model is not measured"
