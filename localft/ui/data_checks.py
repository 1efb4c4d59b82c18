"""The checks of a version, done once: a version never changes, though its ratings and the golden questions do."""

import threading
from collections import OrderedDict
from pathlib import Path

from localft.data.checks.checking import CheckReport, check_version
from localft.data.row_ratings import ratings_path
from localft.data.versions import DatasetVersion
from localft.data.works.background import CheckWork, check_is_work, look_at_check, start_check
from localft.errors import UserError
from localft.hardware import Hardware
from localft.planning.experience import recall
from localft.planning.length_costs import LengthCost, length_costs
from localft.store.projects import Project
from localft.ui.models import present_model

_KEPT = 8


class Checks:
    """Reports by version, base model and what a person has said; the last few are kept."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._reports: OrderedDict[tuple[str, str, str, tuple[tuple[int, int], ...]], CheckReport] = OrderedDict()

    def report(self, project: Project, version: DatasetVersion) -> CheckReport:
        """Check a version, with lengths in tokens where the project's base model is on this computer.

        Raises:
            UserError: it has so many examples that a job checks it, which has not ended.
        """
        found = self.look(project, version)
        if found.report is None:
            raise UserError("The examples are not checked yet.", "Wait for the check, or start it again.")
        return found.report

    def look(self, project: Project, version: DatasetVersion) -> CheckWork:
        """The report on a version; where that is a job's work, how far it is. It is started where it never was."""
        model = present_model(project)
        said = tuple(map(_state, (ratings_path(project), project.golden)))
        key = (project.slug, version.id, model.reference if model else "", said)
        with self._lock:
            if key in self._reports:
                return CheckWork(self._reports[key], None)
            if check_is_work(version):
                found = look_at_check(project, version, model)
                if found.job is None:
                    found = CheckWork(None, start_check(project, version, model))
            else:
                found = CheckWork(check_version(project, version, model), None)
            if found.report is not None:
                self._reports[key] = found.report
                while len(self._reports) > _KEPT:
                    self._reports.popitem(last=False)
            return found

    def again(self, project: Project, version: DatasetVersion) -> None:
        """Start a check anew that was stopped."""
        start_check(project, version, present_model(project))


def _state(path: Path) -> tuple[int, int]:
    """Another one whenever a file was written: its bytes, and when."""
    if not path.exists():
        return 0, 0
    found = path.stat()
    return found.st_size, found.st_mtime_ns


def costs_of(project: Project, report: CheckReport, hardware: Hardware) -> list[LengthCost]:
    """What each maximum length costs on this card; none where no base model is on this computer."""
    model = present_model(project)
    return length_costs(report.lengths, model, hardware, recall()) if model and report.lengths else []
