"""More files beside the examples that a project has: none of those changes its split."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import NamedTuple

from localft import words
from localft.data.examples import Example
from localft.data.hub.order import with_origins
from localft.data.making.gathering import DUPLICATE, ReadResult
from localft.data.making.importing import (
    GOLDEN,
    ImportReport,
    as_listed,
    read_set_aside,
    told_held,
    told_otherwise,
    with_system,
    without_golden,
)
from localft.data.making.reading import no_rows, read_files
from localft.data.making.set_aside import sealed_copies
from localft.data.making.writing import write_version
from localft.data.shapes.chats import ChatChoice
from localft.data.shapes.converting import SetAside
from localft.data.shapes.rows import listed
from localft.data.splits.divisions import divide_more, told_without_time
from localft.data.splits.golden import refuse_golden_system
from localft.data.splits.holding_out import held_before, released_by
from localft.data.splits.sealing import open_test
from localft.data.stored import chain, changed, select
from localft.data.versions import SPLITS, DatasetVersion, Split, iterate_split, open_split, open_together
from localft.data.working import Tell, quiet
from localft.store.projects import Project

NOTHING_NEW = "Nothing of it is new, so there is nothing to add."


class Placed(NamedTuple):
    """The splits with what is added, what is to be told of that, and the versions whose test split it opens."""

    splits: Mapping[Split, Sequence[Example]]
    notes: list[str]
    released: list[DatasetVersion]


def add_files(
    project: Project,
    version: DatasetVersion,
    paths: Sequence[Path | str],
    mapping: Mapping[str, str] | None = None,
    system_prompt: str | None = None,
    chat: ChatChoice | None = None,
    tell: Tell = quiet,
    strict: bool = True,
) -> ImportReport:
    """Keep a version's examples together with those of more files as a new version; no example changes its split.

    Mapping, system prompt and chats are as for an import. The new examples are divided in the way of the version; what
    it or an earlier one divided so holds out for test is held out. Where the files hold nothing but what is there
    already, that is the version itself.

    Raises:
        UserError: a file cannot be read, the system prompt asks a golden question, or (with `strict`) no row is usable
            or a chat has no voice for the assistant; the project is then as it was.
    """
    refuse_golden_system(project, system_prompt)
    read = read_more(project, version, paths, mapping, system_prompt, chat, tell)
    if has_nothing_new(read):
        return ImportReport(version, read)
    placed = place_more(project, version, read, system_prompt, tell, strict)
    sources = with_origins(read.sources, paths)
    read = replace(read, sources=sources, notes=[*read.notes, *placed.notes])
    names = listed([source.name for source in sources], 3)

    def count_openings(after: DatasetVersion) -> None:
        for before in placed.released:
            open_test(project, before, "division", after.id)

    kept = write_version(
        project, placed.splits, [*version.sources, *sources],
        [*read_set_aside(project, version.id), *map(as_listed, read.set_aside)],
        version.seed, version.ratios, version.id, f"{words.counted(len(read.examples), 'example')} added from {names}",
        version.division, tell, opens=count_openings,
    )  # fmt: skip
    return ImportReport(kept, read)


def read_more(
    project: Project,
    version: DatasetVersion,
    paths: Sequence[Path | str],
    mapping: Mapping[str, str] | None = None,
    system_prompt: str | None = None,
    chat: ChatChoice | None = None,
    tell: Tell = quiet,
    beginning: bool = False,
) -> ReadResult:
    """Read files as an import does; what the version holds already, by way of the system prompt too, is set aside.

    What is a copy of a test example is sealed as that one is.

    Raises:
        UserError: a file cannot be read, the mapping is wrong, or nobody in the chats has the voice that was chosen.
    """
    known = open_together(project, version.id)
    if system_prompt and system_prompt.strip():
        known = changed(known, partial(_without_system, system_prompt))
    read = read_files(paths, mapping, strict=False, known=known, chat=chat, tell=tell, beginning=beginning)
    test = iterate_split(project, version.id, "test")
    aside = [SetAside(**row) for row in sealed_copies(list(map(vars, read.set_aside)), test)]
    return without_golden(project, replace(read, set_aside=aside), tell)


def has_nothing_new(read: ReadResult) -> bool:
    """Whether files hold nothing but what is there already, or what is never learned."""
    return not read.examples and not read.lacks_voice and set(read.kinds) <= {DUPLICATE, GOLDEN}


def place_more(
    project: Project,
    version: DatasetVersion,
    read: ReadResult,
    system_prompt: str | None = None,
    tell: Tell = quiet,
    strict: bool = True,
) -> Placed:
    """Where examples that are added to a version come to be.

    What an earlier version that is divided in the same way holds out for test is held out again.

    Raises:
        UserError: there are none (with `strict`).
    """
    if strict and (read.lacks_voice or not read.examples):
        raise no_rows(read)
    examples, way = read.examples, (version.division, version.seed, version.ratios)
    held = held_before(project, examples, *way, tell)
    if system_prompt and system_prompt.strip():
        examples = changed(examples, partial(with_system, system_prompt))
    before: dict[Split, Sequence[Example]] = {name: open_split(project, version.id, name) for name in SPLITS}
    before["test"] = chain(before["test"], select(examples, sorted(held)))
    rest = select(examples, sorted(set(range(len(examples))).difference(held)))
    after = divide_more(before, rest, *way, tell)
    released, count = released_by(project, read.examples, after["test"], *way)
    notes = [*told_held(len(held)), *told_otherwise(count), *told_without_time(read.examples, version.division)]
    return Placed(after, notes, released)


def _without_system(system_prompt: str, example: Example) -> Example:
    """An example as a file has it to which this system prompt is given."""
    first, *rest = example.messages
    given = first.role == "system" and first.content == system_prompt
    return example.model_copy(update={"messages": tuple(rest)}) if given else example


def is_mended(version: DatasetVersion, paths: Sequence[Path | str]) -> bool:
    """Whether files are likely to take the place of all that a version was read from: they are called the same."""
    return {Path(source.name).name for source in version.sources} <= {Path(path).name for path in paths}
