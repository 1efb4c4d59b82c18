"""Held-out examples that ask what is asked in another part too: by heart is not how well the model does."""

import itertools
from array import array
from collections.abc import Iterator
from typing import Self

from localft.data.checks.finding import CheckContext, Finding, Row, counted, shown
from localft.data.checks.looking import Check, Mend, leaving_out, look_through
from localft.data.checks.stored_rows import places_at
from localft.data.splits.asked_within import asked_within
from localft.data.splits.golden import golden_in
from localft.data.splits.said_within import said_within
from localft.data.splits.splitting import differ_in_system_only
from localft.data.versions import SPLITS
from localft.data.working import Tell

BETWEEN_SPLITS = "leakage"
IN_GOLDEN = "golden questions learned"
_MANY = 0.02
_TRAIN = SPLITS.index("train")


class Leakage(Check):
    """Finds held-out examples that are asked nearly so in another part, and golden questions that are trained on."""

    def __init__(self) -> None:
        self._homes = array("B")

    def look(self, row: Row) -> None:
        """Put down in which part a row is."""
        self._homes.append(SPLITS.index(row.split))

    def join(self, later: Self) -> None:
        """Put it down for later rows too."""
        self._homes.extend(later._homes)

    def findings(self, context: CheckContext) -> list[Finding]:
        """One for each of the two."""
        return [*self._between_splits(context), *self._golden(context)]

    def learned_golden(self, context: CheckContext) -> list[int]:
        """Positions of the rows of training that are golden questions."""
        if not context.golden:
            return []
        asked = context.asked if differ_in_system_only(context.asked_fully) else context.asked_fully
        return [position for position in golden_in(asked, context.golden, context.tell) if self._is_train(position)]

    def _is_train(self, position: int) -> bool:
        return self._homes[position] == _TRAIN

    def _between_splits(self, context: CheckContext) -> list[Finding]:
        found: set[int] = set()
        for group in asked_alike(context):
            if len({self._homes[position] for position in group}) > 1:
                found.update(position for position in group if not self._is_train(position))
        leaked = sorted(found)
        if not leaked:
            return []
        held_out = len(self._homes) - self._homes.count(_TRAIN)
        meaning = (
            f"{len(leaked):,} of {counted(held_out, 'held-out example is', 'held-out examples are')} asked nearly so "
            "in another part too, as a question or within other words: the result would look better than it is."
        )
        severity = "problem" if len(leaked) >= _MANY * held_out else "warning"
        advice = "Bring what is nearly equal together in the part that is held out most: the repair does so."
        return [
            Finding(
                BETWEEN_SPLITS,
                severity,
                len(leaked),
                meaning,
                shown(context, leaked, _asked),
                advice,
                places_at(context, leaked),
            )
        ]

    def _golden(self, context: CheckContext) -> list[Finding]:
        fault = context.golden_fault
        if fault is not None:
            return [Finding("golden questions", "warning", 1, fault.message, (), fault.hint)]
        learned = self.learned_golden(context)
        if not learned:
            return []
        meaning = f"{counted(len(learned), 'training example is', 'training examples are')} among the golden questions."
        advice = "Take them out of training: golden questions measure only what was never learned."
        return [
            Finding(
                IN_GOLDEN,
                "problem",
                len(learned),
                meaning,
                shown(context, learned, _asked),
                advice,
                places_at(context, learned),
            )
        ]


def asked_alike(context: CheckContext) -> Iterator[list[int]]:
    """Positions of rows that ask nearly the same, as questions or within conversations and longer texts, as
    groups of two or more."""
    asked, tell = context.asked_fully, context.tell
    return itertools.chain(context.near_prompts, asked_within(asked, tell), said_within(asked, tell))


def _asked(row: Row, position: int) -> str:
    return row.example.text or row.example.prompt[-1].content


def without_golden(context: CheckContext, tell: Tell) -> Mend:
    """Rows of training that are golden questions go."""
    return leaving_out(set(look_through(Leakage, context.rows, tell).learned_golden(context)))
