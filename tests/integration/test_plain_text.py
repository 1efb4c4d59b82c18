"""Continued pre-training: a tiny model learns text from a document, and its verdict says what cannot be compared."""

import os
from pathlib import Path

import pytest

from localft.data.making.importing import import_files
from localft.errors import UserError
from localft.evaluation.evaluations import start_evaluation
from localft.jobs import JobState
from localft.models.base_model import BaseModel
from localft.store.projects import create_project
from localft.training.runs import open_run, read_metrics
from tests.forked_jobs import Nursery
from tests.sample_projects import prepare

LINE = "The kettle boils the water and the guests wait for tea. "


@pytest.mark.skipif(os.name == "nt", reason="forks children from a preloaded parent")
@pytest.mark.usefixtures("one_thread")
def test_a_tiny_model_learns_a_text(nursery: Nursery, base: BaseModel, tmp_path: Path) -> None:
    project = create_project("Texts")
    document = tmp_path / "tea.md"
    document.write_text(
        "\n\n".join(f"# Part {number}\n\n{LINE * 14}{number}" for number in range(40)), encoding="utf-8"
    )
    import_files(project, [document])
    nursery.finish(prepare(project, base, method="lora", epochs=4, learning_rate=1e-2, max_length=128))
    run = open_run(project)
    assert run.job.state is JobState.FINISHED, run.job.sentence
    metrics = read_metrics(run)
    assert metrics.best_validation_loss is not None
    assert metrics.best_validation_loss < 0.9 * metrics.validation_loss[0][1]
    last = metrics.samples[max(metrics.samples)]
    assert all(sample.expected and sample.prompt in document.read_text(encoding="utf-8") for sample in last)
    assert any("kettle" in sample.answer for sample in last), "it goes on as the text does"
    with pytest.raises(UserError, match=r"no answers to compare\. Its perplexity on validation went from") as caught:
        start_evaluation(project, run)
    assert "golden" in caught.value.hint
