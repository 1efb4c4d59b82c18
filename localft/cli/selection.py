"""Which run, export or service a person means when the command does not say."""

from localft.data.versions import iterate_split
from localft.errors import UserError
from localft.export.exports import Export, list_exports
from localft.store.projects import Project
from localft.training.runs import Run, list_runs, open_run


def newest_with_weights(project: Project, run_id: str | None) -> Run:
    """The run that a person means: the named one, else the newest that has something to use.

    Raises:
        UserError: there is none.
    """
    if run_id is not None:
        return open_run(project, run_id)
    usable = [run for run in list_runs(project).items if run.has_weights]
    return usable[0] if usable else open_run(project)


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


def shared_system_prompt(project: Project, version_id: str) -> str:
    """The system prompt that all training examples of a version share; "" where they differ or have none."""
    prompts = {
        example.messages[0].content if example.messages[0].role == "system" else ""
        for example in iterate_split(project, version_id, "train")
    }
    return prompts.pop() if len(prompts) == 1 else ""
