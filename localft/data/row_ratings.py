"""What a person thinks of examples: good, bad, or a note. Kept by what an example says, so it survives new versions."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

from localft.data.examples import Example
from localft.store import files
from localft.store.projects import Project

Mark = Literal["good", "bad", "none"]
MARKS: tuple[Mark, ...] = get_args(Mark)


@dataclass(frozen=True)
class RowRating:
    """Good, bad or neither, and a note; false where nothing was said."""

    mark: Mark = "none"
    note: str = ""

    def __bool__(self) -> bool:
        return self.mark != "none" or bool(self.note)

    @property
    def words(self) -> str:
        """As a person reads it: "bad: too curt"."""
        said = "" if self.mark == "none" else self.mark
        return f"{said}: {self.note}" if said and self.note else said or self.note


NOT_RATED = RowRating()


def content_key(example: Example) -> str:
    """The same for examples that say the same, wherever they came from and in whichever split they are."""
    said = example.model_dump_json(include={"messages", "tools", "rejected"}, exclude_defaults=True)
    return content_key_of(said.encode("utf-8", "surrogatepass"))


def content_key_of(said: bytes) -> str:
    """As `content_key`, of the JSON of what an example says."""
    return hashlib.sha256(said).hexdigest()[:32]


def ratings_path(project: Project) -> Path:
    """The file of ratings: JSON lines, of which the last about an example counts."""
    return project.folder / "row_ratings.jsonl"


def read_ratings(project: Project) -> dict[str, RowRating]:
    """The ratings of a project, by `content_key`."""
    found: dict[str, RowRating] = {}
    for line in files.read_lines(ratings_path(project))[0]:
        mark = next((known for known in MARKS if known == line.get("mark")), None)
        if mark is not None and isinstance(line.get("example"), str):
            found[line["example"]] = RowRating(mark, str(line.get("note", "")))
    return {key: rating for key, rating in found.items() if rating}


def rating_of(project: Project, example: Example) -> RowRating:
    """What a person thinks of an example."""
    return read_ratings(project).get(content_key(example), NOT_RATED)


def rate_example(project: Project, example: Example, rating: RowRating) -> None:
    """Keep what a person thinks of an example, in place of what was said before."""
    line = {"example": content_key(example), "mark": rating.mark, "note": rating.note.strip(), "when": files.now()}
    with files.locked(project.folder / ".lock"):
        files.append_line(ratings_path(project), line)


def carry_ratings(project: Project, changed: Iterable[tuple[Example, Example]]) -> None:
    """Keep what a person thinks of examples for what they say after a change too; each is given before and after it.

    What was said about the later text already stays.
    """
    ratings = read_ratings(project)
    if not ratings:
        return
    for before, after in changed:
        rating = ratings.get(content_key(before))
        if rating is not None and content_key(after) not in ratings:
            rate_example(project, after, rating)


def rated_bad(project: Project) -> frozenset[str]:
    """The keys of the examples that are rated bad."""
    return frozenset(key for key, rating in read_ratings(project).items() if rating.mark == "bad")
