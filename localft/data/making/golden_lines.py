"""golden.jsonl as its lines: each stays byte by byte as it is, and is read as the question that it holds."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from localft.data.examples import Example
from localft.data.making.golden_history import rewrite, state_content
from localft.data.readers.opening import open_file
from localft.data.row_ratings import content_key
from localft.data.shapes.rows import Row
from localft.data.shapes.values import BadValue, json_of, parse_json
from localft.data.splits.golden import golden_of, has_golden
from localft.errors import UserError
from localft.store.projects import Project

KEPT = "kept"
"""In a line of golden.jsonl: where the question came from and when, as {"from": ..., "when": ...}."""


class GoldenLine(NamedTuple):
    """A line of the file as it is, and the question that it holds."""

    raw: bytes
    values: dict[str, Any]
    example: Example

    @property
    def key(self) -> str:
        """What tells its question from others."""
        return content_key(self.example)

    @property
    def kept(self) -> Mapping[str, Any]:
        """Where its question came from and when, as far as it says."""
        said = self.values.get(KEPT)
        return said if isinstance(said, dict) else {}


def read_lines(project: Project) -> list[GoldenLine]:
    """The lines of the file.

    Raises:
        UserError: one of them cannot be used.
    """
    return _lines_of(project.golden, project.golden) if has_golden(project) else []


def readable_lines(project: Project, state: str) -> list[GoldenLine]:
    """The lines of an earlier state; none where they cannot be used."""
    try:
        if not state_content(project, state):
            return []
        return _lines_of(project.folder / "golden_history" / f"{state}.jsonl", project.golden)
    except UserError:
        return []


def _lines_of(path: Path, named: Path) -> list[GoldenLine]:
    raw = path.read_bytes().split(b"\n")
    return [_line_of(row, raw, named) for row in open_file(path).rows]


def _line_of(row: Row, raw: Sequence[bytes], named: Path) -> GoldenLine:
    question = golden_of(row, named)
    try:
        return GoldenLine(_raw_of(row, raw), dict(row.values or {}), question)
    except BadValue as error:
        raise UserError(
            f"Line {row.number} of {named} cannot be kept: {error}.", "Correct it, or delete it."
        ) from error


def _raw_of(row: Row, raw: Sequence[bytes]) -> bytes:
    """The line of a row as it stands in the file; written anew where the file is no plain JSON lines."""
    line = raw[row.number - 1].removesuffix(b"\r") if row.number <= len(raw) else b""
    try:
        if parse_json(line.decode("utf-8")) == row.values:
            return line
    except (UnicodeDecodeError, BadValue):
        pass
    return _dumped(row.values)


def line_of(values: dict[str, Any]) -> GoldenLine:
    """The line with these values.

    Raises:
        UserError: it would be no golden question.
    """
    try:
        raw = _dumped(values)
    except BadValue as error:
        raise UserError(f"That is no golden question: {error}.", "Correct it and try again.") from error
    # Read again, so that its key is that of what stands in the file.
    return GoldenLine(raw, values, golden_of(Row(1, parse_json(raw.decode("utf-8"))), Path("golden.jsonl")))


def _dumped(values: Any) -> bytes:
    """JSON with every number as it was spelled; half of a pair of UTF-16 stays the escape that it was."""
    return json_of(values).encode("utf-8", "backslashreplace")


def write_lines(project: Project, lines: Sequence[GoldenLine], what: str) -> None:
    """Give the file other lines; `what` says what was done. The caller holds the project's lock."""
    rewrite(project, b"".join(line.raw + b"\n" for line in lines), what)
