"""Examples written from documents: what it takes, how far it is, and what was written."""

from collections.abc import Collection, Mapping

from localft import words
from localft.jobs import JobView
from localft.synthesis.candidates import Candidate
from localft.synthesis.costs import Estimate
from localft.synthesis.passages import Passage
from localft.synthesis.sifting import Outcome
from localft.synthesis.syntheses import Synthesis
from localft.synthesis.writers import Writer
from localft.ui.views import parts
from localft.ui.views.html import Markup, h, join

_SHOWN = 50


def explained() -> Markup:
    """What this is for."""
    return parts.note(
        "A model reads a document passage by passage and writes examples from it. What the passage does not support is "
        "left out, with the reason. You look at the rest before it becomes part of your data."
    )


def expected(estimate: Estimate, writer: Writer, currency: str) -> Markup:
    """What it takes, before it begins."""
    sent = [] if writer.is_local else [f"The passages are sent to {writer.url}."]
    body = parts.sentences([f"Writer: {writer.where}.", *estimate.sentences(currency), *sent])
    return parts.card("What it takes", body, "accent")


def going_on(job: JobView) -> Markup:
    """How far the writing is."""
    progress = job.progress
    left = progress.seconds_left if progress else None
    time = f", about {words.duration(left)} left" if left is not None else ""
    done = f" {progress.done:,.0f} of {progress.total:,.0f} passages{time}." if progress and progress.total else ""
    line = parts.note(f"{job.sentence.rstrip('.')}.{done} Stop stands at the top.")
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
    hint = job.result.hint if job.result else ""
    trouble = h("<p><strong>{sentence}</strong> {hint}</p>", sentence=job.sentence, hint=hint)
    return parts.card("Not finished", trouble + body, "warn")


def examples(outcome: Outcome, passages: Mapping[int, Passage], without: Collection[str], undecided: bool) -> Markup:
    """What was written, each example with its passage; and what was rejected, with the reason."""
    kept = join(
        _example(one, passages[one.passage], _button(one, one.id in without) if undecided else Markup())
        for one in outcome.accepted[:_SHOWN]
    )
    more = len(outcome.accepted) - _SHOWN
    rest = parts.note(f"{more:,} more; `localft data synthesise --show` prints them all.") if more > 0 else Markup()
    return kept + rest + _rejected(outcome, passages)


def _rejected(outcome: Outcome, passages: Mapping[int, Passage]) -> Markup:
    rows = [(one.id, one.fault, one.reason, parts.verbatim(one.asked[:300]), parts.verbatim(one.answer[:300]))
            for one in outcome.rejected[:_SHOWN]]  # fmt: skip
    unreadable = [
        (passages[one.passage].where, "nothing usable", one.reason, "", "") for one in outcome.unreadable[:_SHOWN]
    ]
    if not rows and not unreadable:
        return Markup()
    headings = ["Number", "What", "Why", "It asks", "It answers"]
    table = parts.table("Rejected examples", headings, [*rows, *unreadable])
    hidden = len(outcome.rejected) + len(outcome.unreadable) - len(rows) - len(unreadable)
    rest = parts.note(f"{hidden:,} more.") if hidden > 0 else Markup()
    return parts.folded(f"{words.counted(len(outcome.rejected) + len(outcome.unreadable), 'rejection')}", table + rest)


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
