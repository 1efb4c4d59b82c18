"""The history of a project's data: its versions, and what differs between two of them."""

from collections.abc import Sequence
from dataclasses import dataclass

from localft import words
from localft.data.making.undone import Undone
from localft.data.repairs.summary import ChangedRow, Summary
from localft.data.versions import DatasetVersion
from localft.jobs import JobView
from localft.ui.views import parts
from localft.ui.views.html import Markup, h, join

_IN_ALL = "A file to take away holds the test examples too: it counts as an opening of them."


@dataclass(frozen=True)
class TakeAway:
    """A file of the newest version: its form, and its address; without one it has to be written first, by a job."""

    form: str
    address: str = ""
    job: JobView | None = None
    with_passages: bool = False


def versions(
    listed: Sequence[DatasetVersion], used: set[str], files: Sequence[TakeAway], undone: Undone | None = None
) -> Markup:
    """The versions, newest first; the newest is the one that is trained on, and `files` are of it.

    `undone` is what a redo would bring back.
    """
    rows = [
        (
            words.moment(version.created_at),
            version.how,
            f"{version.total:,}",
            f"{version.set_aside:,}",
            _marks(version, used),
            _buttons(listed, position, used, undone),
        )
        for position, version in enumerate(listed)
    ]
    headings = ["Made", "How", "Examples", "Set aside", "", ""]
    table = parts.table("Versions of the data", headings, rows, numbers=[2, 3])
    links = join(h("{link} ", link=_link(one)) for one in files)
    said = join(parts.note(one.job.sentence) for one in files if one.job is not None and not one.address)
    return h(
        "<h3>Versions</h3>{table}<p>{links}</p>{said}{note}",
        table=table, links=links, said=said, note=parts.note(_IN_ALL),
    )  # fmt: skip


def _link(file: TakeAway) -> Markup:
    if not file.address:
        waits = file.job is not None and file.job.state.alive
        return Markup() if waits else parts.action("write", file.form, f"Write as {file.form.upper()}")
    return h(
        '<a class="lf-button" href="{address}" download>Download as {name}</a>',
        address=file.address,
        name=file.form.upper() + (" with passages" if file.with_passages else ""),
    )


def _marks(version: DatasetVersion, used: set[str]) -> Markup:
    return parts.badge("trained on", "accent") if version.id in used else Markup()


def _buttons(listed: Sequence[DatasetVersion], position: int, used: set[str], undone: Undone | None) -> Markup:
    version, made = listed[position], words.moment(listed[position].created_at)
    if position:
        return parts.action("restore", version.id, "Use again", made)
    earlier = position + 1 < len(listed)
    what = parts.action("diff", version.id, "What changed", made) if earlier else Markup()
    undo = parts.action("undo", version.id, "Undo", made) if earlier or version.id not in used else Markup()
    return h("{what} {undo} {redo}", what=what, undo=undo, redo=_redo(undone) if undone else "")


def nothing_left(undone: Undone) -> Markup:
    """What stands in place of the versions where the only one was undone."""
    said = h("<p>{said} {redo}</p>", said=f"Undone: {undone.what}.", redo=_redo(undone))
    return h("<h3>Versions</h3>{said}", said=said)


def _redo(undone: Undone) -> Markup:
    return parts.action("redo", undone.version, "Redo", undone.what)


def difference(found: Summary) -> Markup:
    """What differs between two versions, row by row, before and after."""
    lines = [(row.what, row.source, row.where, _text(row, row.before), _text(row, row.after)) for row in found.rows]
    headings = ["What", "From", "Where", "Before", "After"]
    table = parts.table(f"What changed: {found.sentence}", headings, lines, [2], hide_caption=False)
    more = found.count - len(found.rows)
    rest = (
        parts.note(f"{more:,} more: `localft data diff` on the command line lists them all.") if more > 0 else Markup()
    )
    return h('<div role="status">{table}{rest}</div>', table=table, rest=rest)


def _text(row: ChangedRow, text: str) -> object:
    # Of one that has moved they are the names of the parts.
    return text if row.what == "moved" or not text else parts.verbatim(text)


def comparing(job: JobView) -> Markup:
    """Where the comparison of many examples stands, with a way to start it again where it was stopped."""
    if job.state.alive:
        return parts.card("The versions are being compared", h("<p>{said}</p>", said=job.sentence), "accent")
    return parts.card("The versions are not compared", h("<p>{said}</p>", said=job.sentence), "warn")
