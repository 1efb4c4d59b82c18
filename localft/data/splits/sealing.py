"""The test split stays sealed: what is looked at no longer measures, so each opening is deliberate, and counted.

To divide the examples anew opens it too, for what was held out and is learned or shown from then on.

The record stands in the project, beside the versions: they never change, and many hold the same test examples.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

from localft import words
from localft.advice import Advice
from localft.data.examples import Example
from localft.data.stored import lines_of
from localft.data.versions import SPLITS, DatasetVersion, Split, list_versions, open_split
from localft.errors import UserError
from localft.store import files
from localft.store.projects import Project

Opener = Literal["evaluation", "browse", "export", "division"]
SEALED_TEXT = "(sealed: it is a test example)"
_OPENERS: tuple[Opener, ...] = get_args(Opener)


@dataclass(frozen=True)
class Opening:
    """The test split was opened: when, by what, of which version, with which test examples (their SHA-256).

    `what` tells the openings of one kind apart: the id of an evaluation, or of the version that was divided anew.
    """

    when: str
    who: Opener
    version: str
    test: str
    what: str = ""


def sealed() -> UserError:
    """What to say to someone who would look at test examples by the way."""
    return UserError(
        "The test split is sealed: examples that somebody has looked at measure no longer fairly.",
        Advice(
            "An evaluation opens it. To look all the same, add --open-test; it is counted.",
            "An evaluation opens it. To look all the same, open it in the table of examples; it is counted.",
        ),
    )


def open_test(project: Project, version: DatasetVersion, who: Opener, what: str = "") -> int:
    """Write down that the test split is opened; return how often it has been by now, this time included.

    What has been written down with the same `what` already, such as an evaluation that resumes, counts once.
    """
    path = _record(project)
    # A lock of its own: whoever writes a version counts what it opens meanwhile.
    with files.locked(project.folder / ".openings.lock"):
        known = list_openings(project, version)
        if not what or not any((one.who, one.what) == (who, what) for one in known):
            opening = Opening(files.now(), who, version.id, _digest(project, version), what)
            files.append_line(path, {**vars(opening)})
    return len(list_openings(project, version))


def look(project: Project, version: DatasetVersion, split: Split, opened: bool, who: Opener = "browse") -> None:
    """Let someone look at a split: at the test split only where that was asked for, and written down.

    Raises:
        UserError: it is the test split, and nobody asked to open it.
    """
    if split != "test":
        return
    if not opened:
        raise sealed()
    open_test(project, version, who)


def list_openings(project: Project, version: DatasetVersion) -> list[Opening]:
    """When the test examples of a version, or some of them, were opened, in it or in another that tests with them.

    What it was made from counts with it, as far back as the examples were divided in the same way. A division opens
    what it holds out no longer, so that it does not count for the version that it made.
    """
    openings = _read(project)
    if not openings:
        return []
    alike, test = _ancestors(project, version), _digest(project, version)
    openings = [one for one in openings if one.who != "division" or one.what not in alike or one.test == test]
    same = {one.version for one in openings if one.version in alike or one.test == test}
    others = {_seen_in(one) for one in openings if one.version not in same}
    if others:
        lines = _test_lines(project, version.id)
        others = {other for other in others if not lines.isdisjoint(_seen_lines(project, *other))}
    return [one for one in openings if one.version in same or one.test == test or _seen_in(one) in others]


def count_released(project: Project, version: DatasetVersion, test: Sequence[Example]) -> int:
    """How many examples a version holds out that are not in the `test` split of another division of the same ones."""
    kept = {hash(line) for line in lines_of(test)}
    return sum(hash(line) not in kept for line in lines_of(open_split(project, version.id, "test")))


def count_learned(project: Project, version: DatasetVersion, splits: Mapping[Split, Sequence[Example]]) -> int:
    """How many examples that a version holds out for test stand in the other `splits` of what counts from now on."""
    held = {hash(line) for line in lines_of(open_split(project, version.id, "test"))}
    return sum(hash(line) in held for name in SPLITS if name != "test" for line in lines_of(splits[name]))


def told_released(count: int) -> str:
    """Says how many examples are held out no longer; "" of none."""
    if not count:
        return ""
    was, now = ("was", "is") if count == 1 else ("were", "are")
    return f"{words.counted(count, 'example')} that {was} held out {now} learned or shown from now on"


def _seen_in(opening: Opening) -> tuple[str, str]:
    """The version whose test examples were seen, and the one that still holds some of them out."""
    return opening.version, opening.what if opening.who == "division" else ""


def _seen_lines(project: Project, version_id: str, but_in: str) -> set[int]:
    seen = _test_lines(project, version_id)
    return seen - _test_lines(project, but_in) if but_in else seen


def _test_lines(project: Project, version_id: str) -> set[int]:
    """Hashes of the test examples of a version; none where it is gone."""
    path = project.datasets / Path(version_id).name / "test.jsonl"
    if not path.exists():
        return set()
    with path.open("rb") as lines:
        return {hash(line) for line in lines}


def _read(project: Project) -> list[Opening]:
    found = []
    for line in files.read_lines(_record(project))[0]:
        texts = {name: str(line.get(name, "")) for name in ("when", "version", "test", "what")}
        who = next((known for known in _OPENERS if known == line.get("who")), None)
        if who is not None:
            found.append(Opening(who=who, **texts))
    return found


def _ancestors(project: Project, version: DatasetVersion) -> set[str]:
    """The version and those that it was made from without dividing them anew."""
    known = {one.id: one for one in list_versions(project).items}
    found: set[str] = set()
    current: DatasetVersion | None = version
    while current is not None and current.id not in found:
        if (current.division, current.seed, current.ratios) != (version.division, version.seed, version.ratios):
            break
        found.add(current.id)
        current = known.get(current.parent)
    return found


def _record(project: Project) -> Path:
    return project.folder / "test_openings.jsonl"


def _digest(project: Project, version: DatasetVersion) -> str:
    digest = hashlib.sha256()
    for path in sorted((project.datasets / version.id).glob("test.*")):
        with path.open("rb") as file:
            digest.update(hashlib.file_digest(file, "sha256").digest())
    return digest.hexdigest()
