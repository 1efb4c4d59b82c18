"""Open a file and choose its reader, by its contents first and its name second."""

import hashlib
from pathlib import Path

from localft.data.readers.csv_file import read_csv
from localft.data.readers.encoding import Lines, decode, read_lines
from localft.data.readers.json_file import read_json
from localft.data.readers.jsonl import read_jsonl
from localft.data.readers.parquet import read_parquet
from localft.data.rows import Contents, Row
from localft.data.values import BadValue, parse_json
from localft.errors import UserError, explain

_PARQUET = b"PAR1"
_JSON_LINES = {".jsonl", ".ndjson"}
_CSV = {".csv", ".tsv"}


def open_file(path: Path, name: str = "") -> Contents:
    """Read a file into rows; messages and notes call it `name`, or by its own name.

    Raises:
        UserError: it is missing, a folder, empty, unreadable, binary, or of no known format.
    """
    name = name or path.name
    if path.is_dir():
        raise UserError(f"{path} is a folder, not a file.", "Name the files inside it.")
    if path.is_char_device() or path.is_block_device():
        raise UserError(f"{path} is a device, not a file.", "Name a file with examples in it.")
    try:
        content = path.read_bytes()
    except (OSError, ValueError) as error:
        known = explain(error)
        if known is not None:
            raise known from error
        raise UserError(f"{path} cannot be read: {error}.", "Check the path.") from error
    if not content.strip():
        raise UserError(f"{name} is empty.", "Choose a file with examples in it.")
    rows, notes = _read(content, name, path.suffix.lower())
    return Contents(name, len(content), hashlib.sha256(content).hexdigest(), rows, notes)


def _read(content: bytes, name: str, suffix: str) -> tuple[list[Row], list[str]]:
    if content.startswith(_PARQUET):
        return read_parquet(content, name), []
    if suffix in {".parquet", ".pq"}:
        raise UserError(f"{name} is not a Parquet file, whatever its name says.", "Write it again from its source.")
    if suffix == ".json":
        return _read_json(content, name)
    lines = read_lines(content, name, may_be_windows=suffix in _CSV)
    first = next((line.strip() for line in lines.text if line and line.strip()), "")
    if suffix in _CSV and not _is_object(first):
        return read_csv(lines, name, "\t" if suffix == ".tsv" else None), lines.notes
    if suffix in _JSON_LINES and first.startswith("["):
        return _array_or_lines(lines, name), lines.notes
    if first.startswith("["):
        return _read_json(content, name)
    if suffix in _JSON_LINES or first.startswith("{"):
        return read_jsonl(lines), lines.notes
    raise UserError(
        f"{name} is of no format that localft knows.", "localft reads .jsonl, .json, .csv and .parquet files."
    )


def _is_object(line: str) -> bool:
    try:
        return line.startswith("{") and isinstance(parse_json(line), dict)
    except BadValue:
        return False


def _array_or_lines(lines: Lines, name: str) -> list[Row]:
    """JSON lines that begin with a bracket: the array of a JSON file, or a row that is a list before better ones."""
    text = [line for line in lines.text if line is not None]
    if len(text) == len(lines.text):
        try:
            return read_json("\n".join(text), name)
        except UserError:
            if text[0].strip() in {"[", "[{"}:
                raise
    return read_jsonl(lines)


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
