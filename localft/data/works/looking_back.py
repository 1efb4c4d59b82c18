"""What is read of many examples as a job: what changed between two versions, and all of one as a file to take away.

Versions never change, so that a job for the same ones is never done twice.
"""

import shutil
from dataclasses import dataclass
from pathlib import Path

import pydantic

from localft import jobs
from localft.data.exports.exporting import FORMS, Form
from localft.data.making.history import version_before
from localft.data.repairs.summary import Summary
from localft.data.versions import DatasetVersion
from localft.data.works.background import change_is_work, start_work, works_folder
from localft.jobs import JobView
from localft.store import files
from localft.store.projects import Project

_SUMMARY, _EXPORT = "summary.json", "export-"
_SUMMARIES = pydantic.TypeAdapter(Summary)


@dataclass(frozen=True)
class ComparisonWork:
    """What a job finds to have changed: the summary once it has ended well, and the job, None where there is none."""

    summary: Summary | None
    job: JobView | None


@dataclass(frozen=True)
class ExportWork:
    """A file that a job writes: its path once it is whole, and the job, None where there is none."""

    path: Path | None
    job: JobView | None


def looking_back_is_work(version: DatasetVersion) -> bool:
    """Whether a version has so many examples that it is compared, or written as a file, by a job."""
    return change_is_work(version)


def start_comparison(project: Project, version: DatasetVersion) -> JobView:
    """Start to tell what changed from the version before, or go on where that was stopped.

    Raises:
        UserError: there is none before.
    """
    earlier = version_before(project, version)
    settings = {"task": "compare", "earlier": earlier.id, "later": version.id}
    return _begin(project, f"compare-{version.id}", "Compare the versions", settings)


def look_at_comparison(project: Project, version: DatasetVersion) -> ComparisonWork:
    """How far the comparison of a version with the one before is."""
    folder = works_folder(project) / f"compare-{version.id}"
    if not (folder / "job.json").exists():
        return ComparisonWork(None, None)
    path = folder / _SUMMARY
    return ComparisonWork(_SUMMARIES.validate_json(path.read_bytes()) if path.exists() else None, jobs.read(folder))


def keep_summary(folder: Path, summary: Summary) -> None:
    """Write what a comparison has found into the folder of its job."""
    files.write_bytes(folder / _SUMMARY, _SUMMARIES.dump_json(summary))


def start_export(project: Project, version: DatasetVersion, form: Form) -> JobView:
    """Start to write all examples of a version into a file, or go on where that was stopped.

    Files of other versions, which may be large, go.
    """
    busy = {job.folder for job in jobs.live_below(works_folder(project))}
    for folder in works_folder(project).glob(f"{_EXPORT}*"):
        if folder not in busy and not folder.name.startswith(f"{_EXPORT}{version.id}-"):
            shutil.rmtree(folder, ignore_errors=True)
    settings = {"task": "export", "version": version.id, "form": form}
    return _begin(project, f"{_EXPORT}{version.id}-{form}", f"Write the examples as {form.upper()}", settings)


def look_at_export(project: Project, version: DatasetVersion, form: Form) -> ExportWork:
    """How far the file of a version is."""
    folder = works_folder(project) / f"{_EXPORT}{version.id}-{form}"
    if not (folder / "job.json").exists():
        return ExportWork(None, None)
    path = export_path(folder, form)
    return ExportWork(path if path.exists() else None, jobs.read(folder))


def export_path(folder: Path, form: Form) -> Path:
    """Where the job in a folder writes its file, which is there when it is whole."""
    return folder / f"examples.{form}"


def look_at_exports(project: Project, version: DatasetVersion) -> dict[Form, ExportWork]:
    """How far the file of each form is."""
    return {form: look_at_export(project, version, form) for form in FORMS}


def _begin(project: Project, name: str, title: str, settings: dict[str, object]) -> JobView:
    folder = works_folder(project) / name
    if (folder / "job.json").exists():
        job = jobs.read(folder)
        return jobs.resume(folder) if job.state.resumable else job
    return start_work(project, name, title, settings)
