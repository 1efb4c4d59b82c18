"""`localft export`: from a run to files for other programs."""

import typing
from typing import Any

import click

from localft import words
from localft.cli.following import started_in_background, wait_for, ways_of
from localft.cli.options import detach_option, examples, json_option, project_argument, run_option
from localft.cli.output import Output
from localft.cli.selection import newest_with_weights
from localft.export import ollama
from localft.export.exports import (
    DEFAULT_QUANTIZATION,
    QUANTIZATIONS,
    Export,
    Target,
    estimate_sizes,
    estimate_targets,
    open_export,
    start_export,
)
from localft.store.projects import Project
from localft.training.runs import Run


@click.command(
    "export",
    epilog=examples(
        "localft export support-bot --sizes",
        "localft export support-bot --to gguf",
        "localft export support-bot --to gguf --quantization Q8_0",
        "localft export support-bot --to ollama --name support-bot",
        "localft export support-bot --to adapter",
    ),
)
@project_argument
@run_option
@click.option("--to", "target", type=click.Choice(typing.get_args(Target)), help="What to write; gguf unless given.")
@click.option(
    "--quantization",
    type=click.Choice([form.name for form in QUANTIZATIONS], case_sensitive=False),
    help=f"The form of a GGUF, smaller or more exact (--sizes compares them); {DEFAULT_QUANTIZATION} unless given, or "
    "Q8_0 where llama-cpp-python is missing.",
)
@click.option("--name", "ollama_name", help="The name in Ollama; the project's unless given.")
@click.option("--system", "system_prompt", help="The system prompt of the Modelfile; the examples' own unless given.")
@click.option("--sizes", is_flag=True, help="Only say how large each of them would be.")
@detach_option
@json_option
@click.pass_obj
def export(
    output: Output,
    project: Project,
    run_id: str | None,
    target: Target | None,
    sizes: bool,
    detach: bool,
    **options: Any,
) -> None:
    """Write the tuned model for another program, and prove that the file is the trained model.

    adapter: what was trained, for PEFT. merged: a whole model in safetensors. gguf: one file for llama.cpp, LM Studio
    and others, with a Modelfile. ollama: a gguf, handed to the Ollama of this computer.
    """
    run = newest_with_weights(project, run_id)
    if sizes:
        _print_sizes(output, project, run)
        return
    started = start_export(project, run, target or "gguf", **options)
    if detach:
        started_in_background(output, started.folder, ways_of(project))
    else:
        output.say(wait_for(output, started.folder, ways_of(project)).message)
    done = open_export(project, started.id)
    _print_export(output, project, done)
    output.result(export_value(project, done))


def _print_sizes(output: Output, project: Project, run: Run) -> None:
    rows, others = estimate_sizes(run.base_model, run), estimate_targets(run)
    lines = [
        [row.quantization, words.size(row.bytes), "recommended" if row.recommended else "", row.note] for row in rows
    ]
    lines += [[target, words.size(size), "", f"No GGUF: --to {target}."] for target, size in others.items()]
    output.table(["FORM", "SIZE", "", "NOTE"], lines, numbers=("SIZE",))
    output.result({"project": project.slug, "run": run.id, "sizes": rows, "targets": others})


def _print_export(output: Output, project: Project, done: Export) -> None:
    if done.certificate is not None:
        output.say(f"Certificate: {done.certificate.sentence}")
        for check in done.certificate.checks:
            output.note(f"  {check.outcome:<11}  {check.name}: {check.detail}")
    for file in done.record.files if done.record else ():
        output.say(f"{words.size(file.bytes):>9}  {done.folder / file.name}")
    if done.gguf is not None and done.record is not None and done.record.target == "gguf":
        output.say("To use it in Ollama:")
        for command in ollama.commands(done):
            output.say(f"    {command}")
        output.hint(f"Next: localft chat {project.slug} --model gguf")
    if done.record is not None and done.record.ollama_name:
        output.say(f"Asked a test question, it said: {done.record.answer}")
        output.hint(f"Next: ollama run {done.record.ollama_name}")


def export_value(project: Project, done: Export) -> dict[str, Any]:
    """An export as --json shows it."""
    return {
        "project": project.slug,
        "export": done.id,
        "folder": done.folder,
        "state": done.job.state.value,
        "gguf": done.gguf,
        "modelfile": done.modelfile,
        "record": done.record,
        "certificate": done.certificate,
        "commands": ollama.commands(done),
    }
