"""What an interrupted demo makes of what it finds."""

from pathlib import Path

import pytest

from localft import jobs
from localft.cli.demo_steps import Demo
from localft.cli.output import Output
from localft.data.versions import list_versions
from localft.jobs import JobResult
from localft.models.find import find_model
from localft.planning.plan import Plan
from localft.store import files
from localft.training.relief import after_out_of_memory, relieved
from tests.sample_projects import make_project, prepare


def test_an_interrupted_run_of_the_demo_goes_on_as_any_other_does(monkeypatch: pytest.MonkeyPatch) -> None:
    project = make_project()
    folder = prepare(project, find_model("starter"))
    plan = Plan.load(folder / "plan.json").model_copy(update={"micro_batch_size": 4, "accumulation": 2})
    plan.save(folder / "plan.json")
    after_out_of_memory(folder, plan)
    resumed: list[int] = []

    def resume(run: Path) -> None:
        resumed.append(relieved(run, plan).micro_batch_size)
        JobResult(outcome="finished", message="Done.", finished_at=files.now()).save(run / "result.json")

    monkeypatch.setattr(jobs, "resume", resume)
    demo = Demo(Output(), project)
    version = list_versions(project).items[0]
    assert demo.train(version).folder == folder
    assert resumed == [4], "it is resumed once, with as much at once as it was planned"
    demo.train(version)
    assert len(resumed) == 1, "what is done is not done again"
