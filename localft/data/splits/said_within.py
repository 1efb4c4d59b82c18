"""Questions of enough words that stand word for word within a longer one, or within plain text."""

import numpy

from localft.data.splits.asking import Asked
from localft.data.texts.grouping import Positions
from localft.data.texts.standing import standing_in
from localft.data.working import Tell, quiet

# What more examples say than these, and than this share of all, is a form that they are asked in.
_MOST, _MOST_SHARE = 10, 0.01


def said_within(asked: Asked, tell: Tell = quiet, most: int = 0) -> list[list[int]]:
    """Positions of examples, as groups of two or more: what the first asks, the others say among other words.

    In a conversation only what its user says counts. A question that more than `most` examples say is none, by default
    more than ten and than a hundredth of all. Where what is asked about is the system text, there are none.
    """
    if asked.with_system:
        return []
    tell("Looking for questions within longer texts", 0, len(asked), "examples")
    are_sole = numpy.frombuffer(asked.are_sole, dtype=numpy.uint8) > 0
    turns_of = numpy.array(asked.turns_of, dtype=numpy.int64)
    sole = numpy.flatnonzero(are_sole & (numpy.frombuffer(asked.are_long, dtype=numpy.uint8) > 0))
    bare = numpy.flatnonzero(are_sole[turns_of] & (numpy.frombuffer(asked.are_long_turns, dtype=numpy.uint8) > 0))
    wanted = asked.texts.chosen(sole)
    wanted.join(asked.turns.chosen(bare))
    owners = numpy.concatenate([sole, turns_of[bare]])
    # Of questions that are the same the first stands for all.
    digests = numpy.frombuffer(bytes(wanted.digests), dtype=">u8").reshape(-1, 2)
    firsts = numpy.sort(numpy.unique(digests, axis=0, return_index=True)[1])
    wanted, owners = wanted.chosen(firsts), owners[firsts]
    in_texts, in_turns = standing_in(asked.texts, wanted), standing_in(asked.turns, wanted)
    is_whole = numpy.frombuffer(asked.are_conversations, dtype=numpy.uint8)[in_texts.positions] == 0
    numbers = numpy.concatenate([in_texts.numbers[is_whole], in_turns.numbers])
    positions = numpy.concatenate([in_texts.positions[is_whole], turns_of[in_turns.positions]])
    most = most or max(_MOST, int(_MOST_SHARE * len(asked)))
    return [group for group in _grouped(owners[numbers], positions) if len(group) <= most + 1]


def _grouped(owners: Positions, positions: Positions) -> list[list[int]]:
    """Each owner with its positions, itself first."""
    pairs = numpy.unique(numpy.stack([owners, positions], axis=1)[owners != positions], axis=0)
    cuts = numpy.flatnonzero(numpy.diff(pairs[:, 0])) + 1
    return [[int(some[0, 0]), *some[:, 1].tolist()] for some in numpy.split(pairs, cuts) if len(some)]
