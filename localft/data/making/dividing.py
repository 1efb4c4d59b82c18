"""Divide the examples of a version anew, by choice."""

from localft import words
from localft.data.making.importing import read_set_aside
from localft.data.making.writing import write_version
from localft.data.splits.asking import ask_ahead
from localft.data.splits.divisions import divide, told_without_time
from localft.data.splits.golden import golden_among, never_learned
from localft.data.splits.sealing import count_released, open_test, told_released
from localft.data.splits.splitting import Ratios
from localft.data.stored import StoredExamples
from localft.data.versions import DatasetVersion, Division, open_together
from localft.data.working import Tell, quiet
from localft.store.projects import Project

_BY = {"chance": "by chance", "time": "by time", "column": "as a column says"}


def divide_anew(
    project: Project,
    version: DatasetVersion,
    seed: int,
    ratios: Ratios,
    division: Division | None = None,
    tell: Tell = quiet,
) -> DatasetVersion:
    """The same examples as a new version, with another seed, other shares or in another way.

    What was held out may be learned then, but for what asks a golden question: that measures. Where any is, the test
    split of `version` counts as opened, and the note says how many. Without a `division` it is divided in the same way
    as before. Many examples are not held in memory.

    Raises:
        UserError: the ratios are wrong, the examples cannot be divided so, or the golden questions cannot be read.
    """
    examples = open_together(project, version.id)
    if isinstance(examples, StoredExamples):
        ask_ahead(examples, tell)
    way = division or version.division
    golden = golden_among(examples, never_learned(project), tell)
    splits = divide(examples, way, seed, ratios, frozenset(golden), tell)
    aside = read_set_aside(project, version.id)
    shares = "/".join(f"{100 * ratio:g}" for ratio in ratios)
    asks = "asks a golden question" if len(golden) == 1 else "ask golden questions"
    held = f"; {words.counted(len(golden), 'example')} for test: {asks}" if golden else ""
    note = f"divided anew {_BY[way]}: {shares}, seed {seed}{held}"
    released = count_released(project, version, splits["test"])
    untimed = (said.removesuffix(".") for said in told_without_time(examples, way))
    note = "; ".join(filter(None, (note, *untimed, told_released(released))))

    def count_opening(after: DatasetVersion) -> None:
        if released:
            open_test(project, version, "division", after.id)

    return write_version(
        project, splits, version.sources, aside, seed, ratios, version.id, note, way, tell, opens=count_opening
    )
