"""What is kept of everything that was written: no example twice, none that is there already, no more than wanted."""

from collections import Counter
from collections.abc import Callable, Sequence

import pydantic

from localft import words
from localft.data.examples import Example, Message
from localft.data.source_passages import SourcePassage
from localft.data.splits.asking import asked_text
from localft.data.splits.golden import golden_among, never_learned
from localft.data.stored import chain
from localft.data.texts.near import near_groups
from localft.data.texts.runs import Texts
from localft.data.versions import SPLITS, list_versions, open_split
from localft.store.projects import Project
from localft.store.records import Record
from localft.synthesis.calls import CallLog, State, state_of
from localft.synthesis.candidates import Candidate, Fault
from localft.synthesis.costs import price_of
from localft.synthesis.passages import Passage
from localft.synthesis.settings import SynthesisSettings

_LAST = 1_000_000


class Unreadable(pydantic.BaseModel):
    """A passage from which nothing usable was written, and why."""

    model_config = pydantic.ConfigDict(frozen=True, extra="forbid")

    passage: int
    reason: str


class Outcome(Record):
    """outcome.json: the examples that are kept, and everything else with its reason; nothing vanishes.

    `done` counts the passages that are finished; `seconds` sums the time of all answers.
    """

    accepted: tuple[Candidate, ...]
    rejected: tuple[Candidate, ...]
    unreadable: tuple[Unreadable, ...]
    done: int
    calls: int
    tokens_in: int
    tokens_out: int
    seconds: float
    cost: float | None

    @property
    def faults(self) -> dict[str, int]:
        """How many examples were rejected for each kind of fault, the commonest first."""
        return dict(Counter(one.fault for one in self.rejected).most_common())

    @property
    def sentence(self) -> str:
        """The outcome for a person."""
        kept = f"{words.counted(len(self.accepted), 'example')} from {words.counted(self.done, 'passage')}"
        faults = ", ".join(f"{count:,} {fault}" for fault, count in self.faults.items())
        rejected = f"; {len(self.rejected):,} rejected ({faults})" if self.rejected else ""
        unread = words.counted(len(self.unreadable), "passage")
        unreadable = f"; nothing usable was written from {unread}" if self.unreadable else ""
        return f"{kept}{rejected}{unreadable}."


def sift(project: Project, settings: SynthesisSettings, passages: Sequence[Passage], log: CallLog) -> Outcome:
    """Work out from all replies what is kept.

    Raises:
        UserError: the project's data or golden questions are damaged.
    """
    states = [(passage, state_of(settings, passage, log.of(passage))) for passage in passages]
    finished = [(passage, state) for passage, state in states if state.order is None]
    candidates = [candidate for _, state in finished for candidate in state.candidates]
    sifted = _without_golden(project, _without_twins(project, passages, candidates))
    limited = _limited(sifted, settings.most)
    calls = log.all
    tokens_in, tokens_out = sum(one.prompt_tokens for one in calls), sum(one.completion_tokens for one in calls)
    priced = settings.price_in is not None or settings.price_out is not None
    return Outcome(
        accepted=tuple(one for one in limited if not one.fault),
        rejected=tuple(one for one in limited if one.fault),
        unreadable=tuple(_unreadable(finished)),
        done=len(finished),
        calls=len(calls),
        tokens_in=tokens_in,
        tokens_out=tokens_out,
        seconds=sum(one.seconds for one in calls),
        cost=price_of(settings, tokens_in, tokens_out) if priced else None,
    )


def source_of(passage: Passage) -> SourcePassage:
    """A passage as it is kept with the examples that were written from it."""
    return SourcePassage.model_validate(passage.model_dump(exclude={"index"}))


def example_of(candidate: Candidate, passage: Passage) -> Example:
    """A candidate as an example: it says where it comes from, and stays with the others of its passage."""
    return Example(
        messages=(
            Message(role="user", content=candidate.prompt),
            Message(role="assistant", content=candidate.answer),
        ),
        source=passage.where,
        row=passage.index + 1,
        group=f"{passage.document} {passage.start}-{passage.end}",
        passage=passage.digest,
    )


def _unreadable(finished: Sequence[tuple[Passage, State]]) -> list[Unreadable]:
    return [
        Unreadable(passage=passage.index, reason=state.unreadable) for passage, state in finished if state.unreadable
    ]


def _without_twins(project: Project, passages: Sequence[Passage], candidates: Sequence[Candidate]) -> list[Candidate]:
    """Reject what asks nearly what an earlier candidate, or an example of the newest version, asks."""
    texts = {passage.text for passage in passages}
    version = next(iter(list_versions(project).items), None)
    known = chain(*(open_split(project, version.id, name) for name in SPLITS)) if version else []
    asked = Texts(_without_passage(asked_text(example, with_system=False), texts) for example in known)
    count = len(asked)
    usable = [position for position, one in enumerate(candidates) if not one.fault]
    for position in usable:
        asked.add(candidates[position].asked)
    groups = near_groups(asked)
    sifted = list(candidates)
    for group in groups:
        first = group[0]
        for place in group[1:]:
            if place < count:
                continue
            position = usable[place - count]
            fault: Fault = "in the data" if first < count else "duplicate"
            reason = (
                f"the data asks nearly the same: {known[first].origin}"
                if first < count
                else f"it asks nearly the same as {candidates[usable[first - count]].id}"
            )
            sifted[position] = sifted[position].rejected(fault, reason)
    return sifted


def _without_passage(text: str, passages: set[str]) -> str:
    """A question without the passage that was put into it."""
    asked, gap, rest = text.partition("\n\n")
    return asked if gap and rest in passages else text


def _without_golden(project: Project, candidates: list[Candidate]) -> list[Candidate]:
    wanted = never_learned(project)
    if not wanted:
        return candidates
    asking = [_bare(one.asked) for one in candidates]
    golden = set(golden_among(asking, wanted))
    reason = "it asks a golden question, which is never learned"
    return [
        one.rejected("golden question", reason) if position in golden else one
        for position, one in enumerate(candidates)
    ]


def _bare(asked: str) -> Example:
    return Example(messages=(Message(role="user", content=asked), Message(role="assistant", content="-")))


def _limited(candidates: Sequence[Candidate], most: int) -> list[Candidate]:
    """Reject what is beyond the limit, the first ones of each passage last."""
    number: Callable[[Candidate], tuple[int, int]] = lambda one: (  # noqa: E731
        int(one.id.partition(".")[2]) or _LAST,
        one.passage,
    )
    kept = {one.id for one in sorted((one for one in candidates if not one.fault), key=number)[:most]}
    return [
        one if one.fault or one.id in kept else one.rejected("beyond the limit", f"{most:,} are enough")
        for one in candidates
    ]
