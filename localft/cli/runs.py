"""`localft runs`, `stop` and `resume`: a project's long work."""

from pathlib import Path

import click

from localft import jobs, words
from localft.cli.following import Ways, started_in_background, wait_for, ways_of
from localft.cli.options import detach_option, examples, json_option, project_argument, run_option
from localft.cli.output import Output, one_line
from localft.cli.sweep import follow_sweep
from localft.cli.train import follow_run, narrate_training, print_measured, run_value
from localft.errors import UserError
from localft.jobs import JobView
from localft.store.projects import Project, list_folders
from localft.training.runs import Run, list_runs, open_run, read_metrics, resume_run
from localft.training.sweeps import Sweep, open_sweep, resume_sweep
from localft.training.telling import answers_over_time

_SPAN = ("steps", "answer")


@click.command(
    "runs",
    epilog=examples(
        "localft runs support-bot",
        "localft runs support-bot --follow",
        "localft runs support-bot --answers",
        "localft runs support-bot --json",
    ),
)
@project_argument
@run_option
@click.option("--follow", is_flag=True, help="Follow the run to its end. Ctrl-C asks it to save and stop.")
@click.option("--answers", is_flag=True, help="Show how its answers to the fixed questions changed while it learned.")
@json_option
@click.pass_obj
def runs(output: Output, project: Project, run_id: str | None, follow: bool, answers: bool) -> None:
    """List the project's runs, newest first, or look at one: what it measured, and its answers as it learned."""
    if answers:
        _show_answers(output, project, open_run(project, run_id))
        return
    if follow:
        run = open_run(project, run_id)
        follow_run(output, project, run)
        output.result(run_value(project, open_run(project, run.id)))
        return
    listing = list_runs(project)
    wanted = [open_run(project, run_id)] if run_id else listing.items
    values = [run_value(project, run) for run in wanted]
    output.table(
        ["RUN", "STARTED", "STATE", "BASE MODEL", "BEST LOSS", "NOW"],
        [
            [
                value["run"],
                words.moment(value["started"]),
                value["state"],
                run.base_model.name,
                "" if value["best_validation_loss"] is None else f"{value['best_validation_loss']:.3f}",
                value["message"],
            ]
            for run, value in zip(wanted, values, strict=True)
        ],
        numbers=("BEST LOSS",),
    )
    if run_id:
        print_measured(output, wanted[0])
        for warning in read_metrics(wanted[0]).warnings:
            output.say(f"  Note: {warning}")
    if not wanted:
        output.say(f"The project {project.slug} has no runs yet.")
        output.hint(f"Next: localft train {project.slug}")
    for broken in listing.broken:
        output.note(f"{broken.path.name} cannot be read: {broken.message}")
    output.result({"project": project.slug, "runs": values, "broken": listing.broken})


def _show_answers(output: Output, project: Project, run: Run) -> None:
    asked = answers_over_time(read_metrics(run))
    if not asked:
        output.say(f"The run {run.id} has asked no questions yet: it does so before its first step.")
    for sample, spans in asked:
        output.heading(one_line(sample.prompt))
        output.say(f"  expected: {one_line(sample.expected)}")
        for steps, answer in spans:
            output.say(f"  step {steps}: {one_line(answer)}")
    values = [
        {
            "prompt": sample.prompt,
            "expected": sample.expected,
            "answers": [dict(zip(_SPAN, span, strict=True)) for span in spans],
        }
        for sample, spans in asked
    ]
    output.result({"project": project.slug, "run": run.id, "questions": values})


@click.command("stop", epilog=examples("localft stop support-bot", "localft stop support-bot --run 20260102-030405"))
@project_argument
@run_option
@click.option("--force", is_flag=True, help="End what has not stopped after ten seconds.")
@json_option
@click.pass_obj
def stop(output: Output, project: Project, run_id: str | None, force: bool) -> None:
    """Ask the project's running work (training, evaluation, export, serving) to save and stop, and wait for it."""
    busy = [view for view in jobs.active() if _belongs(view, project)]
    if run_id is not None:
        busy = [view for view in busy if view.folder.name == open_run(project, run_id).id]
    if not busy:
        raise UserError(f"Nothing is running in {project.slug}.", f"`localft runs {project.slug}` lists its runs.")
    for view in busy:
        jobs.request_stop(view.folder)
        output.note(f"{view.order.title}: asked to save and stop.")
    ended = []
    for view in busy:
        if force:
            jobs.kill(view.folder)
        *_, last = jobs.follow(view.folder)
        output.say(f"{view.order.title}: {last.sentence}")
        ended.append({"title": view.order.title, "folder": view.folder, "state": last.state.value})
    if any(jobs.read(view.folder).state.resumable for view in busy if not view.order.yields_device):
        output.hint(f"Next: localft resume {project.slug}")
    output.result({"project": project.slug, "stopped": ended})


def _belongs(view: JobView, project: Project) -> bool:
    return view.folder.is_relative_to(project.folder) or view.order.project == project.slug


@click.command("resume", epilog=examples("localft resume support-bot", "localft resume support-bot --detach"))
@project_argument
@run_option
@detach_option
@json_option
@click.pass_obj
def resume(output: Output, project: Project, run_id: str | None, detach: bool) -> None:
    """Go on with stopped, failed or interrupted work where it was: the newest run, else export, else evaluation, else
    examples being written from documents.

    Of a sweep all runs go on that have not finished.
    """
    sweep = None if run_id else _resumable_sweep(project)
    if sweep is not None:
        resume_sweep(sweep)
        output.note("The sweep goes on with what is left of it.")
        follow_sweep(output, project, sweep.id, detach)
        return
    folder = open_run(project, run_id).folder if run_id else _newest_resumable(project)
    view = resume_run(open_run(project, folder.name)) if folder.parent == project.runs else jobs.resume(folder)
    output.note(f"{view.order.title}: goes on.")
    ways = ways_of(project)
    message = None
    if detach:
        started_in_background(output, folder, ways)
    else:
        message = _finish(output, folder, ways)
    value = {"project": project.slug, "folder": folder, "state": jobs.read(folder).state.value, "message": message}
    output.result(value | ({"run": folder.name} if folder.parent == project.runs else {}))


def _resumable_sweep(project: Project) -> Sweep | None:
    """The sweep that the newest run is one of, where it can go on: its runs belong together."""
    newest = list_runs(project).items[:1]
    if not newest or newest[0].sweep is None:
        return None
    sweep = open_sweep(project, newest[0].sweep)
    return sweep if sweep.resumable else None


def _finish(output: Output, folder: Path, ways: Ways) -> str:
    message = wait_for(output, folder, ways, narrate_training).message
    output.say(message)
    return message


def _newest_resumable(project: Project) -> Path:
    """The newest piece of work of each kind counts: what was superseded by a finished one is left in peace."""
    for parent in (project.runs, project.exports, project.evaluations, project.syntheses):
        newest = list_folders(parent, jobs.read).items[:1]
        if newest and newest[0].state.resumable:
            return newest[0].folder
    busy = jobs.live_below(project.folder)
    if busy:
        raise UserError(f"{busy[0].order.title} is running: there is nothing to resume.", "`localft runs` follows it.")
    raise UserError(
        f"There is nothing to resume in {project.slug}: its newest work has finished.",
        f"Name an earlier run with --run (`localft runs {project.slug}`), or start a new one.",
    )
