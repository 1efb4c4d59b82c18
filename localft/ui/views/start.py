"""The first tab: where a project stands, what this computer can do, and whether to fine-tune at all."""

from collections.abc import Sequence
from dataclasses import dataclass

from localft import words
from localft.hardware import Hardware
from localft.models.catalogue import CatalogueEntry
from localft.planning.advice import Advice
from localft.planning.fitting import Fit
from localft.store.projects import Broken, Project
from localft.ui.models import Offer
from localft.ui.views import parts
from localft.ui.views.html import Markup, h, join

_FIT_TONES: dict[str, parts.Tone] = {"comfortably": "good", "tightly": "warn", "no": "bad"}
_FIT_WORDS = {"comfortably": "fits comfortably", "tightly": "fits tightly", "no": "does not fit"}
_WAYS: dict[str, parts.Tone] = {"prompt": "plain", "retrieval": "plain", "fine-tune": "accent", "both": "accent"}
_SHOWN_PROJECTS = 6


@dataclass(frozen=True)
class Standing:
    """How far a project is."""

    examples: int = 0
    runs: int = 0
    trained: bool = False
    evaluated: str = ""
    exported: bool = False
    training: bool = False


def state(project: Project | None, standing: Standing, projects: int) -> Markup:
    """Where one is, and what is next."""
    if project is None and not projects:
        return parts.state(
            "localft turns examples of yours into a language model of your own.",
            "Try it on the bundled model first: it takes minutes and needs no internet.",
        )
    if project is None:
        return parts.state("No project is open.", "Choose one at the top.")
    name = project.name
    if standing.training:
        return parts.state(f"{name} is training.", "Watch it in the Train tab.")
    if not standing.examples:
        return parts.state(f"{name} has no examples yet.", "Next: Data.")
    count = words.counted(standing.examples, "example")
    if not standing.runs:
        return parts.state(f"{name} has {count} and no run yet.", "Next: Train.")
    if not standing.trained:
        return parts.state(f"{name} has {count}; its last run has not finished.", "Next: Train.")
    if not standing.evaluated:
        return parts.state(f"{name} is trained on {count}. Is it better?", "Next: Evaluate.")
    if not standing.exported:
        return parts.state(f"{name}: {standing.evaluated}", "Next: Chat with it, then Export.")
    return parts.state(f"{name} is trained, measured and exported.", "")


def way_on(standing: Standing) -> str:
    """The id of the tab where the next step is."""
    if not standing.examples:
        return "data"
    if standing.training or not standing.trained:
        return "train"
    if not standing.evaluated:
        return "evaluate"
    return "chat" if standing.exported else "export"


def fit(word: Fit) -> Markup:
    """How a model fits, as a badge."""
    return parts.badge(_FIT_WORDS[word], _FIT_TONES[word])


def recent(projects: Sequence[Project], broken: Sequence[Broken]) -> Markup:
    """The projects one can open, and those that cannot be read with the reason."""
    if not projects and not broken:
        return parts.note("Projects appear here once there is one.")
    buttons = join(
        parts.action("open", project.slug, project.name, "open this project") for project in projects[:_SHOWN_PROJECTS]
    )
    more = len(projects) - _SHOWN_PROJECTS
    rest = parts.note(f"{more} more at the top of the page.") if more > 0 else Markup()
    damaged = join(parts.error(f"{one.path.name} cannot be opened: {one.message}") for one in broken)
    return h("<div>{buttons}</div>{rest}{damaged}", buttons=buttons, rest=rest, damaged=damaged)


def computer(hardware: Hardware) -> Markup:
    """The card, its driver, memory and free disk."""
    rows: list[tuple[str, object]] = [
        (f"Card {gpu.index + 1}", _card(gpu.name, gpu.total_bytes)) for gpu in hardware.gpus
    ]
    if not hardware.gpus:
        rows.append(("Graphics card", "none that CUDA can use; small models train on the processor"))
    if hardware.driver:
        rows.append(("Driver", hardware.driver))
    rows += [
        ("Memory", f"{hardware.memory.total_bytes / 2**30:.0f} GB"),
        ("Free disk", words.size(hardware.disk.free_bytes)),
        ("Processor", f"{hardware.physical_cores} cores"),
    ]
    problem = (
        parts.error(hardware.driver_problem, "`localft doctor` on the command line says what mends it.")
        if hardware.driver_problem
        else Markup()
    )
    return parts.card("This computer", h("{problem}{facts}", problem=problem, facts=parts.facts(rows)))


def _card(name: str, total_bytes: int) -> str:
    return f"{name}, {total_bytes / 2**30:.0f} GB"


def models(offers: Sequence[Offer], chosen: str | None, can_choose: bool) -> Markup:
    """The catalogue as a table: what each model is and needs, whether it fits, and the seconds that a run takes."""
    rows = [
        (
            h("<strong>{name}</strong><br>{note}", name=offer.entry.name, note=offer.entry.note),
            words.parameters(offer.entry.parameters),
            offer.entry.licence + (" (terms to accept)" if offer.entry.gated else ""),
            _download(offer.entry, offer.present),
            h("{badge}{changes}", badge=fit(offer.fit), changes=_changes(offer.changes)),
            "" if offer.fit == "no" else f"about {words.duration(offer.seconds)}",
            _choice(offer.entry, chosen, can_choose),
        )
        for offer in offers
    ]
    headings = ["Model", "Weights", "Licence", "Download", "Memory here", "1,000 examples", ""]
    table = parts.table("Base models to start from", headings, rows, numbers=[1])
    note = parts.note(
        "Worked out: memory for examples of up to 1,024 tokens, time for 1,000 of some 200 words and three passes."
    )
    return h("<h3>Base models to start from</h3>{table}{note}", table=table, note=note)


def _changes(changes: Sequence[str]) -> Markup:
    """What would help where a model does not fit."""
    if not changes:
        return Markup()
    return h("<details><summary>What would help</summary>{list}</details>", list=parts.sentences(changes))


def _download(entry: CatalogueEntry, present: bool) -> str:
    if present:
        return "here"
    return words.size(entry.download_bytes) if entry.download_bytes else "not known yet"


def _choice(entry: CatalogueEntry, chosen: str | None, can_choose: bool) -> Markup:
    if entry.reference == chosen:
        return parts.badge("chosen", "accent")
    return parts.action("choose", entry.reference, "Choose", entry.name) if can_choose else Markup()


def advice(given: Advice) -> Markup:
    """The answer to the six questions, with its reasons."""
    body = h(
        "<p>{badge} <strong>{sentence}</strong></p>{reasons}<p>First step: {first}</p>",
        badge=parts.badge(given.way, _WAYS[given.way]),
        sentence=given.sentence,
        reasons=parts.sentences(given.reasons),
        first=given.first_step,
    )
    return h('<div role="status">{card}</div>', card=parts.card("The answer", body, "accent"))
