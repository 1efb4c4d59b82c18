"""What the page looks at in the Evaluate tab: the newest trained run, the chosen evaluation and its answers."""

import threading
from pathlib import Path

from localft.evaluation.evaluations import Evaluation, RowResult, list_evaluations, read_answers
from localft.store.projects import Project
from localft.training.runs import Run, list_runs
from localft.ui.shared import Page


class Answers:
    """The answers of a finished evaluation, which do not change any more; those of the last one are kept."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: tuple[Path, list[RowResult]] | None = None

    def read(self, evaluation: Evaluation) -> list[RowResult]:
        """The rows of an evaluation that has its scorecard."""
        with self._lock:
            if self._kept is None or self._kept[0] != evaluation.folder:
                self._kept = (evaluation.folder, read_answers(evaluation))
            return self._kept[1]


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
