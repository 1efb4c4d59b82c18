"""Looking through the examples of a version: search, filter, sort, one page at a time.

Examples are read one after the other; what is kept of each that fits is a place and a sort key, 16 bytes.
"""

from array import array
from collections.abc import Iterator
from dataclasses import dataclass

import numpy

from localft import words
from localft.data.checks.checking import CheckReport
from localft.data.checks.finding import Finding
from localft.data.checks.places import NOWHERE, Places, joined, places_of_rows
from localft.data.examples import Example
from localft.data.row_ratings import NOT_RATED, RowRating, content_key, read_ratings
from localft.data.rows.wishes import Rated, Sort, Wish
from localft.data.versions import SPLITS, DatasetVersion, Split, open_split
from localft.errors import UserError
from localft.store.projects import Project

_RANKS = {"bad": 0, "good": 1, "none": 2}


@dataclass(frozen=True)
class BrowsedRow:
    """An example with its place (index from 0), what a person thinks of it, and its length in characters."""

    split: Split
    index: int
    example: Example
    rating: RowRating
    length: int


@dataclass(frozen=True)
class RowPage:
    """The examples of one page, how many fit in all, and how many of the test split stay sealed."""

    rows: tuple[BrowsedRow, ...]
    count: int
    page: int
    pages: int
    sealed: int


def browse(project: Project, version: DatasetVersion, wish: Wish) -> RowPage:
    """The page of a version that a person wants to see; one past the last is the last.

    Raises:
        UserError: the version is damaged.
    """
    splits = [name for name in SPLITS if wish.split in {None, name} and (name != "test" or wish.opened)]
    sealed = version.counts["test"] if wish.split in {None, "test"} and not wish.opened else 0
    ratings = read_ratings(project)
    if not wish.choosy and wish.sort == "place":
        count = sum(version.counts[name] for name in splits)
        first = (_page(wish, count) - 1) * wish.size
        chosen = range(first, min(first + wish.size, count))
    else:
        places = _matching(project, version, splits, wish, ratings)
        count = len(places)
        first = (_page(wish, count) - 1) * wish.size
        chosen = places[first : first + wish.size]
    rows = _at(project, version, splits, [int(place) for place in chosen], ratings)
    return RowPage(tuple(rows), count, _page(wish, count), _pages(wish, count), sealed)


def places_of(report: CheckReport, name: str) -> Places:
    """Where the examples of a finding are: all that its check has looked at one by one, or those that it shows.

    Raises:
        UserError: there is no such finding, or it names no example.
    """
    named = [finding for finding in report.findings if finding.check == name]
    places = joined(_places(finding) for finding in named)
    if places != NOWHERE:
        return places
    there = ", ".join(dict.fromkeys(finding.check for finding in report.findings if finding.rows))
    if named:
        message = f"The finding {name!r} is about the examples as a whole; it names none of them."
        raise UserError(message, f"Those that name some are: {there}." if there else "")
    raise UserError(f"There is no finding {name!r}.", f"There are: {there}." if there else "There is none.")


def unnamed_of(report: CheckReport, name: str, opened: bool) -> str:
    """What to say where a finding is about more examples than can be shown; "" where all of them can.

    Some name only a few that are typical, and the test examples stay sealed unless they are `opened`.
    """
    count = sum(finding.count for finding in report.findings if finding.check == name)
    places = places_of(report, name)
    total, sealed = places.total, 0 if opened else places.count("test")
    what = f"is about {count:,} examples and names {total:,} of them" if count > total else ""
    what = what or f"names {words.counted(total, 'example')}"
    stay = "is a test example and stays" if sealed == 1 else "are test examples and stay"
    closed = f", of which {sealed:,} {stay} sealed" if sealed else ""
    return f"The finding {what}{closed}." if closed or count > total else ""


def _places(finding: Finding) -> Places:
    """Those of a report that was written before they were kept are the ones that it shows."""
    return (
        finding.places if finding.places != NOWHERE else places_of_rows((row.split, row.index) for row in finding.rows)
    )


def length_of(example: Example) -> int:
    """The characters of all turns."""
    return sum(len(message.content) for message in example.messages) + len(example.rejected)


def _matching(
    project: Project, version: DatasetVersion, splits: list[Split], wish: Wish, ratings: dict[str, RowRating]
) -> "numpy.typing.NDArray[numpy.int64]":
    """The places (counted through all `splits`) of what fits, in the order that is wanted."""
    keys, places = array("q"), array("q")
    sought = wish.search.strip().casefold()
    for place, example in _rows(project, version, splits, wish.places):
        if (wish.edited and not example.edited) or (sought and not _says(example, sought)):
            continue
        rating = _rating(example, ratings) if wish.rated or wish.sort == "rating" else NOT_RATED
        if wish.rated and not _is_rated(rating, wish.rated):
            continue
        places.append(place)
        keys.append(_sort_key(example, rating, wish.sort))
    order = numpy.argsort(numpy.array(keys, dtype=numpy.int64), kind="stable")
    return numpy.array(places, dtype=numpy.int64)[order]


def _sort_key(example: Example, rating: RowRating, sort: Sort) -> int:
    if sort == "place":
        return 0
    if sort == "rating":
        return _RANKS[rating.mark]
    return length_of(example) if sort == "shortest" else -length_of(example)


def _says(example: Example, sought: str) -> bool:
    texts = (*(message.content for message in example.messages), example.rejected)
    return any(sought in text.casefold() for text in texts)


def _is_rated(rating: RowRating, wanted: Rated) -> bool:
    if wanted == "noted":
        return bool(rating.note)
    return not rating if wanted == "not rated" else rating.mark == wanted


def _rating(example: Example, ratings: dict[str, RowRating]) -> RowRating:
    return ratings.get(content_key(example), NOT_RATED) if ratings else NOT_RATED


def _rows(
    project: Project, version: DatasetVersion, splits: list[Split], places: Places | None
) -> Iterator[tuple[int, Example]]:
    """The examples, those at `places` only where there are any, each with its place counted through all `splits`."""
    before = 0
    for name in splits:
        examples = open_split(project, version.id, name)
        if places is None:
            yield from enumerate(examples, start=before)
        else:
            chosen = [index for index in places.of(name).tolist() if index < len(examples)]
            yield from zip((before + index for index in chosen), examples.select(chosen), strict=True)
        before += version.counts[name]


def _at(
    project: Project, version: DatasetVersion, splits: list[Split], places: list[int], ratings: dict[str, RowRating]
) -> Iterator[BrowsedRow]:
    """The examples at places counted through all `splits`, in the order of the places."""
    found: dict[int, BrowsedRow] = {}
    wanted, before = set(places), 0
    for name in splits:
        own = sorted(place - before for place in wanted if before <= place < before + version.counts[name])
        examples = open_split(project, version.id, name) if own else []
        for index in own:
            if index >= len(examples):
                raise UserError(f"The file of {name} holds fewer examples than it had.", "Import the data again.")
            example = examples[index]
            found[before + index] = BrowsedRow(name, index, example, _rating(example, ratings), length_of(example))
        before += version.counts[name]
    return (found[place] for place in places)


def _pages(wish: Wish, count: int) -> int:
    return max(1, -(-count // wish.size))


def _page(wish: Wish, count: int) -> int:
    return max(1, min(wish.page, _pages(wish, count)))
