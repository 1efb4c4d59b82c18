"""Services: models kept loaded behind an OpenAI-compatible address on loopback; started and found without torch."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from localft.jobs import JobView
from localft.serving.openai_engine import OpenAIEndpoint
from localft.store.projects import Project
from localft.training.runs import Run


class HasFolder(Protocol):
    """Anything kept in a folder: an export, which lies in a room above this one."""

    @property
    def folder(self) -> Path: ...


@dataclass(frozen=True)
class Service:
    """Models behind one address, which ends in /v1 and is empty until they are ready; `models` are their names there."""

    folder: Path
    url: str
    token: str
    models: tuple[str, ...]
    job: JobView


def start_service(
    project: Project,
    run: Run | None = None,
    export: HasFolder | None = None,
    port: int = 0,
    token: str | None = None,
    idle_minutes: float = 30.0,
) -> Service:
    """Serve a run (the newest by default) as "base" and "tuned", or an export as "gguf"; return at once.

    A living service of the same is found instead of started, unless another `port` or `token` is asked for. Port 0 takes
    a free one; token None makes one up, an empty one lets everybody on this computer in. After `idle_minutes` without a
    question it ends (0: never).

    Raises:
        UserError: the run has no weights, the export no GGUF file, or the port is in use.
    """
    raise NotImplementedError


def find_service(project: Project, run: Run | None = None, export: HasFolder | None = None) -> Service | None:
    """The living service of a run (of any run by default) or of an export, newest first."""
    raise NotImplementedError


def read_service(folder: Path) -> Service:
    """Look at a service again: its address once it is ready, its job's state."""
    raise NotImplementedError


def wait_ready(service: Service, timeout: float = 600.0, on_change: Callable[[JobView], None] | None = None) -> Service:
    """Wait until the service answers, and return it with its address; `on_change` hears of the loading.

    Raises:
        UserError: it ended before it was ready, or took longer than `timeout` seconds.
    """
    raise NotImplementedError


def stop_service(service: Service, grace_seconds: float = 10.0) -> None:
    """End a service and give its memory back."""
    raise NotImplementedError


def endpoint(service: Service, model_name: str) -> OpenAIEndpoint:
    """Talk to one of the models of a ready service.

    Raises:
        UserError: it has no model of this name, or is not ready.
    """
    raise NotImplementedError
