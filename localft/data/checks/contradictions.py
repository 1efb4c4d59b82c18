"""Equal questions with different answers: the model can learn neither."""

import hashlib
import re
from array import array
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from typing import Self

import numpy

from localft.data.checks.calls import called, said
from localft.data.checks.finding import CheckContext, Finding, Row, RowReference, counted, percent, shown
from localft.data.checks.looking import Check, Mend, Tally, leaving_out, look_through
from localft.data.checks.opposite_answers import asked_words, clearly_differ
from localft.data.checks.stored_rows import places_at, rows_at
from localft.data.examples import Example
from localft.data.texts.normalising import normalise
from localft.data.texts.runs import view
from localft.data.texts.signs import has_any
from localft.data.working import Tell

NAME = "contradictions"
_NEAR = "near contradictions"
_LONGEST_LABEL = 80
_LONG, _SHORT, _PLAIN = 0, 1, 2
# Of what is asked in nearly the same words so many different answers are compared with each other.
_MOST_COMPARED = 30
_READ_AT_ONCE = 10_000
# Where so many ask nearly the same, the little that differs is the task: questions about one text each, say.
_TASK = 0.5
_SHOWN_OF_QUESTION = 90
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
        # Hashes, and what kind of answer it is.
        self._answers, self._systems, self._kinds = array("Q"), array("Q"), array("B")

    def look(self, row: Row) -> None:
        """Keep what a row asks and answers."""
        example = row.example
        first = example.messages[0]
        self._questions += hashlib.blake2b(
            _question(example).encode("utf-8", "surrogatepass"), digest_size=_DIGEST
        ).digest()
        self._answers.append(Tally.hashed(_answer(example)))
        self._systems.append(Tally.hashed(first.content if first.role == "system" else ""))
        label = len(example.answer) <= _LONGEST_LABEL and not example.messages[-1].tool_calls
        self._kinds.append(_PLAIN if example.plain else _SHORT if label else _LONG)

    def join(self, later: Self) -> None:
        """Keep what later rows ask and answer too."""
        self._questions += later._questions
        self._answers.extend(later._answers)
        self._systems.extend(later._systems)
        self._kinds.extend(later._kinds)

    def findings(self, context: CheckContext) -> list[Finding]:
        """One for equal questions, one for those that differ in nothing that asks, and one for other alike ones."""
        groups = self.contradicting()
        equal = [position for group in groups for position in group]
        tied = sum(len(group) for group in groups if self.commonest_answer(group) is None)
        known = set(equal)
        opposite = [position for group in self._opposite(context, known) for position in group]
        known.update(opposite)
        near = [position for group in self._near(context) for position in group if position not in known]
        return [
            *_equal_finding(context, equal, tied, len(self._answers)),
            *_opposite_finding(context, opposite),
            *_near_finding(context, near, len(self._answers)),
        ]

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
        """Positions of rows whose answer is not the commonest one to their question; where there is none, no row's."""
        gone: set[int] = set()
        for group in self.contradicting():
            kept = self.commonest_answer(group)
            if kept is not None:
                gone |= {position for position in group if self._answers[position] != kept}
        return gone

    def _near(self, context: CheckContext) -> list[list[int]]:
        """Rows with short answers that ask nearly the same under the same system text, where their answers differ.

        Two long answers to questions that differ in a word may both be right.
        """
        asked: defaultdict[tuple[int, int], list[int]] = defaultdict(list)
        for number, group in enumerate(context.near_prompts):
            for position in group:
                if self._kinds[position] == _SHORT:
                    asked[number, self._systems[position]].append(position)
        return [group for group in asked.values() if self._differ(group)]

    def _opposite(self, context: CheckContext, known: set[int]) -> Iterator[list[int]]:
        """Rows that ask the same but for courtesies, signs and the order of words, pair by pair of clear difference."""
        groups = self._asking_the_same(context, known)
        while some := _some_of(groups):
            wanted = sorted(position for group in some for position in group)
            read = dict(zip(wanted, (row.example for row in rows_at(context.rows, wanted)), strict=True))
            for group in some:
                found = _pairs([(position, read[position]) for position in group])
                if found:
                    yield found

    def _asking_the_same(self, context: CheckContext, known: set[int]) -> Iterator[list[int]]:
        """One row for each different answer to what is asked in nearly the same words; told by hashes, none is read."""
        texts = context.asked_fully.texts
        every_word = view(texts.words, "u4")
        ends = numpy.cumsum(view(texts.lengths, "u4"), dtype=numpy.int64)
        for group in context.near_prompts:
            open_ones = [one for one in group if self._kinds[one] != _PLAIN and one not in known]
            if not self._differ(open_ones):
                continue
            asked: defaultdict[object, dict[int, int]] = defaultdict(dict)
            for one in open_ones:
                words = every_word[ends[one] - texts.lengths[one] : ends[one]]
                asked[self._systems[one], asked_words(words)].setdefault(self._answers[one], one)
            yield from (list(answers.values())[:_MOST_COMPARED] for answers in asked.values() if len(answers) > 1)

    def _differ(self, group: Sequence[int]) -> bool:
        return len({self._answers[position] for position in group}) > 1


def without_minorities(context: CheckContext, tell: Tell) -> Mend:
    """Answers that fewer examples give to the same question go; where none is commonest, all of them."""
    return leaving_out(look_through(Contradictions, context.rows, tell).minorities())


def _equal_finding(context: CheckContext, found: list[int], tied: int, total: int) -> list[Finding]:
    if not found:
        return []
    meaning = (
        f"{len(found):,} examples ({percent(len(found), total)}) ask the same as another and are answered differently."
    )
    severity = "problem" if len(found) >= 0.05 * total else "warning"
    advice = "Keep the right answer of each and delete the others, unless the variety is what you want to teach."
    if tied:
        which = "these" if tied == len(found) else f"{tied:,} of them"
        advice += f" For {which} no answer is the commonest: the repair leaves them to you."
    return [Finding(NAME, severity, len(found), meaning, _shown(context, found), advice, places_at(context, found))]


def _opposite_finding(context: CheckContext, found: list[int]) -> list[Finding]:
    if not found:
        return []
    meaning = (
        f"{counted(len(found), 'example asks', 'examples ask')} what another asks in nearly the same words, and the "
        "answers are clearly different."
    )
    advice = "They are shown pair by pair: keep the right answer of each pair, and delete the other."
    rows = shown(context, found, lambda row, _: f"{_short_question(row.example)} -> {said(row.example.messages[-1])}")
    return [Finding(_NEAR, "warning", len(found), meaning, rows, advice, places_at(context, found))]


def _short_question(example: Example) -> str:
    question = example.prompt[-1].content
    return question if len(question) <= _SHOWN_OF_QUESTION else f"{question[:_SHOWN_OF_QUESTION]}…"


def _some_of(groups: Iterator[list[int]]) -> list[list[int]]:
    """The next groups, of so many rows as are read at once."""
    some, count = [], 0
    for group in groups:
        some.append(group)
        count += len(group)
        if count >= _READ_AT_ONCE:
            break
    return some


def _pairs(asked: list[tuple[int, Example]]) -> list[int]:
    """Positions, each beside one that says something clearly different to the same question."""
    found: list[int] = []
    left = [(position, _signs(example), _answer(example), example.tools) for position, example in asked]
    while left:
        position, signs, answer, tools = left.pop(0)
        for other in left:
            if other[1] == signs and other[3] == tools and clearly_differ(answer, other[2]):
                found += [position, other[0]]
                left.remove(other)
                break
    return found


def _signs(example: Example) -> list[str]:
    """The signs in a question that ask something else."""
    return sorted(_SIGNS[sign] for message in example.prompt for sign in _SIGN.findall(message.content))


def _near_finding(context: CheckContext, found: list[int], total: int) -> list[Finding]:
    if not found or len(found) > _TASK * total:
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
