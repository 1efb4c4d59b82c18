"""Write a dataset version: once, and whole or not at all."""

import hashlib
import os
import shutil
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from localft.data.examples import Example
from localft.data.splits.splitting import Ratios
from localft.data.stored import lines_of
from localft.data.versions import SPLITS, DatasetVersion, Division, SourceFile, Split, list_versions
from localft.data.working import Tell, quiet
from localft.errors import UserError
from localft.store import files
from localft.store.projects import Project

# Another import of the same project waits so many seconds for this one.
_PATIENCE = 600
_LINES_A_REPORT = 5_000


def write_version(
    project: Project,
    splits: Mapping[Split, Sequence[Example]],
    sources: Sequence[SourceFile],
    aside: Sequence[Mapping[str, object]],
    seed: int,
    ratios: Ratios,
    parent: str = "",
    note: str = "",
    division: Division = "chance",
    tell: Tell = quiet,
    undone_to: str = "",
    opens: Callable[[DatasetVersion], None] | None = None,
) -> DatasetVersion:
    """The splits as a new version, or the newest where that holds the same.

    `parent` is the version that it was made from, and `note` says in words how; `undone_to` is the one that an undo
    keeps once more. What others have made of the parent meanwhile would not count any more, so nothing is written then.
    What the new version opens of others is counted by `opens` before anyone can see it: whatever dies meanwhile, what
    was opened has been counted.

    Raises:
        UserError: another process writes a version of this project for ten minutes, or the parent is no more the newest
            one, unless an undo goes back.
    """
    with files.locked(project.folder / ".datasets.lock", _PATIENCE):
        _sweep(project.datasets)
        newest = next(iter(list_versions(project).items), None)
        if parent and not undone_to and (newest is None or newest.id != parent):
            raise UserError("The examples were changed meanwhile, so nothing was done.", "Do it once more.")
        version_id = files.new_id()
        hidden = project.datasets / f".{version_id}"
        with files.all_or_nothing(hidden):
            digest, pairs = _write_splits(hidden, splits, tell)
            same = newest is not None and (newest.sha256, newest.division) == (digest, division)
            if newest is not None and same and newest.sources == tuple(sources):
                shutil.rmtree(hidden)
                return newest
            version = DatasetVersion(
                id=version_id,
                created_at=files.now(),
                sources=tuple(sources),
                seed=seed,
                ratios=ratios,
                division=division,
                counts={name: len(splits[name]) for name in SPLITS},
                pairs=pairs,
                set_aside=len(aside),
                sha256=digest,
                parent=parent,
                note=note,
                undone_to=undone_to,
            )
            files.write_json(hidden / "set_aside.json", list(aside))
            version.save(hidden / "dataset.json")
            if opens is not None:
                opens(version)
            # A reader sees all of it or nothing.
            files.replace(hidden, project.datasets / version_id)
    return version


def _sweep(datasets: Path) -> None:
    """Remove what a killed import has left; called under the lock, so that it belongs to nobody."""
    for folder in datasets.glob(".[0-9]*"):
        shutil.rmtree(folder, ignore_errors=True)


def _write_splits(hidden: Path, splits: Mapping[Split, Sequence[Example]], tell: Tell) -> tuple[str, int]:
    """Write the three files; (SHA-256 of their contents, how many examples have a worse answer too)."""
    digest, pairs = hashlib.sha256(), 0
    total, done = sum(map(len, splits.values())), 0
    hidden.mkdir(parents=True)
    for name in SPLITS:
        digest.update(b"\x1e" if name != SPLITS[0] else b"")
        with (hidden / f"{name}.jsonl").open("wb") as file:
            for line in lines_of(splits[name]):
                file.write(line)
                digest.update(line)
                pairs += b'"rejected":' in line and bool(Example.model_validate_json(line).rejected)
                done += 1
                if done % _LINES_A_REPORT == 0:
                    tell("Writing the examples", done, total, "rows")
            file.flush()
            os.fsync(file.fileno())
    return digest.hexdigest(), pairs
