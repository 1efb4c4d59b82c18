"""Edge cases: do examples show what to do with odd questions, and with those that cannot be answered?

Whether there are other languages is told by the check of languages.
"""

import re
from typing import Self

from localft.data.checks.finding import CheckContext, Finding, Row, counted
from localft.data.checks.looking import SeveralKinds, Tally
from localft.data.texts.signs import Signs

ODD, UNANSWERABLE = "odd questions", "unanswerable questions"
_FEWEST_ROWS = 50
# A task with few answers has its edges in the labels.
_FEWEST_VARIED = 0.5
_UNANSWERED = re.compile(
    r"\b(?:(?:don't|do not|doesn't|does not|didn't|did not|cannot|can't|couldn't|could not|not) (?:know|have|say|tell|"
    r"find|answer|contain|include|mention|sure|certain|clear|possible|available|specified|enough)|unclear|unknown|"
    r"no (?:information|answer|data|such)|could you|can you|please (?:clarify|tell|give|provide|send|say)|"
    r"which (?:one|of)|what do you mean)\b"
    # The same in other languages: not known, not enough said, which one.
    r"|\b(?:weiß (?:ich |es )?nicht|nicht (?:bekannt|sicher|genug|eindeutig)|keine (?:angabe|information|antwort)\w*|"
    r"(?:ne )?sais pas|pas (?:assez|sûr|certain)|pourriez-vous|no (?:sé|tengo|hay|puedo)|podrías?|não (?:sei|tenho|há)|"
    r"poderia|non (?:so|lo so|ho)|weet (?:ik )?(?:het )?niet|kunt u|nie wiem)\b"
    r"|не (?:знаю|могу|указан)|не хватает|不知道|不清楚|无法|请(?:提供|说明)"
    r"|わかりません|分かりません|모르|لا أعرف|नहीं (?:पता|जानता)",
    re.IGNORECASE,
)
_SIGNS = Signs.of(_UNANSWERED)
# An answer that ends with a question asks back, in any language.
_ASKS = ("?", "？", "؟", "?»", '?"')
_SHORT = 3
# What cannot be answered is said at the beginning; whether a question is odd shows there too.
_LOOKED_AT, _LOOKED_AT_OF_QUESTION = 300, 100
# Keys beside each other, or so many consonants in a row as hardly a word has.
_MASHED = re.compile(
    r"qwer|rtyu|tyui|yuio|uiop|asdf|sdfg|dfgh|fghj|ghjk|hjkl|zxcv|xcvb|cvbn|vbnm|[bcdfghjklmnpqrstvwxz]{5}",
    re.IGNORECASE,
)
_MASHED_SIGNS = Signs.of(_MASHED)
# From here on characters are words of their own.
_EAST_ASIAN = "\u2e80"
_FEWEST_CHARACTERS = 3
_MEANINGS = {
    ODD: "{} something empty or odd: a word or two, nothing but signs, or keys hit at random.",
    UNANSWERABLE: "{} what is unclear or cannot be answered, so that the answer says so or asks back.",
}
_MISSING = {
    ODD: "No example shows what to do with an empty or odd question, such as one of a word or two.",
    UNANSWERABLE: "No example shows what to do with a question that is unclear or cannot be answered.",
}
_ADVICE = "Look whether the answers are what you want there; five of a hundred are enough."
_ADVICE_MISSING = "Add some: five of a hundred are enough, and what the model does there is no longer left to chance."


class EdgeCases(SeveralKinds):
    """Says of each kind of edge case how many of many free answers are for it, or that none is."""

    needs_answers = True

    def __init__(self) -> None:
        super().__init__((ODD, UNANSWERABLE))
        self._answers = Tally()

    def look(self, row: Row) -> None:
        """Count an answer, and what of it is an edge case."""
        answer, question = row.example.answer, row.example.prompt[-1].content
        self._answers.add(answer)
        if _is_open(answer):
            self.found[UNANSWERABLE].add(row)
        # Within a conversation a word or two are nothing odd.
        if _is_odd(question) and not any(message.role == "assistant" for message in row.example.prompt):
            self.found[ODD].add(row, question)

    def join(self, later: Self) -> None:
        """Count the answers of later rows too."""
        super().join(later)
        self._answers.join(later._answers)

    def findings(self, context: CheckContext) -> list[Finding]:
        """One for each kind, whether it occurs or not."""
        total = len(self._answers)
        if total < _FEWEST_ROWS or self._answers.different < _FEWEST_VARIED * total:
            return []
        return [self._finding(kind, total) for kind in self.found]

    def _finding(self, kind: str, total: int) -> Finding:
        found = self.found[kind]
        if not found.count:
            return Finding(f"no {kind}", "note", total, _MISSING[kind], (), _ADVICE_MISSING)
        meaning = _MEANINGS[kind].format(counted(found.count, "example asks", "examples ask"))
        return Finding(kind, "note", found.count, meaning, found.rows, _ADVICE, found.places)


def _is_open(answer: str) -> bool:
    if answer.rstrip().endswith(_ASKS):
        return True
    plain = answer[:_LOOKED_AT].replace("’", "'")
    return _SIGNS.stand_in(plain) and _UNANSWERED.search(plain) is not None


def _is_odd(question: str) -> bool:
    """Whether a question is empty or of a word or two, has no words, or none that anyone would write."""
    start = question.strip()[:_LOOKED_AT_OF_QUESTION]
    words = start.split()
    characters = set(start.casefold()).difference(" ")
    if len(characters) < _FEWEST_CHARACTERS or not any(map(str.isalnum, characters)):
        return True
    if len(words) < _SHORT:
        return max(characters) < _EAST_ASIAN or len(start) < 2 * _SHORT
    if not _MASHED_SIGNS.stand_in(start):
        return False
    return 2 * sum(_MASHED.search(word) is not None for word in words) >= len(words)
