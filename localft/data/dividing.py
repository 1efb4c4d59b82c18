"""Divide the examples of a version anew, by choice."""

from localft.data.importing import read_set_aside
from localft.data.splitting import Ratios, split
from localft.data.versions import SPLITS, DatasetVersion, load_split
from localft.data.writing import write_version
from localft.store.projects import Project


def divide_anew(project: Project, version: DatasetVersion, seed: int, ratios: Ratios) -> DatasetVersion:
    """The same examples as a new version, with another seed or other shares. What was held out may be learned then.

    Raises:
        UserError: the ratios are wrong, or the examples cannot be divided.
    """
    examples = [example for name in SPLITS for example in load_split(project, version.id, name)]
    splits = split(examples, seed, ratios)
    aside = read_set_aside(project, version.id)
    shares = "/".join(f"{100 * ratio:g}" for ratio in ratios)
    note = f"divided anew: {shares}, seed {seed}"
    return write_version(project, splits, version.sources, aside, seed, ratios, version.id, note)
