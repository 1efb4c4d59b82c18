"""The Data tab: what was read, whether it is fit for training, and what it looks like."""

import json
from collections.abc import Sequence

from localft import words
from localft.data.checks.amount import FEWEST
from localft.data.checks.checking import CheckReport
from localft.data.checks.finding import Finding
from localft.data.checks.places import NOWHERE
from localft.data.checks.token_lengths import TokenLengths
from localft.data.examples import Example, Message
from localft.data.exports.verdict_page import title_of
from localft.data.making.reading import ReadResult
from localft.data.repairs.mending import REPAIRS
from localft.data.shapes.detecting import Shape
from localft.data.source_passages import SourcePassage
from localft.data.versions import DatasetVersion, Division, Split
from localft.jobs import JobView
from localft.planning.length_costs import LengthCost
from localft.ui.samples import Sample
from localft.ui.views import charts, parts
from localft.ui.views.html import Markup, h, join

_SPLIT_NAMES = {"train": "to learn from", "validation": "to choose the best by", "test": "to measure with"}
_WAYS: dict[Division, str] = {
    "chance": "By chance: what asks nearly the same stays together, and each label keeps its share.",
    "time": "By time: the oldest are learned, the newest measure.",
    "column": "As a column of the file says.",
}
_SHOWN_ASIDE = 50


def state(name: str | None, version: DatasetVersion | None, report: CheckReport | None) -> Markup:
    """The sentence on top."""
    if name is None:
        return parts.state("No project is open.", "Choose one at the top, or make one in Start.")
    if version is None:
        return parts.state(f"{name} has no examples yet.", "Drop a file below, or try a sample.")
    count = words.counted(version.total, "example")
    if report is None:
        return parts.state(f"{count}, not checked yet.")
    worth = sum(finding.severity == "warning" for finding in report.findings)
    if report.verdict == "ready" and version.total < FEWEST:
        return parts.state(f"{count}, enough for a try only.", "Next: Train, or add more examples first.")
    if report.verdict == "ready" and not worth:
        return parts.state(f"{count}, nothing to complain about.", "Next: Train.")
    if report.verdict == "ready":
        return parts.state(f"{count}, {words.counted(worth, 'finding')} worth a look.", "Next: Train.")
    return parts.state(report.sentence, "Next: repair what is found, or mend the file and drop it again.")


def samples(listed: Sequence[Sample]) -> Markup:
    """What belongs here, and examples of it at a click."""
    buttons = join(parts.action("sample", one.id, one.title, one.description) for one in listed)
    rows = join(
        h("<li><strong>{title}</strong>: {words}</li>", title=one.title, words=one.description) for one in listed
    )
    explained = parts.empty(
        "What belongs here",
        "A file of questions with the answers you want: JSONL, JSON, CSV, XLSX or Parquet, or a ZIP of these, in the "
        "usual shapes (OpenAI messages, ShareGPT, Alpaca, Dolly, OpenAssistant, prompt and completion, pairs of a "
        "better and a worse answer, or columns of your own); or a chat as ChatGPT, Discord, Telegram or WhatsApp "
        "export it. Documents (TXT, Markdown, PDF, DOCX, HTML) are learned as text. 50 good examples teach a form, "
        "some hundreds a skill.",
    )
    return h(
        "{explained}<h3>Or try a sample</h3><ul class='lf-list'>{rows}</ul>{buttons}",
        explained=explained,
        rows=rows,
        buttons=buttons,
    )


def preview(read: ReadResult, kind: str = "example", first: Sequence[Example] | None = None) -> Markup:
    """What an uploaded file holds, before it is taken in as examples or as another `kind`.

    `first` are those of which one is shown, unless it is simply the first.
    """
    names = ", ".join(source.name for source in read.sources)
    said = f"{names}: {words.counted(len(read.examples), kind)}, {words.counted(len(read.set_aside), 'row')} set aside."
    if read.is_beginning:
        said = f"The beginning of {said} All of it is read when it is taken in."
    if read.lacks_voice:
        said = f"{names}: {words.counted(len(read.speakers), 'speaker')}. Choose below whose voice is the assistant's."
    notes = parts.sentences(read.notes) if read.notes else Markup()
    shown = (read.examples if first is None else first)[:1]
    body = h(
        "<p><strong>{said}</strong></p><p>{shape}.</p>{notes}{first}{aside}",
        said=said,
        shape=_shape(read),
        notes=notes,
        first=join(h("<p class='lf-note'>The first one:</p>{talk}", talk=conversation(one)) for one in shown),
        aside=aside([(one.source, one.row, one.reason, one.text) for one in read.set_aside]),
    )
    return parts.card("What the file holds", body, "accent" if read.examples or read.lacks_voice else "bad")


def _shape(read: ReadResult) -> str:
    if read.shape is Shape.UNKNOWN:
        return f"The shape is unknown: {read.reason}"
    if read.shape is Shape.MIXED:
        return f"Several shapes: {read.reason}"
    return f"Shape: {read.shape}, because {read.reason}"


def aside(rows: Sequence[tuple[str, int, str, str]]) -> Markup:
    """Rows that are not used, with place and reason."""
    if not rows:
        return Markup()
    shown = [(source, row, reason, parts.verbatim(text[:300])) for source, row, reason, text in rows[:_SHOWN_ASIDE]]
    table = parts.table("Rows set aside", ["File", "Row", "Why", "Begins with"], shown, numbers=[1])
    more = parts.note(f"{len(rows) - _SHOWN_ASIDE:,} more.") if len(rows) > _SHOWN_ASIDE else Markup()
    return parts.folded(f"{words.counted(len(rows), 'row')} set aside", table + more)


_TONES: dict[str, parts.Tone] = {"ready": "good", "fix": "bad", "not fine-tuning": "warn"}
_FIT_TONES: dict[str, parts.Tone] = {"comfortably": "good", "tightly": "warn", "no": "bad"}
_SEVERITIES: dict[str, parts.Tone] = {"problem": "bad", "warning": "warn", "note": "plain"}


def checking(job: JobView | None) -> Markup:
    """Where the check of many examples stands, while there is no report; with a way to start it again."""
    if job is None or job.state.alive:
        said = job.sentence if job is not None else "It begins."
        return parts.card("The examples are being checked", h("<p>{said}</p>", said=said), "accent")
    body = h("<p>{said}</p>{button}", said=job.sentence, button=parts.action("check", "", "Check again"))
    return parts.card("The examples are not checked", body, "warn")


def verdict(report: CheckReport, page: str) -> Markup:
    """Ready, or what to mend first; `page` is the address of the verdict as a page of its own."""
    title = title_of(report)
    sentence = report.sentence.removeprefix(f"{title}: ")
    body = h(
        '<p>{sentence}</p><p><a class="lf-button" href="{page}" download>Download as a page</a></p>',
        sentence=sentence[0].upper() + sentence[1:],
        page=page,
    )
    return parts.card(title, body, _TONES[report.verdict])


def findings(found: Sequence[Finding]) -> Markup:
    """What the checks found: what, how many, how bad, what to do."""
    if not found:
        return Markup()
    rows = [
        (
            h("<strong>{check}</strong><br>{meaning}", check=finding.check.capitalize(), meaning=finding.meaning),
            f"{finding.count:,}",
            parts.badge(finding.severity, _SEVERITIES[finding.severity]),
            _what_to_do(finding),
            _buttons(finding, index),
        )
        for index, finding in enumerate(found)
    ]
    table = parts.table("Findings", ["What", "How many", "How bad", "What to do", ""], rows, numbers=[1])
    mendable = sum(finding.check in REPAIRS for finding in found)
    button = parts.action("repair", "", f"Repair all {mendable}")
    everything = h("<p>{button}</p>", button=button) if mendable > 1 else Markup()
    return h("<h3>Findings</h3>{table}{everything}", table=table, everything=everything)


def _what_to_do(finding: Finding) -> Markup:
    repair = REPAIRS.get(finding.check)
    if repair is None:
        return h("{advice}", advice=finding.advice)
    return h('{advice}<br><span class="lf-note">Repair: {what}.</span>', advice=finding.advice, what=repair.what)


def _buttons(finding: Finding, index: int) -> Markup:
    show = parts.action("rows", str(index), "Show", finding.check) if finding.rows else Markup()
    mend = parts.action("repair", finding.check, "Repair", finding.check) if finding.check in REPAIRS else Markup()
    return h("{show} {mend}", show=show, mend=mend)


def split_bar(version: DatasetVersion, opened: int) -> Markup:
    """The three parts as one bar, and how often the test split has been opened."""
    rows = [
        (f"{name}, {_SPLIT_NAMES[name]}", float(count), words.counted(count, "example"))
        for name, count in version.counts.items()
    ]
    spoken = ", ".join(f"{count:,} {name}" for name, count in version.counts.items())
    way = parts.note(f"{_WAYS[version.division]} {_seal(opened)}")
    return h("<h3>How it is divided</h3>{bar}{way}", way=way, bar=charts.stack(rows, version.total, f"Split: {spoken}"))


def _seal(opened: int) -> str:
    times = f"it has been opened {words.counted(opened, 'time')}" if opened else "it has never been opened"
    return f"The test split is sealed; {times}."


def sealed(count: int, opened: int) -> Markup:
    """Why the test examples are not shown, and the button that shows them all the same."""
    why = (
        f"{_seal(opened)} An evaluation opens it to measure. Examples that somebody has looked at, and then changed "
        "the training for, measure no longer fairly."
    )
    button = parts.action("open-test", "", "Open the test split")
    counted = parts.note("Opening it is counted, and the report of an evaluation says so.")
    title = f"{words.counted(count, 'test example')}, sealed"
    return parts.card(title, h("<p>{why}</p>{button}{counted}", why=why, button=button, counted=counted))


def found_rows(finding: Finding) -> Markup:
    """The rows that a finding is about."""
    rows = [
        (row.split, f"{row.index + 1:,}", row.source, row.place or f"{row.row:,}", row.text) for row in finding.rows
    ]
    headings = ["Part", "Example", "From", "Where", "One sees"]
    table = parts.table(f"Rows: {finding.check}", headings, rows, numbers=[1, 3], hide_caption=False)
    more = finding.count - len(finding.rows)
    where = " All of them: choose this finding above the table of examples." if finding.places != NOWHERE else ""
    rest = parts.note(f"{more:,} more.{where}") if more > 0 else Markup()
    return h('<div role="status">{table}{rest}</div>', table=table, rest=rest)


def lengths(measured: TokenLengths | None, costs: Sequence[LengthCost] = ()) -> Markup:
    """How long the examples are, in tokens of the base model, and what each maximum length costs."""
    if measured is None:
        return parts.note("Lengths in tokens appear once the base model is on this computer.")
    spoken = (
        f"Half of the examples have at most {measured.p50:,} tokens, 95 % at most {measured.p95:,}, the longest "
        f"{measured.max:,}; {measured.cut:,} would be cut."
    )
    picture = charts.histogram(measured.histogram, measured.max_length if measured.cut else None, spoken)
    return h(
        "<h3>How long they are</h3>{picture}{note}{table}",
        picture=picture,
        note=parts.note(spoken),
        table=_length_costs(costs) if costs else Markup(),
    )


def _length_costs(costs: Sequence[LengthCost]) -> Markup:
    rows = [
        (
            f"{cost.max_length:,}", f"{cost.cut:,}", f"{cost.lost:,} ({words.percent(cost.lost_share)})",
            words.memory(cost.bytes), parts.badge(cost.fit, _FIT_TONES[cost.fit]),
        )
        for cost in costs
    ]  # fmt: skip
    table = parts.table(
        "What each maximum length costs", ["Length", "Cut", "Tokens lost", "Memory", "Fits"], rows, numbers=range(4)
    )
    said = "Examples cut at each maximum length, and the memory that QLoRA needs at least, one example at a time."
    return h("{table}{note}", table=table, note=parts.note(said))


def conversation(example: Example) -> Markup:
    """One example as the conversation that it is."""
    turns = join(_turn(message, "Text" if example.plain else "") for message in example.messages)
    rejected = _rejected(example.rejected) if example.rejected else Markup()
    return h('<div class="lf-talk">{turns}{rejected}</div>', turns=turns, rejected=rejected)


def _rejected(answer: str) -> Markup:
    return h(
        '<div class="lf-turn lf-turn-assistant"><p class="lf-who">Assistant, the worse answer</p>{text}</div>',
        text=parts.verbatim(answer),
    )


def _turn(message: Message, called: str = "") -> Markup:
    quiet = "" if message.role != "assistant" or message.learn else " (not learned)"
    calls = join(h("<code>{call}</code> ", call=json.dumps(call, ensure_ascii=False)) for call in message.tool_calls)
    return h(
        '<div class="lf-turn lf-turn-{role}"><p class="lf-who">{who}</p>{text}{calls}</div>',
        role=message.role,
        who=(called or message.role.capitalize()) + quiet,
        text=parts.verbatim(message.content),
        calls=calls,
    )


def example(one: Example, index: int, total: int, split: Split, passage: SourcePassage | None) -> Markup:
    """An example with its place, and the passage that it was written from."""
    where = f"{index + 1:,} of {total:,} in {split}; from {one.origin}"
    source = parts.folded(f"Its passage: {passage.where}", parts.verbatim(passage.text)) if passage else Markup()
    return h("{where}{talk}{source}", where=parts.note(where), talk=conversation(one), source=source)


def kept(count: int) -> Markup:
    """Conversations kept in Chat that wait to be added."""
    if not count:
        return Markup()
    said = f"{words.counted(count, 'conversation')} kept in Chat {'waits' if count == 1 else 'wait'} to be added."
    return h("<p>{said} {button}</p>", said=said, button=parts.action("kept", "all", "Add to the examples"))
