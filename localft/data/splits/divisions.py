"""The ways to divide examples into three splits: by chance, by time, or as a column says.

Whatever the way, equal or nearly equal prompts and examples of one group never straddle two splits, and the same
examples with the same choices give the same splits, in whatever order they come.
"""

from collections import Counter
from collections.abc import Mapping, Sequence, Set
from itertools import groupby

from localft import words
from localft.advice import Advice
from localft.data.examples import Example
from localft.data.splits.asking import Asked, ask
from localft.data.splits.splitting import (
    DIVIDING,
    Groups,
    Ratios,
    ask_fully,
    behind,
    check_division,
    group_examples,
    hold_out,
    in_order,
    refuse_too_few_groups,
    shuffled,
    split,
    split_more,
    together,
)
from localft.data.splits.stratifying import whole_parts
from localft.data.stored import StoredExamples
from localft.data.versions import SPLITS, Division, Split
from localft.data.working import Tell, quiet
from localft.errors import UserError

# Where one time is that of more of the examples, the parts would be far from the wanted shares.
_MOST_AT_ONE_TIME = 0.2
_BY_CHANCE = Advice("Divide by chance instead: --by chance.", "Divide by chance instead.")
Splits = Mapping[Split, Sequence[Example]]
Placed = Mapping[Split, Sequence[str]]


def likely_division(examples: Sequence[Example]) -> Division:
    """As the examples' own columns say: a named split first, then the time where it tells them apart, else by chance.

    Equal times stay together, so that a few of them, or one that most examples have, would not leave three good parts.
    """
    if isinstance(examples, StoredExamples):
        asked = ask(examples)
        named, times = asked.named_splits.says_something, Counter(asked.times.texts())
    else:
        named, times = any(one.named_split for one in examples), Counter(one.time for one in examples)
    del times[""]
    most = _MOST_AT_ONE_TIME * len(examples)
    # What has no time is learned, as if it were one time.
    tells_apart = len(times) >= len(SPLITS) and max(max(times.values()), len(examples) - times.total()) <= most
    return "column" if named else "time" if tells_apart else "chance"


def told_without_time(examples: Sequence[Example], division: Division) -> list[str]:
    """How many examples have no time, and what becomes of them, where they are divided by time."""
    if division != "time":
        return []
    times = ask(examples).times.texts() if isinstance(examples, StoredExamples) else [one.time for one in examples]
    count = sum(1 for time in times if not time)
    has, is_learned = ("has", "it is learned") if count == 1 else ("have", "they are learned")
    said = f"{words.counted(count, 'example')} {has} no time: {is_learned}, unless together with one that has."
    return [said] if count else []


def divide(
    examples: Sequence[Example],
    division: Division,
    seed: int,
    ratios: Ratios,
    held: Set[int] = frozenset(),
    tell: Tell = quiet,
) -> Splits:
    """Divide examples in one of the ways; those at the positions `held` come into test, whatever the way.

    Raises:
        UserError: there are too few examples, wrong ratios, or what the way needs is not known of them.
    """
    if division == "chance":
        return split(examples, seed, ratios, held, tell)
    check_division(examples, ratios)
    asked = ask_fully(examples, tell)
    groups = group_examples(asked, tell)
    tell(DIVIDING, 0, len(groups), "groups")
    placed = _by_time(asked, groups, seed, ratios) if division == "time" else _by_name(asked, groups, seed, ratios)
    placed = hold_out(placed, groups, held)
    return {name: in_order(examples, [groups[key] for key in placed[name]]) for name in SPLITS}


def divide_more(
    splits: Mapping[Split, Sequence[Example]],
    new: Sequence[Example],
    division: Division,
    seed: int,
    ratios: Ratios,
    tell: Tell = quiet,
) -> Splits:
    """Add new examples to splits of which no example moves.

    By time, each goes where the examples of its time are; as a column says, where it says. What asks nearly what a
    held-out example asks is held out with it, whatever the way.
    """
    if division == "chance":
        return split_more(splits, new, seed, ratios, tell)
    everything, homes = together(splits, new)
    asked = ask_fully(everything, tell)
    groups = group_examples(asked, tell)
    added: dict[Split, list[list[int]]] = {name: [] for name in SPLITS}
    times, named = asked.times.texts(), asked.named_splits.texts()
    starts = _starts(times, homes, groups)
    for key in sorted(groups, key=lambda key: shuffled(key, seed)):
        fresh = [position for position in groups[key] if position >= len(homes)]
        known = [homes[position] for position in groups[key] if position < len(homes)]
        own = [
            _home_by_time(times[position], starts) if division == "time" else _home_by_name(named[position])
            for position in fresh
        ]
        if fresh:
            added[_most_held_out([*known, *own])].append(fresh)
    return behind(splits, new, added)


def _starts(times: Sequence[str], homes: Sequence[Split], groups: Groups) -> dict[Split, str]:
    """When the time of each split begins, "" where it has none: a group counts as old as its newest example."""
    starts: dict[Split, str] = dict.fromkeys(SPLITS, "")
    for group in groups.values():
        newest: dict[Split, str] = {}
        for position in group:
            if position < len(homes):
                name = homes[position]
                newest[name] = max(newest.get(name, ""), times[position])
        for name, time in newest.items():
            starts[name] = min(filter(None, (starts[name], time)), default="")
    return starts


def _home_by_name(named: str) -> Split:
    return next((name for name in SPLITS if name == named), "train")


def _home_by_time(time: str, starts: Mapping[Split, str]) -> Split:
    later = [name for name in SPLITS if time and starts[name] and time >= starts[name]]
    return later[-1] if later else "train"


def _by_time(asked: Asked, groups: Groups, seed: int, ratios: Ratios) -> Placed:
    """The oldest to learn from, the newest to measure with.

    A group counts as old as its newest example, so that nothing is learned that is newer than what is held out. Groups
    of one time stay together: what is equally old is never learned here and measured with there. What has no time is
    learned.
    """
    times = asked.times.texts()
    newest = {key: max(times[position] for position in group) for key, group in groups.items()}
    if len(set(newest.values()) - {""}) < 2:
        raise UserError(
            "The examples have no times to be divided by.",
            Advice(
                "Say at import which column holds them: --map time=COLUMN.",
                "Say below the file, when you import it, which column holds them.",
            ),
        )
    refuse_too_few_groups(asked, groups)
    ordered = sorted(groups, key=lambda key: (newest[key], shuffled(key, seed)))
    blocks = [list(keys) for _, keys in groupby(ordered, newest.__getitem__)]
    if len(blocks) < len(SPLITS):
        raise UserError(
            "The examples have only two different times, and what has the same time stays together.",
            _BY_CHANCE,
        )
    wanted = whole_parts(sum(map(len, groups.values())), ratios, (0.0,) * len(SPLITS))
    placed: dict[Split, list[str]] = {name: [] for name in SPLITS}
    position = size = 0
    for number, block in enumerate(blocks):
        left, after = len(blocks) - number, len(SPLITS) - 1 - position
        count = sum(len(groups[key]) for key in block)
        full = size + count / 2 > wanted[position]
        if after and placed[SPLITS[position]] and (full or left <= after):
            position, size = position + 1, 0
        placed[SPLITS[position]] += block
        size += count
    return placed


def _by_name(asked: Asked, groups: Groups, seed: int, ratios: Ratios) -> Placed:
    """As the column says; what it names differently within a group is held out, what it does not name is learned.

    A split that it never names is taken from what would be learned, by chance.
    """
    if not asked.named_splits.says_something:
        raise UserError(
            "No column says which split the examples belong to.",
            Advice(
                "Say at import which one does: --map split=COLUMN.",
                "Say below the file, when you import it, which one does.",
            ),
        )
    refuse_too_few_groups(asked, groups)
    splits: dict[str, Split] = {"": "train", **{name: name for name in SPLITS}}
    named = [splits[name] for name in asked.named_splits.texts()]
    placed: dict[Split, list[str]] = {name: [] for name in SPLITS}
    for key in sorted(groups, key=lambda key: shuffled(key, seed)):
        placed[_most_held_out([named[position] for position in groups[key]])].append(key)
    total = sum(map(len, groups.values()))
    for name, ratio in zip(SPLITS[1:], ratios[1:], strict=True):
        taken = 0
        while not placed[name] or (taken and taken < ratio * total):
            if len(placed["train"]) < 2:
                break
            key = placed["train"].pop()
            placed[name].append(key)
            taken += len(groups[key])
    empty = next((name for name in SPLITS if not placed[name]), None)
    if empty is not None:
        raise UserError(f"The column leaves no example for {empty}.", _BY_CHANCE)
    return placed


def _most_held_out(names: Sequence[Split]) -> Split:
    return max(names, key=SPLITS.index)
