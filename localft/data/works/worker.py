"""The job that imports or checks many examples."""

from pathlib import Path
from typing import Any

from localft import words
from localft.data.checks.checking import check_version
from localft.data.making.importing import import_files
from localft.data.shapes.chats import ChatChoice
from localft.data.works.background import keep_report
from localft.errors import Stopped
from localft.jobs import JobContext
from localft.models.base_model import BaseModel
from localft.store.projects import Project, open_project


def run(context: JobContext) -> dict[str, Any]:
    """Do what was ordered, and tell how far it is.

    Raises:
        UserError: as `import_files` or `check_version`.
        Stopped: on request; nothing is left behind.
    """
    project = open_project(context.order.project)
    return _import(context, project) if context.settings["task"] == "import" else _check(context, project)


def _import(context: JobContext, project: Project) -> dict[str, Any]:
    given = context.settings
    report = import_files(
        project,
        [Path(path) for path in given["paths"]],
        given["mapping"],
        given["system_prompt"],
        given["seed"],
        tuple(given["ratios"]),
        ChatChoice(**given["chat"]),
        given["division"],
        _Telling(context, "Stopped; no examples were taken in.").tell,
    )
    return {"version": report.version.id, "message": f"{words.counted(report.version.total, 'example')} are in."}


def _check(context: JobContext, project: Project) -> dict[str, Any]:
    given = context.settings
    model = BaseModel.model_validate(given["base_model"]) if given["base_model"] else None
    telling = _Telling(context, "Stopped; the examples were not checked to the end.")
    report = check_version(project, given["version"], model, tell=telling.tell)
    keep_report(context.folder, report)
    return {"message": report.sentence}


class _Telling:
    def __init__(self, context: JobContext, stopped: str) -> None:
        self._context, self._stopped = context, stopped
        self._message = ""

    def tell(self, message: str, done: float, total: float, unit: str) -> None:
        """Tell it, and stop where that was asked for."""
        if self._context.stop_requested():
            raise Stopped(self._stopped)
        self._context.progress(done, total, unit, message, at_once=message != self._message)
        self._message = message
