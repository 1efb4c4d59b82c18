"""Files to examples: every row becomes an example, or is set aside with its place and the reason."""

import contextlib
import itertools
import os
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

from localft.advice import FIRST_ROW, Advice
from localft.data.examples import Example
from localft.data.making.gathering import Gathering, ReadResult
from localft.data.readers.archive import is_archive
from localft.data.readers.opening import open_files
from localft.data.readers.unpacking import kind_of
from localft.data.shapes.chats import ChatChoice, missing_voice
from localft.data.shapes.converting import SetAside
from localft.data.shapes.detecting import Shape
from localft.data.shapes.mapping import check_mapping
from localft.data.shapes.rows import listed
from localft.data.working import Tell, quiet
from localft.errors import UserError

# Files of so many bytes together are not held in memory.
MANY_BYTES = 32 << 20
# So many times as large packed files are taken to be.
_PACKED = 8


def read_files(
    paths: Sequence[Path | str],
    mapping: Mapping[str, str] | None = None,
    strict: bool = True,
    known: Sequence[Example] = (),
    chat: ChatChoice | None = None,
    tell: Tell = quiet,
    beginning: bool = False,
) -> ReadResult:
    """Read tables, JSON, documents, archives of them, and exports of chats, mixed as one likes.

    `mapping` says which column holds which field of an example (prompt, answer, system, context, messages), for all
    files, where the names are not recognised, or by what template (`prompt_template` and the like) one is made of
    several; examples of one `group` are never divided. `known` are examples that are
    there already: the files' duplicates of them are set aside. `chat` says whose voice is the assistant's in chats
    between people, for all files. Of large files only the `beginning` is read where that is enough.

    Raises:
        UserError: a file cannot be read, the mapping is wrong, nobody in the chats has that voice, or (with `strict`)
            no row is usable or a chat has no voice for the assistant.
    """
    if not paths:
        raise UserError("No file was named.", "Name at least one file with examples.")
    check_mapping(mapping or {})
    files = [Path(path).expanduser() for path in paths]
    many = are_many(files) and not beginning
    gathering = Gathering(mapping or {}, known, chat or ChatChoice(), many, beginning, tell)
    taken = {example.source for example in known}
    for path, name in zip(files, _names(files, taken), strict=True):
        for contents in open_files(path, name, gathering.chat, tell):
            gathering.add(contents)
    result = gathering.result()
    if strict and (result.lacks_voice or not result.examples):
        raise no_rows(result)
    return result


def are_many(files: Sequence[Path]) -> bool:
    """Whether files are so large together that their examples are not held in memory."""
    total = 0
    for file in files:
        # What cannot be read is said when it is opened.
        with contextlib.suppress(OSError, ValueError):
            total += file.stat().st_size * (_PACKED if _is_packed(file) else 1)
    return total >= MANY_BYTES


def _is_packed(file: Path) -> bool:
    with file.open("rb") as opened:
        head = opened.read(4)
    return bool(kind_of(head)) or is_archive(head)


def _names(files: Sequence[Path], taken: Collection[str]) -> list[str]:
    """What to call each file: its name, or its path where names are equal; broken characters made good.

    A name that known examples come from already gets a number.
    """
    names = Counter(file.name for file in files)
    shown = (file.name if names[file.name] == 1 else str(file) for file in files)
    readable = [os.fsencode(name).decode("utf-8", errors="replace") for name in shown]
    return [_free(name, taken) for name in readable]


def _free(name: str, taken: Collection[str]) -> str:
    numbered = (f"{name} ({number})" for number in itertools.count(2))
    return next(candidate for candidate in itertools.chain([name], numbered) if candidate not in taken)


def no_rows(result: ReadResult) -> UserError:
    """The sentence for files without a usable row: the commonest reasons, and what would help."""
    names = listed([source.name for source in result.sources], 5)
    if result.lacks_voice:
        return missing_voice(None, result.speakers, result.chats)
    if result.shape is Shape.UNKNOWN and result.columns and "no known shape" in result.kinds:
        return UserError(
            f"{names} has no columns that localft recognises; it has: {listed(result.columns, 12)}.",
            Advice(
                "Say which column is which: --map prompt=COLUMN --map answer=COLUMN, or make the prompt of several "
                "with --template; where its first row is data, say --no-header.",
                "Say below the file which column is which, or make the prompt of several with a template; where its "
                f"first row is data, tick “{FIRST_ROW}”.",
            ),
        )
    if not result.set_aside:
        return UserError(f"{names} has no rows.", "Choose a file with examples in it.")
    advice = "Correct the file and try again."
    if list(result.kinds) == ["not JSON"]:
        advice = 'Each line has to be a JSON object of its own, such as {"prompt": "…", "completion": "…"}.'
    return UserError(f"No row of {names} can be used: {set_aside_reasons(result)}.", advice)


def set_aside_reasons(result: ReadResult) -> str:
    """The commonest reasons why rows were set aside, each with its count and its first row."""
    first = {row.kind: row for row in reversed(result.set_aside)}
    return "; ".join(
        f"{count:,} x {kind} (first in {_place(first[kind], result)}: {first[kind].reason.removeprefix(f'{kind}: ')})"
        for kind, count in list(result.kinds.items())[:3]
    )


def _place(row: SetAside, result: ReadResult) -> str:
    return f"row {row.row} of {row.source}" if len(result.sources) > 1 else f"row {row.row}"
