"""Examples written from documents: what it takes, how far it is, and what was written."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from localft import words
from localft.jobs import JobView
from localft.synthesis.candidates import Candidate
from localft.synthesis.costs import Estimate
from localft.synthesis.passages import Passage
from localft.synthesis.sifting import Outcome, Unreadable
from localft.synthesis.syntheses import Synthesis
from localft.synthesis.writers import Writer
from localft.ui.views import parts
from localft.ui.views.html import Markup, h, join

PAGE_SIZE = 20
Item = TypeVar("Item")
# Below more examples than fit on a screen the pages can be turned too.
_FEW = 3


def explained() -> Markup:
    """What this is for."""
    return parts.note(
        "A model reads a document passage by passage and writes examples from it. What the passage does not support is "
        "left out, with the reason. You look at the rest before it becomes part of your data."
    )


def expected(estimate: Estimate, writer: Writer, currency: str, caution: str) -> Markup:
    """What it takes, before it begins, and what to know of answers that nobody judges."""
    sent = [] if writer.is_local else [f"The passages are sent to {writer.url}."]
    body = parts.sentences([f"Writer: {writer.where}.", *estimate.sentences(currency), *sent])
    return parts.card("What it takes", body + (parts.note(caution) if caution else ""), "accent")


def going_on(job: JobView) -> Markup:
    """How far the writing is."""
    progress = job.progress
    left = progress.seconds_left if progress else None
    time = f", about {words.duration(left)} left" if left is not None else ""
    done = f" {progress.done:,.0f} of {progress.total:,.0f} passages{time}." if progress and progress.total else ""
    line = parts.note(f"{job.sentence.rstrip('.')}.{done} Stop stands at the top; it goes on when you close this page.")
    return line + parts.progress(progress.fraction if progress and progress.total else None, "Writing examples")


def ended(synthesis: Synthesis, outcome: Outcome, currency: str) -> Markup:
    """How it ended, what it took, and what became of it."""
    names = ", ".join(one.name for one in synthesis.design.documents)
    cost = "" if outcome.cost is None else f", {words.money(outcome.cost, currency)}"
    lines = [
        f"{outcome.sentence[0].upper()}{outcome.sentence[1:]}",
        f"From {names}, by {synthesis.design.writer.where}: {words.counted(outcome.calls, 'answer')}, "
        f"{outcome.tokens_in:,} tokens read and {outcome.tokens_out:,} written{cost}.",
    ]
    if synthesis.taken is not None:
        lines.append(f"{words.counted(synthesis.taken.count, 'example')} were taken in, as a version of the data.")
    body = parts.sentences(lines)
    job = synthesis.job
    if not job.state.resumable:
        return parts.card("What was written", body, "good" if outcome.accepted else "warn")
    hint = job.result.advice if job.result else ""
    trouble = h("<p><strong>{sentence}</strong> {hint}</p>", sentence=job.sentence, hint=hint)
    return parts.card("Not finished", trouble + body, "warn")


@dataclass(frozen=True)
class Pages:
    """Which page is looked at of what is kept, and of what was rejected, from 1; None: nobody has turned it yet."""

    accepted: int | None = None
    rejected: int | None = None


def examples(
    outcome: Outcome,
    passages: Mapping[int, Passage],
    without: Collection[str],
    undecided: bool,
    pages: Pages = Pages(),
) -> Markup:
    """What was written, each example with its passage; and what was rejected, with the reason: a page of each.

    Where nothing is to be decided any more the examples are folded away.
    """
    shown, turning = _page(outcome.accepted, pages.accepted, "page", "example")
    kept = join(
        _example(one, passages[one.passage], _button(one, one.id in without) if undecided else Markup())
        for one in shown
    )
    below = turning if len(shown) > _FEW else Markup()
    listed = turning + kept + below
    if not undecided and shown:
        listed = parts.folded(words.counted(len(outcome.accepted), "example"), listed, pages.accepted is not None)
    return listed + _rejected(outcome, passages, pages.rejected)


def _page(items: Sequence[Item], page: int | None, action: str, word: str) -> tuple[Sequence[Item], Markup]:
    """The items of a page, and where one is among all of them, with buttons that turn the pages."""
    count = -(-len(items) // PAGE_SIZE)
    if count < 2:
        return items, Markup()
    number = min(max(1, page or 1), count)
    first = (number - 1) * PAGE_SIZE
    shown = items[first : first + PAGE_SIZE]
    said = f"{first + 1:,} to {first + len(shown):,} of {words.counted(len(items), word)}."
    earlier = parts.action(action, str(number - 1), "Earlier ones", word) if number > 1 else Markup()
    later = parts.action(action, str(number + 1), "Later ones", word) if number < count else Markup()
    return shown, h('<p class="lf-note">{said} {earlier}{later}</p>', said=said, earlier=earlier, later=later)


def _rejected(outcome: Outcome, passages: Mapping[int, Passage], page: int | None) -> Markup:
    shown, turning = _page([*outcome.rejected, *outcome.unreadable], page, "rejected-page", "rejection")
    if not shown:
        return Markup()
    rows = [
        (passages[one.passage].where, "nothing usable", one.reason, "", "")
        if isinstance(one, Unreadable)
        else (one.id, one.fault, one.reason, parts.verbatim(one.asked[:300]), parts.verbatim(one.answer[:300]))
        for one in shown
    ]
    table = parts.table("Rejected examples", ["Number", "What", "Why", "It asks", "It answers"], rows)
    count = words.counted(len(outcome.rejected) + len(outcome.unreadable), "rejection")
    return parts.folded(count, turning + table, opened=page is not None)


def _button(one: Candidate, is_out: bool) -> Markup:
    if is_out:
        return parts.action("take-back", one.id, "Take it after all", one.id)
    return parts.action("leave-out", one.id, "Leave it out", one.id)


def _example(one: Candidate, passage: Passage, button: Markup) -> Markup:
    turns = h(
        '<div class="lf-turn lf-turn-user"><p class="lf-who">User</p>{asked}</div>'
        '<div class="lf-turn lf-turn-assistant"><p class="lf-who">Assistant</p>{answer}</div>',
        asked=parts.verbatim(one.prompt),
        answer=parts.verbatim(one.answer),
    )
    source = parts.folded(f"Its passage: {passage.where}", parts.verbatim(passage.text))
    return h(
        '<div class="lf-talk"><p class="lf-note">{id} {button}</p>{turns}{source}</div>',
        id=one.id,
        button=button,
        turns=turns,
        source=source,
    )
