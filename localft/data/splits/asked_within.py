"""Questions that are asked once more within a conversation, or with other words around them."""

import numpy

from localft.data.splits.asking import Asked
from localft.data.texts.near import near_groups
from localft.data.working import Tell, quiet

# What more conversations say than these, and than this share of all examples, goes on with what was said before it.
_MOST, _MOST_SHARE = 10, 0.01


def asked_within(asked: Asked, tell: Tell = quiet) -> list[list[int]]:
    """Positions of examples, as groups of two or more, in which the question of one is asked, nearly so, by the others.

    By one of its turns, if that is a conversation, or with words around it that ask nothing ("Please answer the
    question:"). Where nearly everyone asks the same and the system text says about what, there are none.
    """
    if asked.with_system or not len(asked.turns):
        return []
    are_sole = numpy.frombuffer(asked.are_sole, dtype=numpy.uint8)
    sole = numpy.flatnonzero(are_sole)
    texts = asked.texts.chosen(sole)
    texts.join(asked.turns)
    owners = [*sole.tolist(), *asked.turns_of]
    most = max(_MOST, int(_MOST_SHARE * len(asked)))
    found = []
    for group in near_groups(texts, tell):
        if group[-1] < len(sole):
            continue
        members = sorted({owners[place] for place in group})
        conversations = sum(not are_sole[member] for member in members)
        if 1 < len(members) != conversations and conversations <= most:
            found.append(members)
    return found
