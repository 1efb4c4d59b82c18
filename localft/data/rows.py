"""What readers hand on: rows, good or bad, each with its place in the file."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

EXCERPT = 200


@dataclass(frozen=True)
class Row:
    """One row of a file. `number` counts lines (JSONL, CSV) or rows (JSON, Parquet) from 1.

    `values` maps columns to values; None where the row cannot be read: then `problem` says why, and `text` shows its
    start.
    """

    number: int
    values: dict[str, Any] | None
    problem: str = ""
    kind: str = ""
    text: str = ""


@dataclass(frozen=True)
class Contents:
    """The rows of a file, and what a person should know about how it was read."""

    path: Path
    bytes: int
    sha256: str
    rows: list[Row]
    notes: list[str]


def excerpt(value: object) -> str:
    """The start of a value, on one line, fit for every terminal and file."""
    text = value.decode("utf-8", errors="replace") if isinstance(value, bytes) else str(value)
    shown = " ".join(text[: 2 * EXCERPT].split())
    shown = "".join(character if character.isprintable() else "\ufffd" for character in shown)
    return shown[: EXCERPT - 1] + "…" if len(shown) > EXCERPT else shown
