"""Write a dataset version: once, and whole or not at all."""

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path

from localft.data.examples import Example
from localft.data.splitting import Ratios
from localft.data.versions import SPLITS, DatasetVersion, Division, SourceFile, Split, list_versions
from localft.store import files
from localft.store.projects import Project


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
) -> DatasetVersion:
    """The splits as a new version, or the newest where that holds the same.

    `parent` is the version that it was made from, and `note` says in words how.
    """
    texts = {name: _lines(splits[name]) for name in SPLITS}
    digest = hashlib.sha256(b"\x1e".join(texts[name].encode() for name in SPLITS)).hexdigest()
    newest = next(iter(list_versions(project).items), None)
    same = newest is not None and (newest.sha256, newest.division) == (digest, division)
    if newest is not None and same and newest.sources == tuple(sources):
        return newest
    version = DatasetVersion(
        id=files.new_id(),
        created_at=files.now(),
        sources=tuple(sources),
        seed=seed,
        ratios=ratios,
        division=division,
        counts={name: len(splits[name]) for name in SPLITS},
        pairs=sum(bool(example.rejected) for name in SPLITS for example in splits[name]),
        set_aside=len(aside),
        sha256=digest,
        parent=parent,
        note=note,
    )
    _write(project.datasets, version, texts, aside)
    return version


def _lines(examples: Sequence[Example]) -> str:
    return "".join(example.model_dump_json(exclude_defaults=True) + "\n" for example in examples)


def _write(
    datasets: Path, version: DatasetVersion, texts: Mapping[Split, str], aside: Sequence[Mapping[str, object]]
) -> None:
    """Write a hidden folder, then give it its name: a reader sees all of it or nothing."""
    datasets.mkdir(parents=True, exist_ok=True)
    hidden = datasets / f".{version.id}"
    with files.all_or_nothing(hidden):
        for name in SPLITS:
            files.write_text(hidden / f"{name}.jsonl", texts[name])
        files.write_json(hidden / "set_aside.json", list(aside))
        version.save(hidden / "dataset.json")
        files.replace(hidden, datasets / version.id)
