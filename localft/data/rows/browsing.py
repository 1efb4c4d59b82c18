"""Looking through the examples of a version: search, filter, sort, one page at a time.

Only the examples of the page are made; of all others their lines are looked at, and numbers about them remembered.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy
import numpy.typing as npt

from localft import words
from localft.data.checks.checking import CheckReport
from localft.data.checks.finding import Finding
from localft.data.checks.places import NOWHERE, Places, joined, places_of_rows
from localft.data.examples import Example
from localft.data.row_ratings import NOT_RATED, RowRating, content_key, read_ratings
from localft.data.rows.scanning import Positions, SplitFile
from localft.data.rows.wishes import Rated, Sort, Wish
from localft.data.versions import SPLITS, DatasetVersion, Split
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
    files = [(name, SplitFile.of(project, version.id, name)) for name in splits]
    ratings = read_ratings(project)
    if not wish.choosy and wish.sort == "place":
        count = sum(version.counts[name] for name in splits)
        first = (_page(wish, count) - 1) * wish.size
        chosen = list(range(first, min(first + wish.size, count)))
    else:
        places = _matching(files, version, wish, ratings)
        count = len(places)
        first = (_page(wish, count) - 1) * wish.size
        chosen = places[first : first + wish.size].tolist()
    return RowPage(tuple(_at(files, version, chosen, ratings)), count, _page(wish, count), _pages(wish, count), sealed)


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
    files: Sequence[tuple[Split, SplitFile]], version: DatasetVersion, wish: Wish, ratings: Mapping[str, RowRating]
) -> Positions:
    """The places (counted through all splits) of what fits, in the order that is wanted."""
    keys, places, before = [], [], 0
    for name, file in files:
        if len(file.examples()) < version.counts[name]:
            raise _shortened(name)
        fitting = _fitting(name, file, version.counts[name], wish, ratings)
        places.append(fitting + before)
        keys.append(_sort_keys(file, fitting, wish.sort, ratings))
        before += version.counts[name]
    if not places:
        return numpy.empty(0, dtype=numpy.int64)
    return numpy.concatenate(places)[numpy.argsort(numpy.concatenate(keys), kind="stable")]


def _fitting(name: Split, file: SplitFile, count: int, wish: Wish, ratings: Mapping[str, RowRating]) -> Positions:
    """The indices in a split of what fits."""
    found: Positions = numpy.arange(count)
    if wish.places is not None:
        found = numpy.intersect1d(found, wish.places.of(name))
    if wish.rated:
        found = found[_are_rated(file, wish.rated, ratings)[found]]
    sought = wish.search.strip().casefold()
    if sought and len(found):
        found = numpy.intersect1d(found, file.saying(sought))
    return numpy.intersect1d(found, file.edited()) if wish.edited and len(found) else found


def _are_rated(file: SplitFile, wanted: Rated, ratings: Mapping[str, RowRating]) -> "npt.NDArray[numpy.bool_]":
    if wanted == "not rated":
        return ~file.rated(ratings)
    return file.rated(
        key for key, one in ratings.items() if (bool(one.note) if wanted == "noted" else one.mark == wanted)
    )


def _sort_keys(file: SplitFile, indices: Positions, sort: Sort, ratings: Mapping[str, RowRating]) -> Positions:
    if sort == "place" or not len(indices):
        return numpy.zeros(len(indices), dtype=numpy.int64)
    if sort != "rating":
        lengths = file.lengths()[indices]
        return lengths if sort == "shortest" else -lengths
    ranks = numpy.full(len(indices), _RANKS["none"])
    for mark, rank in _RANKS.items():
        keys = [key for key, one in ratings.items() if one.mark == mark]
        if keys and mark != "none":
            ranks[file.rated(keys)[indices]] = rank
    return ranks


def _at(
    files: Sequence[tuple[Split, SplitFile]],
    version: DatasetVersion,
    places: Sequence[int],
    ratings: Mapping[str, RowRating],
) -> Iterator[BrowsedRow]:
    """The examples at places counted through all splits, in the order of the places."""
    found: dict[int, BrowsedRow] = {}
    wanted, before = set(places), 0
    for name, file in files:
        for place in (place for place in wanted if before <= place < before + version.counts[name]):
            index, examples = place - before, file.examples()
            if index >= len(examples):
                raise _shortened(name)
            example = examples[index]
            rating = ratings.get(content_key(example), NOT_RATED) if ratings else NOT_RATED
            found[place] = BrowsedRow(name, index, example, rating, length_of(example))
        before += version.counts[name]
    return (found[place] for place in places)


def _shortened(name: Split) -> UserError:
    return UserError(f"The file of {name} holds fewer examples than it had.", "Import the data again.")


def _pages(wish: Wish, count: int) -> int:
    return max(1, -(-count // wish.size))


def _page(wish: Wish, count: int) -> int:
    return max(1, min(wish.page, _pages(wish, count)))
