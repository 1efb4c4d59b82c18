"""`localft data export`: the examples as a file for other programs."""

from pathlib import Path

import click

from localft import words
from localft.cli.data_views import print_openings
from localft.cli.options import examples, json_option, open_test_option, project_argument, version_option
from localft.cli.output import Output
from localft.cli.selection import chosen_version
from localft.cli.telling import shown
from localft.data.versions import SPLITS, Split
from localft.store.projects import Project


@click.command(
    "export",
    epilog=examples(
        "localft data export support-bot examples.jsonl",
        "localft data export support-bot training.csv --split train",
        "localft data export support-bot examples.xlsx",
        "localft data export support-bot with-sources.csv --passages",
    ),
)
@project_argument
@click.argument("file", type=click.Path(path_type=Path), metavar="FILE")
@click.option("--split", "only", type=click.Choice(SPLITS), multiple=True, help="Only this part; may be given again.")
@click.option(
    "--format", "form", type=click.Choice(["jsonl", "csv", "xlsx"]), help="By the name of the file unless told."
)
@click.option("--passages", is_flag=True, help="With the passages that examples were written from, beside them.")
@open_test_option
@version_option
@json_option
@click.pass_obj
def export(
    output: Output,
    project: Project,
    file: Path,
    only: tuple[Split, ...],
    form: str | None,
    passages: bool,
    opened: bool,
    version_id: str | None,
) -> None:
    """Write the examples into a file: JSON lines as OpenAI has them, or a table or workbook for a spreadsheet.

    A table carries no formulas: an apostrophe stands before what would be one, and importing it again takes it away.
    In a CSV file one also stands within a text where a formula would begin if a spreadsheet divided it there: after a
    semicolon, tab, bar or line break.
    A file of all parts also says to which part each example belongs, and what its group, label and time are: imported
    again, it makes the same of them. A file with the test split in it counts as an opening of it.
    """
    from localft.data.exports.exporting import FORMS, export_version

    version = chosen_version(project, version_id)
    chosen = next((known for known in FORMS if known == form), None)
    with shown(output) as tell:
        count = export_version(project, version, file, chosen, only or SPLITS, opened, tell, passages)
    output.say(f"{words.counted(count, 'example')} written to {file}.")
    openings = print_openings(output, project, version)
    output.result({"project": project.slug, "dataset": version.id, "file": str(file), "examples": count, **openings})
