"""The job that imports, checks, repairs, divides, compares or writes out many examples."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from localft import words
from localft.data.checks.checking import check_version
from localft.data.exports.exporting import write_examples
from localft.data.making.adding import add_files
from localft.data.making.dividing import divide_anew
from localft.data.making.importing import import_files
from localft.data.repairs.differing import compare_versions
from localft.data.repairs.repairing import try_repair
from localft.data.repairs.summary import summarise
from localft.data.shapes.chats import ChatChoice
from localft.data.versions import open_version
from localft.data.works.background import keep_report
from localft.data.works.looking_back import export_path, keep_summary
from localft.errors import Stopped
from localft.jobs import JobContext
from localft.models.base_model import BaseModel
from localft.store import files
from localft.store.projects import Project, open_project


def run(context: JobContext) -> dict[str, Any]:
    """Do what was ordered, and tell how far it is.

    Raises:
        UserError: as the core function of each task.
        Stopped: on request; nothing is left behind.
    """
    project = open_project(context.order.project)
    return _TASKS[context.settings["task"]](context, project)


def _import(context: JobContext, project: Project) -> dict[str, Any]:
    given = context.settings
    paths, chat = [Path(path) for path in given["paths"]], ChatChoice(**given["chat"])
    tell = _Telling(context, "Stopped; no examples were taken in.").tell
    mapping, system_prompt = given["mapping"], given["system_prompt"]
    if given.get("add_to"):
        version = open_version(project, given["add_to"])
        report = add_files(project, version, paths, mapping, system_prompt, chat, tell)
    else:
        ratios = tuple(given["ratios"])
        report = import_files(
            project, paths, mapping, system_prompt, given["seed"], ratios, chat, given["division"], tell
        )
    return {"version": report.version.id, "message": f"{words.counted(report.version.total, 'example')} are in."}


def _check(context: JobContext, project: Project) -> dict[str, Any]:
    given = context.settings
    model = BaseModel.model_validate(given["base_model"]) if given["base_model"] else None
    telling = _Telling(context, "Stopped; the examples were not checked to the end.")
    report = check_version(project, given["version"], model, tell=telling.tell)
    keep_report(context.folder, report)
    return {"message": report.sentence}


def _repair(context: JobContext, project: Project) -> dict[str, Any]:
    before = open_version(project, context.settings["version"])
    telling = _Telling(context, "Stopped; nothing was mended.")
    trial = try_repair(project, before, context.settings["names"], telling.tell)
    version = trial.keep(telling.tell)
    return {"version": version.id, "message": f"Repaired, {version.note}."}


def _divide(context: JobContext, project: Project) -> dict[str, Any]:
    given = context.settings
    before = open_version(project, given["version"])
    telling = _Telling(context, "Stopped; the examples are divided as before.")
    version = divide_anew(project, before, given["seed"], tuple(given["ratios"]), given["division"], telling.tell)
    return {"version": version.id, "message": f"{version.note.capitalize()}."}


def _compare(context: JobContext, project: Project) -> dict[str, Any]:
    earlier, later = (open_version(project, context.settings[name]) for name in ("earlier", "later"))
    telling = _Telling(context, "Stopped; the versions were not compared to the end.")
    summary = summarise(compare_versions(project, earlier, later, telling.tell))
    keep_summary(context.folder, summary)
    return {"message": f"What changed: {summary.sentence}."}


def _export(context: JobContext, project: Project) -> dict[str, Any]:
    version, form = open_version(project, context.settings["version"]), context.settings["form"]
    telling = _Telling(context, "Stopped; no file was written.")
    with files.writing(export_path(context.folder, form)) as file:
        write_examples(file, project, version, form, tell=telling.tell)
    return {"message": f"{words.counted(version.total, 'example')} are written as {form.upper()}, to be taken away."}


_TASKS: Mapping[str, Callable[[JobContext, Project], dict[str, Any]]] = {
    "import": _import,
    "check": _check,
    "repair": _repair,
    "divide": _divide,
    "compare": _compare,
    "export": _export,
}


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
