"""Held-out examples that ask what was learned: by heart is not how well the model does."""

import itertools
from array import array
from typing import Self

from localft.data.checks.finding import CheckContext, Finding, Row, counted, shown
from localft.data.checks.looking import Check, Mend, leaving_out, look_through
from localft.data.checks.stored_rows import places_at
from localft.data.splits.asked_within import asked_within
from localft.data.splits.golden import golden_in
from localft.data.splits.splitting import differ_in_system_only
from localft.data.working import Tell

BETWEEN_SPLITS = "leakage"
IN_GOLDEN = "golden questions learned"
_MANY = 0.02


class Leakage(Check):
    """Finds held-out examples that are asked nearly so in training, and golden questions that are trained on."""

    def __init__(self) -> None:
        self._is_train = array("B")

    def look(self, row: Row) -> None:
        """Put down whether a row is learned."""
        self._is_train.append(row.split == "train")

    def join(self, later: Self) -> None:
        """Put it down for later rows too."""
        self._is_train.extend(later._is_train)

    def findings(self, context: CheckContext) -> list[Finding]:
        """One for each of the two."""
        return [*self._between_splits(context), *self._golden(context)]

    def learned_golden(self, context: CheckContext) -> list[int]:
        """Positions of the rows of training that are golden questions."""
        if not context.golden:
            return []
        asked = context.asked if differ_in_system_only(context.asked_fully) else context.asked_fully
        return [position for position in golden_in(asked, context.golden, context.tell) if self._is_train[position]]

    def _between_splits(self, context: CheckContext) -> list[Finding]:
        found: set[int] = set()
        for group in itertools.chain(context.near_prompts, asked_within(context.asked_fully, context.tell)):
            if any(self._is_train[position] for position in group):
                found.update(position for position in group if not self._is_train[position])
        leaked = sorted(found)
        if not leaked:
            return []
        held_out = self._is_train.count(0)
        meaning = (
            f"{len(leaked):,} of {counted(held_out, 'held-out example is', 'held-out examples are')} asked nearly so "
            "in training too, as a question or within a conversation: the result would look better than it is."
        )
        severity = "problem" if len(leaked) >= _MANY * held_out else "warning"
        advice = "Divide the examples anew, so that what is nearly equal stays together."
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


def _asked(row: Row, position: int) -> str:
    return row.example.text or row.example.prompt[-1].content


def without_golden(context: CheckContext, tell: Tell) -> Mend:
    """Rows of training that are golden questions go."""
    return leaving_out(set(look_through(Leakage, context.rows, tell).learned_golden(context)))
