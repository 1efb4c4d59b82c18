"""Variety: what the questions are about, how evenly, and phrases that many answers share."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Self

from localft.data.checks.finding import MOST_ROWS, CheckContext, Finding, Row, RowReference, counted, percent, reference
from localft.data.checks.looking import Check, Tally
from localft.data.checks.spread import Spread
from localft.data.shapes.rows import excerpt
from localft.data.texts.phrases import find_phrases
from localft.data.texts.topics import MOST, Topic, find_topics, words_of

TOPICS, ONE_TOPIC, PHRASES = "topics", "one topic", "repeated phrases"
_FEWEST_ROWS = 100
_EXAMINED = 3_000
_LONGEST = 2_000
# From these shares of the questions on: the largest topic is worth a word, or outweighs the others.
_MUCH, _NEARLY_ALL = 0.5, 0.8
_MOST_NAMED, _ROWS_EACH = 8, 5
_PHRASE_SHARE, _FEWEST_VARIED = 0.5, 0.5
_SEALED = "sealed"


class Topics(Check):
    """Puts questions into groups by their words; of many rows at most 3,000 that lie evenly among them."""

    needs_answers = True

    def __init__(self) -> None:
        self._questions: Spread[tuple[str, RowReference]] = Spread(_EXAMINED)

    def look(self, row: Row) -> None:
        """Keep a question."""
        if self._questions.wants():
            question = row.example.prompt[-1].content
            self._questions.keep((question[:_LONGEST], reference(row, question)))

    def join(self, later: Self) -> None:
        """Keep the questions of later rows too."""
        self._questions.join(later._questions)

    def findings(self, context: CheckContext) -> list[Finding]:
        """One about the topics, a warning where one of them outweighs all others."""
        kept = self._questions.items
        if len(kept) < _FEWEST_ROWS:
            return []
        topics = find_topics([question for question, _ in kept])
        if len(topics.groups) < 2:
            return []
        topics = replace(topics, groups=_without_sealed_words(topics.groups, kept))
        total = sum(len(topic.members) for topic in topics.groups)
        largest = len(topics.groups[0].members)
        sample = "" if self._questions.is_whole else f" (of {len(kept):,} that were looked at)"
        named = "; ".join(
            f"{', '.join(topic.words) or _SEALED} ({percent(len(topic.members), total)})"
            for topic in topics.groups[:_MOST_NAMED]
        )
        more = f"; and {len(topics.groups) - _MOST_NAMED} more" if len(topics.groups) > _MOST_NAMED else ""
        many = " or more" if len(topics.groups) == MOST else ""
        shown = _typical(topics.groups, [row for _, row in kept])
        if largest >= _NEARLY_ALL * total:
            meaning = f"{percent(largest, total)} of the questions{sample} are about one topic: {named}{more}."
            advice = "Add examples of the other topics, or leave them out: so few teach little."
            return [Finding(ONE_TOPIC, "warning", largest, meaning, shown, advice)]
        meaning = f"The questions{sample} are about {len(topics.groups)} topics{many}: {named}{more}."
        advice = (
            "Half or more are about the first: look whether the others have enough."
            if largest >= _MUCH * total
            else f"As varied as {topics.effective:.0f} topics of equal size. Look whether one is missing."
        )
        return [Finding(TOPICS, "note", total, meaning, shown, advice)]


def _without_sealed_words(groups: tuple[Topic, ...], kept: Sequence[tuple[str, RowReference]]) -> tuple[Topic, ...]:
    """The topics without the words that only test questions have: these are sealed."""
    known: set[str] = set()
    for question, row in kept:
        if row.split != "test":
            known.update(words_of(question))
    return tuple(replace(topic, words=tuple(word for word in topic.words if word in known)) for topic in groups)


def _typical(groups: tuple[Topic, ...], rows: list[RowReference]) -> tuple[RowReference, ...]:
    """The most typical question of each topic, then the next ones, each with the words of its topic."""
    placed = [
        (topic, topic.members[rank]) for rank in range(_ROWS_EACH) for topic in groups if rank < len(topic.members)
    ]
    return tuple(
        rows[place]
        if rows[place].split == "test"
        else replace(rows[place], text=excerpt(f"{', '.join(topic.words)}: {rows[place].text}"))
        for topic, place in placed
    )[:MOST_ROWS]


class Phrases(Check):
    """Counts phrases that answers have in common; of many rows in at most 3,000 that lie evenly among them."""

    needs_answers = True

    def __init__(self) -> None:
        self._answers: Spread[tuple[str, RowReference]] = Spread(_EXAMINED)

    def look(self, row: Row) -> None:
        """Keep an answer, unless it is for programs, which need it alike."""
        answer = row.example.answer
        if not answer.lstrip().startswith(("{", "[", "<")) and self._answers.wants():
            self._answers.keep((answer[:_LONGEST], reference(row, answer)))

    def join(self, later: Self) -> None:
        """Keep the answers of later rows too."""
        self._answers.join(later._answers)

    def findings(self, context: CheckContext) -> list[Finding]:
        """One where most of many free answers share a phrase."""
        kept = self._answers.items
        texts = [answer for answer, _ in kept]
        if len(kept) < _FEWEST_ROWS or len({Tally.hashed(text) for text in texts}) < _FEWEST_VARIED * len(kept):
            return []
        phrases = find_phrases(texts)
        # What more answers have than there are test examples is no secret of these.
        sealed = sum(row.split == "test" for _, row in kept)
        least = max(_PHRASE_SHARE * len(kept), sealed + 1)
        common = [(phrase, count) for phrase, count in phrases.commonest if count >= least]
        if not common:
            return []
        named = ", ".join(f"{phrase!r} ({percent(count, len(kept))})" for phrase, count in common)
        meaning = (
            f"{counted(len(common), 'phrase stands', 'phrases stand')} in half of the answers or more: {named}; "
            f"{100 * phrases.repeated:.0f} % of all phrases of five words repeat an earlier answer."
        )
        advice = "The tuned model will say it nearly always. Vary it, unless that is what you want."
        return [Finding(PHRASES, "note", common[0][1], meaning, (), advice)]
