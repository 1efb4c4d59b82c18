"""Who writes the examples: a model of this project, or one behind an OpenAI-compatible address."""

from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from localft.errors import UserError
from localft.models.base_model import BaseModel
from localft.serving.openai_engine import is_loopback
from localft.settings import Settings
from localft.store.projects import Project
from localft.training.runs import Run, run_weights

KEY_VARIABLE = "LOCALFT_API_KEY"
"""The variable of the environment that holds the key to an address; no file and no command line does."""
# One card writes two answers at once hardly slower than one; more only wait for each other.
_AT_ONCE, _AT_ONCE_HERE = 4, 2


class Writer(Settings):
    """The model, and where it is. The key to an address is no part of it.

    `url` and `model` name one behind an address; else `model` is "tuned", "base" or "gguf", of a run, an export's
    folder, or a base model alone.
    """

    model: str
    url: str = ""
    run: str | None = None
    export: str | None = None
    base_model: BaseModel | None = None

    @property
    def where(self) -> str:
        """The model in words."""
        if self.url:
            return f"{self.model} at {self.url}"
        if self.export:
            return f"the exported file of {Path(self.export).name}"
        if self.base_model:
            return f"the base model {self.base_model.name}"
        return f"the {self.model} model of the run {self.run}"

    @property
    def is_local(self) -> bool:
        """Whether nothing leaves this computer."""
        return not self.url or is_loopback(self.url)

    @property
    def at_once(self) -> int:
        """How many answers are asked for side by side; our own services give one after the other."""
        if not self.url:
            return 1
        return _AT_ONCE_HERE if self.is_local else _AT_ONCE


def address_writer(url: str, model: str) -> Writer:
    """A model behind an address.

    Raises:
        UserError: the address is none, holds a password, or no model is named.
    """
    address = url.strip().rstrip("/")
    try:
        parts = urlsplit(address)
        usable = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable, parts = False, urlsplit("")
    if not usable:
        raise UserError(
            f"{url[:200]!r} is no address.", "One looks like https://api.example.com/v1 and ends in /v1 as a rule."
        )
    if parts.username or parts.password or parts.query or parts.fragment:
        raise UserError(
            "The address holds more than a place, perhaps a password.",
            f"Give the key apart from it: in the variable {KEY_VARIABLE}, or where you are asked for it.",
        )
    if not model.strip():
        raise UserError(f"No model of {address} is named.", "Say which one shall write.")
    return Writer(model=model.strip(), url=address)


def refuse_impossible_key(key: str) -> None:
    """Refuse a key that no request can carry: it would fail at every attempt, and be told with the failure.

    Raises:
        UserError: it holds white space, or a character beyond ASCII.
    """
    if not all("!" <= character <= "~" for character in key):
        raise UserError(
            "The key holds a space, a line end or a letter that no key can hold.", "Copy it again, and nothing else."
        )


def run_writer(run: Run, model: Literal["tuned", "base"]) -> Writer:
    """The tuned or the base model of a run.

    Raises:
        UserError: the run has no weights yet.
    """
    run_weights(run)
    return Writer(model=model, run=run.id)


def export_writer(folder: Path) -> Writer:
    """An exported GGUF file."""
    return Writer(model="gguf", export=str(folder))


def base_writer(base_model: BaseModel) -> Writer:
    """A base model that nothing was trained on."""
    return Writer(model="base", base_model=base_model)


def refuse_foreign_export(project: Project, writer: Writer) -> None:
    """Refuse an export that lies outside the project.

    Raises:
        UserError: it does.
    """
    if writer.export and not Path(writer.export).is_relative_to(project.exports):
        raise UserError("This export belongs to another project.", "Choose one of this project.")
