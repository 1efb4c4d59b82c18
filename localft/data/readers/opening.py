"""Open a file and choose its reader, by its contents first and its name second."""

import hashlib
from pathlib import Path

from localft.data.readers.csv_file import read_csv
from localft.data.readers.encoding import decode, read_lines
from localft.data.readers.json_file import read_json
from localft.data.readers.jsonl import read_jsonl
from localft.data.readers.parquet import read_parquet
from localft.data.rows import Contents, Row
from localft.errors import UserError, explain

_PARQUET = b"PAR1"


def open_file(path: Path) -> Contents:
    """Read a file into rows.

    Raises:
        UserError: it is missing, a folder, empty, unreadable, binary, or of no known format.
    """
    if path.is_dir():
        raise UserError(f"{path} is a folder, not a file.", "Name the files inside it.")
    try:
        content = path.read_bytes()
    except (OSError, ValueError) as error:
        known = explain(error)
        if known is not None:
            raise known from error
        raise UserError(f"{path} cannot be read: {error}.", "Check the path.") from error
    if not content.strip():
        raise UserError(f"{path.name} is empty.", "Choose a file with examples in it.")
    rows, notes = _read(path, content)
    return Contents(path, len(content), hashlib.sha256(content).hexdigest(), rows, notes)


def _read(path: Path, content: bytes) -> tuple[list[Row], list[str]]:
    name, suffix = path.name, path.suffix.lower()
    if content.startswith(_PARQUET):
        return read_parquet(path), []
    if suffix in {".parquet", ".pq"}:
        raise UserError(f"{name} is not a Parquet file, whatever its name says.", "Write it again from its source.")
    if suffix in {".csv", ".tsv"}:
        lines = read_lines(content, name, may_be_windows=True)
        return read_csv(lines, name, "\t" if suffix == ".tsv" else None), lines.notes
    if suffix == ".json" or (suffix not in {".jsonl", ".ndjson"} and _begins_with(content, name, "[")):
        return _read_json(content, name)
    lines = read_lines(content, name)
    first = next((line for line in lines.text if line and line.strip()), "").lstrip()
    if first.startswith("[") and first.rstrip() in {"[", "[{"}:
        return _read_json(content, name)
    if suffix not in {".jsonl", ".ndjson"} and not first.startswith("{"):
        raise UserError(
            f"{name} is of no format that localft knows.", "localft reads .jsonl, .json, .csv and .parquet files."
        )
    return read_jsonl(lines), lines.notes


def _begins_with(content: bytes, name: str, start: str) -> bool:
    text, _ = decode(content, name)
    return text is not None and text.lstrip("\ufeff \t\r\n").startswith(start)


def _read_json(content: bytes, name: str) -> tuple[list[Row], list[str]]:
    text, notes = decode(content, name)
    if text is None:
        lines = read_lines(content, name)
        if sum(line is not None and line.lstrip().startswith("{") for line in lines.text) > 1:
            return read_jsonl(lines), lines.notes
        number = next(number for number, line in enumerate(lines.text, start=1) if line is None)
        raise UserError(f"{name}, line {number}: bytes that are not UTF-8.", "Save the file as UTF-8.")
    try:
        return read_json(text, name), notes
    except UserError:
        # Many tools call JSON lines .json.
        lines = read_lines(content, name)
        rows = read_jsonl(lines)
        if sum(row.values is not None for row in rows) > len(rows) // 2 and len(rows) > 1:
            return rows, [*notes, f"{name} holds one JSON object a line."]
        raise
