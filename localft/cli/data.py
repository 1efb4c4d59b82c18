"""`localft data`: import examples, check them, look at them."""

from pathlib import Path
from typing import Any

import click

from localft import words
from localft.cli.data_show import show
from localft.cli.data_views import print_set_aside
from localft.cli.options import base_model_option, examples, json_option, project_argument, version_option
from localft.cli.output import Output
from localft.cli.selection import chosen_version, model_and_format
from localft.data.versions import SPLITS, DatasetVersion
from localft.store.projects import Project


@click.group(
    "data",
    epilog=examples(
        "localft data import support-bot tickets.jsonl",
        "localft data check support-bot",
        "localft data show support-bot --rows 3",
    ),
)
def data() -> None:
    """Import, check and show a project's examples."""


@data.command(
    "import",
    epilog=examples(
        "localft data import support-bot tickets.jsonl",
        "localft data import support-bot 2025.csv 2026.csv",
        "localft data import support-bot mails.csv --map prompt=mail --map answer=reply",
        'localft data import support-bot mails.csv --system "Answer kindly."',
        "localft data import support-bot mails.csv --dry-run",
    ),
)
@project_argument
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="FILE...")
@click.option(
    "--map",
    "pairs",
    multiple=True,
    metavar="FIELD=COLUMN",
    help="Which column holds prompt, answer, system, context or messages.",
)
@click.option("--system", "system_prompt", help="A system prompt for examples that have none.")
@click.option("--seed", type=int, default=42, show_default=True, help="Decides which example lands in which split.")
@click.option("--dry-run", is_flag=True, help="Only say what would be imported.")
@json_option
@click.pass_obj
def import_command(
    output: Output,
    project: Project,
    files: tuple[Path, ...],
    pairs: tuple[str, ...],
    system_prompt: str | None,
    seed: int,
    dry_run: bool,
) -> None:
    """Import files as a new version of the project's data.

    JSONL, JSON, CSV and Parquet in the shapes OpenAI messages, Alpaca, ShareGPT or prompt/completion. Rows that cannot
    be used are set aside and listed. 8 of 10 examples are for training, one each for validation and test; equal or
    nearly equal prompts always land in the same split.
    """
    from localft.data.importing import import_files, preview_files

    mapping = _mapping(pairs)
    if dry_run:
        read, version = preview_files(files, mapping), None
    else:
        report = import_files(project, files, mapping, system_prompt, seed)
        read, version = report.read, report.version
    output.say(f"{words.counted(len(read.examples), 'example')} in the shape {read.shape}: {read.reason}.")
    for note in read.notes:
        output.say(note)
    if version is not None:
        output.say(f"Version {version.id}: {_counts(version)}.")
    if read.set_aside:
        output.say(f"{words.counted(len(read.set_aside), 'row')} set aside:")
        print_set_aside(output, [vars(row) for row in read.set_aside], 10)
    output.hint(f"Next: localft data check {project.slug}")
    output.result(
        {
            "project": project.slug,
            "dataset": version.id if version else None,
            "counts": version.counts if version else None,
            "examples": len(read.examples),
            "shape": read.shape,
            "reason": read.reason,
            "set_aside": read.set_aside,
        }
    )


def _mapping(pairs: tuple[str, ...]) -> dict[str, str] | None:
    if wrong := [pair for pair in pairs if "=" not in pair]:
        raise click.UsageError(f"--map wants FIELD=COLUMN, for example prompt=question, and not {wrong[0]!r}.")
    return dict(pair.split("=", 1) for pair in pairs) or None


def _counts(version: DatasetVersion) -> str:
    return ", ".join(f"{version.counts[split]:,} for {'training' if split == 'train' else split}" for split in SPLITS)


@data.command(
    "check", epilog=examples("localft data check support-bot", "localft data check support-bot --max-length 512")
)
@project_argument
@version_option
@base_model_option
@click.option(
    "--max-length", type=click.IntRange(32), default=1024, show_default=True, help="Tokens at which examples are cut."
)
@json_option
@click.pass_obj
def check(output: Output, project: Project, version_id: str | None, base_model: str | None, max_length: int) -> None:
    """Say whether the examples are ready to be trained on, and what is worth a look.

    Lengths are counted in tokens of the base model, where one is chosen and downloaded.
    """

    from localft.data.checking import check_version

    version = chosen_version(project, version_id)
    model, chat_format = model_and_format(base_model or project.info.base_model)
    report = check_version(project, version, model, chat_format, max_length)
    output.heading(report.sentence)
    output.say(f"{words.counted(version.total, 'example')}: {_counts(version)}.")
    if report.lengths is not None:
        lengths = report.lengths
        output.say(
            f"Lengths in tokens: half have at most {lengths.p50:,}, 95 of 100 at most {lengths.p95:,}, the longest "
            f"{lengths.max:,}; {words.counted(lengths.cut, 'example')} cut at {max_length:,}."
        )
    for finding in report.findings:
        output.say()
        output.heading(f"{finding.severity}: {finding.check}, {finding.count:,}")
        output.say(f"  {finding.meaning}")
        if finding.rows:
            output.say(f"  {_rows(finding.rows)}")
        if finding.advice:
            output.say(f"  {finding.advice}")
    if report.verdict == "ready":
        output.hint(f"Next: localft train {project.slug}")
    output.result({"project": project.slug, "dataset": version.id, "report": report})


def _rows(rows: Any) -> str:
    shown = ", ".join(str(row) for row in list(rows)[:8])
    return f"For example {shown}"


data.add_command(show)
