"""Models kept loaded while a command needs them."""

import contextlib
from collections.abc import Generator

from localft.cli.output import Output
from localft.cli.progress import progress_display
from localft.export.exports import Export
from localft.models.base_model import BaseModel
from localft.serving import service as services
from localft.serving.service import Service
from localft.store.projects import Project
from localft.training.runs import Run


@contextlib.contextmanager
def loaded(
    output: Output,
    project: Project,
    run: Run | None,
    export: Export | None = None,
    base_model: BaseModel | None = None,
) -> Generator[Service]:
    """The run's base and tuned model, else the file of an export, else a bare base model, ready to answer.

    A service that was there before is used and left alone; one of ours ends with us.
    """
    of_run = run if export is None else None
    was_there = services.find_service(project, of_run, export, base_model) is not None
    service = services.start_service(project, of_run, export, base_model)
    try:
        with progress_display(output) as display:
            service = services.wait_ready(service, on_change=display.show)
        yield service
    finally:
        if not was_there:
            services.stop_service(service)
