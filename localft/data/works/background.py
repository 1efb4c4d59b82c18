"""Work on so many examples that it takes minutes: as jobs, which go on whatever becomes of the app."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import pydantic

from localft import jobs
from localft.data.checks.checking import CheckReport
from localft.data.making.reading import are_many
from localft.data.row_ratings import rated_bad
from localft.data.shapes.chats import ChatChoice
from localft.data.splits.splitting import DEFAULT_RATIOS, Ratios
from localft.data.versions import DatasetVersion, Division
from localft.errors import UserError
from localft.jobs import JobOrder, JobView
from localft.models.base_model import BaseModel
from localft.store import files
from localft.store.projects import Project

WORKER = "localft.data.works.worker"
REPORT = "report.json"
_MANY_EXAMPLES = 30_000
_REPORTS = pydantic.TypeAdapter(CheckReport)


def works_folder(project: Project) -> Path:
    """The job folders of a project's imports, checks and changes of many examples."""
    return project.folder / "works"


def import_is_work(paths: Sequence[Path]) -> bool:
    """Whether files are so large that they are imported by a job."""
    return are_many(paths)


def check_is_work(version: DatasetVersion) -> bool:
    """Whether a version has so many examples that it is checked by a job."""
    return version.total >= _MANY_EXAMPLES


def change_is_work(version: DatasetVersion) -> bool:
    """Whether a version has so many examples that it is repaired, or divided anew, by a job."""
    return version.total >= _MANY_EXAMPLES


def start_repair(project: Project, version: DatasetVersion, names: Sequence[str]) -> JobView:
    """Start to repair a version as `repair_version` does. Stopped or killed, it leaves the project as it was.

    Raises:
        UserError: a change of the project's examples is under way.
    """
    settings = {"task": "repair", "version": version.id, "names": list(names)}
    return _start_change(project, "Mend the examples", settings)


def start_division(
    project: Project, version: DatasetVersion, seed: int, ratios: Ratios, division: Division | None
) -> JobView:
    """Start to divide a version as `divide_anew` does. Stopped or killed, it leaves the project as it was.

    Raises:
        UserError: as for a repair.
    """
    settings = {
        "task": "divide",
        "version": version.id,
        "seed": seed,
        "ratios": list(ratios),
        "division": division,
    }
    return _start_change(project, "Divide the examples anew", settings)


def _start_change(project: Project, title: str, settings: dict[str, object]) -> JobView:
    _refuse_second(project)
    return start_work(project, f"change-{files.new_id()}", title, settings)


def _refuse_second(project: Project) -> None:
    """Refuse to change examples while another job does: the one that ends last would count, without the other."""
    names = [job.folder.name for job in jobs.live_below(works_folder(project))]
    if any(name.startswith("import-") for name in names):
        raise UserError("Examples are being taken in already.", "Wait for that, or stop it at the top.")
    if any(name.startswith("change-") for name in names):
        raise UserError("The examples are being changed already.", "Wait for that, or stop it at the top.")


def start_import(
    project: Project,
    paths: Sequence[Path],
    mapping: Mapping[str, str] | None = None,
    system_prompt: str | None = None,
    seed: int = 42,
    ratios: Ratios = DEFAULT_RATIOS,
    chat: ChatChoice | None = None,
    division: Division | None = None,
    add_to: DatasetVersion | None = None,
) -> JobView:
    """Start to import files as `import_files` does, or as `add_files` does where there is a version to add them to.

    Stopped or killed, it leaves the project as it was.

    Raises:
        UserError: another import, or a change, of the project's examples is under way.
    """
    _refuse_second(project)
    settings = {
        "task": "import",
        "paths": [str(path.absolute()) for path in paths],
        "mapping": dict(mapping) if mapping else None,
        "system_prompt": system_prompt,
        "seed": seed,
        "ratios": list(ratios),
        "chat": asdict(chat or ChatChoice()),
        "division": division,
        "add_to": add_to.id if add_to else None,
    }
    names = ", ".join(path.name for path in paths[:2]) + (" and more" if len(paths) > 2 else "")
    return start_work(project, f"import-{files.new_id()}", f"Take in {names}", settings)


@dataclass(frozen=True)
class CheckWork:
    """A check that a job does: its report once it has ended well, and the job, None where none was started."""

    report: CheckReport | None
    job: JobView | None


def look_at_check(project: Project, version: DatasetVersion, base_model: BaseModel | None) -> CheckWork:
    """How far the check of a version is, with lengths in tokens of that model."""
    folder = _check_folder(project, version, base_model)
    if not (folder / "job.json").exists():
        return CheckWork(None, None)
    job = jobs.read(folder)
    path = folder / REPORT
    return CheckWork(_REPORTS.validate_json(path.read_bytes()) if path.exists() else None, job)


def start_check(project: Project, version: DatasetVersion, base_model: BaseModel | None) -> JobView:
    """Start to check a version, or go on where that was stopped; one that runs is returned as it is."""
    folder = _check_folder(project, version, base_model)
    if (folder / "job.json").exists():
        job = jobs.read(folder)
        return jobs.resume(folder) if job.state.resumable else job
    settings = {
        "task": "check",
        "version": version.id,
        "base_model": base_model.model_dump(mode="json") if base_model else None,
    }
    return start_work(project, folder.name, "Check the examples", settings)


def keep_report(folder: Path, report: CheckReport) -> None:
    """Write what a check has found into the folder of its job."""
    files.write_bytes(folder / REPORT, _REPORTS.dump_json(report))


def _check_folder(project: Project, version: DatasetVersion, base_model: BaseModel | None) -> Path:
    """The same one for each version, base model, golden questions and bad ratings: a version never changes."""
    golden = project.golden.read_bytes() if project.golden.exists() else b""
    known = f"{base_model.reference} {base_model.revision}" if base_model else ""
    bad = " ".join(sorted(rated_bad(project)))
    digest = hashlib.sha256(b"\0".join((known.encode(), golden, bad.encode()))).hexdigest()[:12]
    return works_folder(project) / f"check-{version.id}-{digest}"


def start_work(project: Project, name: str, title: str, settings: dict[str, object]) -> JobView:
    """Start a job of this room in a folder of that name."""
    order = JobOrder(
        worker=WORKER,
        title=title,
        project=project.slug,
        needs_device=False,
        created_at=files.now(),
        settings=settings,
    )
    return jobs.start(works_folder(project) / name, order)
