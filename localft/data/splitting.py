"""Three splits by seed, in which equal or trivially different prompts never straddle two."""

import hashlib
import re
import unicodedata
from collections import defaultdict
from collections.abc import Sequence

from localft.data.examples import Example
from localft.data.versions import SPLITS, Split
from localft.errors import UserError

MINIMUM = 10
Ratios = tuple[float, float, float]
DEFAULT_RATIOS: Ratios = (0.8, 0.1, 0.1)
_NOT_WORDS = re.compile(r"[\W_]+")
_APOSTROPHES = re.compile(r"['’`´]")


def normalise(text: str) -> str:
    """Reduce a text to its words and digits: case, accents' encoding, punctuation and white space do not count.

    A text without any word is only freed of the space around it.
    """
    folded = unicodedata.normalize("NFKC", text).casefold()
    words = _NOT_WORDS.sub(" ", _APOSTROPHES.sub("", folded)).strip()
    return words or text.strip()


def prompt_keys(example: Example) -> list[str]:
    """One key for each assistant turn: what was said before it, system messages left out; the last is the example's.

    Two conversations one of which is the beginning of the other share a key.
    """
    keys = []
    said = hashlib.sha256()
    for message in example.messages:
        if message.role == "assistant":
            keys.append(said.hexdigest())
        if message.role != "system":
            said.update(f"{message.role}\x1f{normalise(message.content)}\x1e".encode())
    return keys


def group_examples(examples: Sequence[Example]) -> list[list[Example]]:
    """Put together what must not be separated: equal prompts, beginnings of one conversation, and equal `group`s."""
    owners: dict[str, int] = {}
    parents = list(range(len(examples)))

    def root(index: int) -> int:
        while parents[index] != index:
            parents[index] = parents[parents[index]]
            index = parents[index]
        return index

    keys = [prompt_keys(example) for example in examples]
    for index, example in enumerate(examples):
        own = [keys[index][-1], *([f"group {example.group}"] if example.group else [])]
        for key in own:
            parents[root(index)] = root(owners.setdefault(key, index))
    for index in range(len(examples)):
        for key in keys[index][:-1]:
            if key in owners:
                parents[root(index)] = root(owners[key])
    groups: defaultdict[int, list[Example]] = defaultdict(list)
    for index, example in enumerate(examples):
        groups[root(index)].append(example)
    return list(groups.values())


def split(examples: Sequence[Example], seed: int = 42, ratios: Ratios = DEFAULT_RATIOS) -> dict[Split, list[Example]]:
    """Split examples into train, validation and test, as close to the ratios as the groups allow.

    The same examples, seed and ratios give the same splits, whatever the order of the examples; none is empty.

    Raises:
        UserError: fewer than 10 examples, wrong ratios, or prompts so equal that no three groups are left.
    """
    _check(examples, ratios)
    groups = group_examples(examples)
    if len(groups) < len(SPLITS):
        raise UserError(
            "Nearly all prompts are equal, so they cannot be split into examples to learn and examples to test with.",
            "Add examples with other prompts.",
        )
    order = {id(group): _shuffle_key(group, seed) for group in groups}
    groups.sort(key=lambda group: (-len(group), order[id(group)]))
    missing = {name: ratio * len(examples) for name, ratio in zip(SPLITS, ratios, strict=True)}
    placed: dict[Split, list[list[Example]]] = {name: [] for name in SPLITS}
    for group in groups:
        # The largest groups first, each where most is missing: the sizes come out as near as the groups allow.
        name = max(SPLITS, key=lambda candidate: missing[candidate])
        placed[name].append(group)
        missing[name] -= len(group)
    for name in SPLITS:
        if not placed[name]:
            donor = max(SPLITS, key=lambda candidate: len(placed[candidate]))
            placed[name].append(placed[donor].pop())
    return {name: _in_order(placed[name], order) for name in SPLITS}


def _check(examples: Sequence[Example], ratios: Ratios) -> None:
    if len(examples) < MINIMUM:
        raise UserError(
            f"There {'is' if len(examples) == 1 else 'are'} only {len(examples)} usable "
            f"example{'' if len(examples) == 1 else 's'}; at least {MINIMUM} are needed to train, validate and test.",
            "50 to 100 good examples are a sensible start.",
        )
    if len(ratios) != 3 or min(ratios) <= 0 or abs(sum(ratios) - 1) > 1e-6:
        raise UserError("The three split ratios must be above 0 and sum to 1.", "The usual ones are 0.8, 0.1 and 0.1.")


def _shuffle_key(group: list[Example], seed: int) -> str:
    """A place in a shuffle that depends on the seed and on what the group says, not on where it stands in a file."""
    smallest = min(prompt_keys(example)[-1] for example in group)
    return hashlib.sha256(f"{seed} {smallest}".encode()).hexdigest()


def _in_order(groups: list[list[Example]], order: dict[int, str]) -> list[Example]:
    shuffled = sorted(groups, key=lambda group: order[id(group)])
    return [
        example
        for group in shuffled
        for example in sorted(group, key=lambda one: one.model_dump_json(include={"messages", "tools"}))
    ]
