"""Answers that stop in the middle of a sentence: a model learns to stop there too."""

from typing import Self

from localft.data.checks.finding import CheckContext, Finding, Row, counted, percent
from localft.data.checks.looking import RowCheck

NAME = "unfinished answers"
_FEWEST_ROWS, _FEWEST_WORDS = 20, 8
# Where so many long answers end as sentences do, the others are odd.
_USUAL = 0.8
_ENDS = tuple(".!?:;…。！？।؟)]}\"'`*_>|”’»」』】-–—")


class Unfinished(RowCheck):
    """Where answers are sentences, finds those that end with a word or a comma."""

    needs_answers = True

    def __init__(self) -> None:
        super().__init__()
        self._sentences = 0

    def seen(self, row: Row) -> str | None:
        """The end of such an answer."""
        if len(row.example.answer.split(maxsplit=_FEWEST_WORDS)) < _FEWEST_WORDS:
            return None
        self._sentences += 1
        return None if _is_finished(row) else f"…{row.example.answer.rstrip()[-80:]}"

    def join(self, later: Self) -> None:
        """Take into account what was seen in later rows."""
        super().join(later)
        self._sentences += later._sentences

    def findings(self, context: CheckContext) -> list[Finding]:
        """One where most answers are finished, and some are not."""
        found, sentences = self.found, self._sentences
        if sentences < _FEWEST_ROWS or not found.count or found.count > (1 - _USUAL) * sentences:
            return []
        meaning = (
            f"{counted(found.count, 'answer stops', 'answers stop')} in the middle of a sentence "
            f"({percent(found.count, self.total)}), as if cut off."
        )
        advice = "Look where they were cut, and complete them or delete them."
        return [Finding(NAME, "warning", found.count, meaning, found.rows, advice, found.places)]


def _is_finished(row: Row) -> bool:
    answer = row.example.answer.rstrip()
    # Emoji and other signs end a text as well as a full stop does.
    return answer.endswith(_ENDS) or not (answer[-1].isalnum() or answer[-1] == ",")
