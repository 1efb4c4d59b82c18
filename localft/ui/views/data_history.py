"""The history of a project's data: its versions, and what differs between two of them."""

from collections.abc import Iterator, Sequence
from itertools import islice

from localft import words
from localft.data.checks.finding import Row
from localft.data.repairs.before_after import before_and_after, said
from localft.data.repairs.differing import Difference
from localft.data.versions import DatasetVersion
from localft.ui.views import parts
from localft.ui.views.html import Markup, h, join

_MOST_ROWS = 50
_EXCERPT = 300
_IN_ALL = "A file to take away holds the test examples too: it counts as an opening of them."


def versions(listed: Sequence[DatasetVersion], used: set[str], files: Sequence[tuple[str, str]]) -> Markup:
    """The versions, newest first; the newest is the one that is trained on, and `files` are (name, address) of it."""
    rows = [
        (
            words.moment(version.created_at),
            _how(version),
            f"{version.total:,}",
            f"{version.set_aside:,}",
            _marks(version, used),
            _buttons(listed, position, used),
        )
        for position, version in enumerate(listed)
    ]
    headings = ["Made", "How", "Examples", "Set aside", "", ""]
    table = parts.table("Versions of the data", headings, rows, numbers=[2, 3])
    links = join(
        h('<a class="lf-button" href="{address}" download>Download as {name}</a> ', address=address, name=name)
        for name, address in files
    )
    return h("<h3>Versions</h3>{table}<p>{links}</p>{note}", table=table, links=links, note=parts.note(_IN_ALL))


def _how(version: DatasetVersion) -> str:
    return version.note or f"from {', '.join(source.name for source in version.sources)}"


def _marks(version: DatasetVersion, used: set[str]) -> Markup:
    return parts.badge("trained on", "accent") if version.id in used else Markup()


def _buttons(listed: Sequence[DatasetVersion], position: int, used: set[str]) -> Markup:
    version, made = listed[position], words.moment(listed[position].created_at)
    if position:
        return parts.action("restore", version.id, "Use again", made)
    earlier = position + 1 < len(listed)
    what = parts.action("diff", version.id, "What changed", made) if earlier else Markup()
    undo = parts.action("undo", version.id, "Undo", made) if earlier or version.id not in used else Markup()
    return h("{what} {undo}", what=what, undo=undo)


def difference(found: Difference) -> Markup:
    """What differs between two versions, row by row, before and after."""
    lines = list(islice(_lines(found), _MOST_ROWS))
    headings = ["What", "From", "Where", "Before", "After"]
    table = parts.table(f"What changed: {found.sentence}", headings, lines, [2], hide_caption=False)
    more = found.count - _MOST_ROWS
    rest = parts.note(f"{more:,} more: `localft data diff` lists them all.") if more > 0 else Markup()
    return h('<div role="status">{table}{rest}</div>', table=table, rest=rest)


def _lines(found: Difference) -> Iterator[tuple[object, ...]]:
    for row in found.removed:
        yield ("deleted", *_from(row), _text(row), "")
    for row in found.added:
        yield ("added", *_from(row), "", _text(row))
    for earlier, later in found.changed:
        before, after = before_and_after(earlier, later, _EXCERPT)
        place = _from(later)
        yield ("changed", *place, parts.verbatim(before), parts.verbatim(after))
    for earlier, later in found.moved:
        yield ("moved", *_from(later), earlier.split, later.split)


def _from(row: Row) -> tuple[str, str]:
    """The file that an example came from, and where it stands there."""
    return row.example.source, row.example.place or f"{row.example.row:,}"


def _text(row: Row) -> Markup:
    return parts.verbatim(said(row)[:_EXCERPT])
