"""Training, its recipe and a conversation: real `localft` processes on the starter model."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from localft import jobs
from localft.assets import asset
from localft.cli.main import main
from localft.store.projects import Project, open_project
from localft.training.runs import list_runs
from tests.tiny_models import make_tiny_model

_FEW_STEPS = ["--epochs", "0.1", "--max-length", "128"]


def run_json(*arguments: str, **options: Any) -> dict[str, Any]:
    """Run a command that must succeed, and return its one object."""
    command = [sys.executable, "-m", "localft", *arguments, "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, **options)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.fixture
def project(capsys: pytest.CaptureFixture[str]) -> Project:
    assert main(["new", "Support bot", "--base-model", "starter"]) == 0
    assert main(["data", "import", "support-bot", str(asset("samples/support-triage.jsonl"))]) == 0
    capsys.readouterr()
    return open_project("support-bot")


def test_the_plan_is_the_run(project: Project, capsys: pytest.CaptureFixture[str]) -> None:
    """What `plan` says is what `train` does, and the recipe it leaves repeats it."""
    assert main(["plan", "support-bot", *_FEW_STEPS, "--json"]) == 0
    planned = json.loads(capsys.readouterr().out)
    assert planned["recipe"]["settings"]["epochs"] == 0.1
    assert planned["recipe"]["reasons"]["epochs"] == "Your choice."
    trained = run_json("train", "support-bot", *_FEW_STEPS)
    assert trained["state"] == "finished"
    assert trained["settings"] == planned["recipe"]["settings"]
    assert trained["best_validation_loss"] > 0
    recipe = Path(trained["folder"]) / "recipe.json"
    repeated = run_json("train", "support-bot", "--recipe", str(recipe))
    assert repeated["run"] != trained["run"]
    assert repeated["settings"] == trained["settings"]
    assert repeated["best_validation_loss"] == pytest.approx(trained["best_validation_loss"], rel=1e-4)
    assert len(list_runs(project).items) == 2
    _talks_at_the_terminal()


def test_a_recipe_is_repeated_on_another_base_model(
    project: Project, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """With the same settings, but no reasons that spoke of the model before, and no longer than the new one reads."""
    assert main(["plan", "support-bot", "--epochs", "0.02", "--json"]) == 0
    planned = json.loads(capsys.readouterr().out)["recipe"]
    recipe = tmp_path / "recipe.json"
    recipe.write_text(json.dumps(planned), encoding="utf-8")
    other = make_tiny_model(tmp_path / "other", max_position_embeddings=128)
    trained = run_json("train", "support-bot", "--recipe", str(recipe), "--base-model", str(other))
    assert trained["state"] == "finished"
    assert trained["base_model"] == str(other)
    assert trained["settings"] == planned["settings"] | {"max_length": 128}
    reasons = json.loads((Path(trained["folder"]) / "recipe.json").read_text(encoding="utf-8"))["reasons"]
    assert reasons.pop("max_length").startswith("As long as this model can read; the recipe had ")
    assert set(reasons.values()) == {"As in the recipe."}
    assert (
        main(["plan", "support-bot", "--recipe", str(recipe), "--base-model", str(other), "--max-length", "999"]) == 1
    )
    assert "reads at most 128 tokens" in capsys.readouterr().err


def test_a_recipe_for_a_model_without_a_chat_template_leaves_another_its_own(
    project: Project, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def planned(*more: str) -> dict[str, Any]:
        assert main(["plan", "support-bot", "--epochs", "0.02", *more, "--json"]) == 0
        return json.loads(capsys.readouterr().out)["recipe"]

    recipe = tmp_path / "recipe.json"
    without: dict[str, Any] = {**planned("--chat-template", "plain"), "base_model": "owner/base"}
    recipe.write_text(json.dumps(without), encoding="utf-8")
    repeat = ["--recipe", str(recipe), "--base-model", "starter"]
    repeated = planned(*repeat)
    assert repeated["settings"] == without["settings"] | {"chat_template": None}
    assert repeated["reasons"]["chat_template"] == "This model has a template of its own; the recipe had plain."
    assert planned(*repeat, "--chat-template", "plain")["settings"]["chat_template"] == "plain"


def _talks_at_the_terminal() -> None:
    questions = "My invoice is wrong.\n/new\n/system Be kind.\nHello\n\n/quit\nnever read\n"
    command = [sys.executable, "-m", "localft", "chat", "support-bot", "--max-tokens", "8"]
    done = subprocess.run(command, input=questions, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert sum(line.startswith("[") for line in done.stderr.splitlines()) == 2, "two questions were answered"
    assert "The conversation is forgotten." in done.stderr
    assert "The system prompt is set" in done.stderr
    assert done.stdout.strip()
    assert not jobs.active(), "the models were given back"
