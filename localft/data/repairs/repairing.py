"""Repairs make a new version of the data; the one before stays as it was, and is one click away."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from localft.data.checks.checking import read_context
from localft.data.checks.finding import CheckContext, Row
from localft.data.making.importing import read_set_aside
from localft.data.making.writing import write_version
from localft.data.repairs.differing import Difference, differ
from localft.data.repairs.mending import REPAIRS, Repair
from localft.data.row_ratings import carry_ratings, content_key
from localft.data.splits.golden import golden_among, never_learned, told_left_out
from localft.data.versions import SPLITS, DatasetVersion, Split
from localft.errors import UserError
from localft.store.projects import Project


def repair_version(project: Project, version: DatasetVersion, names: Sequence[str]) -> DatasetVersion:
    """Mend findings of a version, one after the other, and keep the result as a new version.

    Raises:
        UserError: a name is none of a finding that can be mended, nothing would change, too little would be left, or
            the golden questions, which nothing may be made of, cannot be read.
    """
    never_learned(project)
    before = read_context(project, version)
    after, done = _mend(before, names)
    _refuse_too_few(after)
    changed = differ(before.rows, after).changed
    carry_ratings(project, ((earlier.example, later.example) for earlier, later in changed))
    splits = {name: [row.example for row in after if row.split == name] for name in SPLITS}
    aside = read_set_aside(project, version.id)
    note = "; ".join(done)
    return write_version(
        project, splits, version.sources, aside, version.seed, version.ratios, version.id, note, version.division
    )


@dataclass(frozen=True)
class Trial:
    """What a repair would change, and how many examples each split would have then."""

    difference: Difference
    counts: dict[Split, int]


def try_repair(project: Project, version: DatasetVersion, names: Sequence[str]) -> Trial:
    """What `repair_version` would do.

    Raises:
        UserError: as there.
    """
    never_learned(project)
    before = read_context(project, version)
    after, _ = _mend(before, names)
    _refuse_too_few(after)
    counts = {name: sum(row.split == name for row in after) for name in SPLITS}
    return Trial(differ(before.rows, after), counts)


def repair_of(name: str) -> Repair:
    """How the finding of this name is mended.

    Raises:
        UserError: it cannot be, or there is no such finding.
    """
    if name not in REPAIRS:
        raise UserError(f"There is no repair for {name!r}.", f"What can be repaired: {', '.join(sorted(REPAIRS))}.")
    return REPAIRS[name]


def _mend(before: CheckContext, names: Sequence[str]) -> tuple[list[Row], list[str]]:
    """The rows after all repairs, and for each repair that changed something what it did."""
    context, done = before, []
    for name in names:
        mended = repair_of(name).rows(context)
        kept = _without_new_golden(context, mended)
        rows = _renumbered(kept)
        change = differ(context.rows, rows)
        if change:
            told = f" ({told_left_out(len(mended) - len(kept))})" if len(kept) < len(mended) else ""
            done.append(f"{name}: {change.sentence}{told}")
        # A row that is changed is still rated bad for the repair that deletes such rows.
        bad = {content_key(new.example) for old, new in change.changed if content_key(old.example) in context.rated_bad}
        context = replace(context, rows=rows, rated_bad=context.rated_bad | bad)
    if not done:
        raise UserError(
            f"Nothing was changed: nothing of {', '.join(names)} can be mended.",
            "Look at the findings with `localft data check`.",
        )
    return list(context.rows), done


def _without_new_golden(context: CheckContext, rows: Sequence[Row]) -> Sequence[Row]:
    """The rows without those that a repair has made training examples that ask golden questions.

    Those that were so before are a finding of their own, and have their own repair.
    """
    if not context.golden:
        return rows
    new = _learned_golden(rows, context) - _learned_golden(context.rows, context)
    return [row for row in rows if _origin(row) not in new or row.split != "train"]


def _learned_golden(rows: Sequence[Row], context: CheckContext) -> set[tuple[str, int]]:
    asked = golden_among([row.example for row in rows], context.golden)
    return {_origin(rows[position]) for position in asked if rows[position].split == "train"}


def _origin(row: Row) -> tuple[str, int]:
    return row.example.source, row.example.row


def _renumbered(rows: Sequence[Row]) -> list[Row]:
    """The rows with their places in what is left of each split."""
    counts = dict.fromkeys(SPLITS, 0)
    placed = []
    for row in rows:
        placed.append(row if row.index == counts[row.split] else replace(row, index=counts[row.split]))
        counts[row.split] += 1
    return placed


def _refuse_too_few(rows: Sequence[Row]) -> None:
    missing = [name for name in SPLITS if not any(row.split == name for row in rows)]
    if missing:
        raise UserError(
            f"The repair would leave no example for {missing[0]}.",
            "Add more examples first, or mend the rows one by one in their file.",
        )
