"""Three splits by seed, in which equal or nearly equal prompts never straddle two."""

import hashlib
from collections import defaultdict, deque
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set

from localft.data.examples import Example
from localft.data.splits.asked_within import asked_within
from localft.data.splits.asking import Asked, ask
from localft.data.splits.said_within import said_within
from localft.data.splits.stratifying import Shares, labels_of
from localft.data.stored import chain, select
from localft.data.texts.grouping import Grouping
from localft.data.texts.near import near_groups
from localft.data.texts.runs import SURE_FORM_SHARE
from localft.data.versions import SPLITS, Split
from localft.data.working import Tell, quiet
from localft.errors import UserError

MINIMUM = 10
Ratios = tuple[float, float, float]
DEFAULT_RATIOS: Ratios = (0.8, 0.1, 0.1)
_GROUPS_A_REPORT = 10_000
DIVIDING = "Dividing the examples"
# So many examples, or this share of all, may come to belong together by way of single turns.
_MOST_BY_TURNS, _SHARE_BY_TURNS = 20, 0.05
# So many examples, or those of one group, are read to be put in order.
_READ_AT_ONCE = 5_000
Groups = Mapping[str, list[int]]
"""Positions of examples that belong together, by a key that follows from what they ask."""


def near_among(asked: Asked, tell: Tell = quiet) -> list[list[int]]:
    """Positions of examples that ask nearly the same, as groups of two or more.

    Where a group holds more than a quarter of all, what they share is a form that is asked in, and it is left out.
    """
    return [group for group in near_groups(asked.texts, tell) if len(group) <= _most_alike(asked)]


def _most_alike(asked: Asked) -> int:
    return max(len(SPLITS), int(SURE_FORM_SHARE * len(asked)))


def ask_fully(examples: Sequence[Example], tell: Tell = quiet) -> Asked:
    """What examples ask, with the system text where that is what is asked about: nearly all ask "Summarise."."""
    asked = ask(examples, tell=tell)
    return ask(examples, with_system=True, tell=tell) if differ_in_system_only(asked) else asked


def differ_in_system_only(asked: Asked) -> bool:
    """Whether nearly everyone asks the same ("Summarise."): then what is asked about is the system text."""
    different: set[bytes] = set()
    for key in asked.short_keys():
        different.add(key)
        if len(different) == MINIMUM:
            return False
    return True


def group_examples(asked: Asked, tell: Tell = quiet) -> Groups:
    """Put together what must not be separated: nearly equal prompts, beginnings of one conversation, equal `group`s, a
    question and the conversations and longer texts in which it is asked too.

    Conversations that begin alike and go on differently stay together too, unless many begin so.
    Each group stands under the smallest key of its prompts.
    """
    grouping = Grouping(len(asked))
    owners: dict[bytes, int] = {}
    for position, key in enumerate(asked.short_keys()):
        grouping.join(position, owners.setdefault(key, position))
    for position, key in asked.earlier_keys():
        if key in owners:
            grouping.join(position, owners[key])
    for sharing in asked.shared_earlier(_most_alike(asked)):
        for position in sharing[1:]:
            grouping.join(sharing[0], position)
    named: dict[str, int] = {}
    for position, name in enumerate(asked.groups.texts()):
        if name:
            grouping.join(position, named.setdefault(name, position))
    for near in near_among(asked, tell):
        for position in near[1:]:
            grouping.join(near[0], position)
    _join_asked_within(asked, grouping, tell)
    found = grouping.groups()
    groups: dict[str, list[int]] = {}
    for number, group in enumerate(found):
        if number % _GROUPS_A_REPORT == 0:
            tell("Keeping together what is alike", number, len(found), "groups")
        groups[min(map(asked.key, group)).hex()] = group
    return groups


def _join_asked_within(asked: Asked, grouping: Grouping, tell: Tell) -> None:
    """Put what is asked once more within a conversation, or said within a longer text, together.

    Not where too many would belong together then: conversations have many turns, by way of which all would in the end.
    """
    most = max(_MOST_BY_TURNS, int(_SHARE_BY_TURNS * len(asked)))
    found = [*asked_within(asked, tell), *said_within(asked, tell)]
    for within in sorted(found, key=lambda group: min(map(asked.key, group))):
        if grouping.size(within) <= most:
            for position in within[1:]:
                grouping.join(within[0], position)


def split(
    examples: Sequence[Example],
    seed: int = 42,
    ratios: Ratios = DEFAULT_RATIOS,
    held: Set[int] = frozenset(),
    tell: Tell = quiet,
) -> dict[Split, Sequence[Example]]:
    """Split examples into train, validation and test, as close to the ratios as the groups allow.

    Those at the positions `held` come into test, as far as it goes in exchange for others.

    Where examples have labels, each split gets its share of each label. The same examples, seed and ratios give the
    same splits, whatever the order of the examples; none is empty.

    Raises:
        UserError: fewer than 10 examples, wrong ratios, or prompts so equal that no three groups are left.
    """
    check_division(examples, ratios)
    asked = ask_fully(examples, tell)
    groups = group_examples(asked, tell)
    refuse_too_few_groups(asked, groups)
    order = {key: shuffled(key, seed) for key in groups}
    labels = labels_of(asked)
    shares = Shares(labels, ratios)
    placed: dict[Split, list[str]] = {name: [] for name in SPLITS}
    for number, key in enumerate(sorted(groups, key=lambda key: (-len(groups[key]), order[key]))):
        if number % _GROUPS_A_REPORT == 0:
            tell(DIVIDING, number, len(groups), "groups")
        # The largest groups first, each where most is missing: the sizes come out as near as the groups allow.
        placed[shares.place([labels[position] for position in groups[key]])].append(key)
    for name in SPLITS:
        if not placed[name]:
            donor = max(SPLITS, key=lambda candidate: len(placed[candidate]))
            placed[name].append(placed[donor].pop())
    placed = hold_out(placed, groups, held, labels)
    return {
        name: in_order(examples, [groups[key] for key in sorted(placed[name], key=order.__getitem__)])
        for name in SPLITS
    }


def hold_out(
    placed: Mapping[Split, Sequence[str]], groups: Groups, held: Set[int], labels: Sequence[str] | None = None
) -> dict[Split, list[str]]:
    """Groups by split, those with a `held` position in test.

    Where `labels` are given, others leave test for them, of the same labels where there are any. What was held out by
    this is held out again in the same way: then nothing changes.

    Raises:
        UserError: nothing would be left to learn.
    """
    found = {name: list(placed[name]) for name in SPLITS}
    held_keys = {key for key in groups if not held.isdisjoint(groups[key])}
    if held_keys <= set(found["test"]):
        return found
    labelled = {key: tuple(sorted(labels[position] for position in groups[key])) if labels else () for key in groups}
    free: dict[str, None] = {key: None for key in found["test"] if labels and key not in held_keys}
    alike: dict[tuple[str, ...], deque[str]] = defaultdict(deque)
    for key in free:
        alike[labelled[key]].append(key)
    for name in SPLITS[:-1]:
        moved = [key for key in found[name] if key in held_keys]
        found[name] = [key for key in found[name] if key not in held_keys]
        found["test"] += moved
        for key in moved:
            same = alike[labelled[key]]
            while same and same[0] not in free:
                same.popleft()
            other = same.popleft() if same else next(iter(free), None)
            if other is not None:
                del free[other]
                found[name].append(other)
    left = set(found["train"]) | set(found["validation"])
    found["test"] = [key for key in found["test"] if key not in left]
    if not found["validation"] and len(found["train"]) > 1:
        found["validation"].append(found["train"].pop())
    if not found["train"] or not found["validation"]:
        raise UserError(
            "Nearly all of these examples are held out for test already, so that nothing would be left to learn.",
            "Add others, divide them with another seed, or import them into a project of their own.",
        )
    return found


def split_more(
    splits: Mapping[Split, Sequence[Example]],
    new: Sequence[Example],
    seed: int,
    ratios: Ratios,
    tell: Tell = quiet,
) -> dict[Split, Sequence[Example]]:
    """Add new examples to splits of which no example moves: what was held out is never learned later.

    A new example that asks nearly what a held-out one asks is held out with it. The others fill up what is missing of
    the ratios. The same arguments give the same splits, whatever the order of the new examples.
    """
    everything, homes = together(splits, new)
    groups = group_examples(ask_fully(everything, tell), tell)
    missing = {name: ratio * len(everything) - len(splits[name]) for name, ratio in zip(SPLITS, ratios, strict=True)}
    added: dict[Split, list[list[int]]] = {name: [] for name in SPLITS}
    for _, group in sorted(groups.items(), key=lambda item: shuffled(item[0], seed)):
        fresh = [position for position in group if position >= len(homes)]
        known = {homes[position] for position in group if position < len(homes)}
        name = max(known, key=SPLITS.index) if known else max(SPLITS, key=missing.__getitem__)
        added[name].append(fresh)
        missing[name] -= len(fresh)
    return behind(splits, new, added)


def behind(
    splits: Mapping[Split, Sequence[Example]], new: Sequence[Example], added: Mapping[Split, Sequence[Sequence[int]]]
) -> dict[Split, Sequence[Example]]:
    """Splits with groups of new examples behind their own, by the positions that these have behind all of them."""
    first = sum(len(splits[name]) for name in SPLITS)
    places = {name: [[position - first for position in group] for group in added[name]] for name in SPLITS}
    return {name: chain(splits[name], in_order(new, places[name])) for name in SPLITS}


def together(
    splits: Mapping[Split, Sequence[Example]], new: Sequence[Example]
) -> tuple[Sequence[Example], list[Split]]:
    """(examples, homes): those of the splits and behind them the new ones; the split of each that has one."""
    return chain(*(splits[name] for name in SPLITS), new), [name for name in SPLITS for _ in range(len(splits[name]))]


def too_few(count: int) -> UserError | None:
    """What to say about so few examples, None where there are enough of them."""
    if count >= MINIMUM:
        return None
    return UserError(
        f"There {'is' if count == 1 else 'are'} only {count} usable example{'' if count == 1 else 's'}; at least "
        f"{MINIMUM} are needed to train, validate and test.",
        "50 to 100 good examples are a sensible start.",
    )


def refuse_too_few_groups(asked: Asked, groups: Groups) -> None:
    """Refuse what cannot be divided into three parts because too much of it has to stay together.

    Raises:
        UserError: it cannot; with what keeps it together.
    """
    if len(groups) >= len(SPLITS):
        return
    named = set(asked.groups.texts())
    if "" not in named and len(named) < len(SPLITS):
        which = "one group" if len(named) == 1 else f"{len(named)} groups"
        raise UserError(
            f"All examples belong to {which}, and what is of one group stays together: three are needed to train, "
            "validate and test.",
            "Choose another column for the group, or none.",
        )
    raise UserError(
        "Nearly all prompts are equal, so they cannot be split into examples to learn and examples to test with.",
        "Add examples with other prompts.",
    )


def check_division(examples: Sequence[Example], ratios: Ratios) -> None:
    """Refuse what cannot be divided.

    Raises:
        UserError: there are fewer than 10 examples, or the ratios are none.
    """
    shortage = too_few(len(examples))
    if shortage is not None:
        raise shortage
    # What is no number fits no comparison, so that these say what is wanted.
    if len(ratios) != 3 or not all(ratio > 0 for ratio in ratios) or not abs(sum(ratios) - 1) <= 1e-6:
        raise UserError("The three split ratios must be above 0 and sum to 1.", "The usual ones are 0.8, 0.1 and 0.1.")


def shuffled(key: str, seed: int) -> str:
    """A place in a shuffle that depends on the seed and on what a group says, not on where it stands in a file."""
    return hashlib.sha256(f"{seed} {key}".encode()).hexdigest()


def in_order(examples: Sequence[Example], groups: Iterable[Sequence[int]]) -> Sequence[Example]:
    """The examples of groups, one group after the other, in each in an order that follows from what they say."""
    known = list(groups)
    ordered = _by_content(examples, [group for group in known if len(group) > 1])
    positions: list[int] = []
    for group in known:
        positions += group if len(group) < 2 else next(ordered)
    return select(examples, positions)


def _by_content(examples: Sequence[Example], groups: Sequence[Sequence[int]]) -> Iterator[list[int]]:
    """The positions of each group in the order of what the examples say, many of which are read at once."""
    begin = 0
    while begin < len(groups):
        end, wanted = begin, list[int]()
        while end < len(groups) and len(wanted) < _READ_AT_ONCE:
            wanted += groups[end]
            end += 1
        wanted.sort()
        contents = dict(zip(wanted, map(_content, select(examples, wanted)), strict=True))
        for group in groups[begin:end]:
            yield sorted(group, key=contents.__getitem__)
        begin = end


def _content(example: Example) -> str:
    return example.model_dump_json(include={"messages", "tools", "rejected"})
