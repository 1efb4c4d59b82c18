"""From files to an immutable dataset version."""

from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from functools import partial
from itertools import islice
from pathlib import Path

from localft import words
from localft.advice import Advice
from localft.data.examples import Example, Message
from localft.data.hub.order import with_origins
from localft.data.making.gathering import ReadResult
from localft.data.making.reading import no_rows, read_files, set_aside_reasons
from localft.data.making.writing import write_version
from localft.data.shapes.chats import ChatChoice
from localft.data.shapes.converting import SetAside
from localft.data.shapes.rows import excerpt
from localft.data.splits import divisions
from localft.data.splits.asking import ask_ahead
from localft.data.splits.golden import golden_among, never_learned, refuse_golden_system
from localft.data.splits.holding_out import held_before, held_by_any, released_by
from localft.data.splits.sealing import open_test, told_released
from localft.data.splits.splitting import DEFAULT_RATIOS, Ratios, too_few
from localft.data.stored import StoredExamples, changed, select
from localft.data.versions import SPLITS, DatasetVersion, Division, Split, list_versions
from localft.data.working import Tell, quiet
from localft.errors import UserError
from localft.store import files
from localft.store.projects import Project

GOLDEN = "golden question"
# To compare more with earlier versions takes seconds, and a preview is made anew with each choice.
_MOST_COMPARED = 10_000
# Among so many, some are not held out.
_LOOKED_AT = 100


@dataclass(frozen=True)
class ImportReport:
    """The new version, and what was read for it."""

    version: DatasetVersion
    read: ReadResult


def preview_files(
    paths: Sequence[Path | str],
    mapping: Mapping[str, str] | None = None,
    chat: ChatChoice | None = None,
    tell: Tell = quiet,
    project: Project | None = None,
    beginning: bool = False,
) -> ReadResult:
    """Read files without importing them; as for a `project`, whose golden questions are no examples.

    Of large files only the `beginning` is read where that is enough.

    No usable row is no error here, so that a person can map the columns, or choose a voice among the speakers.

    Raises:
        UserError: a file cannot be read, the mapping is wrong, or nobody has the voice that was chosen.
    """
    read = read_files(paths, mapping, strict=False, chat=chat, tell=tell, beginning=beginning)
    return without_golden(project, read, tell) if project is not None else read


def import_files(
    project: Project,
    paths: Sequence[Path | str],
    mapping: Mapping[str, str] | None = None,
    system_prompt: str | None = None,
    seed: int = 42,
    ratios: Ratios = DEFAULT_RATIOS,
    chat: ChatChoice | None = None,
    division: Division | None = None,
    tell: Tell = quiet,
) -> ImportReport:
    """Read files, split their examples, and keep them as a new dataset version of the project.

    `system_prompt` is given to every example that has none; `chat` says whose voice is the assistant's in chats.
    Without a `division` it is the one that the examples' own columns suggest.
    Importing what the newest version holds already gives that version again. What an earlier version that is divided
    in the same way holds out for test is held out again. What one that is divided otherwise holds out may be learned:
    that counts as an opening of its test split, and a note says how many. What is done is told on the way.

    Raises:
        UserError: nothing can be read or used, there are too few examples, or the system prompt asks a golden question;
            the project is then as it was.
    """
    refuse_golden_system(project, system_prompt)
    read = without_golden(project, read_files(paths, mapping, chat=chat, tell=tell), tell)
    read = replace(read, sources=with_origins(read.sources, paths))
    if isinstance(read.examples, StoredExamples):
        ask_ahead(read.examples, tell)
    division = division or divisions.likely_division(read.examples)
    splits, notes = divide_as_before(project, read, system_prompt, seed, ratios, division, tell)
    released, _ = released_by(project, read.examples, splits["test"], division, seed, ratios)
    read = replace(read, notes=[*read.notes, *notes])
    aside = [as_listed(row) for row in read.set_aside]

    def count_openings(after: DatasetVersion) -> None:
        for before in released:
            open_test(project, before, "division", after.id)

    version = write_version(
        project, splits, read.sources, aside, seed, ratios, division=division, tell=tell, opens=count_openings
    )
    return ImportReport(version, read)


def divide(
    read: ReadResult,
    system_prompt: str | None = None,
    seed: int = 42,
    ratios: Ratios = DEFAULT_RATIOS,
    division: Division | None = None,
    held: Set[int] = frozenset(),
    tell: Tell = quiet,
) -> Mapping[Split, Sequence[Example]]:
    """The three splits that an import of these rows makes; those at the positions `held` come into test.

    Raises:
        UserError: there are too few examples; where rows were set aside, it says why.
    """
    if read.lacks_voice or not read.examples:
        raise no_rows(read)
    shortage = too_few(len(read.examples))
    if shortage is not None and read.set_aside:
        raise UserError(shortage.message, f"{len(read.set_aside):,} more cannot be used: {set_aside_reasons(read)}.")
    examples = read.examples
    if system_prompt and system_prompt.strip():
        examples = changed(examples, partial(with_system, system_prompt))
    return divisions.divide(examples, division or divisions.likely_division(examples), seed, ratios, held, tell)


def divide_as_before(
    project: Project,
    read: ReadResult,
    system_prompt: str | None = None,
    seed: int = 42,
    ratios: Ratios = DEFAULT_RATIOS,
    division: Division | None = None,
    tell: Tell = quiet,
) -> tuple[Mapping[Split, Sequence[Example]], list[str]]:
    """The three splits that an import into a project makes, and notes on what earlier versions and times mean for them.

    What an earlier version that is divided in the same way holds out for test is held out again.

    Raises:
        UserError: as `divide`.
    """
    if read.lacks_voice or not read.examples:
        raise no_rows(read)
    division = division or divisions.likely_division(read.examples)
    held = held_before(project, read.examples, division, seed, ratios, tell)
    splits = divide(read, system_prompt, seed, ratios, division, held, tell)
    _, released = released_by(project, read.examples, splits["test"], division, seed, ratios)
    untimed = divisions.told_without_time(read.examples, division)
    return splits, [
        *_told_replaced(project, read),
        *told_held(len(held)),
        *told_otherwise(released),
        *_told_overruled(splits, division),
        *untimed,
    ]


def told_before(
    project: Project, read: ReadResult, seed: int, ratios: Ratios, division: Division | None = None
) -> list[str]:
    """The notes of `divide_as_before` without dividing, to be told before anything is taken in."""
    if read.lacks_voice or not read.examples:
        return []
    is_first = not list_versions(project).items
    if len(read.examples) > _MOST_COMPARED:
        later = "How many of them an earlier version holds out for test is told when they are taken in."
        return [] if is_first else [later]
    division = division or divisions.likely_division(read.examples)
    untimed = divisions.told_without_time(read.examples, division)
    return (
        untimed
        if is_first
        else [*told_held(len(held_before(project, read.examples, division, seed, ratios))), *untimed]
    )


def first_examples(
    project: Project, read: ReadResult, test: Iterable[Example] = (), system_prompt: str | None = None, most: int = 3
) -> list[Example]:
    """The first examples of the files as they would be taken in, without those that would be held out for `test`.

    Nor with those that ask what any version of the project holds out.
    """
    first = list(islice(read.examples, _LOOKED_AT))
    known = held_by_any(project, first) if list_versions(project).items else frozenset()
    first = [one for position, one in enumerate(first) if position not in known]
    wanted = {(one.source, one.row) for one in first}
    held = {(one.source, one.row) for one in test}.intersection(wanted)
    shown = [one for one in first if (one.source, one.row) not in held][:most]
    return [with_system(system_prompt, one) for one in shown] if system_prompt and system_prompt.strip() else shown


def _told_replaced(project: Project, read: ReadResult) -> list[str]:
    """Says that examples of other files do not count any more, and how one keeps them."""
    newest = next(iter(list_versions(project).items), None)
    if newest is None or {one.sha256 for one in newest.sources} == {one.sha256 for one in read.sources}:
        return []
    ways = Advice(
        f"`localft data undo {project.slug}` brings them back; --add keeps both.",
        "Undo beside the versions brings them back.",
    )
    return [ways.after(f"They take the place of the {words.counted(newest.total, 'example')} that were there. ")]


def told_otherwise(count: int) -> list[str]:
    """Says of how many examples an import opens the test split of a version that is divided otherwise."""
    told = told_released(count)
    return [f"{told}: an earlier version is divided otherwise."] if told else []


def told_held(count: int) -> list[str]:
    """Says how many examples are held out because an earlier version does so."""
    told = f"{words.counted(count, 'example')} for test as before: an earlier version measures with them."
    return [told] if count else []


def _told_overruled(splits: Mapping[Split, Sequence[Example]], division: Division) -> list[str]:
    """Says how many examples are in another part than their column says, where it is divided by."""
    if division != "column":
        return []
    count = sum(one.named_split not in ("", name) for name in SPLITS for one in splits[name])
    told = (
        f"{words.counted(count, 'example')} {'is' if count == 1 else 'are'} not in the part that the column says: what"
    )
    return [f"{told} is asked alike stays together, what was held out stays so, no part is empty."] if count else []


def without_golden(project: Project, read: ReadResult, tell: Tell = quiet) -> ReadResult:
    """What was read, with the rows set aside that ask what a golden question asks: it is never learned."""
    golden = golden_among(read.examples, never_learned(project), tell)
    if not golden:
        return read
    reason = "it asks a golden question, which is never learned"
    aside = [
        SetAside(one.source, one.row, reason, excerpt(one.text or one.prompt[-1].content), GOLDEN)
        for one in select(read.examples, golden)
    ]
    left = set(range(len(read.examples))).difference(golden)
    return replace(read, examples=select(read.examples, sorted(left)), set_aside=[*read.set_aside, *aside])


def with_system(system_prompt: str, example: Example) -> Example:
    """An example with a system prompt, unless it has one."""
    if example.plain or example.messages[0].role == "system":
        return example
    system = Message(role="system", content=system_prompt)
    return example.model_copy(update={"messages": (system, *example.messages)})


def as_listed(row: SetAside) -> dict[str, object]:
    """A row as it is kept among those that a version has set aside."""
    return {"source": row.source, "row": row.row, "kind": row.kind, "reason": row.reason, "text": row.text}


def read_set_aside(project: Project, version_id: str) -> list[dict[str, object]]:
    """The rows that were set aside for a version: source, row, kind, reason and the start of each.

    Raises:
        UserError: the list is missing or damaged.
    """
    return files.read_json(project.datasets / Path(version_id).name / "set_aside.json")
