"""Services: models kept loaded behind an OpenAI-compatible address on loopback; started and found without torch."""

import contextlib
import os
import secrets
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from localft import jobs, paths
from localft.errors import UserError
from localft.jobs import JobOrder, JobState, JobView
from localft.models.base_model import BaseModel
from localft.models.download import model_folder
from localft.serving.openai_engine import OpenAIEndpoint
from localft.settings import Settings
from localft.store import files
from localft.store.projects import Project, list_folders
from localft.store.records import Record
from localft.training.runs import Run, open_run, run_weights

WORKER = "localft.serving.worker"
READY = "ready.json"
TOKEN = "token"
_KEPT = 5


class HasFolder(Protocol):
    """Anything kept in a folder: an export, which lies in a room above this one."""

    @property
    def folder(self) -> Path: ...


class ServiceSettings(Settings):
    """What the worker is told. The token is no setting: it lies in a file of its own that only this user can read."""

    project: str
    run: str | None = None
    base_model: BaseModel | None = None
    models: tuple[str, ...] = ()
    gguf: str | None = None
    port: int = 0
    idle_minutes: float = 30.0


class Ready(Record):
    """ready.json, there while the service answers."""

    url: str
    models: tuple[str, ...]


@dataclass(frozen=True)
class Service:
    """Models behind one address. `url` ends in /v1, and is empty until they are ready; `models` are their names."""

    folder: Path
    url: str
    token: str
    models: tuple[str, ...]
    job: JobView

    @property
    def ready(self) -> bool:
        """Whether questions are answered now."""
        return bool(self.url) and self.job.state.alive


def start_service(
    project: Project,
    run: Run | None = None,
    export: HasFolder | None = None,
    base_model: BaseModel | None = None,
    port: int = 0,
    token: str | None = None,
    idle_minutes: float = 30.0,
) -> Service:
    """Serve a run (the newest by default) as "base" and "tuned", or an export as "gguf"; return at once.

    With both a run and an export all three are served. A `base_model` that nothing was trained on yet is served as
    "base", in place of a run. A living service of the same is found instead of started, unless another `port` or
    `token` is asked for, or it would end sooner. Port 0 takes a free one; token None makes one up, an empty one lets
    everybody on this computer in. After `idle_minutes` without a question it ends (0: never).

    Raises:
        UserError: the run has no weights, the export no GGUF file, or the base model is not downloaded.
    """
    settings = _settings(project, run, export, base_model).model_copy(
        update={"port": port, "idle_minutes": idle_minutes}
    )
    paths.make_private(paths.services_dir())
    with files.locked(paths.services_dir() / ".lock"):
        for service in _living(settings):
            if _will_do(service, settings) and token in {None, service.token}:
                return service
        _clear_away()
        folder = paths.make_private(paths.services_dir() / files.new_id())
        _write_secret(folder / TOKEN, secrets.token_urlsafe(32) if token is None else token)
        order = JobOrder(
            worker=WORKER,
            title=f"Serving {project.name}",
            project=project.slug,
            yields_device=True,
            created_at=files.now(),
            settings=settings.model_dump(mode="json"),
        )
        jobs.start(folder, order)
        return read_service(folder)


def find_service(
    project: Project,
    run: Run | None = None,
    export: HasFolder | None = None,
    base_model: BaseModel | None = None,
) -> Service | None:
    """The living service of a run (the newest by default), of an export or of a bare base model, if there is one.

    Raises:
        UserError: the project has no run, or the run no weights.
    """
    return next(iter(_living(_settings(project, run, export, base_model))), None)


def list_services(project: Project | None = None) -> list[Service]:
    """The living services, newest first; of one project where it is given."""
    services = list_folders(paths.services_dir(), read_service).items
    return [
        service
        for service in services
        if service.job.state.alive and (project is None or service.job.order.project == project.slug)
    ]


def read_service(folder: Path) -> Service:
    """Look at a service again: its address once it is ready, its job's state.

    Raises:
        UserError: the folder holds no service.
    """
    job = jobs.read(folder)
    url, models = "", tuple(job.order.settings.get("models", ()))
    if job.state.alive:
        # It may go away between two looks.
        with contextlib.suppress(UserError):
            ready = Ready.load(folder / READY)
            url, models = ready.url, ready.models
    with contextlib.suppress(FileNotFoundError):
        return Service(folder, url, (folder / TOKEN).read_text(encoding="utf-8"), models, job)
    return Service(folder, url, "", models, job)


def wait_ready(service: Service, timeout: float = 600.0, on_change: Callable[[JobView], None] | None = None) -> Service:
    """Wait until the service answers, and return it with its address; `on_change` hears of the loading.

    Raises:
        UserError: it ended before it was ready, or loading took longer than `timeout` seconds. Waiting for other work
            that has the card does not count.
    """
    deadline = time.monotonic() + timeout
    last: JobView | None = None
    while True:
        service = read_service(service.folder)
        if on_change is not None and service.job != last:
            on_change(service.job)
        last = service.job
        if service.ready:
            return service
        if not service.job.state.alive:
            result = service.job.result
            reason = result.message if result else "it stopped unexpectedly."
            raise UserError(f"The model could not be served: {reason}", result.advice if result else _LOOK_AT_LOG)
        if service.job.state is JobState.QUEUED:
            deadline = time.monotonic() + timeout
        if time.monotonic() > deadline:
            raise UserError(f"The model was not ready within {timeout:.0f} seconds.", _LOOK_AT_LOG)
        time.sleep(0.1)


_LOOK_AT_LOG = "The file worker.log in the service's folder says more."


def stop_service(service: Service, grace_seconds: float = 15.0) -> None:
    """End a service and give its memory back."""
    jobs.kill(service.folder, grace_seconds)


def endpoint(service: Service, model_name: str) -> OpenAIEndpoint:
    """Talk to one of the models of a ready service.

    Raises:
        UserError: it has no model of this name, or is not ready.
    """
    current = read_service(service.folder)
    if not current.ready:
        raise UserError("The model is not being served at the moment.", "Start it again.")
    if model_name not in current.models:
        raise UserError(f"There is no model {model_name} here, only {', '.join(current.models)}.", "Name one of these.")
    return OpenAIEndpoint(model_name, current.url, model_name, current.token)


def _settings(
    project: Project, run: Run | None, export: HasFolder | None, base_model: BaseModel | None
) -> ServiceSettings:
    """What identifies a service: run or bare base model, models and file."""
    gguf = _find_gguf(export.folder) if export is not None else None
    if base_model is not None:
        model_folder(base_model)
        return ServiceSettings(project=project.slug, base_model=base_model, models=("base",))
    if run is None and export is None:
        run = open_run(project)
    if run is not None:
        run_weights(run)
    models = (("base", "tuned") if run is not None else ()) + (("gguf",) if gguf else ())
    made_from = run.id if run is not None else _run_of(project, export)
    return ServiceSettings(project=project.slug, run=made_from, models=models, gguf=gguf)


def _run_of(project: Project, export: HasFolder | None) -> str | None:
    """The run that an export was made from, whose chat format then renders the conversation; None if it is gone."""
    if export is None:
        return None
    run_id = jobs.read(export.folder).order.settings.get("run")
    known = isinstance(run_id, str) and (project.runs / Path(run_id).name / "chat_format.json").exists()
    return run_id if known else None


def _find_gguf(folder: Path) -> str:
    found = sorted(folder.glob("*.gguf"))
    if not found:
        raise UserError("This export has no GGUF file.", "Export the run as GGUF first.")
    return str(found[0])


def _living(wanted: ServiceSettings) -> list[Service]:
    """The living services of the same models, newest first."""
    what = wanted.model_dump(mode="json", include={"project", "run", "base_model", "models", "gguf"})
    return [
        service
        for service in list_services()
        if service.job.state is not JobState.STOPPING
        and {name: service.job.order.settings.get(name) for name in what} == what
    ]


def _will_do(service: Service, wanted: ServiceSettings) -> bool:
    """Tell whether a living service is at the wanted port and stays at least as long without a question."""
    port, minutes = (service.job.order.settings.get(name) for name in ("port", "idle_minutes"))
    stays = minutes == 0 or (wanted.idle_minutes > 0 and float(minutes or 0) >= wanted.idle_minutes)
    return stays and wanted.port in {0, port}


def _clear_away() -> None:
    """Remove the folders of services that have ended, except for the last few, whose logs may still be wanted."""
    ended = [
        service.folder
        for service in list_folders(paths.services_dir(), read_service).items
        if not service.job.state.alive
    ]
    for folder in ended[_KEPT:]:
        shutil.rmtree(folder, ignore_errors=True)


def _write_secret(path: Path, secret: str) -> None:
    """Write a file that only this user can read, from its first moment on."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(secret)
