"""`localft data`: import examples, check them, look at them, mend them."""

import shlex
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from localft import words
from localft.advice import on_command_line
from localft.cli.data_browse import rate
from localft.cli.data_edit import add, edit
from localft.cli.data_export import export
from localft.cli.data_golden import golden
from localft.cli.data_hub import HubChoice, hub_options, is_dataset, list_parts
from localft.cli.data_reading import Reading, reading_options
from localft.cli.data_repair import diff, redo, repair, restore, undo, versions
from localft.cli.data_show import show
from localft.cli.data_sources import readable
from localft.cli.data_split import split, split_by_option
from localft.cli.data_synthesise import synthesise
from localft.cli.data_views import conversation_lines, print_length_costs, print_set_aside, write_verdict
from localft.cli.options import base_model_option, examples, json_option, project_argument, version_option
from localft.cli.output import Output, one_line, shorten
from localft.cli.selection import chosen_version, model_and_format
from localft.cli.telling import shown
from localft.data.shapes.detecting import Shape
from localft.data.versions import SPLITS, Division, Split, iterate_split
from localft.errors import UserError
from localft.store.projects import Project

if TYPE_CHECKING:
    from collections.abc import Sequence

    from localft.data.checks.checking import CheckReport
    from localft.data.examples import Example
    from localft.data.making.reading import ReadResult

_ROWS_SHOWN = 5
# Of an example that would be made.
_LINES_SHOWN, _LINE_WIDTH = 12, 300


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


@data.command(
    "import",
    epilog=examples(
        "localft data import support-bot tickets.jsonl",
        "localft data import support-bot 2025.csv 2026.csv",
        "localft data import support-bot mails.csv --map prompt=mail --map answer=reply",
        "localft data import support-bot mails.csv --map group=customer",
        "localft data import support-bot mails.csv --map time=received --split-by time",
        'localft data import support-bot a.csv --template "{mail} ({product})" --answer-template "{reply}"',
        'localft data import support-bot mails.csv --system "Answer kindly."',
        "localft data import support-bot mails.csv --dry-run",
        "localft data import support-bot result.json --voice Anna --gap-hours 3",
        "localft data import support-bot trees.jsonl --branches pairs",
        "localft data import support-bot - < answers.txt",
        "localft data import support-bot hub:owner/name --split train --rows 2000",
    ),
)
@project_argument
@click.argument("sources", nargs=-1, required=True, metavar="FILE...")
@reading_options
@hub_options
@click.option("--system", "system_prompt", help="A system prompt for examples that have none.")
@click.option("--seed", type=int, default=42, show_default=True, help="Decides which example lands in which split.")
@split_by_option
@click.option("--dry-run", is_flag=True, help="Only say what would be imported, with the first examples.")
@json_option
@click.pass_obj
def import_command(
    output: Output,
    project: Project,
    sources: tuple[str, ...],
    reading: Reading,
    hub: HubChoice,
    system_prompt: str | None,
    seed: int,
    division: Division | None,
    dry_run: bool,
) -> None:
    """Import files as a new version of the project's data; "-" reads standard input, for pasted text and pipes.

    hub:owner/name, or its address, takes a dataset of the Hugging Face hub: its Parquet files, or the hub's
    conversion, by ranges and without running any of its code. --dry-run then lists its parts and sizes. Ctrl-C stops,
    the same command goes on.

    JSONL, JSON, CSV, XLSX, XLS, ODS, Parquet, Arrow, packed with gzip, bzip2 or Zstandard or not, and ZIP archives of
    these, in the shapes OpenAI messages, Alpaca, ShareGPT, Dolly, OpenAssistant, HH-RLHF, prompt/completion,
    preference pairs or texts with the marks of a chat template; chats as ChatGPT, DiscordChatExporter (JSON, CSV),
    Telegram Desktop (result.json) and WhatsApp (.txt) export them; and lines that begin with Q: and A:.
    Documents (TXT, Markdown, HTML, PDF, DOCX) and a lone column of text are plain text: the model learns to go on with
    it, in pieces that end with a paragraph.
    Rows that cannot be used are set aside and listed. 8 of 10 examples are for training, one each for validation and
    test; equal or nearly equal prompts always land in the same split. Examples with a time are divided by it, and where
    a column names the split, as it says.
    """
    from localft.data.making.importing import import_files
    from localft.data.making.set_aside import sealed_copies

    if dry_run and any(map(is_dataset, sources)):
        list_parts(output, sources, hub)
        return
    with readable(output, project.slug, sources, hub) as files:
        if dry_run:
            _try(output, project, files, reading, system_prompt, seed, division)
            return
        with shown(output) as tell:
            report = import_files(
                project, files, reading.mapping, system_prompt, seed, chat=reading.chat, division=division, tell=tell
            )
    _print_read(output, report.read)
    output.say(f"Version {report.version.id}: {_counts(report.version.counts)}.")
    aside = sealed_copies(
        [vars(row) for row in report.read.set_aside], iterate_split(project, report.version.id, "test")
    )
    _print_aside(output, aside, f"localft data show {project.slug} --set-aside")
    output.hint(f"Next: localft data check {project.slug}")
    output.result(_as_value(project, report.read, aside, report.version.id, report.version.counts))


def _try(
    output: Output,
    project: Project,
    files: tuple[Path, ...],
    reading: Reading,
    system_prompt: str | None,
    seed: int,
    division: Division | None,
) -> None:
    """Say what an import would do, or why it would fail."""
    from localft.data.making.importing import divide_as_before, first_examples, preview_files
    from localft.data.making.set_aside import sealed_copies

    with shown(output) as tell:
        read = preview_files(files, reading.mapping, reading.chat, tell=tell, project=project)
    _print_read(output, read)
    problem, counts, aside = "", None, [vars(row) for row in read.set_aside]
    first = first_examples(project, read, (), system_prompt)
    try:
        with shown(output) as tell:
            splits, notes = divide_as_before(project, read, system_prompt, seed, division=division, tell=tell)
    except UserError as error:
        problem = str(error)
        output.say(f"It could not be imported. {problem}")
    else:
        for note in notes:
            output.say(note)
        read = replace(read, notes=[*read.notes, *notes])
        counts = {split: len(splits[split]) for split in SPLITS}
        aside = sealed_copies(aside, splits["test"])
        first = first_examples(project, read, splits["test"], system_prompt)
        output.say(f"It would make a version: {_counts(counts)}.")
    _print_first(output, first)
    _print_aside(output, aside, "all of them: add --json")
    output.hint("Nothing was imported; leave --dry-run out to import.")
    output.result(
        {**_as_value(project, read, aside, None, counts), "problem": problem, "first": list(map(_said, first))}
    )


def _print_read(output: Output, read: "ReadResult") -> None:
    if read.examples:
        shape = read.shape if read.shape is Shape.MIXED else f"the shape {read.shape}"
        output.say(f"{words.counted(len(read.examples), 'example')} in {shape}: {read.reason}.")
    for note in read.notes:
        output.say(note)


def _print_first(output: Output, examples: "Sequence[Example]") -> None:
    for example in examples:
        output.heading(f"An example ({example.origin}):")
        lines = conversation_lines(example)
        for line in lines[:_LINES_SHOWN]:
            output.say(shorten(line, _LINE_WIDTH))
        if len(lines) > _LINES_SHOWN:
            output.say(f"{'':>11}and {words.counted(len(lines) - _LINES_SHOWN, 'line')} more")


def _said(example: "Example") -> dict[str, Any]:
    return example.model_dump(mode="json", exclude_defaults=True)


def _print_aside(output: Output, aside: list[dict[str, Any]], all_of_them: str) -> None:
    if aside:
        output.say(f"{words.counted(len(aside), 'row')} set aside:")
        print_set_aside(output, aside, 10, all_of_them)


def _as_value(
    project: Project,
    read: "ReadResult",
    aside: list[dict[str, Any]],
    dataset: str | None,
    counts: dict[Split, int] | None,
) -> dict[str, Any]:
    return {
        "project": project.slug,
        "dataset": dataset,
        "counts": counts,
        "examples": len(read.examples),
        "shape": read.shape,
        "reason": read.reason,
        "columns": read.columns,
        "speakers": read.speakers,
        "voice": read.voice,
        "notes": list(map(on_command_line, read.notes)),
        "set_aside": aside,
    }


def _counts(counts: dict[Split, int]) -> str:
    return ", ".join(f"{counts[split]:,} for {'training' if split == 'train' else split}" for split in SPLITS)


@data.command(
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
    output.say(f"{words.counted(version.total, 'example')}: {_counts(version.counts)}.{aside}")
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
