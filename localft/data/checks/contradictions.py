"""Equal questions with different answers: the model can learn neither."""

import hashlib
import re
from array import array
from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import Self

import numpy

from localft.data.checks.calls import called, said
from localft.data.checks.finding import CheckContext, Finding, Row, RowReference, counted, percent, shown
from localft.data.checks.looking import Check, Mend, Tally, leaving_out, look_through
from localft.data.checks.stored_rows import places_at
from localft.data.examples import Example
from localft.data.texts.normalising import normalise
from localft.data.texts.signs import has_any
from localft.data.working import Tell

NAME = "contradictions"
_NEAR = "near contradictions"
_LONGEST_LABEL = 80
# Signs that make another answer of the same words, as words; a line before a number is a minus.
_SIGNS = {
    "+": "plus", "-": "minus", "−": "minus", "<": "less", ">": "more", "≤": "atmost", "<=": "atmost", "≥": "atleast",
    ">=": "atleast", "≠": "unequal", "!=": "unequal", "±": "plusminus", "*": "times", "×": "times", "÷": "by",
    "#": "sharp", "%": "percent", "$": "dollar", "€": "euro", "£": "pound", "¥": "yen",
}  # fmt: skip
_DIGEST = 16
# What stands beside a sign is looked at last: a search for one of some characters is fast.
_SIGN = re.compile(
    r"[<>!]=|[+<>≤≥≠±×÷%$€£¥]|#(?<=\w#)|[-−](?=[\d.])(?<![\w)].)|\*(?:(?<=[\w)]\*)(?=[\w(])|(?<= \*)(?= ))"
)
_ASCII_SIGNS = b"+-<>=*#%$"


class Contradictions(Check):
    """Finds examples that ask the same, or nearly so, and are answered differently."""

    def __init__(self) -> None:
        self._questions = bytearray()
        # Hashes; of what a system message says only where the answer is short, else 0.
        self._answers, self._systems, self._is_short = array("Q"), array("Q"), array("B")

    def look(self, row: Row) -> None:
        """Keep what a row asks and answers."""
        example = row.example
        first = example.messages[0]
        self._questions += hashlib.blake2b(
            _question(example).encode("utf-8", "surrogatepass"), digest_size=_DIGEST
        ).digest()
        self._answers.append(Tally.hashed(_answer(example)))
        self._systems.append(Tally.hashed(first.content if first.role == "system" else ""))
        label = len(example.answer) <= _LONGEST_LABEL and not example.plain and not example.messages[-1].tool_calls
        self._is_short.append(label)

    def join(self, later: Self) -> None:
        """Keep what later rows ask and answer too."""
        self._questions += later._questions
        self._answers.extend(later._answers)
        self._systems.extend(later._systems)
        self._is_short.extend(later._is_short)

    def findings(self, context: CheckContext) -> list[Finding]:
        """One for equal questions, and one for nearly equal ones."""
        equal = [position for group in self.contradicting() for position in group]
        known = set(equal)
        near = [position for group in self._near(context) for position in group if position not in known]
        return [*_equal_finding(context, equal, len(self._answers)), *_near_finding(context, near)]

    def contradicting(self) -> list[list[int]]:
        """Positions of rows that ask the same, where their answers differ."""
        if not self._questions:
            return []
        digests = numpy.array(numpy.frombuffer(self._questions, dtype=">u8").reshape(-1, 2))
        order = numpy.lexsort((digests[:, 1], digests[:, 0]))
        begins = numpy.flatnonzero(numpy.append(True, (digests[order][1:] != digests[order][:-1]).any(axis=1)))
        ends = numpy.append(begins[1:], len(order))
        several = numpy.flatnonzero(ends - begins > 1)
        groups = [order[begins[group] : ends[group]].tolist() for group in several]
        return sorted(group for group in groups if self._differ(group))

    def commonest_answer(self, group: Sequence[int]) -> int | None:
        """The hash of the answer that most rows of a group give; None where two are as common."""
        counts = Counter(self._answers[position] for position in group).most_common(2)
        return counts[0][0] if counts[0][1] > counts[1][1] else None

    def minorities(self) -> set[int]:
        """Positions of rows whose answer is not the commonest one to their question."""
        gone: set[int] = set()
        for group in self.contradicting():
            kept = self.commonest_answer(group)
            gone |= {position for position in group if self._answers[position] != kept}
        return gone

    def _near(self, context: CheckContext) -> list[list[int]]:
        """Rows with short answers that ask nearly the same under the same system text, where their answers differ.

        Two long answers to one question may both be right.
        """
        asked: defaultdict[tuple[int, int], list[int]] = defaultdict(list)
        for number, group in enumerate(context.near_prompts):
            for position in group:
                if self._is_short[position]:
                    asked[number, self._systems[position]].append(position)
        return [group for group in asked.values() if self._differ(group)]

    def _differ(self, group: Sequence[int]) -> bool:
        return len({self._answers[position] for position in group}) > 1


def without_minorities(context: CheckContext, tell: Tell) -> Mend:
    """Answers that fewer examples give to the same question go; where none is commonest, all of them."""
    return leaving_out(look_through(Contradictions, context.rows, tell).minorities())


def _equal_finding(context: CheckContext, found: list[int], total: int) -> list[Finding]:
    if not found:
        return []
    meaning = (
        f"{len(found):,} examples ({percent(len(found), total)}) ask the same as another and are answered differently."
    )
    severity = "problem" if len(found) >= 0.05 * total else "warning"
    advice = "Keep the right answer of each and delete the others, unless the variety is what you want to teach."
    return [Finding(NAME, severity, len(found), meaning, _shown(context, found), advice, places_at(context, found))]


def _near_finding(context: CheckContext, found: list[int]) -> list[Finding]:
    if not found:
        return []
    meaning = f"{counted(len(found), 'example asks', 'examples ask')} nearly the same as another, answered differently."
    advice = "Look whether the little that differs in the question is what decides the answer."
    return [Finding(_NEAR, "note", len(found), meaning, _shown(context, found), advice, places_at(context, found))]


def _shown(context: CheckContext, found: list[int]) -> tuple[RowReference, ...]:
    return shown(context, found, lambda row, _: f"{row.example.prompt[-1].content} -> {said(row.example.messages[-1])}")


def _question(example: Example) -> str:
    """What is asked, system text and tools included; plain text asks nothing, and stands for itself.

    Stricter than the splits are, which must never leak: "-5" and "5", "2 + 2" and "2 * 2" are different questions.
    """
    if example.plain:
        return f"text {example.text}"
    turns = (f"{message.role} {' '.join(_folded(said(message)).split()).rstrip(' .!?')}" for message in example.prompt)
    return "\x1e".join((*turns, repr(example.tools)))


def _folded(text: str) -> str:
    # The same of ASCII, faster.
    return text.lower() if text.isascii() else text.casefold()


def _answer(example: Example) -> str:
    """What of an answer counts: its words and the signs that say something else, or the calls that it makes."""
    last = example.messages[-1]
    if last.tool_calls:
        return called(last)
    answer = example.answer
    if not answer.isascii() or has_any(answer, _ASCII_SIGNS):
        answer = _SIGN.sub(lambda sign: f" {_SIGNS[sign[0]]} ", answer)
    return normalise(answer)
