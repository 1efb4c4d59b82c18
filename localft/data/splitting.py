"""Three splits by seed, in which equal or nearly equal prompts never straddle two."""

import hashlib
from collections.abc import Mapping, Sequence

from localft.data.examples import Example
from localft.data.grouping import Grouping
from localft.data.near import near_groups
from localft.data.normalising import normalise
from localft.data.stratifying import Shares, labels_of
from localft.data.versions import SPLITS, Split
from localft.errors import UserError

MINIMUM = 10
Ratios = tuple[float, float, float]
DEFAULT_RATIOS: Ratios = (0.8, 0.1, 0.1)
_LARGEST_CROWD = 0.1


def prompt_keys(example: Example, with_system: bool = False) -> list[str]:
    """One key for each assistant turn: what was said before it; the last is the example's.

    System messages are left out unless `with_system`. Two conversations one of which is the beginning of the other
    share a key.
    """
    keys = []
    said = hashlib.sha256()
    for message in example.messages:
        if message.role == "assistant":
            keys.append(said.hexdigest())
        if with_system or message.role != "system":
            said.update(f"{message.role}\x1f{normalise(message.content)}\x1e".encode())
    return keys


def near_prompts(examples: Sequence[Example]) -> list[list[int]]:
    """Positions of examples that ask nearly the same, as groups of two or more.

    Where a group holds more than a tenth of all, what they share is a form that is asked in, and it is left out.
    """
    largest = max(len(SPLITS), _LARGEST_CROWD * len(examples))
    groups = near_groups(asked_texts(examples, _differ_in_system_only(examples)))
    return [group for group in groups if len(group) <= largest]


def asked_texts(examples: Sequence[Example], with_system: bool) -> list[str]:
    """What each example asks, as one text: all turns before the last answer, system messages `with_system` only."""
    return [
        "\n".join(message.content for message in example.prompt if with_system or message.role != "system")
        for example in examples
    ]


def _differ_in_system_only(examples: Sequence[Example]) -> bool:
    """Whether nearly everyone asks the same ("Summarise."): then what is asked about is the system text."""
    asked = set()
    for example in examples:
        asked.add(prompt_keys(example)[-1])
        if len(asked) == MINIMUM:
            return False
    return True


def group_examples(examples: Sequence[Example]) -> dict[str, list[Example]]:
    """Put together what must not be separated: nearly equal prompts, beginnings of one conversation, equal `group`s.

    Each group stands under the smallest key of its prompts.
    """
    grouping = Grouping(len(examples))
    with_system = _differ_in_system_only(examples)
    keys = [prompt_keys(example, with_system) for example in examples]
    owners: dict[str, int] = {}
    for index, example in enumerate(examples):
        own = [keys[index][-1], *([f"group {example.group}"] if example.group else [])]
        for key in own:
            grouping.join(index, owners.setdefault(key, index))
    for index in range(len(examples)):
        for key in keys[index][:-1]:
            if key in owners:
                grouping.join(index, owners[key])
    for near in near_prompts(examples):
        for index in near[1:]:
            grouping.join(near[0], index)
    groups = grouping.groups()
    return {min(keys[index][-1] for index in group): [examples[index] for index in group] for group in groups}


def split(examples: Sequence[Example], seed: int = 42, ratios: Ratios = DEFAULT_RATIOS) -> dict[Split, list[Example]]:
    """Split examples into train, validation and test, as close to the ratios as the groups allow.

    Where examples have labels, each split gets its share of each label. The same examples, seed and ratios give the
    same splits, whatever the order of the examples; none is empty.

    Raises:
        UserError: fewer than 10 examples, wrong ratios, or prompts so equal that no three groups are left.
    """
    check_division(examples, ratios)
    groups = group_examples(examples)
    if len(groups) < len(SPLITS):
        raise UserError(
            "Nearly all prompts are equal, so they cannot be split into examples to learn and examples to test with.",
            "Add examples with other prompts.",
        )
    order = {key: shuffled(key, seed) for key in groups}
    labels = dict(zip(map(id, examples), labels_of(examples), strict=True))
    shares = Shares(labels.values(), ratios)
    placed: dict[Split, list[str]] = {name: [] for name in SPLITS}
    for key in sorted(groups, key=lambda key: (-len(groups[key]), order[key])):
        # The largest groups first, each where most is missing: the sizes come out as near as the groups allow.
        placed[shares.place([labels[id(example)] for example in groups[key]])].append(key)
    for name in SPLITS:
        if not placed[name]:
            donor = max(SPLITS, key=lambda candidate: len(placed[candidate]))
            placed[name].append(placed[donor].pop())
    return {name: in_order([groups[key] for key in sorted(placed[name], key=order.__getitem__)]) for name in SPLITS}


def split_more(
    splits: Mapping[Split, Sequence[Example]], new: Sequence[Example], seed: int, ratios: Ratios
) -> dict[Split, list[Example]]:
    """Add new examples to splits of which no example moves: what was held out is never learned later.

    A new example that asks nearly what a held-out one asks is held out with it. The others fill up what is missing of
    the ratios. The same arguments give the same splits, whatever the order of the new examples.
    """
    homes = {id(example): name for name in SPLITS for example in splits[name]}
    groups = group_examples([*(example for name in SPLITS for example in splits[name]), *new])
    total = len(homes) + len(new)
    missing = {name: ratio * total - len(splits[name]) for name, ratio in zip(SPLITS, ratios, strict=True)}
    added: dict[Split, list[list[Example]]] = {name: [] for name in SPLITS}
    for _, group in sorted(groups.items(), key=lambda item: shuffled(item[0], seed)):
        fresh = [example for example in group if id(example) not in homes]
        known = {homes[id(example)] for example in group if id(example) in homes}
        name = max(known, key=SPLITS.index) if known else max(SPLITS, key=missing.__getitem__)
        added[name].append(fresh)
        missing[name] -= len(fresh)
    return {name: [*splits[name], *in_order(added[name])] for name in SPLITS}


def too_few(count: int) -> UserError | None:
    """What to say about so few examples, None where there are enough of them."""
    if count >= MINIMUM:
        return None
    return UserError(
        f"There {'is' if count == 1 else 'are'} only {count} usable example{'' if count == 1 else 's'}; at least "
        f"{MINIMUM} are needed to train, validate and test.",
        "50 to 100 good examples are a sensible start.",
    )


def check_division(examples: Sequence[Example], ratios: Ratios) -> None:
    """Refuse what cannot be divided.

    Raises:
        UserError: there are fewer than 10 examples, or the ratios are none.
    """
    shortage = too_few(len(examples))
    if shortage is not None:
        raise shortage
    if len(ratios) != 3 or min(ratios) <= 0 or abs(sum(ratios) - 1) > 1e-6:
        raise UserError("The three split ratios must be above 0 and sum to 1.", "The usual ones are 0.8, 0.1 and 0.1.")


def shuffled(key: str, seed: int) -> str:
    """A place in a shuffle that depends on the seed and on what a group says, not on where it stands in a file."""
    return hashlib.sha256(f"{seed} {key}".encode()).hexdigest()


def in_order(groups: Sequence[Sequence[Example]]) -> list[Example]:
    """The examples of groups, one group after the other, in each in an order that follows from what they say."""
    return [
        example
        for group in groups
        for example in sorted(group, key=lambda one: one.model_dump_json(include={"messages", "tools", "rejected"}))
    ]
