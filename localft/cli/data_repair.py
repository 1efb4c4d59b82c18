"""`localft data repair`, `diff`, `versions`, `undo`, `redo` and `restore`: mend findings, see what changed, go back."""

import shlex
from collections.abc import Sequence
from itertools import starmap
from typing import TYPE_CHECKING, Any

import click

from localft import words
from localft.cli.options import examples, json_option, project_argument
from localft.cli.output import Output, one_line, shorten
from localft.cli.selection import chosen_version
from localft.cli.telling import shown
from localft.data.splits.sealing import SEALED_TEXT
from localft.data.versions import DatasetVersion, list_versions, open_version
from localft.errors import UserError
from localft.store.projects import Project

if TYPE_CHECKING:
    from localft.data.checks.finding import Row
    from localft.data.repairs.differing import Difference

_ROWS_SHOWN = 5
_WIDTH = 110


@click.command(
    "repair",
    epilog=examples(
        "localft data repair support-bot near-duplicates",
        'localft data repair support-bot "e-mail addresses" secrets --dry-run',
        "localft data repair support-bot --all",
    ),
)
@project_argument
@click.argument("findings", nargs=-1, metavar="[FINDING...]")
@click.option("--all", "everything", is_flag=True, help="Mend every finding that has a repair.")
@click.option("--dry-run", is_flag=True, help="Only say what would change.")
@json_option
@click.pass_obj
def repair(output: Output, project: Project, findings: tuple[str, ...], everything: bool, dry_run: bool) -> None:
    """Mend what `localft data check` found: the result is a new version, and `localft data undo` goes back.

    Without a finding it lists those that can be mended, and how.
    """
    from localft.data.repairs.repairing import try_repair

    if findings and everything:
        raise click.UsageError("Name findings, or --all, not both.")
    version = chosen_version(project, None)
    mendable = _mendable(output, project, version) if everything or not findings else []
    if not findings and not everything:
        _list(output, project, mendable)
        return
    names = findings or mendable
    if not names:
        raise UserError("Nothing was found that can be mended.", f"Next: localft train {project.slug}")
    with shown(output) as tell:
        trial = try_repair(project, version, names, tell)
        repaired = None if dry_run else trial.keep(tell)
    _print(output, trial.difference)
    if repaired is None:
        output.hint("Nothing was changed; leave --dry-run out to mend.")
    else:
        output.say(f"Version {repaired.id}: {repaired.note}.")
        output.hint(f"Next: localft data check {project.slug} (back: localft data undo {project.slug})")
    output.result(
        {
            "project": project.slug,
            "dataset": repaired.id if repaired else None,
            "parent": version.id,
            "counts": repaired.counts if repaired else trial.counts,
            **_as_value(trial.difference),
        }
    )


@click.command(
    "diff",
    epilog=examples(
        "localft data diff support-bot", "localft data diff support-bot 20261127-080000 20261127-090000 --json"
    ),
)
@project_argument
@click.argument("versions", nargs=-1, metavar="[EARLIER [LATER]]")
@json_option
@click.pass_obj
def diff(output: Output, project: Project, versions: tuple[str, ...]) -> None:
    """Say what differs between two versions of the data: by default the newest and the one before it."""
    from localft.data.making.history import version_before
    from localft.data.repairs.differing import compare_versions

    if len(versions) > 2:
        raise click.UsageError("Name two versions at most.")
    later = open_version(project, versions[1]) if len(versions) == 2 else chosen_version(project, None)
    earlier = open_version(project, versions[0]) if versions else version_before(project, later)
    with shown(output) as tell:
        difference = compare_versions(project, earlier, later, tell)
    output.heading(f"{earlier.id} to {later.id}: {difference.sentence}.")
    _print(output, difference)
    output.result({"project": project.slug, "earlier": earlier.id, "later": later.id, **_as_value(difference)})


@click.command("versions", epilog=examples("localft data versions support-bot"))
@project_argument
@json_option
@click.pass_obj
def versions(output: Output, project: Project) -> None:
    """List the versions of the data, newest first; the newest is the one that training uses."""
    listed = list_versions(project).items
    if not listed:
        output.say("There are no examples yet.")
        output.hint(f"Next: localft data import {project.slug} FILE")
    output.table(
        ["version", "made", "examples", "how"],
        [[one.id, words.moment(one.created_at), f"{one.total:,}", one.how] for one in listed],
    )
    output.result({"project": project.slug, "versions": [one.model_dump() for one in listed]})


@click.command("undo", epilog=examples("localft data undo support-bot"))
@project_argument
@json_option
@click.pass_obj
def undo(output: Output, project: Project) -> None:
    """Take the newest version of the data back, be it an import or a repair.

    It goes to the trash; where a run was trained on it, it stays, and the one before it becomes the newest once more.
    Each further undo goes back one more; `localft data restore` goes to any version at once.
    """
    from localft.data.making.history import undo
    from localft.data.splits.golden import told_left_out
    from localft.training.runs import versions_in_use

    undone = chosen_version(project, None)
    gone_back = undo(project, versions_in_use(project))
    now, left_out = gone_back or (None, 0)
    left = f"what counts now is {now.id} with {words.counted(now.total, 'example')}" if now else "no examples are left"
    left += f"; {told_left_out(left_out)}" if left_out else ""
    output.say(f"Undone: {undone.id} ({undone.how}); {left}.")
    if now is None:
        output.hint(f"Next: localft data import {project.slug} FILE")
    output.hint(f"Forward again: localft data redo {project.slug}")
    output.result(
        {"project": project.slug, "undone": undone.id, "dataset": now.id if now else None, "left_out": left_out}
    )


@click.command("redo", epilog=examples("localft data redo support-bot"))
@project_argument
@json_option
@click.pass_obj
def redo(output: Output, project: Project) -> None:
    """Take the newest undo back, as long as nothing else was made since; each further redo goes one further."""
    from localft.data.making.history import redo
    from localft.data.splits.golden import told_left_out
    from localft.training.runs import versions_in_use

    now, left_out = redo(project, versions_in_use(project))
    told = f"; {told_left_out(left_out)}" if left_out else ""
    output.say(f"What counts now is {now.id} with {words.counted(now.total, 'example')} ({now.how}){told}.")
    output.hint(f"Back: localft data undo {project.slug}")
    output.result({"project": project.slug, "dataset": now.id, "left_out": left_out})


@click.command(
    "restore",
    epilog=examples("localft data versions support-bot", "localft data restore support-bot 20261127-080000"),
)
@project_argument
@click.argument("version_id", metavar="VERSION")
@json_option
@click.pass_obj
def restore(output: Output, project: Project, version_id: str) -> None:
    """Use an earlier version of the data again: it is kept once more, as the newest.

    None goes away, and `localft data undo` takes it back.
    """
    from localft.data.making.history import restore
    from localft.data.splits.golden import told_left_out

    wanted = open_version(project, version_id)
    now, left_out = restore(project, wanted)
    told = f"; {told_left_out(left_out)}" if left_out else ""
    output.say(
        f"What counts now is {now.id} with {words.counted(now.total, 'example')}: as it was on "
        f"{words.moment(wanted.created_at)}{told}."
    )
    output.hint(f"Back: localft data undo {project.slug}")
    output.result({"project": project.slug, "restored": version_id, "dataset": now.id, "left_out": left_out})


def _mendable(output: Output, project: Project, version: DatasetVersion) -> list[str]:
    from localft.data.checks.checking import check_version
    from localft.data.repairs.mending import REPAIRS

    with shown(output) as tell:
        report = check_version(project, version, tell=tell)
    return [finding.check for finding in report.findings if finding.check in REPAIRS]


def _list(output: Output, project: Project, names: Sequence[str]) -> None:
    from localft.data.repairs.repairing import repair_of

    if not names:
        output.say("Nothing was found that can be mended.")
    repairs = {name: repair_of(name).what for name in names}
    for name, what in repairs.items():
        output.say(f"{name}: {what}")
    if names:
        output.hint(f"Next: localft data repair {project.slug} {shlex.quote(names[0])}, or --all")
    output.result({"project": project.slug, "repairs": repairs})


def _print(output: Output, difference: "Difference") -> None:
    for what, rows in (("deleted", difference.removed), ("added", difference.added)):
        _print_some(output, what, len(rows), [_line(row, row.split) for row in rows[:_ROWS_SHOWN]])
    changed = [line for pair in difference.changed[:_ROWS_SHOWN] for line in _change(*pair)]
    _print_some(output, "changed", len(difference.changed), changed)
    moved = [_moved(earlier, later) for earlier, later in difference.moved[:_ROWS_SHOWN]]
    _print_some(output, "moved", len(difference.moved), moved)


def _line(row: "Row", where: str) -> str:
    from localft.data.checks.calls import said

    answer = SEALED_TEXT if row.split == "test" else said(row.example.messages[-1])
    return shorten(one_line(f"{row.example.origin} ({where}): {answer}"), _WIDTH)


def _moved(earlier: "Row", later: "Row") -> str:
    return _line(earlier if earlier.split == "test" else later, f"{earlier.split} to {later.split}")


def _change(earlier: "Row", later: "Row") -> list[str]:
    from localft.data.repairs.before_after import before_and_after

    before, after = (shorten(one_line(text), _WIDTH - 10) for text in before_and_after(earlier, later, _WIDTH))
    return [f"{later.example.origin} ({later.split})", f"  before: {before}", f"   after: {after}"]


def _print_some(output: Output, what: str, count: int, lines: Sequence[str]) -> None:
    if lines:
        output.say(f"{count:,} {what}:")
    for line in lines:
        output.say(f"  {line}")
    if count > _ROWS_SHOWN:
        output.say(f"  and {count - _ROWS_SHOWN:,} more")


def _as_value(difference: "Difference") -> dict[str, Any]:
    return {
        "removed": map(_row, difference.removed),
        "added": map(_row, difference.added),
        "changed": starmap(_pair, difference.changed),
        "moved": starmap(_pair, difference.moved),
    }


def _pair(earlier: "Row", later: "Row") -> list[dict[str, Any]]:
    """A row before and after; what it says in the test split of one, nobody reads from what it is in the other."""
    hidden = "test" in {earlier.split, later.split}
    return [_row(earlier, hidden), _row(later, hidden)]


def _row(row: "Row", hidden: bool = False) -> dict[str, Any]:
    sealed = {"sealed": True, "source": row.example.source, "row": row.example.row}
    shown = sealed if hidden or row.split == "test" else row.example.model_dump(exclude_defaults=True)
    return {"split": row.split, "index": row.index, **shown}
