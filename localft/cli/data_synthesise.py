"""`localft data synthesise`: have a model write examples from documents, look at them, and take them in."""

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlsplit

import click

from localft import jobs, words
from localft.cli.following import Ways, started_in_background, wait_for
from localft.cli.options import (
    base_model_option,
    chosen,
    detach_option,
    examples,
    json_option,
    project_argument,
    run_option,
    settings_options,
)
from localft.cli.output import Output, one_line, shorten
from localft.cli.selection import bare_base, newest_gguf, newest_usable, newest_with_weights
from localft.errors import UserError
from localft.preferences import read_preferences
from localft.settings import parse
from localft.store.projects import Project
from localft.synthesis.settings import SynthesisSettings
from localft.synthesis.syntheses import (
    Planned,
    Synthesis,
    drop,
    open_synthesis,
    outcome_of,
    plan_synthesis,
    read_passages,
    read_synthesis,
    resume_synthesis,
    start_synthesis,
    synthesis_value,
    take_in,
)
from localft.synthesis.writers import (
    KEY_VARIABLE,
    Writer,
    address_writer,
    base_writer,
    export_writer,
    run_writer,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from localft.synthesis.candidates import Candidate
    from localft.synthesis.passages import Passage

_OWN = ("tuned", "base", "gguf")
_OPENAI = "api.openai.com"
_COLUMNS = 300


def _synthesis_option(flag: str, text: str) -> Any:
    """An option that names a synthesis, or without a value means the newest."""
    return click.option(flag, is_flag=False, flag_value="", default=None, metavar="[ID]", help=text)


@click.command(
    "synthesise",
    epilog=examples(
        "localft data synthesise support-bot manual.md --url ollama --model qwen3:8b --dry-run",
        "localft data synthesise support-bot manual.md --url ollama --model qwen3:8b --judge --yes",
        "localft data synthesise support-bot faq.txt --url https://api.example.com/v1 --model large --price-in 1",
        "localft data synthesise support-bot letters.txt --model base --kind style --most 50",
        "localft data synthesise support-bot --show",
        "localft data synthesise support-bot --take --without 3.1 --without 4.2",
    ),
)
@project_argument
@click.argument("files", nargs=-1, type=click.Path(path_type=Path), metavar="[FILE...]")
@click.option(
    "--url", metavar="URL", help='An OpenAI-compatible address that ends in /v1, or "ollama" for the one running here.'
)
@click.option(
    "--model", metavar="NAME", help="Which model of the address; without one: tuned, base or gguf of this project."
)
@run_option
@base_model_option
@settings_options(SynthesisSettings)
@click.option("--dry-run", is_flag=True, help="Only say what it would take.")
@click.option("--yes", is_flag=True, help="Start without asking.")
@detach_option
@_synthesis_option("--resume", "Go on with one that was stopped; nothing is asked twice.")
@_synthesis_option("--show", "Show what was written, and why some of it was rejected.")
@click.option("--rows", type=click.IntRange(0), default=5, show_default=True, help="How many examples to show.")
@click.option("--page", type=click.IntRange(1), default=1, show_default=True, help="With --show: which page of them.")
@_synthesis_option("--take", "Take the accepted examples in as a new version of the data.")
@click.option("--without", multiple=True, metavar="NUMBER", help="With --take: leave this example out, such as 3.1.")
@click.option("--system", "system_prompt", default="", help="With --take: a system prompt for the examples.")
@_synthesis_option("--drop", "Move everything that was written to the trash folder.")
@json_option
@click.pass_obj
def synthesise(output: Output, project: Project, **options: Any) -> None:
    """Have a model write examples from documents; look at them, then take them in or drop them.

    A document is cut into passages, and the model writes from each. What the passage does not support, what is there
    already and what asks a golden question is rejected, with the reason. The key to an address is read from
    LOCALFT_API_KEY, or asked for; it is never stored. A key for api.openai.com may be in OPENAI_API_KEY.
    """
    asked = [name for name in ("resume", "show", "take", "drop") if options[name] is not None]
    if len(asked) + bool(options["files"]) != 1:
        raise click.UsageError("Name documents, or one of --resume, --show, --take and --drop.")
    if not asked:
        _start(output, project, options)
        return
    synthesis = open_synthesis(project, options[asked[0]] or None)
    if asked[0] == "resume":
        synthesis = resume_synthesis(synthesis, _key(synthesis.design.writer))
        _follow(output, project, synthesis, options)
    elif asked[0] == "show":
        _show(output, project, synthesis, options["rows"], options["page"])
    elif asked[0] == "take":
        _take(output, project, synthesis, options["without"], options["system_prompt"])
    else:
        drop(synthesis)
        output.say("What was written lies in the trash folder.")
        output.result({"project": project.slug, "synthesis": synthesis.id, "dropped": True})


def _start(output: Output, project: Project, options: dict[str, Any]) -> None:
    settings = parse(SynthesisSettings, chosen(SynthesisSettings, options), "the options")
    writer = _writer(project, options["url"], options["model"], options["run_id"], options["base_model"])
    planned = plan_synthesis(project, options["files"], settings, writer)
    _print_plan(output, planned)
    if options["dry_run"]:
        output.hint("Nothing was asked; leave --dry-run out to start.")
        output.result({"project": project.slug, "writer": writer.where, "estimate": planned.estimate})
        return
    if not options["yes"]:
        _confirm()
    synthesis = start_synthesis(project, planned, _key(writer))
    _follow(output, project, synthesis, options)


def _print_plan(output: Output, planned: Planned) -> None:
    """What it takes: the person agrees to this, so it is said whether or not somebody is asked."""
    output.say(f"Writer: {planned.writer.where}.")
    for sentence in planned.estimate.sentences(read_preferences().currency):
        output.say(sentence)
    if not planned.writer.is_local:
        output.say(f"The passages are sent to {urlsplit(planned.writer.url).hostname}.")
    if planned.settings.caution:
        output.hint(f"{planned.settings.caution} Add --judge for one.")


def _confirm() -> None:
    if not sys.stdin.isatty():
        raise UserError("Nothing was started, since nobody can be asked.", "Add --yes to start without asking.")
    click.confirm("Start?", default=True, abort=True, err=True)


def _writer(project: Project, url: str | None, model: str | None, run_id: str | None, base_model: str | None) -> Writer:
    """Who writes: the model behind an address, else one of the project's own."""
    if url is not None:
        if run_id or base_model:
            raise click.UsageError("--url names another place: leave --run and --base-model out.")
        if url.strip().lower() == "ollama":
            from localft.export.ollama import loopback_address

            url = f"{loopback_address()}/v1"
        return address_writer(url, model or "")
    if model is None and not (run_id or base_model):
        raise UserError(
            "Nobody is named who shall write.",
            "Name an address and its model, `--url ollama --model NAME`, or one of this project: --model base.",
        )
    which = model or ("base" if base_model else "tuned")
    if which not in _OWN:
        raise UserError(f"This project has no model {which!r}, only {', '.join(_OWN)}.", "For another one add --url.")
    if base_model is not None and (which != "base" or run_id):
        raise click.UsageError("--base-model is a model without a run; it needs --model base, and no --run.")
    if which == "gguf":
        return export_writer(newest_gguf(project).folder)
    if which == "tuned":
        return run_writer(newest_with_weights(project, run_id), "tuned")
    run = newest_usable(project, run_id) if base_model is None else None
    return run_writer(run, "base") if run is not None else base_writer(bare_base(project, base_model))


def _key(writer: Writer) -> str:
    """The key to an address: from the environment, else asked for where somebody can answer."""
    if not writer.url:
        return ""
    found = os.environ.get(KEY_VARIABLE, "").strip()
    host = urlsplit(writer.url).hostname or ""
    if not found and host == _OPENAI:
        found = os.environ.get("OPENAI_API_KEY", "").strip()
    if found or writer.is_local or not sys.stdin.isatty():
        return found
    return str(
        click.prompt(f"Key for {host} (empty for none)", default="", hide_input=True, show_default=False, err=True)
    )


def _ways(project: Project, synthesis: Synthesis) -> Ways:
    command = f"localft data synthesise {project.slug}"
    return Ways(f"localft stop {project.slug}", f"{command} --resume {synthesis.id}", f"{command} --show")


def _narrate(event: dict[str, Any]) -> str | None:
    return str(event.get("message", "")) if event.get("kind") == "warning" else None


def _follow(output: Output, project: Project, synthesis: Synthesis, options: dict[str, Any]) -> None:
    ways = _ways(project, synthesis)
    if options["detach"]:
        started_in_background(output, synthesis.folder, ways)
        output.result({"project": project.slug, **synthesis_value(read_synthesis(synthesis.folder))})
        return
    wait_for(output, synthesis.folder, ways, _narrate)
    _show(output, project, read_synthesis(synthesis.folder), options["rows"], 1)


def _show(output: Output, project: Project, synthesis: Synthesis, rows: int, page: int) -> None:
    outcome = outcome_of(project, synthesis)
    passages = {passage.index: passage for passage in read_passages(synthesis.folder)}
    output.heading(outcome.sentence)
    cost = "" if outcome.cost is None else f", {words.money(outcome.cost, read_preferences().currency)}"
    output.say(
        f"{words.counted(outcome.calls, 'answer')}: {outcome.tokens_in:,} tokens read, {outcome.tokens_out:,} "
        f"written{cost}."
    )
    part = slice((page - 1) * rows, page * rows)
    _print_examples(output, "Accepted:", outcome.accepted[part], passages)
    _print_examples(output, "Rejected:", outcome.rejected[part], passages)
    for one in outcome.unreadable[part]:
        output.say(f"  {passages[one.passage].where}: nothing usable, {one.reason}")
    if rows and max(map(len, (outcome.accepted, outcome.rejected, outcome.unreadable))) > page * rows:
        output.hint(
            f"More: localft data synthesise {project.slug} --show {synthesis.id} --rows {rows} --page {page + 1}"
        )
    if not outcome.accepted and outcome.calls:
        output.hint("A larger model writes better examples; other documents or passages may help too.")
    if synthesis.taken is not None:
        output.say(f"Taken in as version {synthesis.taken.version}.")
    elif outcome.accepted and not jobs.read(synthesis.folder).state.alive:
        output.hint(f"Next: localft data synthesise {project.slug} --take (leave some out: --without NUMBER)")
    output.result(
        {
            "project": project.slug,
            **synthesis_value(synthesis),
            "outcome": outcome.model_dump(exclude={"accepted", "rejected", "unreadable", "schema_version"}),
            "accepted": [_example_value(one, passages) for one in outcome.accepted],
            "rejected": [_example_value(one, passages) for one in outcome.rejected],
            "unreadable": [
                {"passage": passages[one.passage].where, "reason": one.reason} for one in outcome.unreadable
            ],
        }
    )


def _print_examples(
    output: Output, heading: str, candidates: "Sequence[Candidate]", passages: "dict[int, Passage]"
) -> None:
    if not candidates:
        return
    output.say()
    output.heading(heading)
    for one in candidates:
        passage = passages[one.passage]
        output.say(f"  {one.id:<6} {shorten(one_line(one.asked), _COLUMNS)}")
        output.say(f"  {'':<6} {shorten(one_line(one.answer), _COLUMNS)}")
        why = f"{one.fault}: {one.reason}; " if one.fault else ""
        output.say(f"  {'':<6} [{why}from {passage.where}]")


def _example_value(one: "Candidate", passages: "dict[int, Passage]") -> dict[str, Any]:
    passage = passages[one.passage]
    place = {"document": passage.document, "place": passage.place, "start": passage.start, "end": passage.end}
    return {**one.model_dump(exclude={"passage", "asked"}), "source": {**place, "text": passage.text}}


def _take(output: Output, project: Project, synthesis: Synthesis, without: tuple[str, ...], system: str) -> None:
    version, count, left_out = take_in(project, synthesis, without, system)
    output.say(f"Version {version.id}: {words.counted(count, 'example')} taken in, {version.total:,} in all.")
    for one in left_out:
        output.say(f"  Left out: {shorten(one_line(one.example.prompt[-1].content), 100)} ({one.reason})")
    output.hint(f"Next: localft data check {project.slug} (back: localft data undo {project.slug})")
    output.result(
        {
            "project": project.slug,
            "synthesis": synthesis.id,
            "dataset": version.id,
            "taken": count,
            "left_out": [{"question": one.example.prompt[-1].content, "reason": one.reason} for one in left_out],
            "counts": cast("dict[str, int]", version.counts),
        }
    )
