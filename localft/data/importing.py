"""From files to an immutable dataset version."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from localft.data.chats import ChatChoice
from localft.data.examples import Example, Message
from localft.data.reading import DUPLICATE, ReadResult, SetAside, no_rows, read_files, set_aside_reasons
from localft.data.splitting import DEFAULT_RATIOS, Ratios, split, too_few
from localft.data.versions import SPLITS, DatasetVersion, SourceFile, Split, iterate_split, list_versions
from localft.errors import UserError
from localft.store import files
from localft.store.projects import Project


@dataclass(frozen=True)
class ImportReport:
    """The new version, and what was read for it."""

    version: DatasetVersion
    read: ReadResult


def preview_files(
    paths: Sequence[Path | str], mapping: Mapping[str, str] | None = None, chat: ChatChoice | None = None
) -> ReadResult:
    """Read files without importing them.

    No usable row is no error here, so that a person can map the columns, or choose a voice among the speakers.

    Raises:
        UserError: a file cannot be read, the mapping is wrong, or nobody has the voice that was chosen.
    """
    return read_files(paths, mapping, strict=False, chat=chat)


def import_files(
    project: Project,
    paths: Sequence[Path | str],
    mapping: Mapping[str, str] | None = None,
    system_prompt: str | None = None,
    seed: int = 42,
    ratios: Ratios = DEFAULT_RATIOS,
    chat: ChatChoice | None = None,
) -> ImportReport:
    """Read files, split their examples, and keep them as a new dataset version of the project.

    `system_prompt` is given to every example that has none; `chat` says whose voice is the assistant's in chats.
    Importing what the newest version holds already gives that
    version again.

    Raises:
        UserError: nothing can be read or used, or there are too few examples; the project is then as it was.
    """
    read = read_files(paths, mapping, chat=chat)
    splits = divide(read, system_prompt, seed, ratios)
    aside = [_listed(row) for row in read.set_aside]
    return ImportReport(_keep(project, splits, read.sources, aside, seed, ratios), read)


def extend_version(project: Project, version: DatasetVersion, paths: Sequence[Path | str]) -> ImportReport:
    """Keep a version's examples together with those of more files as a new version, split as the first was.

    Where the files hold nothing but what is there already, that is the version itself.

    Raises:
        UserError: a file cannot be read.
    """
    known = [example for name in SPLITS for example in iterate_split(project, version.id, name)]
    read = read_files(paths, strict=False, known=known)
    if not read.examples and set(read.kinds) <= {DUPLICATE}:
        return ImportReport(version, read)
    splits = split([*known, *read.examples], version.seed, version.ratios)
    sources = [*version.sources, *read.sources]
    aside = [*read_set_aside(project, version.id), *(_listed(row) for row in read.set_aside)]
    return ImportReport(_keep(project, splits, sources, aside, version.seed, version.ratios), read)


def divide(
    read: ReadResult, system_prompt: str | None = None, seed: int = 42, ratios: Ratios = DEFAULT_RATIOS
) -> dict[Split, list[Example]]:
    """The three splits that an import of these rows makes.

    Raises:
        UserError: there are too few examples; where rows were set aside, it says why.
    """
    if read.lacks_voice or not read.examples:
        raise no_rows(read)
    shortage = too_few(len(read.examples))
    if shortage is not None and read.set_aside:
        raise UserError(shortage.message, f"{len(read.set_aside):,} more cannot be used: {set_aside_reasons(read)}.")
    return split([_with_system(example, system_prompt) for example in read.examples], seed, ratios)


def _with_system(example: Example, system_prompt: str | None) -> Example:
    if not system_prompt or not system_prompt.strip() or example.messages[0].role == "system":
        return example
    system = Message(role="system", content=system_prompt)
    return example.model_copy(update={"messages": (system, *example.messages)})


def _lines(examples: list[Example]) -> str:
    return "".join(example.model_dump_json(exclude_defaults=True) + "\n" for example in examples)


def _keep(
    project: Project,
    splits: Mapping[Split, list[Example]],
    sources: Sequence[SourceFile],
    aside: list[dict[str, object]],
    seed: int,
    ratios: Ratios,
) -> DatasetVersion:
    """The splits as a new version, or the newest where that holds the same."""
    texts = {name: _lines(splits[name]) for name in SPLITS}
    digest = hashlib.sha256(b"\x1e".join(texts[name].encode() for name in SPLITS)).hexdigest()
    newest = next(iter(list_versions(project).items), None)
    if newest is not None and newest.sha256 == digest and newest.sources == tuple(sources):
        return newest
    version = DatasetVersion(
        id=files.new_id(),
        created_at=files.now(),
        sources=tuple(sources),
        seed=seed,
        ratios=ratios,
        counts={name: len(splits[name]) for name in SPLITS},
        pairs=sum(bool(example.rejected) for name in SPLITS for example in splits[name]),
        set_aside=len(aside),
        sha256=digest,
    )
    _write(project, version, texts, aside)
    return version


def _write(project: Project, version: DatasetVersion, texts: dict[Split, str], aside: list[dict[str, object]]) -> None:
    """Write a hidden folder, then give it its name: a reader sees all of it or nothing."""
    project.datasets.mkdir(parents=True, exist_ok=True)
    hidden = project.datasets / f".{version.id}"
    with files.all_or_nothing(hidden):
        for name in SPLITS:
            files.write_text(hidden / f"{name}.jsonl", texts[name])
        files.write_json(hidden / "set_aside.json", aside)
        version.save(hidden / "dataset.json")
        files.replace(hidden, project.datasets / version.id)


def _listed(row: SetAside) -> dict[str, object]:
    return {"source": row.source, "row": row.row, "kind": row.kind, "reason": row.reason, "text": row.text}


def read_set_aside(project: Project, version_id: str) -> list[dict[str, object]]:
    """The rows that were set aside for a version: source, row, kind, reason and the start of each.

    Raises:
        UserError: the list is missing or damaged.
    """
    return files.read_json(project.datasets / Path(version_id).name / "set_aside.json")
