"""The main job, for real: the demo trains the starter model, measures it, exports it and asks llama.cpp."""

import importlib.util
import json
import subprocess
import sys
from pathlib import Path

import pytest

from localft import jobs
from localft.cli.demo_steps import find_project
from localft.cli.main import main
from localft.planning.experience import recall
from localft.store.projects import create_project, list_projects, open_project
from localft.training.runs import open_run

HAS_LLAMA_CPP = importlib.util.find_spec("llama_cpp") is not None


@pytest.mark.timeout(1200)
def test_the_demo_from_end_to_end(home: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "localft", "demo", "--json"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    value = json.loads(done.stdout)
    assert value["base"]["exact_match"] < 0.05
    assert value["tuned"]["exact_match"] >= 0.8
    assert value["verdict"]["word"] == "better"
    assert Path(value["gguf"]).read_bytes()[:4] == b"GGUF"
    assert Path(value["modelfile"]).read_text(encoding="utf-8").startswith("FROM ")
    assert set(json.loads(value["answer"])) == {"category", "urgency"}
    assert value["engine"].startswith("llama.cpp" if HAS_LLAMA_CPP else "transformers")
    project = open_project(value["project"])
    run = open_run(project, value["run"])
    assert run.has_weights
    assert run.plan is not None
    learned = recall().correction(run.plan.device, run.base_model.reference, run.recipe.settings.method)
    assert learned.runs == 1, "the next plan is corrected by how fast this run was"
    assert not jobs.active(), "the demo leaves nothing running"
    _goes_on(value)


def _goes_on(value: dict[str, object]) -> None:
    """Asked again for the same project nothing is done twice: the results are shown again."""
    done = subprocess.run(
        [sys.executable, "-m", "localft", "demo", "--keep", str(value["project"]), "--json"],
        capture_output=True,
        text=True,
        check=True,
    )
    again = json.loads(done.stdout)
    assert {name: again[name] for name in ("run", "evaluation", "export", "answer")} == {
        name: value[name] for name in ("run", "evaluation", "export", "answer")
    }


def test_the_demo_never_takes_a_project_that_is_the_persons_own(capsys: pytest.CaptureFixture[str]) -> None:
    create_project("Demo")
    assert find_project(None).slug == "demo-2"
    assert find_project(None).slug == "demo-2", "an unfinished demo goes on"
    assert main(["demo", "--keep", "Demo"]) == 1
    assert "The project demo is not a demo." in capsys.readouterr().err
    assert {project.slug for project in list_projects().items} == {"demo", "demo-2"}
