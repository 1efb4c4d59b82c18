"""The bundled sample datasets."""

from dataclasses import dataclass
from pathlib import Path

from localft.assets import asset
from localft.errors import UserError
from localft.store import files


@dataclass(frozen=True)
class Sample:
    """A sample: its file, and what it is in a few words."""

    id: str
    title: str
    description: str
    path: Path


def list_samples() -> list[Sample]:
    """All samples of assets/samples/index.json, in its order.

    Raises:
        UserError: the installation lacks them.
    """
    folder = asset("samples")
    entries = files.read_json(folder / "index.json")
    return [
        Sample(
            str(entry["id"]),
            str(entry["title"]),
            str(entry["description"]),
            folder / Path(str(entry["file"])).name,
        )
        for entry in entries
    ]


def find_sample(sample_id: str) -> Sample:
    """One sample by its id.

    Raises:
        UserError: there is no such sample.
    """
    for sample in list_samples():
        if sample.id == sample_id:
            return sample
    raise UserError(f"There is no sample named {sample_id!r}.", "Reload the page.")
