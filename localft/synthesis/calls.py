"""What was asked and answered, one line a reply; and for a passage, from its replies, what has to be asked next.

Everything else is worked out anew from these lines, so nothing that was answered once is asked again.
"""

import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import pydantic

from localft.store import files
from localft.synthesis.asking import (
    Chat,
    Item,
    Unreadable,
    judging_order,
    read_items,
    read_judgement,
    writing_order,
)
from localft.synthesis.candidates import Candidate, continuation, weigh
from localft.synthesis.passages import Passage
from localft.synthesis.settings import SynthesisSettings
from localft.synthesis.support import quoted

CALLS = "calls.jsonl"
_TRIES = 2


class Call(pydantic.BaseModel):
    """A line of calls.jsonl: one reply. `refused` is the sentence of a server that would not answer this question.

    `item` is the place of the judged example in its reply, from 0.
    """

    model_config = pydantic.ConfigDict(frozen=True, extra="ignore")

    passage: int
    purpose: Literal["write", "judge"]
    item: int = 0
    text: str = ""
    refused: str = ""
    prompt_tokens: int = 0
    completion_tokens: int = 0
    seconds: float = 0.0
    finish: str = "stop"


class CallLog:
    """calls.jsonl: appended at once, by several threads. A line that a crash has torn is asked again."""

    def __init__(self, path: Path) -> None:
        """Read what is there."""
        self._path = path
        self._lock = threading.Lock()
        self._calls: dict[int, list[Call]] = {}
        for line in files.read_lines(path)[0]:
            try:
                self._take(Call.model_validate(line))
            except pydantic.ValidationError:
                continue

    def write(self, call: Call) -> None:
        """Append a reply."""
        with self._lock:
            files.append_line(self._path, call.model_dump(mode="json", exclude_defaults=True))
            self._take(call)

    def of(self, passage: Passage) -> list[Call]:
        """The replies about a passage, in their order."""
        with self._lock:
            return list(self._calls.get(passage.index, []))

    @property
    def all(self) -> list[Call]:
        """Every reply."""
        with self._lock:
            return [call for calls in self._calls.values() for call in calls]

    def _take(self, call: Call) -> None:
        self._calls.setdefault(call.passage, []).append(call)


@dataclass(frozen=True)
class Order:
    """A question to the model."""

    passage: int
    purpose: Literal["write", "judge"]
    messages: Chat
    item: int = 0


@dataclass(frozen=True)
class State:
    """Where a passage stands: what to ask next (None: nothing more), and the examples so far.

    `unreadable` says why nothing that was written about it could be used.
    """

    order: Order | None
    candidates: list[Candidate] = field(default_factory=list)
    unreadable: str = ""


def state_of(settings: SynthesisSettings, passage: Passage, calls: Sequence[Call]) -> State:
    """Work out from its replies where a passage stands. A reply that cannot be used is asked for once more."""
    items, problem, tries = _written(settings, passage, calls)
    if items is None:
        if tries < _TRIES:
            return State(Order(passage.index, "write", writing_order(settings, passage, problem)))
        return State(None, continuation(settings, passage), problem)
    candidates = weigh(settings, passage, items)
    if settings.judge and settings.kind != "style":
        judged = []
        for number, candidate in enumerate(candidates):
            verdict = candidate if candidate.fault else _judged(passage, candidate, number, calls)
            if isinstance(verdict, Order):
                return State(verdict)
            judged.append(verdict)
        candidates = judged
    return State(None, [*candidates, *continuation(settings, passage)])


def _written(
    settings: SynthesisSettings, passage: Passage, calls: Iterable[Call]
) -> tuple[list[Item] | None, str, int]:
    """The items of the first usable reply, else what was wrong with the last one and how often it was tried."""
    problem, tries = "", 0
    for call in calls:
        if call.passage != passage.index or call.purpose != "write":
            continue
        if call.refused:
            # The same question would be refused again.
            return None, call.refused, _TRIES
        try:
            return read_items(settings.kind, call.text, settings.per_passage)[0], "", tries
        except Unreadable as error:
            problem, tries = str(error), tries + 1
    return None, problem, tries


def _judged(passage: Passage, candidate: Candidate, number: int, calls: Iterable[Call]) -> Candidate | Order:
    """What the second look says about an example, or the question that asks for it."""
    problem, tries = "", 0
    for call in calls:
        if (call.passage, call.purpose, call.item) != (passage.index, "judge", number):
            continue
        if call.refused:
            return candidate.rejected("judged wrong", f"it could not be judged: {call.refused}")
        try:
            judgement = read_judgement(call.text)
        except Unreadable as error:
            problem, tries = str(error), tries + 1
            continue
        if not judgement.supported:
            return candidate.rejected("judged wrong", "the model says that the passage does not support it")
        if not quoted(judgement.quote, passage.text):
            return candidate.rejected("judged wrong", "what the model quotes for it does not stand in the passage")
        return candidate
    if tries >= _TRIES:
        return candidate.rejected("judged wrong", f"the model's judgement could not be read: {problem}")
    return Order(passage.index, "judge", judging_order(passage, candidate.asked, candidate.answer, problem), number)
