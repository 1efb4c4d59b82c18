"""What is asked in two parts of the data is brought together in one; nothing ever leaves the test part for it."""

import numpy
import numpy.typing as npt

from localft.data.checks.finding import CheckContext
from localft.data.checks.leakage import asked_alike
from localft.data.repairs.staging import Splits
from localft.data.splits.asking import Asked
from localft.data.stored import select
from localft.data.texts.grouping import Grouping
from localft.data.versions import SPLITS, put_together

# What leaks by way of many examples could take all that is learned; so much of it may go, and the rest stays.
_MOST_SHARE = 0.5
Homes = npt.NDArray[numpy.int64]
"""The number of the split of each row."""


def without_leaks(context: CheckContext, splits: Splits) -> tuple[Splits, int]:
    """The splits where what is asked in two of them is in one, and how many held-out examples stay asked elsewhere too.

    All of it goes to the one that is held out most: from training to validation or test, from validation to test. What
    the examples' own column says belongs together goes along. The same splits where nothing leaks. Where so much of
    training or all of validation would go, it stays: the smallest groups go first.
    """
    counts = [len(splits[name]) for name in SPLITS]
    homes = numpy.repeat(numpy.arange(len(SPLITS)), counts)
    grouping, is_leak = Grouping(len(homes)), numpy.zeros(len(homes), dtype=bool)
    for group in asked_alike(context):
        _join(grouping, group)
        is_leak[group] |= len(numpy.unique(homes[group])) > 1
    if not is_leak.any():
        return splits, 0
    _join_named(grouping, context.asked_fully)
    leaking = [numpy.array(group) for group in grouping.groups(2) if is_leak[group].any()]
    leaking.sort(key=lambda group: (int(numpy.sum(homes[group] < homes[group].max())), int(group[0])))
    room = [int(_MOST_SHARE * counts[0]), counts[1] - 1, 0]
    found, left = homes.copy(), 0
    for group in leaking:
        leaving = numpy.bincount(homes[group][homes[group] < homes[group].max()], minlength=len(SPLITS))
        if any(leaving > room):
            left += int(numpy.sum(is_leak[group] & (homes[group] > 0)))
            continue
        room = [free - int(gone) for free, gone in zip(room, leaving, strict=True)]
        found[group] = homes[group].max()
    return _moved(splits, homes, found), left


def told_left(count: int) -> str:
    """Says how many held-out examples stay asked in another part; "" of none."""
    if not count:
        return ""
    stay = "example stays" if count == 1 else "examples stay"
    return f"{count:,} held-out {stay} asked in another part too: too many examples belong together by way of them"


def _join(grouping: Grouping, positions: list[int]) -> None:
    for position in positions[1:]:
        grouping.join(positions[0], position)


def _join_named(grouping: Grouping, asked: Asked) -> None:
    """Put together what the examples' own column says belongs together."""
    named: dict[str, int] = {}
    for position, name in enumerate(asked.groups.texts() if asked.groups.says_something else ()):
        if name:
            grouping.join(position, named.setdefault(name, position))


def _moved(splits: Splits, homes: Homes, found: Homes) -> Splits:
    """The splits with what moves behind what each has already."""
    if numpy.array_equal(homes, found):
        return splits
    everything = put_together([splits[name] for name in SPLITS])
    stay = [numpy.flatnonzero((homes == number) & (found == number)) for number in range(len(SPLITS))]
    come = [numpy.flatnonzero((homes != number) & (found == number)) for number in range(len(SPLITS))]
    return {
        name: select(everything, numpy.concatenate([stay[number], come[number]])) for number, name in enumerate(SPLITS)
    }
