"""Base models as the app offers them: the catalogue with how each fits this computer, and whether it is here."""

from collections.abc import Sequence
from dataclasses import dataclass

from localft.errors import UserError
from localft.hardware import Hardware
from localft.models.base_model import STARTER, BaseModel
from localft.models.catalogue import CatalogueEntry, catalogue
from localft.models.download import is_present
from localft.models.find import find_model
from localft.models.named_templates import TEMPLATE_NOTES
from localft.models.templates import template_names
from localft.planning.experience import Experience, recall
from localft.planning.fitting import Fit
from localft.planning.overview import fit_badge, fit_changes, usual_seconds
from localft.store.projects import Project


@dataclass(frozen=True)
class Offer:
    """A model of the catalogue: how it fits, the seconds that a usual run takes, and whether its files are here.

    `changes` would help where it does not fit.
    """

    entry: CatalogueEntry
    fit: Fit
    seconds: float
    present: bool
    changes: tuple[str, ...] = ()


def offers(hardware: Hardware) -> list[Offer]:
    """Every model of the catalogue, the starter model first."""
    experience = recall()
    return [_offer(entry, hardware, experience) for entry in catalogue()]


def _offer(entry: CatalogueEntry, hardware: Hardware, experience: Experience) -> Offer:
    starter = entry.reference == STARTER
    model = find_model(STARTER) if starter else entry.described()
    present = starter or _is_here(entry.reference)
    seconds = usual_seconds(model, hardware, experience)
    return Offer(entry, fit_badge(model, hardware), seconds, present, fit_changes(model, hardware))


def _is_here(reference: str) -> bool:
    """Tell whether a model of the hub is downloaded, without asking the hub; one that cannot be used counts as no."""
    from localft.models import hub

    try:
        model = hub.cached_model(reference, None)
    except UserError:
        return False
    return model is not None and is_present(model)


def template_choices(model: BaseModel) -> list[str]:
    """The chat templates that a model whose files are here can be trained with, the usual one first."""
    return template_names(model) if is_present(model) else []


def template_note(model: BaseModel, choices: Sequence[str], chosen: str | None) -> str:
    """Which template a base model without one gets, openly; empty where it has its own."""
    if model.has_chat_template or not choices:
        return ""
    name = chosen or choices[0]
    return f"It has no chat template, so {name} is used: {TEMPLATE_NOTES.get(name, '')} All settings has others."


def chosen_model(project: Project) -> BaseModel:
    """The project's base model; the bundled starter model until another is chosen.

    Raises:
        UserError: it cannot be found any more.
    """
    return find_model(project.info.base_model or STARTER)


def present_model(project: Project) -> BaseModel | None:
    """The project's base model where its files are on this computer, else None: its tokens cannot be counted yet."""
    try:
        model = chosen_model(project)
    except UserError:
        return None
    return model if is_present(model) else None
