"""`localft data split`: divide the examples anew."""

import click

from localft.cli.options import examples, json_option, project_argument
from localft.cli.output import Output
from localft.cli.selection import chosen_version
from localft.cli.telling import shown
from localft.data.versions import DIVISIONS, SPLITS, Division, open_split
from localft.store.projects import Project

split_by_option = click.option(
    "--split-by",
    "division",
    type=click.Choice(DIVISIONS),
    help="In which way to divide the examples; by what the mapped columns say unless told, else by chance.",
)


@click.command(
    "split",
    epilog=examples(
        "localft data split support-bot --seed 7",
        "localft data split support-bot --ratios 0.7 0.15 0.15",
        "localft data split support-bot --by time",
    ),
)
@project_argument
@click.option("--seed", type=int, help="Decides which example lands in which part; as before unless told.")
@click.option(
    "--ratios",
    type=(float, float, float),
    metavar="TRAIN VALIDATION TEST",
    help="The shares of the three parts; as before unless told.",
)
@click.option("--by", "division", type=click.Choice(DIVISIONS), help="In which way; as before unless told.")
@json_option
@click.pass_obj
def split(
    output: Output,
    project: Project,
    seed: int | None,
    ratios: tuple[float, float, float] | None,
    division: Division | None,
) -> None:
    """Divide the examples of the newest version anew, as a new version; `localft data undo` goes back.

    By chance, each part gets its share of each label, where the examples have labels. By time, the oldest are learned
    and the newest measure. By column, as a column of the file says (`localft data import --map split=COLUMN`). Examples
    of one group, and those that ask nearly the same, always stay together. What was held out may be learned then, which
    counts as an opening of the test split that it was in: compare runs of one division only.
    """
    from localft.data.making.dividing import divide_anew
    from localft.data.splits.sealing import count_released, told_released

    before = chosen_version(project, None)
    with shown(output) as tell:
        after = divide_anew(
            project, before, before.seed if seed is None else seed, ratios or before.ratios, division, tell
        )
    counts = ", ".join(f"{after.counts[name]:,} for {name}" for name in SPLITS)
    output.say(f"Version {after.id}: {counts}.")
    released = count_released(project, before, open_split(project, after.id, "test"))
    if released:
        output.say(f"{told_released(released)}; that counts as an opening of the earlier test split.")
    output.hint(f"Back: localft data undo {project.slug}")
    output.result(
        {
            "project": project.slug,
            "dataset": after.id,
            "parent": before.id,
            "division": after.division,
            "counts": after.counts,
            "no_longer_held_out": released,
        }
    )
