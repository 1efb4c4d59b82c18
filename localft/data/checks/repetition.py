"""Repetition: answers that run in circles, and answers that all begin alike."""

from typing import Self

from localft.data.checks.finding import CheckContext, Finding, Row, counted, percent
from localft.data.checks.looking import Check, RowCheck, Sightings, Tally
from localft.data.texts.normalising import normalise

CIRCLES, BEGINNINGS = "answers in circles", "same beginnings"
_RUN = 4
_FEWEST_WORDS = 40
# Of the runs of four words of a text so many occur in it before.
_REPEATED = 0.4
_FEWEST_ROWS, _BEGINNING_WORDS, _BEGINNING_SHARE = 50, 4, 0.3
_FEWEST_VARIED = 0.5
# Of so many beginnings rows are kept; when there are more, those stay that occurred most often.
_MOST_KEPT, _STAYING = 1_000, 100


class Circles(RowCheck):
    """Finds answers that say the same again and again."""

    def seen(self, row: Row) -> str | None:
        """Such an answer."""
        return row.example.answer if goes_in_circles(row.example.answer) else None

    def findings(self, context: CheckContext) -> list[Finding]:
        """One where there are such answers."""
        found = self.found
        if not found.count:
            return []
        meaning = f"{counted(found.count, 'answer says', 'answers say')} the same again and again."
        advice = "Delete them: a model that learns such an answer does not find its end."
        return [Finding(CIRCLES, "warning", found.count, meaning, found.rows, advice, found.places)]


class Beginnings(Check):
    """Finds a beginning that many free answers share; labels and filled-in forms are meant to be alike."""

    needs_answers = True

    def __init__(self) -> None:
        self._answers, self._begins = Tally(), Tally()
        self._rows: dict[str, Sightings] = {}

    def look(self, row: Row) -> None:
        """Count how an answer begins."""
        answer = row.example.answer
        self._answers.add(answer)
        if answer.lstrip().startswith(("{", "[", "<")):
            return
        begin = " ".join(answer.split(maxsplit=_BEGINNING_WORDS)[:_BEGINNING_WORDS])
        self._begins.add(begin)
        self._kept(begin).add(row)

    def _kept(self, begin: str) -> Sightings:
        if begin not in self._rows and len(self._rows) >= _MOST_KEPT:
            staying = sorted(self._rows, key=lambda known: -self._rows[known].count)[:_STAYING]
            self._rows = {known: self._rows[known] for known in staying}
        return self._rows.setdefault(begin, Sightings())

    def join(self, later: Self) -> None:
        """Count the beginnings of later rows too."""
        self._answers.join(later._answers)
        self._begins.join(later._begins)
        for begin, sightings in later._rows.items():
            self._kept(begin).join(sightings)

    def findings(self, context: CheckContext) -> list[Finding]:
        """One where answers are free and varied, and yet begin alike."""
        total = len(self._answers)
        if len(self._begins) < _FEWEST_ROWS or self._answers.different < _FEWEST_VARIED * total:
            return []
        hashed, count = self._begins.commonest()
        common = next((begin for begin in self._rows if Tally.hashed(begin) == hashed), None)
        if count < _BEGINNING_SHARE * total or common is None:
            return []
        named = f"begin with {common!r}" if self._rows[common].is_open else "begin alike"
        meaning = f"{percent(count, total)} of all answers {named}."
        advice = "The tuned model will begin so nearly always. Vary it, unless that is what you want."
        return [Finding(BEGINNINGS, "note", count, meaning, self._rows[common].rows, advice, self._rows[common].places)]


def goes_in_circles(text: str) -> bool:
    """Whether much of a long text has stood in it before; tables and code repeat their signs, not their words."""
    said = normalise(text)
    if said.count(" ") + 1 < _FEWEST_WORDS:
        return False
    words = said.split()
    runs = len(words) - _RUN + 1
    # Different words begin different runs.
    if 1 - (len(set(words)) - _RUN + 1) / runs < _REPEATED:
        return False
    return 1 - len({tuple(words[start : start + _RUN]) for start in range(runs)}) / runs >= _REPEATED
