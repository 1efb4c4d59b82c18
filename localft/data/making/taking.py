"""Examples that were made rather than read from a file, taken in as a new version of the data."""

import hashlib
from collections.abc import Sequence
from typing import NamedTuple

from localft.data.examples import Example, Message
from localft.data.making.importing import read_set_aside
from localft.data.making.writing import write_version
from localft.data.splits.divisions import Splits, divide_more
from localft.data.splits.golden import golden_among, never_learned
from localft.data.splits.splitting import DEFAULT_RATIOS, split
from localft.data.stored import chain
from localft.data.versions import SPLITS, DatasetVersion, SourceFile, list_versions, open_split
from localft.errors import UserError
from localft.store.projects import Project


class LeftOut(NamedTuple):
    """An example that was not taken in, and why."""

    example: Example
    reason: str


class Taken(NamedTuple):
    """The version that holds the examples, how many came in, and what was left out of them."""

    version: DatasetVersion
    count: int
    left_out: list[LeftOut]


def take_examples(
    project: Project,
    examples: Sequence[Example],
    sources: Sequence[SourceFile],
    note: str,
    system_prompt: str = "",
    seed: int = 42,
) -> Taken:
    """Keep examples as a new version, together with those of the newest one, none of which changes its split.

    Left out are exact duplicates and what asks a golden question. `system_prompt` is given to every new example;
    `seed` divides the first examples of a project.

    Raises:
        UserError: nothing is left to take in, or there are too few for a first version.
    """
    newest = next(iter(list_versions(project).items), None)
    known: Splits = {name: open_split(project, newest.id, name) if newest else [] for name in SPLITS}
    made = [_with_system(example, system_prompt) for example in examples]
    kept, left_out = _without_known(project, made, chain(*known.values()))
    if not kept:
        raise UserError("None of these examples is new.", "What they ask is in the data, or a golden question.")
    if newest is None:
        splits, ratios = split(kept, seed, DEFAULT_RATIOS), DEFAULT_RATIOS
        return Taken(write_version(project, splits, sources, [], seed, ratios, note=note), len(kept), left_out)
    splits = divide_more(known, kept, newest.division, newest.seed, newest.ratios)
    everything = [*newest.sources, *(source for source in sources if source not in newest.sources)]
    aside = read_set_aside(project, newest.id)
    version = write_version(
        project, splits, everything, aside, newest.seed, newest.ratios, newest.id, note, newest.division
    )
    return Taken(version, len(kept), left_out)


def _with_system(example: Example, system_prompt: str) -> Example:
    if not system_prompt.strip():
        return example
    return example.model_copy(update={"messages": (Message(role="system", content=system_prompt), *example.messages)})


def _without_known(
    project: Project, examples: Sequence[Example], known: Sequence[Example]
) -> tuple[list[Example], list[LeftOut]]:
    golden = set(golden_among(examples, never_learned(project)))
    seen = {_said(example) for example in known}
    kept, left_out = [], []
    for position, example in enumerate(examples):
        if position in golden:
            left_out.append(LeftOut(example, "it asks a golden question, which is never learned"))
        elif _said(example) in seen:
            left_out.append(LeftOut(example, "it is in the data already"))
        else:
            seen.add(_said(example))
            kept.append(example)
    return kept, left_out


def _said(example: Example) -> bytes:
    """What an example says, in 16 bytes: there may be many."""
    return hashlib.blake2b(example.model_dump_json(include={"messages"}).encode(), digest_size=16).digest()
