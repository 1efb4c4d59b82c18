"""Repairs make a new version of the data; the one before stays as it was, and is one click away."""

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from localft.advice import Advice
from localft.data.checks.checking import read_context
from localft.data.checks.finding import CheckContext
from localft.data.checks.looking import Mend
from localft.data.checks.stored_rows import StoredRows, rows_of
from localft.data.making.importing import read_set_aside
from localft.data.making.writing import write_version
from localft.data.repairs.differing import Difference, differ, told
from localft.data.repairs.leaks import told_left, without_leaks
from localft.data.repairs.mending import REPAIRS, Repair
from localft.data.repairs.staging import Splits, Staged, splits_of
from localft.data.row_ratings import carry_ratings, content_key
from localft.data.splits.golden import golden_among, never_learned, told_left_out
from localft.data.stored import select
from localft.data.versions import SPLITS, DatasetVersion, Split, put_together
from localft.data.working import Tell, quiet
from localft.errors import UserError
from localft.store.projects import Project

_ROWS_A_REPORT = 2_000
_LOOK_AGAIN = Advice("Look at the findings with `localft data check`.", "Look at the findings again.")


def repair_version(
    project: Project, version: DatasetVersion, names: Sequence[str], tell: Tell = quiet
) -> DatasetVersion:
    """Mend findings of a version, one after the other, and keep the result as a new version.

    Many examples are not held in memory. What is done is told on the way.

    Raises:
        UserError: a name is none of a finding that can be mended, nothing would change, too little would be left, or
            the golden questions, which nothing may be made of, cannot be read.
    """
    return try_repair(project, version, names, tell).keep(tell)


@dataclass(frozen=True)
class Trial:
    """What a repair would change, and how many examples each split would have then."""

    project: Project
    version: DatasetVersion
    difference: Difference
    counts: dict[Split, int]
    note: str
    splits: Splits = field(repr=False)

    def keep(self, tell: Tell = quiet) -> DatasetVersion:
        """Make the version that was tried."""
        project, version = self.project, self.version
        carry_ratings(project, ((earlier.example, later.example) for earlier, later in self.difference.changed))
        aside = read_set_aside(project, version.id)
        return write_version(
            project, self.splits, version.sources, aside, version.seed, version.ratios, version.id, self.note,
            version.division, tell,
        )  # fmt: skip


def try_repair(project: Project, version: DatasetVersion, names: Sequence[str], tell: Tell = quiet) -> Trial:
    """What `repair_version` would do.

    Raises:
        UserError: as there.
    """
    never_learned(project)
    before = read_context(project, version)
    after, done = _mend(before, names, tell)
    counts = {name: len(after[name]) for name in SPLITS}
    _refuse_too_few(counts)
    return Trial(project, version, differ(before.rows, rows_of(after), tell), counts, "; ".join(done), after)


def repair_of(name: str) -> Repair:
    """How the finding of this name is mended.

    Raises:
        UserError: it cannot be, or there is no such finding.
    """
    if name not in REPAIRS:
        raise UserError(f"There is no repair for {name!r}.", f"What can be repaired: {', '.join(sorted(REPAIRS))}.")
    return REPAIRS[name]


def _mend(before: CheckContext, names: Sequence[str], tell: Tell) -> tuple[Splits, list[str]]:
    """What each split holds after all repairs, and for each repair that changed something what it did."""
    context, done, left = before, list[str](), list[str]()
    splits = splits_of(before.rows)
    for name, repair in [(name, repair_of(name)) for name in names]:
        if repair.mending is None:
            made, change = _without_leaks(context, splits, tell, left)
        else:
            made, change, bad = _mended(context, repair.mending(context, tell), name, tell)
            # A row that is changed is still rated bad for the repair that deletes such rows.
            context = replace(context, rated_bad=context.rated_bad | bad)
        made, left_out = _without_new_golden(context, splits, made)
        if left_out:
            change = f"{differ(context.rows, rows_of(made), tell).sentence} ({told_left_out(left_out)})"
        if change:
            done.append(f"{name}: {change}")
            splits, context = made, replace(context, rows=rows_of(made), known_asked=None)
    if not done:
        raise UserError(
            f"Nothing was changed: nothing of {', '.join(names)} can be mended.",
            _LOOK_AGAIN.after("".join(f"{one}. " for one in left)),
        )
    return splits, done


def _mended(context: CheckContext, mend: Mend, name: str, tell: Tell) -> tuple[Splits, str, set[str]]:
    """The rows as a repair leaves them, what it did in words, and the keys of what is rated bad and says other things.

    The words are "" where it did nothing.
    """
    staged = Staged(isinstance(context.rows, StoredRows))
    removed = changed = 0
    bad: set[str] = set()
    with contextlib.closing(staged):
        for position, row in enumerate(context.rows):
            mended = mend(position, row)
            if mended is None:
                removed += 1
                continue
            if mended is not row and mended.example != row.example:
                changed += 1
                if context.rated_bad and content_key(row.example) in context.rated_bad:
                    bad.add(content_key(mended.example))
            staged.add(mended)
            if position % _ROWS_A_REPORT == 0:
                tell(f"Mending {name}", position, len(context.rows), "rows")
    return staged.splits(), told(0, removed, changed, 0) if removed or changed else "", bad


def _without_leaks(context: CheckContext, splits: Splits, tell: Tell, left: list[str]) -> tuple[Splits, str]:
    """The same examples, with what is nearly equal together in one part; test examples stay where they are.

    What that did comes with them in words, "" where it did nothing; what is `left` of the finding is told there.
    """
    made, count = without_leaks(context, splits)
    left += [told_left(count)] if count else []
    change = differ(context.rows, rows_of(made), tell) if made is not splits else None
    return made, "; ".join(filter(None, (change.sentence, told_left(count)))) if change else ""


def _without_new_golden(context: CheckContext, before: Splits, made: Splits) -> tuple[Splits, int]:
    """What a repair has made without the training examples that ask golden questions since, and how many those are.

    Those that did so before are a finding of their own, and have their own repair.
    """
    if not context.golden:
        return made, 0
    known = set(_learned_golden(context, before).values())
    new = {position for position, origin in _learned_golden(context, made).items() if origin not in known}
    left = [position for position in range(len(made["train"])) if position not in new]
    return ({**made, "train": select(made["train"], left)} if new else made), len(new)


def _learned_golden(context: CheckContext, splits: Splits) -> dict[int, tuple[str, int]]:
    """Where training examples that ask golden questions stand, and where they come from."""
    asked = golden_among(put_together([splits[name] for name in SPLITS]), context.golden)
    learned = [position for position in asked if position < len(splits["train"])]
    examples = select(splits["train"], learned)
    return {position: (one.source, one.row) for position, one in zip(learned, examples, strict=True)}


def _refuse_too_few(counts: dict[Split, int]) -> None:
    missing = [name for name in SPLITS if not counts[name]]
    if missing:
        raise UserError(
            f"The repair would leave no example for {missing[0]}.",
            "Add more examples first, or mend the rows one by one in their file.",
        )
