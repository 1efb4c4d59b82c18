"""Syntheses of a project: planned, started, listed, read, and their examples taken in or dropped; without torch."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pydantic

from localft import jobs, words
from localft.advice import Advice
from localft.data.making.taking import LeftOut, take_examples
from localft.data.readers.documents import Document, read_document
from localft.data.source_passages import keep_passages
from localft.data.versions import DatasetVersion, SourceFile, list_versions
from localft.errors import UserError
from localft.jobs import JobOrder, JobView
from localft.store import files
from localft.store.projects import Listing, Project, list_folders, move_to_trash, open_one_of
from localft.store.records import Record
from localft.synthesis.calls import CALLS, CallLog
from localft.synthesis.costs import Estimate, chosen_passages, estimate
from localft.synthesis.passages import Passage, split_documents
from localft.synthesis.settings import SynthesisSettings
from localft.synthesis.sifting import Outcome, example_of, sift, source_of
from localft.synthesis.writers import KEY_VARIABLE, Writer, refuse_foreign_export, refuse_impossible_key

WORKER = "localft.synthesis.worker"
DESIGN, PASSAGES, OUTCOME, TAKEN = "design.json", "passages.jsonl", "outcome.json", "taken.json"
WITHOUT = "without.json"


class DocumentFile(pydantic.BaseModel):
    """A document that examples are written from."""

    model_config = pydantic.ConfigDict(frozen=True, extra="forbid")

    name: str
    bytes: int
    sha256: str


class Design(Record):
    """design.json, written before the start: a resumed synthesis goes on with the same, whatever became of the files.

    The chosen passages lie beside it, one a line of passages.jsonl.
    """

    project: str
    settings: SynthesisSettings
    writer: Writer
    documents: tuple[DocumentFile, ...]
    estimate: Estimate


class TakenIn(Record):
    """taken.json: the version that the examples came into, and when."""

    version: str
    count: int
    taken_at: str


class LeftOutByHand(Record):
    """without.json: accepted examples that a person does not want."""

    ids: tuple[str, ...]


@dataclass(frozen=True)
class Planned:
    """What would be asked, before anything is."""

    settings: SynthesisSettings
    writer: Writer
    documents: list[Document]
    passages: list[Passage]
    estimate: Estimate


@dataclass(frozen=True)
class Synthesis:
    """One synthesis: its folder (which is its job's folder), how far it is, and whom a person has left out by hand."""

    folder: Path
    id: str
    design: Design
    job: JobView
    outcome: Outcome | None
    taken: TakenIn | None
    without: frozenset[str]


def plan_synthesis(project: Project, paths: Sequence[Path], settings: SynthesisSettings, writer: Writer) -> Planned:
    """Read the documents, cut them into passages, choose some, and estimate what writing from them takes.

    Raises:
        UserError: a document cannot be read, or there is too little text in them.
    """
    if not paths:
        raise UserError("No document was named.", "Name at least one file with text in it.")
    refuse_foreign_export(project, writer)
    documents = _different([read_document(Path(path).expanduser()) for path in paths])
    passages = split_documents(documents, settings.passage_size, settings.overlap)
    if not passages:
        raise UserError("There is no text in these documents to write examples from.", "Choose longer ones.")
    chosen = chosen_passages(settings, passages)
    expected = estimate(settings, passages, measured_rate(project, writer), writer.at_once)
    return Planned(settings, writer, documents, chosen, expected)


def start_synthesis(project: Project, planned: Planned, key: str = "") -> Synthesis:
    """Start writing. `key` opens the writer's address; it goes to the worker's process alone.

    Raises:
        UserError: another synthesis of this project is going on, or no request can carry the key.
    """
    secrets = _secrets(key)
    if jobs.live_below(project.syntheses):
        raise UserError("Examples are being written already.", "Wait for that, or stop it.")
    folder = project.syntheses / files.new_id()
    documents = tuple(DocumentFile(name=one.name, bytes=one.bytes, sha256=one.sha256) for one in planned.documents)
    design = Design(
        project=project.slug,
        settings=planned.settings,
        writer=planned.writer,
        documents=documents,
        estimate=planned.estimate,
    )
    with files.all_or_nothing(folder):
        files.write_text(folder / PASSAGES, "".join(one.model_dump_json() + "\n" for one in planned.passages))
        design.save(folder / DESIGN)
    order = JobOrder(
        worker=WORKER,
        title=f"Writing examples from {_listed([one.name for one in documents])}",
        project=project.slug,
        # A model of this computer is served by a job of its own, which takes the card.
        needs_device=False,
        created_at=files.now(),
    )
    jobs.start(folder, order, secrets)
    return read_synthesis(folder)


def resume_synthesis(synthesis: Synthesis, key: str = "") -> Synthesis:
    """Go on where it was; nothing that was answered is asked again.

    Raises:
        UserError: it is still running, or has finished, or no request can carry the key.
    """
    jobs.resume(synthesis.folder, _secrets(key))
    return read_synthesis(synthesis.folder)


def _secrets(key: str) -> dict[str, str]:
    refuse_impossible_key(key)
    return {KEY_VARIABLE: key} if key else {}


def list_syntheses(project: Project) -> Listing[Synthesis]:
    """The syntheses of a project, newest first."""
    return list_folders(project.syntheses, read_synthesis)


def open_synthesis(project: Project, synthesis_id: str | None = None) -> Synthesis:
    """Open a synthesis, the newest by default.

    Raises:
        UserError: there is none of this name, or none at all.
    """
    begin = Advice(f"Name documents: `localft data synthesise {project.slug} FILE`.", "Have some written, in Data.")
    return open_one_of(project, "synthesis", project.syntheses, read_synthesis, synthesis_id, begin)


def read_synthesis(folder: Path) -> Synthesis:
    """The synthesis of a folder as it is now.

    Raises:
        UserError: the folder holds none, or one of its records is damaged.
    """
    design = Design.load(folder / DESIGN)
    outcome = Outcome.load(folder / OUTCOME) if (folder / OUTCOME).exists() else None
    taken = TakenIn.load(folder / TAKEN) if (folder / TAKEN).exists() else None
    without = LeftOutByHand.load(folder / WITHOUT).ids if (folder / WITHOUT).exists() else ()
    return Synthesis(folder, folder.name, design, jobs.read(folder), outcome, taken, frozenset(without))


def read_passages(folder: Path) -> list[Passage]:
    """The passages that a synthesis asks about.

    Raises:
        UserError: the file is missing or damaged.
    """
    path = folder / PASSAGES
    try:
        # Not of text, where characters that a passage may hold end a line too.
        return [Passage.model_validate_json(line) for line in path.read_bytes().splitlines()]
    except (OSError, pydantic.ValidationError) as error:
        raise UserError(f"The file {path} is damaged or missing.", "Start again from the documents.") from error


def outcome_of(project: Project, synthesis: Synthesis) -> Outcome:
    """What is kept, of one that has not finished too: then of what was written so far."""
    if synthesis.outcome is not None:
        return synthesis.outcome
    log = CallLog(synthesis.folder / CALLS)
    return sift(project, synthesis.design.settings, read_passages(synthesis.folder), log)


def leave_out(synthesis: Synthesis, example_id: str, out: bool) -> None:
    """Leave an accepted example out of what will be taken in, or have it back."""
    with files.locked(synthesis.folder / ".without.lock"):
        ids = set(read_synthesis(synthesis.folder).without)
        changed = ids | {example_id} if out else ids - {example_id}
        LeftOutByHand(ids=tuple(sorted(changed))).save(synthesis.folder / WITHOUT)


def take_in(
    project: Project, synthesis: Synthesis, without: Collection[str] = (), system_prompt: str = ""
) -> tuple[DatasetVersion, int, list[LeftOut]]:
    """Take the accepted examples in as a new version of the data, but for those left out by hand or in `without`.

    Returns the version, how many came in, and what was left out for what the data holds by now.

    Raises:
        UserError: it is still running, was taken in before, an id is unknown, or nothing is left.
    """
    synthesis = read_synthesis(synthesis.folder)
    if synthesis.job.state.alive:
        raise UserError("The examples are still being written.", "Wait for the end, or stop it first.")
    known = {version.id for version in list_versions(project).items}
    if synthesis.taken is not None and synthesis.taken.version in known:
        raise UserError(
            f"These examples were taken in already, as version {synthesis.taken.version}.",
            Advice(f"`localft data undo {project.slug}` goes back.", "Undo stands beside the versions."),
        )
    outcome = outcome_of(project, synthesis)
    unknown = sorted(set(without) - {one.id for one in outcome.accepted})
    if unknown:
        raise UserError(f"There is no accepted example {unknown[0]}.", "Their numbers stand before them.")
    passages = {passage.index: passage for passage in read_passages(synthesis.folder)}
    unwanted = synthesis.without | set(without)
    kept = [one for one in outcome.accepted if one.id not in unwanted]
    if not kept:
        raise UserError("No example is left to take in.", "Write from other passages, or with another model.")
    examples = [example_of(one, passages[one.passage]) for one in kept]
    used = {passages[one.passage].document for one in kept}
    documents = [one for one in synthesis.design.documents if one.name in used]
    sources = [SourceFile(shape="document", **one.model_dump()) for one in documents]
    names = _listed([one.name for one in documents])
    note = f"{words.counted(len(examples), 'example')} written from {names}"
    # Before the examples that name them: a passage too many does no harm.
    keep_passages(project, [source_of(passages[one.passage]) for one in kept])
    version, count, left_out = take_examples(project, examples, sources, note, system_prompt)
    taken = TakenIn(version=version.id, count=count, taken_at=files.now())
    taken.save(synthesis.folder / TAKEN)
    return version, count, left_out


def drop(synthesis: Synthesis) -> None:
    """Move a synthesis with everything that was written to the trash folder.

    Raises:
        UserError: it is still running.
    """
    if jobs.read(synthesis.folder).state.alive:
        raise UserError("The examples are still being written.", "Stop it first.")
    move_to_trash(synthesis.folder)


def measured_rate(project: Project, writer: Writer) -> float | None:
    """Tokens per second of one answer of this model, as it wrote in this project before; None where it did not."""
    for synthesis in list_syntheses(project).items:
        outcome = synthesis.outcome
        if outcome is not None and synthesis.design.writer == writer and outcome.seconds and outcome.tokens_out:
            return outcome.tokens_out / outcome.seconds
    return None


def synthesis_value(synthesis: Synthesis) -> dict[str, Any]:
    """A synthesis for a program: everything but its examples."""
    return {
        "synthesis": synthesis.id,
        "state": synthesis.job.state.value,
        "message": synthesis.job.sentence,
        "writer": synthesis.design.writer.where,
        "settings": synthesis.design.settings,
        "documents": synthesis.design.documents,
        "estimate": synthesis.design.estimate,
        "taken": synthesis.taken,
        "folder": synthesis.folder,
    }


def _different(documents: Sequence[Document]) -> list[Document]:
    """Documents that say something different, with different names."""
    different = {document.sha256: document for document in reversed(documents)}
    kept = [document for document in documents if different.get(document.sha256) is document]
    names: dict[str, int] = {}
    named = []
    for document in kept:
        number = names[document.name] = names.get(document.name, 0) + 1
        name = document.name if number == 1 else f"{document.name} ({number})"
        named.append(replace(document, name=name))
    return named


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(names[:3])
    return f"{shown} and {len(names) - 3:,} more" if len(names) > 3 else shown
