"""The passages of documents that examples were written from: each text once in a project, named by its digest.

An example carries the digest through all versions, repairs and edits, so that no version holds the text itself.
"""

import hashlib
import json
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path

import pydantic

from localft.data.examples import Example
from localft.store import files
from localft.store.projects import Project

# Passages that are written at the same time wait for each other so many seconds.
_PATIENCE = 60
_DIGEST_LETTERS = 32
_BEGINS = b'{"digest":"'


class SourcePassage(pydantic.BaseModel):
    """What stood from `start` to `end` (in characters) in a document, at `place`."""

    model_config = pydantic.ConfigDict(frozen=True, extra="ignore")

    document: str
    place: str
    start: int
    end: int
    text: str

    @property
    def digest(self) -> str:
        """The name by which examples know it."""
        said = json.dumps([self.document, self.place, self.start, self.end, self.text])
        return hashlib.sha256(said.encode()).hexdigest()[:_DIGEST_LETTERS]

    @property
    def where(self) -> str:
        """Document and place, as a person reads them."""
        return f"{self.document}, {self.place}" if self.place else self.document


def passages_path(project: Project) -> Path:
    """The file of passages: JSON lines that each begin with the digest."""
    return project.folder / "source_passages.jsonl"


def keep_passages(project: Project, passages: Iterable[SourcePassage]) -> None:
    """Keep passages that are not kept yet."""
    wanted = {passage.digest: passage for passage in passages}
    with files.locked(project.folder / ".source_passages.lock", _PATIENCE):
        known = {digest for digest, _ in _lines(project)}
        for digest, passage in wanted.items():
            if digest not in known:
                files.append_line(passages_path(project), {"digest": digest, **passage.model_dump()})


def source_passages(project: Project, examples: Iterable[Example]) -> dict[str, SourcePassage]:
    """The passages that examples were written from, by digest; one that is gone, or is damaged, is left out."""
    wanted = {example.passage for example in examples} - {""}
    return _read(project, wanted) if wanted else {}


def all_source_passages(project: Project) -> dict[str, SourcePassage]:
    """Every passage of a project, by digest."""
    return _read(project, {digest for digest, _ in _lines(project)})


def _read(project: Project, wanted: Collection[str]) -> dict[str, SourcePassage]:
    found = {}
    for digest, line in _lines(project):
        if digest in wanted:
            try:
                passage = SourcePassage.model_validate_json(line)
            except pydantic.ValidationError:
                continue
            if passage.digest == digest:
                found[digest] = passage
    return found


def _lines(project: Project) -> Iterator[tuple[str, bytes]]:
    """(digest, line) of each, of which only the wanted ones have to be understood."""
    path = passages_path(project)
    if not path.exists():
        return
    with path.open("rb") as file:
        for line in file:
            if line.startswith(_BEGINS):
                yield line[len(_BEGINS) : len(_BEGINS) + _DIGEST_LETTERS].decode("ascii", "replace"), line
