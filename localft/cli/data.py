"""`localft data`: import examples, check them, look at them, mend them."""

import shlex
from pathlib import Path
from typing import TYPE_CHECKING

import click

from localft import words
from localft.cli.data_browse import rate
from localft.cli.data_edit import add, edit
from localft.cli.data_export import export
from localft.cli.data_golden import golden
from localft.cli.data_import import import_command
from localft.cli.data_repair import diff, redo, repair, restore, undo, versions
from localft.cli.data_show import show
from localft.cli.data_split import split
from localft.cli.data_synthesise import synthesise
from localft.cli.data_views import print_length_costs, split_counts, write_verdict
from localft.cli.options import base_model_option, examples, json_option, project_argument, version_option
from localft.cli.output import Output, one_line, shorten
from localft.cli.selection import chosen_version, model_and_format
from localft.cli.telling import shown
from localft.store.projects import Project

if TYPE_CHECKING:
    from localft.data.checks.checking import CheckReport

_ROWS_SHOWN = 5


@click.group(
    "data",
    epilog=examples(
        "localft data import support-bot tickets.jsonl",
        "localft data check support-bot",
        "localft data show support-bot --rows 3",
    ),
)
def data() -> None:
    """Import, check, show and mend a project's examples."""


@click.command(
    "check",
    epilog=examples(
        "localft data check support-bot",
        "localft data check support-bot --max-length 512",
        "localft data check support-bot --report verdict.html",
    ),
)
@project_argument
@version_option
@base_model_option
@click.option(
    "--max-length",
    type=click.IntRange(32, 131_072),
    default=1024,
    show_default=True,
    help="Tokens at which examples are cut.",
)
@click.option(
    "--report", "page", type=click.Path(path_type=Path), metavar="FILE", help="Write the verdict as a page, HTML."
)
@json_option
@click.pass_obj
def check(
    output: Output,
    project: Project,
    version_id: str | None,
    base_model: str | None,
    max_length: int,
    page: Path | None,
) -> None:
    """Say whether the examples are ready to be trained on, and what is worth a look.

    Lengths are counted in tokens of the base model, where one is chosen and downloaded.
    """

    from localft.data.checks.checking import check_version, report_value
    from localft.data.repairs.mending import REPAIRS
    from localft.hardware import read_hardware
    from localft.planning.experience import recall
    from localft.planning.length_costs import length_costs

    version = chosen_version(project, version_id)
    model, chat_format = model_and_format(base_model or project.info.base_model)
    with shown(output) as tell:
        report = check_version(project, version, model, chat_format, max_length, tell)
    written = write_verdict(output, project, version, report, page)
    output.heading(report.sentence)
    aside = f" {words.counted(version.set_aside, 'row')} of the files set aside." if version.set_aside else ""
    output.say(f"{words.counted(version.total, 'example')}: {split_counts(version.counts)}.{aside}")
    if report.lengths is not None:
        lengths = report.lengths
        output.say(
            f"Lengths in tokens: half have at most {lengths.p50:,}, 95 of 100 at most {lengths.p95:,}, the longest "
            f"{lengths.max:,}; {words.counted(lengths.cut, 'example')} cut at {max_length:,}."
        )
    costs = length_costs(report.lengths, model, read_hardware(), recall()) if report.lengths and model else []
    if costs:
        print_length_costs(output, costs)
    _print_findings(output, project, report)
    if any(finding.check in REPAIRS for finding in report.findings):
        output.hint(f"Next: localft data repair {project.slug} (says what it can mend)")
    if report.verdict == "ready":
        output.hint(f"Next: localft train {project.slug}")
    told = {"report": report_value(report), "length_costs": costs, **written}
    output.result({"project": project.slug, "dataset": version.id, **told})


def _print_findings(output: Output, project: Project, report: "CheckReport") -> None:
    from localft.data.checks.places import NOWHERE
    from localft.data.repairs.mending import REPAIRS

    for finding in report.findings:
        output.say()
        output.heading(f"{finding.severity}: {finding.check}, {finding.count:,}")
        output.say(f"  {finding.meaning}")
        for row in finding.rows[:_ROWS_SHOWN]:
            output.say(f"    {shorten(one_line(str(row)), 110)}")
        if finding.rows and finding.count > _ROWS_SHOWN:
            every = f": localft data show {project.slug} --finding {shlex.quote(finding.check)}"
            where = every if finding.places != NOWHERE else ""
            output.say(f"    and {finding.count - _ROWS_SHOWN:,} more{where}")
        if finding.advice:
            output.say(f"  {finding.advice}")
        if finding.check in REPAIRS:
            output.say(f"  Repair ({finding.check}): {REPAIRS[finding.check].what}.")


data.add_command(import_command)
data.add_command(check)
data.add_command(show)
data.add_command(export)
data.add_command(edit)
data.add_command(add)
data.add_command(golden)
data.add_command(rate)
data.add_command(split)
data.add_command(repair)
data.add_command(diff)
data.add_command(versions)
data.add_command(undo)
data.add_command(redo)
data.add_command(restore)
data.add_command(synthesise)
