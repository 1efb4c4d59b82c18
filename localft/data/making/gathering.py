"""The examples of several files together: no two equal, and in a file of their own where they are many."""

import itertools
from array import array
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field
from functools import partial

import numpy

from localft.advice import Advice
from localft.data.examples import Example
from localft.data.scratch import Scratch
from localft.data.shapes.chats import ChatChoice, find_voice, missing_voice
from localft.data.shapes.column_template import nearest
from localft.data.shapes.converting import (
    Converted,
    Converter,
    Part,
    SetAside,
    UnreadTimes,
    content_digest,
    is_short,
)
from localft.data.shapes.detecting import TALKS, Layout, Shape
from localft.data.shapes.mapping import columns_in, named_columns
from localft.data.shapes.placing import KEPT, PASSAGE
from localft.data.shapes.rows import Contents, PartedRows, Row, excerpt, listed
from localft.data.splits.blocks import in_blocks
from localft.data.stored import StoredExamples, changed, select
from localft.data.versions import SPLITS, SourceFile
from localft.data.working import Tell, in_order, quiet
from localft.errors import UserError

DUPLICATE = "exact duplicate"
# Where a tenth of all answers are very short, they are meant.
_LABELS_FROM = 0.1
_ROWS_A_PART = 2_000
_SAMPLES, _COLUMNS_NAMED = 5, 8


@dataclass(frozen=True)
class ReadResult:
    """What was found in the files.

    `shape` is the shape of all rows (or "several shapes"), with the `reason` why it was recognised; `columns` are the
    names that occur, `samples` the first rows as they are in the file; `notes` say how a file was read where that is
    not obvious. `speakers` of `chats` are counted by their messages; one of them has to be the assistant's `voice`.
    Where it `is_beginning`, only the first rows of large files were looked at.
    """

    shape: Shape
    reason: str
    columns: list[str]
    examples: Sequence[Example]
    set_aside: list[SetAside]
    sources: list[SourceFile] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    samples: list[dict[str, str]] = field(default_factory=list)
    speakers: dict[str, int] = field(default_factory=dict)
    voice: str = ""
    is_beginning: bool = False
    chats: list[str] = field(default_factory=list)

    @property
    def lacks_voice(self) -> bool:
        """Whether a chat waits for somebody to say who of its speakers is the assistant."""
        return bool(self.speakers) and not self.voice

    @property
    def kinds(self) -> dict[str, int]:
        """How many rows were set aside for each kind of fault, the commonest first."""
        return dict(Counter(row.kind for row in self.set_aside).most_common())


class Gathering:
    """Collects the examples of several files, so that duplicates are found across them.

    Where there are `many`, they are converted in several processes, and lie in a file. Of large files only the
    `beginning` is read where that is enough.
    """

    def __init__(
        self,
        mapping: Mapping[str, str],
        known: Sequence[Example],
        chat: ChatChoice,
        many: bool = False,
        beginning: bool = False,
        tell: Tell = quiet,
    ) -> None:
        self.chat = chat
        self._beginning = beginning
        self._is_beginning = False
        self._mapping = dict(mapping)
        self._converter = Converter(mapping)
        self._known = known
        self._kept = _Kept(many)
        self._tell = tell
        self._set_aside: list[SetAside] = []
        self._sources: list[SourceFile] = []
        self._notes: list[str] = []
        self._samples: list[dict[str, str]] = []
        self._columns: dict[str, None] = {}
        self._speakers: Counter[str] = Counter()
        self._chats: list[str] = []
        self._layouts: list[Layout] = []
        # What a file says to hold out and another row, which is kept, says too: the splits by source and row.
        self._held_out: dict[tuple[str, int], set[str]] = {}
        # Positions among the examples; those of known ones count from -1 downwards.
        self._seen = {content_digest(example): -1 - position for position, example in enumerate(known)}

    def add(self, contents: Contents) -> None:
        """Convert the rows of one file."""
        name = contents.name
        shapes: Counter[Shape] = Counter()
        unread: UnreadTimes | None = None
        columns, taken = dict[str, None](), set[str]()
        for made, share in self._converted(contents):
            columns.update(made.columns)
            taken.update(*map(columns_in, made.layouts))
            self._samples += made.samples[: _SAMPLES - len(self._samples)]
            self._set_aside += made.aside
            unread = UnreadTimes.together(unread, made.unread_times)
            shapes.update(made.layouts[layout].shape for layout in made.layout_of)
            self._keep(made, name)
            self._tell(f"Reading {name}", share * contents.bytes, contents.bytes, "bytes")
        shape = shapes.most_common(1)[0][0] if shapes else Shape.UNKNOWN
        self._notes += [note for note in contents.notes if note not in self._notes]
        self._notes += [_told_unread(name, unread)] if unread else []
        self._columns.update(columns)
        self._notes += _told_left_out(name, [column for column in columns if column not in taken]) if taken else []
        self._speakers.update(contents.speakers)
        self._chats += [name] if contents.speakers else []
        self._layouts += [contents.layout] if contents.layout else []
        self._sources.append(
            SourceFile(
                name=name,
                bytes=contents.bytes,
                sha256=contents.sha256,
                shape=str(contents.layout.shape if contents.layout else shape),
                mapping=dict(self._mapping) if contents.layout is None else {},
                voice=contents.voice,
                gap_hours=self.chat.gap_hours if contents.voice else None,
                branches=self.chat.branches if contents.layout and contents.layout.shape is Shape.OPENASSISTANT else "",
            )
        )

    def _converted(self, contents: Contents) -> Iterator[tuple[Converted, float]]:
        """(what became of a part of the rows, the share of them that is read then)."""
        many = self._kept.many
        shares: list[float] = []
        work = partial(_pack, self._mapping) if many else self._converter.convert
        alone = not (many and isinstance(contents.rows, PartedRows))
        for number, made in enumerate(in_order(work, _parts(contents, shares), alone)):
            yield made, shares[number]
            if self._beginning and isinstance(contents.rows, PartedRows):
                self._is_beginning = self._is_beginning or shares[number] < 1
                return

    def _keep(self, made: Converted, name: str) -> None:
        """Keep the examples of a part, but for duplicates."""
        source = len(self._sources)
        kept = []
        for place, digest in enumerate(made.digests):
            position = len(self._kept) + len(kept)
            twin = self._seen.setdefault(digest, position)
            if twin == position:
                kept.append(place)
                continue
            twin_source, twin_row = self._origin(twin, made, kept, name)
            if twin >= 0 and made.named[place] in SPLITS[1:]:
                self._held_out.setdefault((twin_source, twin_row), set()).add(made.named[place])
            where = f"row {twin_row}" if twin_source == name else f"row {twin_row} of {twin_source}"
            self._set_aside.append(
                SetAside(name, made.numbers[place], f"an {DUPLICATE} of {where}", made.shown[place], DUPLICATE)
            )
        self._kept.add(made, kept, source)

    def _origin(self, position: int, made: Converted, kept: list[int], name: str) -> tuple[str, int]:
        if position < 0:
            known = self._known[-1 - position]
            return known.source, known.row
        if position >= len(self._kept):
            return name, made.numbers[kept[position - len(self._kept)]]
        source = self._kept.sources[position]
        return name if source == len(self._sources) else self._sources[source].name, self._kept.numbers[position]

    def result(self) -> ReadResult:
        """The examples without very short answers, and everything known about the files.

        Raises:
            UserError: a column or a voice was named that does not occur.
        """
        self._check_columns()
        voice = self._voice()
        everything = self._kept.examples()
        shorts = self._slips()
        slips = [_short_answer(example) for example in select(everything, shorts)]
        examples = select(everything, numpy.setdiff1d(numpy.arange(len(everything)), shorts)) if slips else everything
        if self._held_out:
            examples = changed(examples, partial(_hold_out, self._held_out))
        examples, told = in_blocks(examples)
        order = {source.name: number for number, source in enumerate(self._sources)}
        aside = sorted([*self._set_aside, *slips], key=lambda one: (order[one.source], one.row))
        shape, reason = _shape_of_all(self._kept.reasons(shorts) or Counter(map(_reason, self._layouts)))
        return ReadResult(
            shape, reason, list(self._columns), examples, aside, self._sources, [*self._notes, *told], self._samples,
            dict(self._speakers.most_common()), voice, self._is_beginning, self._chats,
        )  # fmt: skip

    def _slips(self) -> list[int]:
        """Positions of the examples with very short answers, where these are not meant."""
        short = len(self._kept.short) + sum(map(is_short, self._known))
        if short > 1 and short >= _LABELS_FROM * (len(self._kept) + len(self._known)):
            return []
        # That a whole talk ends with a very short answer says nothing about the rest of it.
        return [position for position in self._kept.short if self._kept.layout(position).shape not in TALKS]

    def _check_columns(self) -> None:
        """Every column that was named has to occur, or the name is a slip."""
        missing = [column for column in named_columns(self._mapping) if column not in self._columns]
        if missing and self._columns:
            hint = f"{nearest(missing[0], self._columns)} The columns are: {listed(list(self._columns), 12)}."
            raise UserError(f"{self._names()} has no column {missing[0]!r}.", hint.strip())

    def _voice(self) -> str:
        """The assistant's voice as the chats spell it, "" where none was chosen."""
        wanted = self.chat.voice
        if wanted is None:
            return ""
        if not self._speakers:
            raise UserError(
                f"{self._names()} holds no chat between people, so there is no voice to choose.",
                Advice("Leave --voice out.", "Choose no voice below the file."),
            )
        voice = find_voice(wanted, list(self._speakers))
        if voice is None:
            raise missing_voice(wanted, dict(self._speakers.most_common()), self._chats)
        return voice

    def _names(self) -> str:
        return listed([source.name for source in self._sources], 5)


class _Kept:
    """The examples that are kept, and of each its source and row, and its layout; which of them have short answers."""

    def __init__(self, many: bool) -> None:
        self.many = many
        self.sources, self.numbers, self.short = array("I"), array("q"), array("q")
        self._layouts: dict[tuple[Shape, str], tuple[int, Layout]] = {}
        self._layout_of = array("I")
        self._examples: list[Example] = []
        self._scratch = Scratch() if many else None
        self._file = (self._scratch.folder / "examples.jsonl").open("wb") if self._scratch else None
        self._lengths = array("q")

    def __len__(self) -> int:
        return len(self.numbers)

    def add(self, made: Converted, kept: list[int], source: int) -> None:
        """Keep some examples of a part."""
        layouts = [self._number(layout) for layout in made.layouts]
        self.short.extend(len(self) + position for position, place in enumerate(kept) if made.short[place])
        self.sources.extend(itertools.repeat(source, len(kept)))
        self.numbers.extend(made.numbers[place] for place in kept)
        self._layout_of.extend(layouts[made.layout_of[place]] for place in kept)
        if self._file is None:
            self._examples += [made.examples[place] for place in kept]
            return
        lines = [made.lines[place] for place in kept]
        self._lengths.extend(map(len, lines))
        self._file.writelines(lines)

    def _number(self, layout: Layout) -> int:
        """Layouts with the same shape and reason are one."""
        return self._layouts.setdefault(_reason(layout), (len(self._layouts), layout))[0]

    def layout(self, position: int) -> Layout:
        """How the row of an example holds it."""
        return list(self._layouts.values())[self._layout_of[position]][1]

    def reasons(self, left_out: Sequence[int]) -> Counter[tuple[Shape, str]]:
        """How many rows have each shape for each reason, in the order in which they occur."""
        numbers = numpy.delete(numpy.array(self._layout_of, dtype=numpy.int64), left_out)
        different, firsts, counts = numpy.unique(numbers, return_index=True, return_counts=True)
        known = list(self._layouts)
        return Counter({known[different[place]]: int(counts[place]) for place in numpy.argsort(firsts)})

    def examples(self) -> Sequence[Example]:
        """All of them; nothing can be added afterwards."""
        if self._file is None or self._scratch is None:
            return self._examples
        self._file.close()
        lengths = numpy.array(self._lengths, dtype=numpy.int64)
        starts = numpy.cumsum(lengths) - lengths
        return StoredExamples(self._scratch.folder / "examples.jsonl", starts, lengths, self._scratch)


def _parts(contents: Contents, shares: list[float]) -> Iterator[Part]:
    """The rows of a file in parts; the share of them that is read with each is put down."""
    rows = contents.rows
    divided: Iterable[tuple[Iterable[Row], float]]
    divided = rows.parts() if isinstance(rows, PartedRows) else ((part, 0.0) for part in _batches(rows))
    for part, share in divided:
        shares.append(share)
        yield Part(part, contents.name, contents.layout)


def _batches(rows: Iterable[Row]) -> Iterator[list[Row]]:
    waiting = iter(rows)
    while batch := list(itertools.islice(waiting, _ROWS_A_PART)):
        yield batch


def _pack(mapping: Mapping[str, str], part: Part) -> Converted:
    return Converter(mapping).convert(part).packed()


def _hold_out(splits: Mapping[tuple[str, int], Set[str]], example: Example) -> Example:
    """The example in the split that its file or one of its duplicates names, the one held out most."""
    named = {example.named_split, *splits.get((example.source, example.row), ())}
    most = next((name for name in reversed(SPLITS) if name in named), "")
    return example if most == example.named_split else example.model_copy(update={"named_split": most})


def _told_unread(name: str, unread: UnreadTimes) -> str:
    first = f"row {unread.row:,}"
    where = first if unread.count == 1 else f"{unread.count:,} rows, first in {first},"
    return (
        f"{name}: the time of {where} is no date that can be read in one way only, and is left out: {unread.text!r}. "
        "Written as 2026-01-31 it is read."
    )


def _told_left_out(name: str, columns: Sequence[str]) -> list[str]:
    """What to say of columns that nothing is taken from, but for what an export has there for people to read."""
    left_out = [column for column in columns if column not in (KEPT, PASSAGE)]
    if not left_out:
        return []
    which = "column" if len(left_out) == 1 else "columns"
    return [f"Nothing is taken from the {which} {listed(left_out, _COLUMNS_NAMED)} of {name}."]


def _reason(layout: Layout) -> tuple[Shape, str]:
    return layout.shape, layout.reason


def _shape_of_all(reasons: Counter[tuple[Shape, str]]) -> tuple[Shape, str]:
    counts = reasons.most_common()
    shapes = {shape for (shape, _), _ in counts}
    if not shapes:
        return Shape.UNKNOWN, "no usable row has columns that localft knows"
    if len(shapes) == 1:
        return counts[0][0]
    return Shape.MIXED, "; ".join(f"{count:,} {'row' if count == 1 else 'rows'}: {why}" for (_, why), count in counts)


def _short_answer(one: Example) -> SetAside:
    question = excerpt(one.prompt[-1].content)
    return SetAside(one.source, one.row, f"a very short answer: {one.answer.strip()!r}", question, "very short answer")
