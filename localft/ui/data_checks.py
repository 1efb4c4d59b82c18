"""The checks of a version, done once: a version never changes."""

import threading
from collections import OrderedDict

from localft.data.checking import CheckReport, check_version
from localft.data.versions import DatasetVersion
from localft.hardware import Hardware
from localft.planning.experience import recall
from localft.planning.length_costs import LengthCost, length_costs
from localft.store.projects import Project
from localft.ui.models import present_model

_KEPT = 8


class Checks:
    """Reports by version and base model; the last few are kept."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._reports: OrderedDict[tuple[str, str, str], CheckReport] = OrderedDict()

    def report(self, project: Project, version: DatasetVersion) -> CheckReport:
        """Check a version, with lengths in tokens where the project's base model is on this computer."""
        model = present_model(project)
        key = (project.slug, version.id, model.reference if model else "")
        with self._lock:
            if key not in self._reports:
                self._reports[key] = check_version(project, version, model)
                while len(self._reports) > _KEPT:
                    self._reports.popitem(last=False)
            return self._reports[key]


def costs_of(project: Project, report: CheckReport, hardware: Hardware) -> list[LengthCost]:
    """What each maximum length costs on this card; none where no base model is on this computer."""
    model = present_model(project)
    return length_costs(report.lengths, model, hardware, recall()) if model and report.lengths else []
