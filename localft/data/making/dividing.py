"""Divide the examples of a version anew, by choice."""

from localft.data.making.importing import read_set_aside
from localft.data.making.writing import write_version
from localft.data.splits.divisions import divide
from localft.data.splits.splitting import Ratios
from localft.data.versions import SPLITS, DatasetVersion, Division, load_split
from localft.store.projects import Project

_BY = {"chance": "by chance", "time": "by time", "column": "as a column says"}


def divide_anew(
    project: Project, version: DatasetVersion, seed: int, ratios: Ratios, division: Division | None = None
) -> DatasetVersion:
    """The same examples as a new version, with another seed, other shares or in another way.

    What was held out may be learned then. Without a `division` it is divided in the same way as before.

    Raises:
        UserError: the ratios are wrong, or the examples cannot be divided so.
    """
    examples = [example for name in SPLITS for example in load_split(project, version.id, name)]
    way = division or version.division
    splits = divide(examples, way, seed, ratios)
    aside = read_set_aside(project, version.id)
    shares = "/".join(f"{100 * ratio:g}" for ratio in ratios)
    note = f"divided anew {_BY[way]}: {shares}, seed {seed}"
    return write_version(project, splits, version.sources, aside, seed, ratios, version.id, note, way)
