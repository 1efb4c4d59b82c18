"""Examples as a person reads them at a terminal."""

import json
import textwrap
from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol

from localft import words
from localft.cli.output import Output, one_line, shorten, visible
from localft.data.examples import Example
from localft.data.source_passages import SourcePassage
from localft.data.versions import SPLITS, DatasetVersion, Split
from localft.errors import UserError
from localft.store.projects import Project

if TYPE_CHECKING:
    from localft.data.checks.checking import CheckReport
    from localft.planning.length_costs import LengthCost

_INDENT = " " * 11
_PASSAGE_COLUMNS = 200


class TokenPiece(Protocol):
    """A token with what happens to it in training."""

    @property
    def text(self) -> str: ...

    @property
    def state(self) -> Literal["learned", "masked", "cut"]: ...


def conversation_lines(example: Example) -> list[str]:
    """A conversation with the roles in a column of their own."""
    lines = []
    for message in example.messages:
        role = "text" if example.plain else message.role
        unlearned = " (not learned)" if message.role == "assistant" and not message.learn else ""
        calls = [f"[calls {json.dumps(call, ensure_ascii=False)}]" for call in message.tool_calls]
        text = "\n".join([*([message.content] if message.content or not calls else []), *calls]) + unlearned
        first, *rest = text.splitlines() or [""]
        lines += [f"{role:>9}: {first}", *(f"{_INDENT}{line}" for line in rest)]
    if example.rejected:
        first, *rest = example.rejected.splitlines()
        lines += [f"{'rejected':>9}: {first}", *(f"{_INDENT}{line}" for line in rest)]
    return lines


def passage_lines(example: Example, passages: Mapping[str, SourcePassage], whole: bool) -> list[str]:
    """The passage that an example was written from, its beginning unless the `whole` is wanted; none of others."""
    if not example.passage:
        return []
    passage = passages.get(example.passage)
    if passage is None:
        return [f"{'passage':>9}: not kept any more"]
    first, *rest = passage.text.splitlines() if whole else [shorten(one_line(passage.text), _PASSAGE_COLUMNS)]
    return [f"{'passage':>9}: {first}", *(f"{_INDENT}{line}" for line in rest)]


def passage_value(example: Example, passages: Mapping[str, SourcePassage]) -> dict[str, Any]:
    """The same for a program: the whole text with its place."""
    passage = passages.get(example.passage)
    return {"source_passage": passage.model_dump()} if passage else {}


def learned_lines(pieces: Sequence[TokenPiece]) -> list[str]:
    """The tokens, those that share a fate put together, with the fate in a column of its own.

    The mark says it beside the colourless text: learned ones have a bar, cut ones a cross.
    """
    marks = {"learned": "|", "masked": " ", "cut": "x"}
    lines = []
    for state, group in groupby(pieces, key=lambda piece: piece.state):
        text = visible("".join(piece.text for piece in group))
        for number, line in enumerate(text.split("\n")):
            label = state if number == 0 else ""
            wrapped = textwrap.wrap(line, 100, drop_whitespace=False, replace_whitespace=False) or [""]
            lines += [f"{label if part == 0 else '':>8} {marks[state]} {piece}" for part, piece in enumerate(wrapped)]
    return lines


def print_openings(output: Output, project: Project, version: DatasetVersion) -> dict[str, int]:
    """Say how often the test split has been opened; return it as a value too."""
    from localft.data.splits.sealing import list_openings

    times = len(list_openings(project, version))
    said = f"it has been opened {words.counted(times, 'time')}" if times else "it has never been opened"
    output.say(f"The test split ({words.counted(version.counts['test'], 'example')}) is sealed; {said}.")
    return {"test_opened": times}


def write_verdict(
    output: Output, project: Project, version: DatasetVersion, report: "CheckReport", path: Path | None
) -> dict[str, str]:
    """Write the verdict as a page, where a file for it is named; return the file as a value too.

    Raises:
        UserError: the file is there already.
    """
    from localft.data.exports.verdict_page import verdict_page
    from localft.data.splits.sealing import list_openings
    from localft.store import files

    if path is None:
        return {}
    if path.exists():
        raise UserError(f"{path} is there already.", "Choose another name, or move it away.")
    page = verdict_page(project.name, version, report, len(list_openings(project, version)))
    files.write_bytes(path, page.encode("utf-8", errors="replace"))
    output.say(f"The verdict is written to {path}.")
    return {"file": str(path)}


def print_set_aside(output: Output, rows: list[dict[str, Any]], limit: int, all_of_them: str = "") -> None:
    """Print why rows could not be used: the reasons with their counts, then the first `limit` rows.

    `all_of_them` says how one sees the others.
    """
    reasons = Counter(str(row["kind"] or row["reason"]) for row in rows)
    output.say("  " + ", ".join(f"{count} x {reason}" for reason, count in reasons.most_common()))
    output.table(
        ["FILE", "ROW", "REASON", "TEXT"],
        [[row["source"], row["row"], row["reason"], shorten(one_line(str(row["text"])), 60)] for row in rows[:limit]],
        numbers=("ROW",),
    )
    if len(rows) > limit:
        output.say(f"  and {len(rows) - limit:,} more ({all_of_them})")


def print_length_costs(output: Output, costs: "Sequence[LengthCost]") -> None:
    """Print what each maximum length cuts, and the memory that it needs."""
    rows = [
        [f"{cost.max_length:,}", f"{cost.cut:,}", f"{cost.lost:,}", words.percent(cost.lost_share),
         words.memory(cost.bytes), cost.fit]
        for cost in costs
    ]  # fmt: skip
    headers = ["LONGEST", "CUT", "TOKENS LOST", "OF ALL", "MEMORY", "FITS"]
    output.table(headers, rows, numbers=headers[:-1])
    output.say("Memory is what qlora needs at least, with one example at a time.")


def split_counts(counts: dict[Split, int]) -> str:
    """How many examples each part has, in words."""
    return ", ".join(f"{counts[split]:,} for {'training' if split == 'train' else split}" for split in SPLITS)
