"""`localft new` and `localft projects`."""

import click

from localft import jobs
from localft.cli.options import base_model_option, examples, json_option
from localft.cli.output import Output
from localft.data.versions import list_versions
from localft.store.projects import Project, create_project, list_folders, list_projects, update_project


@click.command(
    "new",
    epilog=examples('localft new "Support bot"', "localft new support-bot-2 --base-model Qwen/Qwen3-0.6B"),
)
@click.argument("name")
@base_model_option
@click.option("--goal", help="What the tuned model should do, in a sentence of your own.")
@json_option
@click.pass_obj
def new(output: Output, name: str, base_model: str | None, goal: str | None) -> None:
    """Make a project: a folder that holds everything for one goal."""
    from localft.models.find import settle_reference

    if base_model is not None:
        # Before there is a project: a slip leaves nothing behind.
        base_model = settle_reference(base_model)
    project = create_project(name)
    if base_model or goal:
        project = update_project(project, base_model=base_model, goal=goal or "")
    output.say(f"The project {project.slug} lies in {project.folder}.")
    output.hint(f"Next: localft data import {project.slug} FILE")
    output.result({"project": project.slug, "name": project.name, "folder": project.folder})


@click.command("projects", epilog=examples("localft projects", "localft projects --json"))
@json_option
@click.pass_obj
def projects(output: Output) -> None:
    """List the projects, the most recently changed first."""
    listing = list_projects()
    rows = [_row(project) for project in listing.items]
    output.table(
        ["PROJECT", "NAME", "EXAMPLES", "RUNS", "BASE MODEL", "NOW"],
        [[row["project"], row["name"], row["examples"], row["runs"], row["base_model"], row["now"]] for row in rows],
        numbers=("EXAMPLES", "RUNS"),
    )
    for broken in listing.broken:
        output.note(f"{broken.path.name} cannot be read: {broken.message}")
    if not rows:
        output.say("There are no projects yet.")
        output.hint("Next: localft demo, or localft new NAME")
    output.result({"projects": rows, "broken": listing.broken})


def _row(project: Project) -> dict[str, object]:
    versions = list_versions(project).items
    busy = jobs.live_below(project.folder)
    return {
        "project": project.slug,
        "name": project.name,
        "examples": versions[0].total if versions else 0,
        "runs": len(list_folders(project.runs, lambda folder: folder).items),
        "base_model": project.info.base_model,
        "now": busy[0].sentence if busy else None,
        "created": project.info.created_at,
    }
