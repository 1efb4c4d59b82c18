"""Which run, export or service a person means when the command does not say."""

from localft.data.versions import DatasetVersion, newest_version, open_version
from localft.errors import UserError
from localft.export.exports import Export, list_exports
from localft.models.base_model import BaseModel
from localft.models.chat_format import ChatFormat
from localft.store.projects import Project
from localft.training.runs import Run, list_runs, open_run


def newest_with_weights(project: Project, run_id: str | None) -> Run:
    """The run that a person means: the named one, else the newest that has something to use.

    Raises:
        UserError: there is none.
    """
    usable = newest_usable(project, run_id)
    return usable if usable is not None else open_run(project)


def newest_usable(project: Project, run_id: str | None) -> Run | None:
    """As `newest_with_weights`, but None where there is none yet.

    Raises:
        UserError: there is no run of this name.
    """
    if run_id is not None:
        return open_run(project, run_id)
    return next((run for run in list_runs(project).items if run.has_weights), None)


def bare_base(project: Project, reference: str | None) -> BaseModel:
    """A base model by itself: the named one, else the one that was chosen for the project.

    Raises:
        UserError: none has been chosen, or it cannot be found.
    """
    from localft.models.find import find_model

    if reference is None:
        reference = project.info.base_model
    if reference is None:
        raise UserError(
            f"The project {project.slug} has no run and no base model yet.",
            "Name one: `--base-model starter` is bundled, and `localft models` lists real ones.",
        )
    return find_model(reference)


def newest_gguf(project: Project) -> Export:
    """The newest export that has a GGUF file.

    Raises:
        UserError: there is none.
    """
    for export in list_exports(project).items:
        if export.gguf is not None:
            return export
    raise UserError(
        f"The project {project.slug} has no GGUF file yet.", f"Export one: `localft export {project.slug} --to gguf`."
    )


def model_and_format(reference: str | None) -> tuple[BaseModel | None, ChatFormat | None]:
    """The model to count tokens with, as far as it is on this computer."""
    from localft.models.download import is_present
    from localft.models.find import find_model
    from localft.models.templates import chat_format_for

    if reference is None:
        return None, None
    model = find_model(reference)
    return (model, chat_format_for(model)) if is_present(model) else (model, None)


def chosen_version(project: Project, version_id: str | None) -> DatasetVersion:
    """The named version of the data, or the newest."""
    return open_version(project, version_id) if version_id else newest_version(project)
