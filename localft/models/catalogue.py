"""The catalogue: small open models worth starting from, with what is known of them before any download."""

import json
from typing import Any

import pydantic

from localft.assets import asset
from localft.models.base_model import BaseModel


class CatalogueEntry(pydantic.BaseModel):
    """A model one can choose.

    `parameters` counts weights; `download_bytes` sums the files that a download fetches, 0 where it is not known yet.
    `config` holds the numbers of config.json that memory estimates need, {} where they are not known.
    """

    model_config = pydantic.ConfigDict(frozen=True, extra="forbid")

    reference: str
    name: str
    parameters: int
    licence: str
    gated: bool = False
    download_bytes: int = 0
    context_length: int = 0
    note: str = ""
    thinking: bool = False
    architecture: str = ""
    config: dict[str, Any] = {}

    def described(self) -> BaseModel:
        """What is known of the model, as far as an estimate needs it; it has no files to load."""
        return BaseModel(
            reference=self.reference,
            origin="hub",
            architecture=self.architecture,
            parameters=self.parameters,
            weight_bytes=self.download_bytes or self.parameters * 2,
            context_length=self.context_length,
            files={},
            licence=self.licence,
            gated=self.gated,
            config=self.config,
        )


def described_only(model: BaseModel) -> str:
    """What to mind of a model that the hub has not given."""
    why = "it is gated, or the hub is out of reach" if model.gated else "the hub is out of reach"
    return f"{model.reference} is planned from localft's own table of models ({catalogue_date()}): {why}."


def catalogue() -> list[CatalogueEntry]:
    """All entries of the bundled table, the starter model first, the others by size."""
    table = json.loads(asset("catalogue.json").read_text(encoding="utf-8"))
    return [CatalogueEntry.model_validate(entry) for entry in table["models"]]


def catalogue_date() -> str:
    """The day (YYYY-MM-DD) on which the table was checked."""
    return str(json.loads(asset("catalogue.json").read_text(encoding="utf-8"))["checked"])
