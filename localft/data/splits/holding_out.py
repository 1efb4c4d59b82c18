"""What an earlier version of a project holds out for test is not learned by way of a later import of the same rows."""

from collections.abc import Iterator, Sequence

from localft.data.examples import Example
from localft.data.splits.asking import Asked, ask
from localft.data.splits.splitting import Ratios, ask_fully, group_examples
from localft.data.versions import DatasetVersion, Division, list_versions, open_split
from localft.data.working import Tell, quiet
from localft.store.projects import Project


def held_before(
    project: Project,
    examples: Sequence[Example],
    division: Division,
    seed: int,
    ratios: Ratios,
    tell: Tell = quiet,
) -> frozenset[int]:
    """Positions of the examples that belong to what versions divided in the same way hold out for test.

    Dividing in another way, or with another seed or other shares, is a decision to begin anew.
    """
    way = (division, seed, ratios)
    before = [one for one in _last_ones(project) if (one.division, one.seed, one.ratios) == way]
    if not before:
        return frozenset()
    asked = ask_fully(examples, tell)
    joint = Asked(asked.with_system)
    for version in before:
        joint.join(ask(open_split(project, version.id, "test"), asked.with_system))
    known = len(joint)
    joint.join(asked)
    groups = (group for group in group_examples(joint, tell).values() if group[0] < known)
    return frozenset(position - known for group in groups for position in group if position >= known)


def released_by(
    project: Project,
    examples: Sequence[Example],
    test: Sequence[Example],
    division: Division,
    seed: int,
    ratios: Ratios,
) -> tuple[list[DatasetVersion], int]:
    """Versions divided in other ways that hold out what is not in the `test` of these examples; how many those are."""
    way = (division, seed, ratios)
    before = [one for one in _last_ones(project) if (one.division, one.seed, one.ratios) != way]
    if not before:
        return [], 0
    asked = ask_fully(examples)
    kept = set(ask(test, asked.with_system).short_keys())
    open_keys = [key for key in asked.short_keys() if key not in kept]
    found, keys = [], set[bytes]()
    for version in before:
        held = set(ask(open_split(project, version.id, "test"), asked.with_system).short_keys()).intersection(open_keys)
        keys |= held
        if held:
            found.append(version)
    return found, sum(key in keys for key in open_keys)


def _last_ones(project: Project) -> Iterator[DatasetVersion]:
    """The last version that came of each import: those that no other was made from."""
    versions = list_versions(project).items
    parents = {version.parent for version in versions}
    seen: set[str] = set()
    for version in versions:
        if version.id not in parents and version.sha256 not in seen:
            seen.add(version.sha256)
            yield version
