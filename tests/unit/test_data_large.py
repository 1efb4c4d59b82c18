"""Large files are read a block at a time, and what is read of them is what is read of small ones."""

import csv
import io
import itertools
import json
import pickle
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from localft.data.making import reading
from localft.data.making.reading import read_files
from localft.data.readers import array_blocks, blocks, large
from localft.data.readers.opening import open_files
from localft.data.shapes.rows import Contents, PartedRows
from localft.errors import UserError

ROWS = [{"prompt": f"Say {n} of “ä”, please.", "completion": f"Here is, {n},\nand more."} for n in range(40)]
LINES = "".join(json.dumps(row, ensure_ascii=n % 2 == 0) + "\n" for n, row in enumerate(ROWS))


def table(delimiter: str = ",") -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, ["prompt", "completion"], delimiter=delimiter, lineterminator="\n")
    writer.writeheader()
    writer.writerows(ROWS)
    return text.getvalue()


def arrow(kind: str) -> bytes:
    import pyarrow
    import pyarrow.parquet

    rows = pyarrow.Table.from_pylist(ROWS)
    sink = io.BytesIO()
    if kind == "parquet":
        pyarrow.parquet.write_table(rows, sink, row_group_size=15)
    else:
        make = pyarrow.ipc.new_file if kind == "arrow" else pyarrow.ipc.new_stream
        with make(sink, rows.schema) as writer:
            writer.write_table(rows, max_chunksize=11)
    return sink.getvalue()


def both(path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Contents, Contents]:
    """What a file holds, read as a whole and a block at a time."""
    (whole,) = open_files(path)
    monkeypatch.setattr(large, "LARGE", 1)
    (streamed,) = open_files(path)
    return whole, streamed


SLAVONIC_TABLE = table().replace("ä", "řeč příliš dlouhá")
SLAVONIC_LINES = LINES.replace("ä", "řeč příliš dlouhá").replace(r"\u00e4", "řeč")
CONTENTS = {
    "plain.jsonl": LINES.encode(),
    "no_end.jsonl": LINES.rstrip("\n").encode(),
    "marked.jsonl": b"\xef\xbb\xbf" + LINES.encode(),
    "faulty.jsonl": b'\n\n{"a": 1\n[1]\n\xff\xfe{}\n' + LINES.encode() + b"\r\n  \nnull\n{}",
    "lines.json": LINES.encode(),
    "lines.txt": LINES.encode(),
    "plain.csv": table().encode(),
    "semicolons.csv": table(";").encode("utf-8-sig"),
    "excel.csv": f"sep=;\n{table(';')}".encode(),
    "tabs.tsv": table("\t").encode(),
    "crlf.csv": table().replace("\n", "\r\n").encode(),
    "western.csv": table().replace("“", "é").replace("”", "é").encode("cp1252"),
    "polish.csv": SLAVONIC_TABLE.encode("cp1250"),
    "damaged_polish.csv": SLAVONIC_TABLE.encode("cp1250").replace(b"Say 7 of", b"Say \x81\x83 of"),
    "czech.jsonl": SLAVONIC_LINES.replace("“", "").replace("”", "").encode("iso8859_2"),
    "japanese.jsonl": LINES.replace("ä", "表示する").encode("cp932", errors="ignore"),
    "slavonic.json": SLAVONIC_LINES.encode("cp1250"),
    "slavonic_array.json": json.dumps(
        json.loads(f"[{SLAVONIC_LINES.rstrip().replace(chr(10), ',')}]"), ensure_ascii=False
    ).encode("cp1250"),
    "cut.jsonl": LINES.encode() + b'{"a": "\xc3',
    "undecodable.csv": table().encode().replace(b"Say 7 of", b"Say \xff\xfe\xfd of"),
    "unclosed.csv": b'prompt,completion\na,b\n"open,c\nd,e\n\nf,g\n"h\ni",j\n',
    "uneven.csv": b"\n\nprompt,completion\na\na,b,c\na,b\n,\n",
    "wide.csv": table().encode("utf-16"),
    "wide_lines.jsonl": LINES.encode("utf-16-be"),
    "wider.jsonl": LINES.encode("utf-32"),
    "array.json": json.dumps(ROWS, ensure_ascii=False).encode(),
    "marked.json": b"\xef\xbb\xbf \n" + json.dumps(ROWS, indent=1).encode() + b"\n",
    "mixed.json": b'[1, 2.50,null, "a]", {"a": 12345678901234567890, "a": 1},\r\n{"b": NaN}, [3],{"c":"\xc3\xa4"},-1 ]',
    "none.json": b"[ ]",
    "plain.parquet": arrow("parquet"),
    "plain.arrow": arrow("arrow"),
    "stream.arrow": arrow("stream"),
}


@pytest.mark.parametrize("name", CONTENTS)
@pytest.mark.parametrize("block", [64, 1 << 20])
def test_what_is_read_by_blocks_is_what_is_read_as_a_whole(
    name: str, block: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / name
    path.write_bytes(CONTENTS[name])
    monkeypatch.setattr(blocks, "_BLOCK", block)
    monkeypatch.setattr(array_blocks, "_BLOCK", block)
    whole, streamed = both(path, monkeypatch)
    assert isinstance(streamed.rows, PartedRows)
    assert not isinstance(whole.rows, PartedRows)
    assert list(streamed.rows) == list(whole.rows)
    assert (streamed.notes, streamed.bytes, streamed.sha256) == (whole.notes, whole.bytes, whole.sha256)
    parts = [pickle.loads(pickle.dumps(part)) for part, _ in streamed.rows.parts()]
    assert list(itertools.chain.from_iterable(parts)) == list(whole.rows)
    assert all(0 <= share <= 1 for _, share in streamed.rows.parts())


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=200, deadline=None)
@given(
    lines=st.lists(st.sampled_from([b"a,b", b'"', b'"x"",y"', b"", b"\xff", b"1,2,3", b'"\r', b" ", b"\xc3\xa4,;"])),
    end=st.sampled_from([b"", b"\n"]),
)
@example(lines=[b'"', b'"x"",y"', b'"'], end=b"")
def test_any_table_is_read_the_same_by_blocks(
    lines: list[bytes], end: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "any.csv"
    path.write_bytes(b"prompt,completion\n" + b"\n".join(lines) + end)
    with monkeypatch.context() as patch:
        patch.setattr(blocks, "_BLOCK", 5)
        whole, streamed = both(path, patch)
    assert isinstance(streamed.rows, PartedRows)
    assert list(streamed.rows) == list(whole.rows)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("object.json", json.dumps({"rows": ROWS}).encode()),
        ("chatgpt.json", json.dumps([{"title": "A", "mapping": {}}]).encode()),
        ("mac.csv", table().replace("\n", "\r").encode()),
        ("list.jsonl", ("[" + ",\n".join(map(json.dumps, ROWS)) + "]").encode()),
        ("chat.txt", "".join(f"01.02.24, 10:{n:02} - Ann: Hello\n" for n in range(20)).encode()),
    ],
)
def test_what_needs_to_be_whole_is_read_as_a_whole(
    name: str, content: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / name).write_bytes(content)
    whole, again = both(tmp_path / name, monkeypatch)
    assert again == whole
    assert not isinstance(again.rows, PartedRows)


def test_a_line_without_end_is_set_aside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blocks, "LARGEST_LINE", 100)
    monkeypatch.setattr(blocks, "_BLOCK", 64)
    path = tmp_path / "long.jsonl"
    path.write_text('{"a": 1}\n{"b": "' + "b" * 2_000 + '"}\n{"c": 3}\n', encoding="utf-8")
    _, streamed = both(path, monkeypatch)
    rows = list(streamed.rows)
    assert [(row.number, row.kind) for row in rows] == [(1, ""), (2, "too long"), (3, "")]


@pytest.mark.parametrize(
    ("content", "line"),
    [
        (b'[{"a": 1},\n{"b": 2}', 2),
        (b'[{"a": 1},\n{"b": 2}]\n\nx', 4),
        (b'[{"a": 1}\n{"b": 2}]', 2),
        (b'[{"a": 1},\n{"b": }]', 2),
        (b'[{"a": 1},\n\n{"b": "\xff"}]', 3),
        # What follows an error is not read: of these bytes nothing is said.
        (b'[{"a": 1},\n{"b": }' + b',\n{"c": 3}' * 1_000 + b"\xff]", 2),
        (b'[{"a": 1},\n{"b" 2}' + b',\n{"c": 3}' * 1_000 + b"\xff]", 2),
        (b"[" + b"[" * 100_000, 1),
    ],
)
def test_a_broken_array_is_told_with_its_line(
    content: bytes, line: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "broken.json"
    path.write_bytes(content)
    monkeypatch.setattr(array_blocks, "_BLOCK", 64)
    monkeypatch.setattr(large, "LARGE", 1)
    with pytest.raises(UserError, match=rf"broken\.json, line {line}\b"):
        read_files([path])


@pytest.mark.parametrize("name", ["plain.parquet", "plain.arrow", "stream.arrow"])
def test_a_damaged_table_is_told(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / name
    path.write_bytes(CONTENTS[name][: len(CONTENTS[name]) // 2])
    monkeypatch.setattr(large, "LARGE", 1)
    monkeypatch.setattr(reading, "MANY_BYTES", 0)
    with pytest.raises(UserError, match=r"is a damaged (Parquet|Arrow) file"):
        read_files([path])


def test_a_large_table_is_read_in_several_processes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "many.jsonl"
    path.write_bytes(CONTENTS["faulty.jsonl"])
    whole = read_files([path])
    monkeypatch.setattr(large, "LARGE", 1)
    monkeypatch.setattr(blocks, "_BLOCK", 500)
    monkeypatch.setattr(reading, "MANY_BYTES", 0)
    told: list[tuple[str, float, float]] = []
    read = read_files([path], tell=lambda message, done, total, unit: told.append((message, done, total)))
    assert list(read.examples) == list(whole.examples)
    assert read.set_aside == whole.set_aside
    assert (read.samples, read.columns, read.sources) == (whole.samples, whole.columns, whole.sources)
    size = path.stat().st_size
    assert told[-1] == ("Reading many.jsonl", size, size)


def test_the_beginning_of_a_large_file_is_enough_for_a_look(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "many.jsonl"
    path.write_bytes(CONTENTS["plain.jsonl"])
    monkeypatch.setattr(blocks, "_BLOCK", 500)
    assert not read_files([path], beginning=True).is_beginning
    monkeypatch.setattr(large, "LARGE", 1)
    monkeypatch.setattr(reading, "MANY_BYTES", 0)
    read = read_files([path], beginning=True)
    assert read.is_beginning
    assert isinstance(read.examples, list)
    assert 0 < len(read.examples) < len(ROWS)
    assert list(read.examples) == list(read_files([path]).examples[: len(read.examples)])
