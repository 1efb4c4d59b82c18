"""Files to take away, straight from where they lie: Gradio would copy gigabytes into its cache first.

An address names a project, an export and a file of it; nothing in an address is a path, and only files that the
export's own record lists are given out. The guard stands before these routes as before everything else.
"""

from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, Response
from starlette.routing import Route

from localft.data.checks.checking import check_version
from localft.data.exports.exporting import Form, form_of, write_examples
from localft.data.exports.verdict_page import verdict_page
from localft.data.scratch import Scratch
from localft.data.splits.sealing import list_openings, open_test
from localft.data.versions import DatasetVersion, open_version
from localft.data.works.background import check_is_work, look_at_check
from localft.data.works.looking_back import look_at_export, looking_back_is_work
from localft.errors import UserError
from localft.evaluation import evaluations
from localft.evaluation.report import write_report
from localft.export import exports
from localft.export.exports import Export
from localft.store.projects import Project, open_project
from localft.ui.models import present_model

_EXPORTS = "/downloads/exports"
_REPORTS = "/downloads/reports"
_DATA = "/downloads/data"
_WITH_PASSAGES = "?passages=1"
_VERDICTS = "/downloads/verdicts"


def export_address(project: Project, export: Export, name: str) -> str:
    """The address at which a file of an export is given out."""
    return f"{_EXPORTS}/{quote(project.slug)}/{quote(export.id)}/{quote(name)}"


def report_address(project: Project, evaluation_id: str) -> str:
    """The address of an evaluation's report, a page that needs nothing else."""
    return f"{_REPORTS}/{quote(project.slug)}/{quote(evaluation_id)}"


def data_address(project: Project, version: DatasetVersion, form: Form, with_passages: bool = False) -> str:
    """The address of all examples of a version, in one file; the passages that they were written from beside them."""
    return f"{_DATA}/{quote(project.slug)}/{quote(version.id)}/{form}{_WITH_PASSAGES if with_passages else ''}"


def verdict_address(project: Project, version: DatasetVersion) -> str:
    """The address of the verdict on a version, a page that needs nothing else."""
    return f"{_VERDICTS}/{quote(project.slug)}/{quote(version.id)}"


def download_names(export: Export) -> list[str]:
    """The names of the files of a complete export that can be taken away."""
    if export.record is None:
        return []
    listed = [file.name for file in export.record.files]
    beside = [name for name in ("Modelfile", "certificate.json") if (export.folder / name).is_file()]
    return list(dict.fromkeys([*listed, *beside]))


def routes() -> list[Route]:
    """The routes of all kinds of download."""
    return [
        Route(_EXPORTS + "/{project}/{export}/{name:path}", _explained(_give_export), methods=["GET", "HEAD"]),
        Route(_REPORTS + "/{project}/{evaluation}", _explained(_give_report), methods=["GET", "HEAD"]),
        Route(_VERDICTS + "/{project}/{version}", _explained(_give_verdict), methods=["GET", "HEAD"]),
        Route(_DATA + "/{project}/{version}/{form}", _explained(_give_data), methods=["GET", "HEAD"]),
    ]


def _explained(give: Callable[[Request], Response]) -> Callable[[Request], Response]:
    """Answer a request for something that is not there with its sentence."""

    def answer(request: Request) -> Response:
        try:
            return give(request)
        except UserError as error:
            return PlainTextResponse(str(error), status_code=404)

    return answer


def _give_export(request: Request) -> Response:
    project = _project(request)
    export = exports.open_export(project, _id(request, "export"))
    name = request.path_params["name"]
    path = find_file(export, name)
    return FileResponse(path, filename=Path(name).name, media_type="application/octet-stream")


def find_file(export: Export, name: str) -> Path:
    """The path of a file of an export.

    Raises:
        UserError: the export lists no such file, or the file is not where it was written.
    """
    path = export.folder / name
    inside = path.resolve().is_relative_to(export.folder.resolve())
    if name not in download_names(export) or not inside or not path.is_file():
        raise UserError("This export has no such file.", "Reload the page; it may have been deleted.")
    return path


def _give_report(request: Request) -> Response:
    project = _project(request)
    evaluation = evaluations.open_evaluation(project, _id(request, "evaluation"))
    name = f"{project.slug}-evaluation-{evaluation.id}.html"
    return FileResponse(write_report(evaluation), filename=name, media_type="text/html")


def _give_data(request: Request) -> Response:
    project = _project(request)
    version = open_version(project, _id(request, "version"))
    form = form_of(request.path_params["form"])
    name = f"{project.slug}-{version.id}.{form}"
    if looking_back_is_work(version):
        return _give_written(request, project, version, form, name)
    scratch = Scratch()
    path = scratch.folder / name
    with path.open("wb") as file:
        write_examples(file, project, version, form, with_passages=f"?{request.url.query}" == _WITH_PASSAGES)
    if request.method == "GET":
        open_test(project, version, "export")
    # Gone once it has been given out.
    gone = BackgroundTask(scratch.close)
    return FileResponse(path, filename=name, media_type="application/octet-stream", background=gone)


def _give_written(request: Request, project: Project, version: DatasetVersion, form: Form, name: str) -> Response:
    """A file of many examples, which a job has written."""
    path = look_at_export(project, version, form).path
    if path is None:
        raise UserError("This file is not written yet.", "Write it in Data, below the versions.")
    if request.method == "GET":
        open_test(project, version, "export")
    return FileResponse(path, filename=name, media_type="application/octet-stream")


def _give_verdict(request: Request) -> Response:
    project = _project(request)
    version = open_version(project, _id(request, "version"))
    model = present_model(project)
    if check_is_work(version):
        report = look_at_check(project, version, model).report
    else:
        report = check_version(project, version, model)
    if report is None:
        raise UserError("The examples are not checked yet.", "Wait for the check, or start it again.")
    page = verdict_page(project.name, version, report, len(list_openings(project, version)))
    headers = {"content-disposition": f'attachment; filename="{project.slug}-data-{version.id}.html"'}
    content = page.encode("utf-8", errors="replace")
    return Response(content, media_type="text/html; charset=utf-8", headers=headers)


def _project(request: Request) -> Project:
    slug = request.path_params["project"]
    project = open_project(slug)
    if project.slug != slug:
        raise UserError("There is no such project.", "Reload the page.")
    return project


def _id(request: Request, name: str) -> str:
    """An id out of an address: the name of one folder, never a way to another."""
    value = request.path_params[name]
    if not value or value != Path(value).name or value.startswith("."):
        raise UserError("There is nothing of this name.", "Reload the page.")
    return value
