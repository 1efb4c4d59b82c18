"""System prompts: one that nearly all examples share is what the model will be used with; the others are slips."""

from dataclasses import replace
from typing import Self

from localft.data.checks.finding import MOST_ROWS, CheckContext, Finding, Row, RowReference, counted
from localft.data.checks.looking import Check, Mend, Sightings, Tally, look_through
from localft.data.checks.places import PlaceList
from localft.data.examples import Example, Message
from localft.data.versions import SPLITS
from localft.data.working import Tell

NAME = "other system prompts"
_FEWEST_ROWS = 20
_USUAL = 0.8


class SystemPrompts(Check):
    """Where most examples share a system prompt, finds those with another one or none."""

    needs_answers = True

    def __init__(self) -> None:
        self._prompts, self._places = Tally(), PlaceList()
        # The first rows of the first different prompts: among them are the first rows with another than the usual one.
        self._rows: dict[str, Sightings] = {}

    def look(self, row: Row) -> None:
        """Count the system prompt of a row."""
        prompt = _system(row.example)
        self._prompts.add(prompt)
        self._places.add(row.split, row.index)
        if prompt in self._rows or len(self._rows) <= MOST_ROWS:
            self._rows.setdefault(prompt, Sightings()).add(row, prompt or "(none)")

    def join(self, later: Self) -> None:
        """Count the system prompts of later rows too."""
        self._prompts.join(later._prompts)
        self._places.join(later._places)
        for prompt, sightings in later._rows.items():
            if prompt in self._rows or len(self._rows) <= MOST_ROWS:
                self._rows.setdefault(prompt, Sightings()).join(sightings)

    def findings(self, context: CheckContext) -> list[Finding]:
        """One where nearly all have the same, and not all."""
        total = len(self._prompts)
        if total < _FEWEST_ROWS:
            return []
        usual, count = self._prompts.commonest()
        others = total - count
        if not others or count < _USUAL * total:
            return []
        meaning = (
            f"{counted(others, 'example has', 'examples have')} another system prompt than the others"
            f"{', which have none' if usual == Tally.hashed('') else ''}."
        )
        places = self._places.packed(self._prompts.differ(usual))
        advice = "Give all the same one, unless the model shall behave differently under it."
        return [Finding(NAME, "warning", others, meaning, self._others(usual), advice, places)]

    def _others(self, usual: int) -> tuple[RowReference, ...]:
        """The first rows with another system prompt than the usual one."""
        others = (found.rows for prompt, found in self._rows.items() if Tally.hashed(prompt) != usual)
        rows = sorted((row for rows in others for row in rows), key=lambda row: (SPLITS.index(row.split), row.index))
        return tuple(rows[:MOST_ROWS])


def alike(context: CheckContext, tell: Tell) -> Mend:
    """All get the usual system prompt, or none where that is usual; plain text stays as it is."""
    counts = look_through(_Conversations, context.rows, tell).prompts
    commonest = counts.commonest()[0] if len(counts) else Tally.hashed("")
    prompts = (_system(row.example) for row in context.rows if not row.example.plain)
    usual = next((prompt for prompt in prompts if Tally.hashed(prompt) == commonest), "")

    def mend(position: int, row: Row) -> Row:
        return row if row.example.plain or _system(row.example) == usual else _with_prompt(row, usual)

    return mend


class _Conversations:
    """Counts the system prompts of what is no plain text."""

    def __init__(self) -> None:
        self.prompts = Tally()

    def look(self, row: Row) -> None:
        """Count the prompt of a row."""
        if not row.example.plain:
            self.prompts.add(_system(row.example))

    def join(self, later: Self) -> None:
        """Count those of later rows too."""
        self.prompts.join(later.prompts)


def _with_prompt(row: Row, prompt: str) -> Row:
    turns = tuple(message for message in row.example.messages if message.role != "system")
    first = (Message(role="system", content=prompt),) if prompt else ()
    return replace(row, example=row.example.model_copy(update={"messages": (*first, *turns)}))


def _system(example: Example) -> str:
    first = example.messages[0]
    return first.content.strip() if first.role == "system" else ""
