"""How full micro-batches are: how many tokens the largest one of a run has, and an average one."""

from dataclasses import dataclass

from localft.planning.lengths import TokenStats
from localft.planning.recipe import TrainingSettings
from localft.planning.steps import deal, order_steps, split_step

# Beyond so many examples more steps say the same.
_ENOUGH = 4_000


@dataclass(frozen=True)
class Filling:
    """The micro-batches of a run: tokens of the largest, which none may exceed, and of an average one.

    Where several cards learn together, all are done so many times as soon, since they are learned `side_by_side`.
    """

    largest: int
    mean: float
    side_by_side: float = 1.0


@dataclass(frozen=True)
class Lengths:
    """What a plan asks about the examples of a run, in tokens, both sequences of a pair counted.

    `longest` is that of all, `mean` of an average one; `attended` is how many tokens lie in the document of an average
    token, which the work of attention grows with.
    """

    units: list[int]
    longest: int
    mean: float
    attended: float


def lengths_of(stats: TokenStats, settings: TrainingSettings) -> Lengths:
    """The lengths that examples have once they are cut; without any, all are as long as may be."""
    longest = max(1, min(settings.max_length, stats.longest or settings.max_length))
    units = stats.units(settings.max_length, settings.sequences) or [settings.sequences * longest]
    documents = stats.units(settings.max_length) or [longest]
    attended = sum(length * length for length in documents) / sum(documents)
    return Lengths(units, settings.sequences * longest, sum(units) / len(units), attended)


def fill(lengths: Lengths, settings: TrainingSettings, at_once: int, cards: int = 1) -> Filling:
    """Pack the steps of a run, or of its first part, into micro-batches of as many tokens as the longest examples have.

    So many of them `at_once`; a step has few of the longest, so that the largest micro-batch is often much smaller.
    Where several cards learn together, each has its share of a step.
    """
    budget, units = at_once * lengths.longest, lengths.units
    examples = min(settings.examples_seen(len(units)), max(_ENOUGH, settings.batch_size))
    steps = order_steps(units, settings.batch_size, examples, settings.seed, padded=False)
    parts: list[int] = []
    longest_way = 0
    for step in ([units[index] for index in step] for step in steps):
        shares = [[step[index] for index in share] for share in deal(step, cards)]
        parts += [sum(share[index] for index in part) for share in shares for part in split_step(share, budget)]
        # All wait for the one that has the most.
        longest_way += max(map(sum, shares))
    largest = min(budget, max(lengths.longest, *parts))
    return Filling(largest, sum(parts) / len(parts), sum(parts) / longest_way)
