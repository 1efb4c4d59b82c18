"""`localft models`: the catalogue, the hub, and what is on this computer."""

from pathlib import Path

import click

from localft import jobs, words
from localft.cli.following import Ways, started_in_background, wait_for
from localft.cli.options import detach_option, examples, json_option
from localft.cli.output import Output
from localft.errors import UserError
from localft.models.catalogue import CatalogueEntry, catalogue, catalogue_date
from localft.models.named_templates import TEMPLATE_NOTES

_FITS = {"comfortably": "fits", "tightly": "fits tightly", "no": "too large"}


@click.group(
    "models",
    invoke_without_command=True,
    epilog=examples(
        "localft models",
        "localft models search qwen3 --limit 5",
        "localft models show Qwen/Qwen3-0.6B",
        "localft models download Qwen/Qwen3-0.6B",
    ),
)
@json_option
@click.pass_context
def models(context: click.Context) -> None:
    """List small open models worth starting from, and how they fit this computer.

    Any other model of the Hugging Face hub with safetensors works as well, and so does a folder.
    """
    if context.invoked_subcommand is not None:
        return
    output = context.ensure_object(Output)
    _print_entries(output, catalogue())
    output.note(f"Checked on {catalogue_date()}. FIT: fine-tuning with qlora on examples of up to 1,024 tokens.")


@models.command("search", epilog=examples("localft models search qwen3", "localft models search llama --limit 5"))
@click.argument("query")
@click.option("--limit", type=click.IntRange(1, 100), default=20, show_default=True, help="The longest list.")
@json_option
@click.pass_obj
def search(output: Output, query: str, limit: int) -> None:
    """Search the Hugging Face hub, the most downloaded first. This asks the hub over the network."""
    from localft.models.find import search_hub

    found = search_hub(query, limit)
    if not found:
        output.say(f"Nothing found for {query!r}.")
    _print_entries(output, found)


def _print_entries(output: Output, entries: list[CatalogueEntry]) -> None:
    from localft.jobs.holding import hardware_for_next_job
    from localft.planning.overview import fit_badge, fit_changes

    hardware = hardware_for_next_job()
    models = [entry.described() if entry.parameters else None for entry in entries]
    fits = [fit_badge(model, hardware) if model else None for model in models]
    changes = [fit_changes(model, hardware) if model else () for model in models]
    output.table(
        ["MODEL", "WEIGHTS", "DOWNLOAD", "FIT", "LICENCE", "NOTE"],
        [
            [
                entry.reference,
                words.parameters(entry.parameters) if entry.parameters else "",
                words.size(entry.download_bytes) if entry.download_bytes else "",
                _FITS[fit] if fit else "",
                entry.licence,
                ", ".join(filter(None, ["gated" if entry.gated else "", entry.note])),
            ]
            for entry, fit in zip(entries, fits, strict=True)
        ],
        numbers=("WEIGHTS", "DOWNLOAD"),
    )
    _print_changes(output, entries, changes)
    output.result(
        {
            "models": [
                {**entry.model_dump(exclude={"config"}), "fits": fit, "changes": change}
                for entry, fit, change in zip(entries, fits, changes, strict=True)
            ]
        }
    )


def _print_changes(output: Output, entries: list[CatalogueEntry], changes: list[tuple[str, ...]]) -> None:
    """What would help where a model does not fit, the cheapest first."""
    if any(changes):
        output.say()
        output.say("What would help where a model is too large, the cheapest first:")
    for entry, sentences in zip(entries, changes, strict=True):
        if sentences:
            output.say(f"  {entry.reference}: {' '.join(sentences)}")


@models.command("show", epilog=examples("localft models show starter", "localft models show ./my-model --json"))
@click.argument("model")
@json_option
@click.pass_obj
def show(output: Output, model: str) -> None:
    """Show one model: a hub id, a folder, or "starter". Nothing but its small description files is fetched."""
    from localft.jobs.holding import hardware_for_next_job
    from localft.models.download import has_tokenizer, is_present
    from localft.models.find import find_model
    from localft.models.templates import template_names
    from localft.planning.overview import fit_badge, fit_changes

    found, hardware = find_model(model), hardware_for_next_job()
    here, fits, changes = is_present(found), fit_badge(found, hardware), fit_changes(found, hardware)
    names = template_names(found) if not found.has_chat_template and has_tokenizer(found) else []
    facts = {
        "Weights": words.parameters(found.parameters),
        "Download": words.size(sum(found.files.values())),
        "On this computer": "yes" if here else f"no; `localft models download {found.reference}`",
        "Fits this computer": fits,
        "Reads at most": f"{found.context_length:,} tokens",
        "Architecture": found.architecture,
        "Licence": found.licence or "unknown",
        "Gated": "yes" if found.gated else "no",
        "Chat template": "its own" if found.has_chat_template else _named_template(names),
        "Revision": found.revision or "",
    }
    output.heading(found.reference)
    for name, value in facts.items():
        if value:
            output.say(f"  {name:<19} {value}")
    for change in changes:
        output.say(f"  {change}")
    if not found.has_chat_template:
        for name, note in TEMPLATE_NOTES.items():
            if name in names:
                output.say(f"    {name:<17} {note}")
    output.result(
        {
            **found.model_dump(mode="json", exclude={"config"}),
            "present": here,
            "fits": fits,
            "changes": changes,
            "chat_templates": names,
        }
    )


def _named_template(names: list[str]) -> str:
    """Which chat template a model without one of its own gets; `names` are those it can have, [] if not known yet."""
    if not names:
        return "none; chatml is used where its tokenizer has the marks for it, else plain"
    return f"none; {names[0]} is used unless `localft train --chat-template` names another"


@models.command(
    "download",
    epilog=examples(
        "localft models download Qwen/Qwen3-0.6B",
        "localft models download Qwen/Qwen3-0.6B --detach",
        "localft models download Qwen/Qwen3-0.6B --stop",
    ),
)
@click.argument("model")
@detach_option
@click.option("--stop", "stopping", is_flag=True, help="Stop its download; a later one goes on from there.")
@json_option
@click.pass_obj
def download(output: Output, model: str, detach: bool, stopping: bool) -> None:
    """Download a model into the Hugging Face cache. Ctrl-C stops it; the same command goes on from there."""
    from localft.models.download import download_folder, is_present, model_folder, start_download
    from localft.models.find import find_model

    found = find_model(model)
    if stopping:
        _stop_download(output, found.reference, download_folder(found))
        return
    again = f"localft models download {found.reference}"
    if is_present(found):
        output.say(f"{found.reference} is on this computer: {model_folder(found)}")
    else:
        view = start_download(found)
        ways = Ways(stop=f"{again} --stop", resume=again, look=again)
        if detach:
            started_in_background(output, view.folder, ways)
        else:
            output.say(wait_for(output, view.folder, ways).message)
    folder = model_folder(found) if is_present(found) else None
    output.result({"model": found.reference, "revision": found.revision, "folder": folder})


def _stop_download(output: Output, reference: str, folder: Path) -> None:
    if not (folder / "job.json").exists() or not jobs.read(folder).state.alive:
        raise UserError(f"{reference} is not being downloaded.", f"`localft models download {reference}` starts it.")
    jobs.request_stop(folder)
    output.say(f"The download of {reference} stops; what is here is kept.")
    output.result({"model": reference, "stopping": True})
