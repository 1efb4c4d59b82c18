"""Questions that are asked once more within a conversation, or with other words around them."""

import numpy

from localft.data.splits.asking import Asked
from localft.data.texts.grouping import Positions
from localft.data.texts.near import near_groups
from localft.data.texts.sharing import Shared
from localft.data.working import Tell, quiet

# What more conversations say than these, and than this share of all examples, goes on with what was said before it.
_MOST, _MOST_SHARE = 10, 0.01
# Near texts share more of their runs than this, even where one of them follows a form and the other does not.
_SHARED = 0.3


def asked_within(asked: Asked, tell: Tell = quiet, most: int = 0) -> list[list[int]]:
    """Positions of examples, as groups of two or more, in which the question of one is asked, nearly so, by the others.

    By one of its turns, if that is a conversation, or with words around it that ask nothing ("Please answer the
    question:"). What more than `most` conversations ask, by default more than ten and than a hundredth of all examples,
    goes on with what was said before it. Where nearly everyone asks the same and the system text says about what, there
    are none.
    """
    if asked.with_system or not len(asked.turns):
        return []
    are_sole = numpy.frombuffer(asked.are_sole, dtype=numpy.uint8)
    sole, turns = _alike(asked, numpy.flatnonzero(are_sole))
    texts = asked.texts.chosen(sole)
    texts.join(asked.turns.chosen(turns))
    owners = [*sole.tolist(), *numpy.array(asked.turns_of)[turns].tolist()]
    most = most or max(_MOST, int(_MOST_SHARE * len(asked)))
    found = []
    for group in near_groups(texts, tell):
        if group[-1] < len(sole):
            continue
        members = sorted({owners[place] for place in group})
        conversations = sum(not are_sole[member] for member in members)
        if 1 < len(members) != conversations and conversations <= most:
            found.append(members)
    return found


def _alike(asked: Asked, sole: Positions) -> tuple[Positions, Positions]:
    """Positions of the questions, and of the turns, that could be near to each other: most are to none.

    Those without forewords are near to what nothing else asks, too.
    """
    of_sole = numpy.frombuffer(asked.are_sole, dtype=numpy.uint8) > 0
    is_bare = of_sole[numpy.array(asked.turns_of)]
    turns, questions = Shared(len(asked.turns.words)), Shared(len(asked.texts.words))
    turns.add(asked.turns, numpy.ones(len(asked.turns), dtype=bool))
    near = sole[turns.shares(asked.texts)[sole] >= _SHARED]
    questions.add(asked.texts, of_sole)
    questions.add(asked.turns, is_bare)
    return near, numpy.flatnonzero(is_bare | (questions.shares(asked.turns) >= _SHARED))
