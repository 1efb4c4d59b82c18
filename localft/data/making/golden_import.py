"""Golden questions out of files, in every shape that imports read."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

from localft.data.examples import Example
from localft.data.making.golden_lines import KEPT, line_of, read_lines, write_lines
from localft.data.making.reading import ReadResult, read_files
from localft.data.shapes.chats import ChatChoice
from localft.data.shapes.converting import SetAside
from localft.data.shapes.rows import excerpt
from localft.errors import UserError
from localft.store import files
from localft.store.projects import Project


def preview_golden(
    paths: Sequence[Path | str], mapping: Mapping[str, str] | None = None, chat: ChatChoice | None = None
) -> ReadResult:
    """Read files without importing them; what asks no question is set aside.

    No usable row is no error here, so that a person can map the columns, or choose a voice among the speakers.

    Raises:
        UserError: a file cannot be read, the mapping is wrong, or nobody has the voice that was chosen.
    """
    return _questions(read_files(paths, mapping, strict=False, chat=chat))


def _questions(read: ReadResult) -> ReadResult:
    asking = [example for example in read.examples if not example.plain]
    aside = [*read.set_aside, *(_no_question(one) for one in read.examples if one.plain)]
    return replace(read, examples=asking, set_aside=aside)


class GoldenImport(NamedTuple):
    """How many questions came in, how many were there already, and the rows that cannot be used."""

    added: int
    known: int
    set_aside: list[SetAside]


def import_golden(
    project: Project,
    paths: Sequence[Path | str],
    mapping: Mapping[str, str] | None = None,
    chat: ChatChoice | None = None,
) -> GoldenImport:
    """Take the rows of files in any readable shape as golden questions.

    What training asks nearly so comes in too: `learned_rows` names the rows to take out of training.

    Raises:
        UserError: a file cannot be read, no row of it asks a question, or the golden questions cannot be read.
    """
    read = _questions(read_files(paths, mapping, chat=chat))
    asking = read.examples
    if not asking:
        raise UserError("These files hold text without questions.", "A golden question needs the answer that you want.")
    with files.locked(project.folder / ".lock"):
        lines = read_lines(project)
        known = {line.key for line in lines}
        when = files.now()
        new = {}
        for example in asking:
            line = line_of({**_as_values(example), KEPT: {"from": example.origin, "when": when}})
            if line.key not in known:
                new.setdefault(line.key, line)
        if new:
            names = ", ".join(dict.fromkeys(example.source for example in asking))
            write_lines(project, [*lines, *new.values()], f"{len(new):,} imported from {names}")
    return GoldenImport(len(new), len(asking) - len(new), read.set_aside)


def _as_values(example: Example) -> dict[str, Any]:
    tools = {"tools": list(example.tools)} if example.tools else {}
    return {"messages": [message.as_chat() for message in example.messages], **tools}


def _no_question(example: Example) -> SetAside:
    return SetAside(example.source, example.row, "it is text without a question", excerpt(example.text), "no question")
