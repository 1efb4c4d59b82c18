"""`localft data import`: files, pasted text or a dataset of the hub become a version of the project's data."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from localft import words
from localft.advice import on_command_line
from localft.cli.data_hub import HubChoice, hub_options, is_dataset, list_parts
from localft.cli.data_reading import Reading, reading_options
from localft.cli.data_sources import readable
from localft.cli.data_split import split_by_option
from localft.cli.data_views import conversation_lines, print_set_aside, split_counts
from localft.cli.options import examples, json_option, project_argument
from localft.cli.output import Output, shorten
from localft.cli.telling import shown
from localft.data.shapes.detecting import Shape
from localft.data.versions import SPLITS, Division, Split, iterate_split, list_versions
from localft.errors import UserError
from localft.store.projects import Project

if TYPE_CHECKING:
    from collections.abc import Sequence

    from localft.data.examples import Example
    from localft.data.making.reading import ReadResult
    from localft.data.versions import DatasetVersion

# Of an example that would be made.
_LINES_SHOWN, _LINE_WIDTH = 12, 300


@click.command(
    "import",
    epilog=examples(
        "localft data import support-bot tickets.jsonl",
        "localft data import support-bot 2025.csv 2026.csv",
        "localft data import support-bot 2027.csv --add",
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
@click.option("--add", "adding", is_flag=True, help="Keep the examples there are, each in its split, beside these.")
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
    adding: bool,
    dry_run: bool,
) -> None:
    """Import files as a new version of the project's data; "-" reads standard input, for pasted text and pipes.

    hub:owner/name, or its address, takes a dataset of the Hugging Face hub: its Parquet files, or the hub's
    conversion, by ranges and without running any of its code. --dry-run then lists its parts and sizes. Ctrl-C stops,
    the same command goes on.

    JSONL, JSON, CSV, XLSX, XLS, ODS, Parquet, Arrow, packed with gzip, bzip2 or Zstandard or not, and ZIP archives of
    these, in the shapes OpenAI messages, Alpaca, ShareGPT, Dolly, OpenAssistant, HH-RLHF, prompt/completion,
    preference pairs or texts with the marks of a chat template; chats as ChatGPT, DiscordChatExporter (JSON, CSV),
    Telegram Desktop (result.json, or its pages) and WhatsApp (.txt) export them; and lines that begin with Q: and A:,
    or with User: and Assistant:.
    Documents (TXT, Markdown, HTML, PDF, DOCX) and a lone column of text are plain text: the model learns to go on with
    it, in pieces that end with a paragraph.
    Rows that cannot be used are set aside and listed. 8 of 10 examples are for training, one each for validation and
    test; equal or nearly equal prompts always land in the same split. Examples with a time are divided by it, and where
    a column names the split, as it says.
    """
    from localft.data.making.adding import NOTHING_NEW, add_files
    from localft.data.making.importing import import_files
    from localft.data.making.set_aside import sealed_copies

    version = _to_add_to(project, division) if adding else None
    if dry_run and any(map(is_dataset, sources)):
        list_parts(output, sources, hub)
        return
    with readable(output, project.slug, sources, hub) as files:
        if dry_run:
            _try(output, project, version, files, reading, system_prompt, seed, division)
            return
        with shown(output) as tell:
            report = (
                add_files(project, version, files, reading.mapping, system_prompt, reading.chat, tell=tell)
                if version
                else import_files(
                    project, files, reading.mapping, system_prompt, seed, chat=reading.chat, division=division,
                    tell=tell,
                )
            )  # fmt: skip
    _print_read(output, report.read)
    if version == report.version:
        output.say(NOTHING_NEW)
    output.say(f"Version {report.version.id}: {split_counts(report.version.counts)}.")
    aside = sealed_copies(
        [vars(row) for row in report.read.set_aside], iterate_split(project, report.version.id, "test")
    )
    _print_aside(output, aside, f"localft data show {project.slug} --set-aside")
    output.hint(f"Next: localft data check {project.slug}")
    output.result(_as_value(project, report.read, aside, report.version.id, report.version.counts))


def _to_add_to(project: Project, division: Division | None) -> "DatasetVersion | None":
    """The version that files are added to, None where they are the first.

    Raises:
        UserError: it is to be divided otherwise.
    """
    newest = next(iter(list_versions(project).items), None)
    seed = click.get_current_context().get_parameter_source("seed")
    if newest is not None and (division or seed is not ParameterSource.DEFAULT):
        raise UserError(
            "What is added is divided as the examples that are there.",
            f"Leave --seed and --split-by out; `localft data split {project.slug}` divides all of them anew.",
        )
    return newest


def _try(
    output: Output,
    project: Project,
    version: "DatasetVersion | None",
    files: tuple[Path, ...],
    reading: Reading,
    system_prompt: str | None,
    seed: int,
    division: Division | None,
) -> None:
    """Say what an import would do, or why it would fail."""
    from localft.data.making.adding import NOTHING_NEW, has_nothing_new, place_more, read_more
    from localft.data.making.importing import divide_as_before, first_examples, preview_files
    from localft.data.making.set_aside import sealed_copies

    with shown(output) as tell:
        read = (
            read_more(project, version, files, reading.mapping, system_prompt, reading.chat, tell)
            if version
            else preview_files(files, reading.mapping, reading.chat, tell=tell, project=project)
        )
    _print_read(output, read)
    problem, counts, aside = "", None, [vars(row) for row in read.set_aside]
    first = first_examples(project, read, (), system_prompt)
    try:
        if version and has_nothing_new(read):
            raise UserError(NOTHING_NEW)
        with shown(output) as tell:
            splits, notes = (
                place_more(project, version, read, system_prompt, tell)[:2]
                if version
                else divide_as_before(project, read, system_prompt, seed, division=division, tell=tell)
            )
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
        output.say(f"It would make a version: {split_counts(counts)}.")
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
