"""The Export tab: how large each form is, what is ready, and the proof that a file is the trained model."""

from collections.abc import Callable, Mapping, Sequence

from localft import words
from localft.export.certificate import Certificate, Check
from localft.export.exports import Export, SizeRow, Target
from localft.export.ollama import OllamaStatus
from localft.jobs import JobState
from localft.training.runs import Run
from localft.ui.views import parts
from localft.ui.views.html import Markup, h, join

_TARGETS: tuple[tuple[str, Target], ...] = (
    ("A GGUF file, for llama.cpp, LM Studio and Ollama", "gguf"),
    ("Ollama on this computer", "ollama"),
    ("The merged model, as safetensors", "merged"),
    ("The adapter alone, as safetensors", "adapter"),
)
_TARGET_NAMES = {"gguf": "GGUF file", "ollama": "Ollama model", "merged": "merged model", "adapter": "adapter"}
_OUTCOMES: dict[str, parts.Tone] = {"passed": "good", "failed": "bad", "not checked": "plain"}


def targets(sizes: Mapping[Target, int]) -> list[tuple[str, str]]:
    """Where an export can go, as choices, with the size of what has no table of its own."""
    return [
        (f"{label} ({words.size(sizes[target])})" if target in sizes else label, target)
        for label, target in _TARGETS
        if target != "adapter" or not sizes or target in sizes
    ]


def state(run: Run | None, exports: Sequence[Export]) -> Markup:
    """The sentence on top."""
    if run is None:
        return parts.state("There is no tuned model to export yet.", "Next: Train.")
    if not exports:
        return parts.state("The tuned model can become a file for other programs.", "Choose a form, then export.")
    newest = exports[0]
    if newest.job.state is JobState.QUEUED:
        return parts.state(f"The export waits for {newest.job.waits_for}." if newest.job.waits_for else "It starts.")
    if newest.job.state.alive:
        return parts.state(f"Exporting. {newest.job.sentence}.", "It goes on without this page.")
    if newest.record is None:
        return parts.state(newest.job.sentence, "It can be resumed." if newest.job.state.resumable else "")
    name = _upper(f"the {_TARGET_NAMES[newest.record.target]}")
    if newest.record.target == "ollama":
        return parts.state(f"The tuned model is in Ollama as {newest.record.ollama_name}.", "It can be used now.")
    return parts.state(f"{name} is ready ({_size_of(newest)}).", "Download it below.")


def _size_of(export: Export) -> str:
    return words.size(sum(file.bytes for file in export.record.files)) if export.record else ""


def sizes(rows: Sequence[SizeRow], card_bytes: int | None) -> Markup:
    """Each form with its size, whether it runs on the card, and what speaks for it."""
    listed = [
        (
            h("<strong>{name}</strong>", name=row.quantization),
            words.size(row.bytes),
            _runs_on(row, card_bytes),
            h(
                "{mark}{note}",
                mark=h("{badge} ", badge=parts.badge("recommended", "accent")) if row.recommended else "",
                note=row.note if row.makeable else f"Cannot be made here. {row.note}",
            ),
        )
        for row in rows
    ]
    headings = ["Form", "File size", "On this card", "What speaks for it"]
    table = parts.table("Forms of a GGUF file", headings, listed, numbers=[1])
    return h("<h3>Forms of a GGUF file</h3>{table}", table=table)


def _runs_on(row: SizeRow, card_bytes: int | None) -> Markup:
    if card_bytes is None:
        return Markup("on the processor")
    # Weights plus about a gigabyte for context and buffers, as llama.cpp needs for a few thousand tokens.
    needed = row.bytes + 2**30
    if needed <= 0.9 * card_bytes:
        return parts.badge("whole", "good")
    return parts.badge("partly", "warn") if row.bytes <= 2 * card_bytes else parts.badge("hardly", "bad")


def ollama(status: OllamaStatus) -> Markup:
    """Whether Ollama is there, and what to do where it is of no use."""
    usable = status.answers and status.takes_files
    tone: parts.Tone = "good" if usable and status.secure else "warn" if status.answers else "plain"
    rest = "" if usable else "A GGUF file comes with the commands that bring it there by hand."
    return h("<p>{badge} {said} {rest}</p>", badge=parts.badge("Ollama", tone), said=status.sentence, rest=rest)


def export_card(
    export: Export, links: Sequence[tuple[str, str, int]], commands: Sequence[str], delete: Callable[[Export], Markup]
) -> Markup:
    """One export: what it is, where it lies, its files, its certificate."""
    job = export.job
    if export.record is None:
        bar = Markup()
        if job.state.alive:
            progress = job.progress
            bar = parts.progress(progress.fraction if progress and progress.total else None, "Export progress")
        buttons = parts.action("resume", export.id, "Resume", "this export") if job.state.resumable else Markup()
        body = h(
            "<p>{sentence}</p>{bar}{buttons}{delete}",
            sentence=job.sentence,
            bar=bar,
            buttons=buttons,
            delete=Markup() if job.state.alive else delete(export),
        )
        return parts.card(job.order.title, body, "accent" if job.state.alive else "bad")
    record = export.record
    body = h(
        "<p>{files}</p><p class='lf-note'>In <code>{folder}</code>, made in {took}.</p>{ollama}{proof}{delete}",
        files=join(link(name, address, size) for name, address, size in links),
        folder=str(export.folder),
        took=words.duration(record.seconds),
        ollama=_in_ollama(export, commands),
        proof=certificate(export.certificate),
        delete=delete(export),
    )
    form = f" {record.quantization}" if record.quantization else ""
    return parts.card(f"{_upper(_TARGET_NAMES[record.target])}{form}, {words.moment(record.created_at)}", body)


def _upper(text: str) -> str:
    return text[:1].upper() + text[1:]


def link(name: str, address: str, size: int) -> Markup:
    """A file to take away."""
    said = f"{name} ({words.size(size)})" if size else name
    return h('<a class="lf-button" href="{address}" download>Download {said}</a>', address=address, said=said)


def _in_ollama(export: Export, commands: Sequence[str]) -> Markup:
    if export.record is None:
        return Markup()
    if export.record.ollama_name:
        said = f"It is in Ollama as {export.record.ollama_name}."
        answer = export.record.answer
        asked = (
            h("<p>Asked a test question, it said:</p>{answer}", answer=parts.verbatim(answer)) if answer else Markup()
        )
        return h(
            "<p>{said} Talk to it: <code>ollama run {name}</code></p>{asked}",
            said=said,
            name=export.record.ollama_name,
            asked=asked,
        )
    if not commands:
        return Markup()
    lines = h('<pre class="lf-tokens" tabindex="0">{lines}</pre>', lines="\n".join(commands))
    return parts.folded("Bring it into Ollama by hand", lines)


def certificate(proof: Certificate | None) -> Markup:
    """The certificate as a list of checks."""
    if proof is None:
        return Markup()
    checks = join(_check(check) for check in proof.checks)
    return h(
        '<h4 class="lf-small">Is it the trained model? {sentence}</h4><ul class="lf-checks">{checks}</ul>',
        sentence=proof.sentence,
        checks=checks,
    )


def _check(check: Check) -> Markup:
    figures = ", ".join(f"{name.replace('_', ' ')} {words.rounded(value)}" for name, value in check.figures.items())
    detail = h("<p>{detail}</p><p class='lf-note'>{figures}</p>", detail=check.detail, figures=figures)
    return h(
        "<li><details><summary>{badge} {name}</summary>{detail}</details></li>",
        badge=parts.badge(check.outcome, _OUTCOMES[check.outcome]),
        name=check.name,
        detail=detail,
    )
