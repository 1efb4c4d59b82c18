"""The examples of a run in order: which come together in a step, and which of these are on the device at once.

All of it follows from the lengths of the examples, so that a plan knows it before a run begins.
"""

import random
from bisect import bisect_left, insort
from collections.abc import Iterator, Sequence
from heapq import heappop, heappush

# Where they are padded, examples of like length are sought among so many batches' worth of shuffled ones.
_GROUP_BATCHES = 16


def order_steps(lengths: Sequence[int], batch_size: int, examples: int, seed: int, *, padded: bool) -> list[list[int]]:
    """The row indices of every step of a run, in order: `batch_size` of them each, the longest first.

    Each pass over the rows has a shuffle of its own. Where rows are padded, those of like length come together, so that
    little is; where they are packed, a step is a fair sample of all. The longest row, or the step with the most tokens
    where they are packed, comes first, so that too little memory shows there. Everything follows from the arguments: a
    resumed run meets the same steps.
    """
    stream = _stream(len(lengths), examples, seed)
    shuffler = random.Random(f"{seed}-batches")
    steps: list[list[int]] = []
    width = batch_size * (_GROUP_BATCHES if padded else 1)
    for start in range(0, len(stream), width):
        group = stream[start : start + width]
        group.sort(key=lambda index: lengths[index], reverse=True)
        steps += _shuffled(list(_chunks(group, batch_size)), shuffler)
    full = [step for step in steps if len(step) == batch_size]
    # A step with fewer examples can only be the last one.
    steps = full + [step for step in steps if len(step) < batch_size]
    if full:
        tokens = [lengths[step[0]] if padded else sum(lengths[index] for index in step) for step in full]
        longest = max(range(len(full)), key=tokens.__getitem__)
        steps[0], steps[longest] = steps[longest], steps[0]
    return steps


def _stream(count: int, examples: int, seed: int) -> list[int]:
    """`examples` row indices: one shuffled pass after the other."""
    stream: list[int] = []
    passes = 0
    while len(stream) < examples:
        one_pass = list(range(count))
        random.Random(f"{seed}-{passes}").shuffle(one_pass)
        stream += one_pass
        passes += 1
    return stream[:examples]


def _shuffled(steps: list[list[int]], shuffler: random.Random) -> list[list[int]]:
    shuffler.shuffle(steps)
    return steps


def _chunks(values: Sequence[int], size: int) -> Iterator[list[int]]:
    for start in range(0, len(values), size):
        yield list(values[start : start + size])


def deal(widths: Sequence[int], cards: int) -> list[list[int]]:
    """Divide the examples of a step, given by their tokens, among so many cards that wait for each other after it.

    The longest first, each to the card that has the least by then, so that the one with the most has at most 4/3 of
    what it has in the best division (Graham 1969). Every index occurs once; where there are fewer examples than cards,
    some get none.
    """
    if cards == 1:
        return [list(range(len(widths)))]
    dealt: list[list[int]] = [[] for _ in range(cards)]
    # (tokens so far, number of the card): the first has the least.
    loads = [(0, card) for card in range(cards)]
    for index in sorted(range(len(widths)), key=lambda index: (-widths[index], index)):
        tokens, card = heappop(loads)
        dealt[card].append(index)
        heappush(loads, (tokens + widths[index], card))
    return dealt


def split_step(lengths: Sequence[int], budget: int) -> list[list[int]]:
    """Divide the examples of a step, given by their lengths in tokens, into few micro-batches of `budget` tokens.

    Best fit, longest first (Johnson, Demers, Ullman, Garey and Graham 1974): each goes where it leaves the least
    room, so that at most 11/9 of the fewest possible micro-batches are made, and one more. Every index occurs once,
    the longest example comes first, and equal arguments give equal answers. An example longer than the budget stands
    alone: it is neither cut nor dropped.
    """
    micro_batches: list[list[int]] = []
    # (tokens left, number of the micro-batch), ascending: the first that is large enough is the best fit.
    room: list[tuple[int, int]] = []
    for index in sorted(range(len(lengths)), key=lambda index: (-lengths[index], index)):
        place = bisect_left(room, (lengths[index], -1))
        if place < len(room):
            left, number = room.pop(place)
        else:
            left, number = budget, len(micro_batches)
            micro_batches.append([])
        micro_batches[number].append(index)
        insort(room, (left - lengths[index], number))
    return micro_batches


def split_alike(widths: Sequence[int], budget: int) -> list[list[int]]:
    """Divide the examples of a step into micro-batches in which each is padded to the longest, all within `budget`.

    `widths` are their lengths in tokens. Those of like length come together, the longest first.
    """
    parts: list[list[int]] = []
    for index in sorted(range(len(widths)), key=lambda index: -widths[index]):
        if parts and widths[parts[-1][0]] * (len(parts[-1]) + 1) <= budget:
            parts[-1].append(index)
        else:
            parts.append([index])
    return parts
