"""What an earlier version of a project holds out for test is not learned by way of a later import of the same rows."""

from collections.abc import Iterator, Sequence, Set

from localft.data.examples import Example
from localft.data.splits.asked_within import asked_within
from localft.data.splits.asking import SHORT_KEY, Asked, ask
from localft.data.splits.said_within import said_within
from localft.data.splits.splitting import Ratios, ask_fully, group_examples
from localft.data.texts.runs import SURE_FORM_SHARE
from localft.data.versions import SPLITS, DatasetVersion, Division, list_versions, open_split
from localft.data.working import Tell, quiet
from localft.store.projects import Project

# What fewer examples than these say is no form that they are asked in.
_FEWEST_OF_FORM = 50


def held_before(
    project: Project,
    examples: Sequence[Example],
    division: Division,
    seed: int,
    ratios: Ratios,
    tell: Tell = quiet,
) -> frozenset[int]:
    """Positions of the examples that belong to what versions divided in the same way hold out for test.

    What asks one of their questions among other words belongs to it too, however much belongs to that; but what those
    versions taught already stays there, so that the same examples are divided in the same way.
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
    held = {position - known for group in groups for position in group if position >= known}
    more = _saying_held(joint, known, tell).difference(held)
    return frozenset(held | (more - _taught(project, before, asked, more, tell) if more else more))


def _saying_held(joint: Asked, known: int, tell: Tell) -> set[int]:
    """Positions behind the `known` ones that ask what one of those asks, in a turn or a longer text."""
    most = max(_FEWEST_OF_FORM, int(SURE_FORM_SHARE * len(joint)))
    found: set[int] = set()
    for group in (*asked_within(joint, tell, most), *said_within(joint, tell, most)):
        if min(group) < known:
            found.update(position - known for position in group if position >= known)
    return found


def _taught(
    project: Project, versions: Sequence[DatasetVersion], asked: Asked, positions: Set[int], tell: Tell
) -> set[int]:
    """Those of the positions at which is asked what the versions learn or choose with, word for word."""
    taught: set[bytes] = set()
    for version in versions:
        for name in SPLITS[:-1]:
            taught.update(ask(open_split(project, version.id, name), asked.with_system, tell).short_keys())
    return {position for position in positions if asked.key(position)[:SHORT_KEY] in taught}


def held_by_any(project: Project, examples: Sequence[Example]) -> frozenset[int]:
    """Positions of few examples that ask what a version holds out for test, however it is divided."""
    asked = ask_fully(examples)
    joint = Asked(asked.with_system)
    for version in _last_ones(project):
        joint.join(ask(open_split(project, version.id, "test"), asked.with_system))
    known = len(joint)
    joint.join(asked)
    groups = (group for group in group_examples(joint).values() if group[0] < known)
    held = {position - known for group in groups for position in group if position >= known}
    return frozenset(held | _saying_held(joint, known, quiet))


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
