"""Open a file and choose its reader, by its contents first and its name second."""

import hashlib
from dataclasses import replace
from pathlib import Path

from localft.data.readers.archive import files_in, is_archive, names_in
from localft.data.readers.csv_file import read_csv
from localft.data.readers.encoding import FORMATS, Lines, decode, read_lines
from localft.data.readers.json_file import read_json
from localft.data.readers.jsonl import read_jsonl
from localft.data.readers.parquet import read_parquet
from localft.data.readers.workbook import read_workbook
from localft.data.rows import Contents, Row
from localft.data.values import BadValue, parse_json
from localft.errors import UserError, explain

_PARQUET = b"PAR1"
_JSON_LINES = {".jsonl", ".ndjson"}
_CSV = {".csv", ".tsv"}
_WORKBOOKS = {".xlsx", ".xlsm"}
_KNOWN = {*_JSON_LINES, *_CSV, *_WORKBOOKS, ".json", ".parquet", ".pq"}
_WORKBOOK = "xl/workbook.xml"
_OTHERWISE = f"localft reads {FORMATS}."


def open_files(path: Path, name: str = "") -> list[Contents]:
    """Read a file into rows; a workbook has several such contents, and so has an archive.

    Messages and notes call it `name`, or by its own name.

    Raises:
        UserError: it is missing, a folder, empty, unreadable, binary, or of no known format.
    """
    name = name or path.name
    content = _load(path, name)
    if not is_archive(content):
        return [_contents(content, name, path.suffix.lower())]
    inside = names_in(content, name)
    if _WORKBOOK in inside:
        return _sheets(content, name)
    if {"[Content_Types].xml", "mimetype"} & set(inside):
        raise UserError(f"{name} is an Office document that localft cannot read.", _OTHERWISE)
    return _archived(content, name)


def open_file(path: Path, name: str = "") -> Contents:
    """Read a text file, or one of another format that holds one table.

    Raises:
        UserError: as `open_files`, or it holds several.
    """
    contents = open_files(path, name)
    if len(contents) != 1:
        raise UserError(f"{name or path.name} holds {len(contents)} tables.", "Name a file that holds one.")
    return contents[0]


def _load(path: Path, name: str) -> bytes:
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
    return content


def _contents(content: bytes, name: str, suffix: str) -> Contents:
    rows, notes = _read(content, name, suffix)
    return Contents(name, len(content), hashlib.sha256(content).hexdigest(), rows, notes)


def _sheets(content: bytes, name: str) -> list[Contents]:
    """Each sheet of a workbook; the only one is called as the file."""
    digest = hashlib.sha256(content).hexdigest()
    sheets = read_workbook(content, name)
    if not sheets:
        raise UserError(f"{name} has no rows.", "Choose a workbook with examples in it.")
    names = [name] if len(sheets) == 1 else [f"{name}, sheet {sheet}" for sheet, _, _ in sheets]
    return [
        Contents(called, len(content), digest, rows, notes)
        for called, (_, rows, notes) in zip(names, sheets, strict=True)
    ]


def _archived(content: bytes, name: str) -> list[Contents]:
    """Each file of an archive that can be read; the others are told."""
    found: list[Contents] = []
    notes: list[str] = []
    for inside, unpacked in files_in(content, name):
        suffix = Path(inside).suffix.lower()
        if is_archive(unpacked) and suffix not in _WORKBOOKS:
            notes.append(f"{inside} is an archive inside of an archive, and is left out.")
            continue
        if suffix not in _KNOWN:
            notes.append(f"{inside} is of no format that localft knows, and is left out.")
            continue
        if not unpacked.strip():
            notes.append(f"{inside} is empty.")
            continue
        found += _sheets(unpacked, inside) if is_archive(unpacked) else [_contents(unpacked, inside, suffix)]
    if not found:
        raise UserError(f"{name} holds no file that localft can read.", _OTHERWISE)
    first = found[0]
    return [replace(first, notes=[*notes, *first.notes]), *found[1:]]


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
    raise UserError(f"{name} is of no format that localft knows.", _OTHERWISE)


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
