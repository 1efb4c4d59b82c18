"""Large files are read a block at a time, and what is read of them is what is read of small ones."""

import csv
import io
import itertools
import json
import pickle
from pathlib import Path

import psutil
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from localft.data.making import reading
from localft.data.making.reading import read_files
from localft.data.readers import array_blocks, blocks, json_text, large, loading, long_text
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
TALK = {
    "title": "A",
    "current_node": "b",
    "mapping": {
        "a": {"message": {"author": {"role": "user"}, "content": {"content_type": "text", "parts": ["Why?"]}}},
        "b": {
            "parent": "a",
            "message": {"author": {"role": "assistant"}, "content": {"content_type": "text", "parts": ["Because."]}},
        },
        "c": {"parent": "a", "message": {"author": {"role": "tool"}, "content": {"content_type": "text"}}},
    },
}
WRAPPED = {"version": "1.0", "tools": "[]", "data": ROWS, "system": "Be “brief”.", "info": {"n": [1, {"a": 2.50}]}}
PROSE = "".join(
    f"{'#' * (1 + n % 3)} Heading {n} #\n\nSome “words” of section {n}.\r\nA line, {'long ' * (n * 7 % 900)}\r\n"
    f"{'' if n % 3 else '```'}\n \t\n\n  More of it: {n}. {'Ü. ' * (n * 31 % 1500)}\n"
    for n in range(60)
)
CONTENTS = {
    "wrapped.json": json.dumps(WRAPPED, ensure_ascii=False).encode(),
    "wrapped_lines.json": b'\xef\xbb\xbf{"data": [\n' + b",\n".join(json.dumps(row).encode() for row in ROWS) + b"]}\n",
    "wrapped_indented.json": json.dumps(WRAPPED, indent=2).encode(),
    "wrapped_mixed.json": b'{"n": [], "m": [1, "{"], "r" : [{"a": 1, "a": 2}, 7, {"b": 1.10}, null], "system": null}',
    "wrapped_wide.json": json.dumps(WRAPPED).encode("utf-16"),
    "slavonic_wrapped.json": json.dumps(
        {"rows": json.loads(f"[{SLAVONIC_LINES.rstrip().replace(chr(10), ',')}]")}, ensure_ascii=False
    ).encode("cp1250"),
    "chatgpt.json": json.dumps([TALK, 7, TALK, {"mapping": {}}, TALK]).encode(),
    "prose.txt": PROSE.encode(),
    "prose.md": PROSE.encode(),
    "marked.md": b"\xef\xbb\xbf" + PROSE.encode(),
    "bare.md": PROSE.replace("#", "-").encode(),
    "short.txt": b" \n  \n\n Only this.  \n\n",
    "blanks.md": b"\n\n  text\n# a\n\n\n# b\n" + b" " * 3_000 + b"\n\n# c   \n",
    "one_line.txt": b"word " * 40_000,
    "no_blank.txt": "ü".encode() * 50_000,
    "mac.txt": PROSE.replace("\r\n", "\n").replace("\n", "\r").encode(),
    "prose_western.txt": PROSE.replace("“", "é").replace("”", "é").encode("cp1252"),
    "prose_wide.txt": PROSE.encode("utf-16"),
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
    monkeypatch.setattr(json_text, "_BLOCK", block)
    monkeypatch.setattr(long_text, "_BLOCK", block)
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
        ("example.json", json.dumps({"rows": ROWS, "prompt": "q", "answer": "an answer"}).encode()),
        ("two.json", json.dumps({"rows": ROWS, "others": ROWS}).encode()),
        ("columns.json", json.dumps({"prompt": {"0": "q", "1": "r"}, "answer": {"0": "a b", "1": "b a"}}).encode()),
        ("twin.json", b'{"rows": [{"prompt": "q", "answer": "a b"}], "rows": [{"prompt": "r", "answer": "b a"}]}'),
        ("broken_first.json", b'{"prompt": \n' + LINES.encode()),
        ("broken_second.json", b'{"prompt": "q", "answer": "a b"}\nx\n' + LINES.encode()),
        ("questions.txt", b"Q: one?\nA: yes, one\nQ: two?\nA: yes, two\n"),
        ("mac.csv", table().replace("\n", "\r").encode()),
        ("list.jsonl", ("[" + ",\n".join(map(json.dumps, ROWS)) + "]").encode()),
        ("mac_chat.txt", "".join(f"01.02.24, 10:{n:02} - Ann: Hello\r" for n in range(20)).encode()),
    ],
)
def test_what_needs_to_be_whole_is_read_as_a_whole(
    name: str, content: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / name).write_bytes(content)
    whole, again = both(tmp_path / name, monkeypatch)
    assert again == whole
    assert not isinstance(again.rows, PartedRows)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=300, deadline=None)
@given(
    parts=st.lists(
        st.sampled_from(
            [
                "\n",
                "\n\n",
                " \t",
                "\r",
                "\r\n",
                "# A",
                "## B #\n\n",
                "```",
                "word. ",
                "x" * 700,
                "ü, " * 500,
                "\u2028",
                "\x85",
            ]
        ),
        max_size=40,
    ),
    end=st.sampled_from([".txt", ".md"]),
    block=st.sampled_from([3, 64, 1_000]),
)
def test_any_text_is_cut_the_same_by_blocks(
    parts: list[str], end: str, block: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / f"any{end}"
    path.write_bytes(("- " + "".join(parts)).encode())
    with monkeypatch.context() as patch:
        patch.setattr(long_text, "_BLOCK", block)
        whole, streamed = both(path, patch)
    assert isinstance(streamed.rows, PartedRows)
    assert list(streamed.rows) == list(whole.rows)


@pytest.mark.parametrize("name", ["a.txt", "a.md"])
@pytest.mark.parametrize(
    ("content", "says"), [(b"one\ntwo \xff\xfe\xfd three", "line 2: bytes"), (b" \n\t ", "is empty|no text")]
)
def test_a_text_that_cannot_be_read_is_told_by_blocks(
    name: str, content: bytes, says: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(UserError, match=says):
        list(open_files(path))
    monkeypatch.setattr(large, "LARGE", 1)
    with pytest.raises(UserError, match=says):
        list(open_files(path))


@pytest.mark.parametrize(
    "content",
    [
        b'{"rows": [{"a": 1},\n{"b": }]}',
        b'{"rows": [{"a": 1}],\n}',
        b'{"rows": [{"a": 1}]\n',
        b'{"rows": [{"a": 1}]}\nx',
        b'{"a" 1,\n"b": 2}',
    ],
)
def test_a_broken_object_is_told_with_its_line(content: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "broken.json"
    path.write_bytes(content)
    monkeypatch.setattr(large, "LARGE", 1)
    with pytest.raises(UserError, match=r"broken\.json, line [12]\b"):
        read_files([path])


def test_a_value_over_many_blocks_is_decoded_a_few_times(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "long.json"
    path.write_bytes(json.dumps([{"a": "b" * 100_000}]).encode())
    monkeypatch.setattr(json_text, "_BLOCK", 100)
    monkeypatch.setattr(large, "LARGE", 1)
    tries: list[int] = []
    decoder = json.JSONDecoder()
    monkeypatch.setattr(json_text, "_DECODER", decoder)
    monkeypatch.setattr(
        decoder, "raw_decode", lambda text, at: tries.append(at) or json.JSONDecoder.raw_decode(decoder, text, at)
    )
    (contents,) = open_files(path)
    assert [len((row.values or {})["a"]) for row in contents.rows] == [100_000]
    assert len(tries) < 60


def test_what_takes_more_memory_than_is_free_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "two.json"
    path.write_bytes(json.dumps({"rows": ROWS, "others": ROWS}).encode())
    monkeypatch.setattr(loading, "_ALWAYS", 100)
    assert list(open_files(path))
    free = psutil.virtual_memory()._replace(available=path.stat().st_size * 5)
    monkeypatch.setattr(psutil, "virtual_memory", lambda: free)
    with pytest.raises(UserError, match=r"two\.json \(.*\) has to be read as a whole, which takes about .* are free"):
        list(open_files(path))
    # What is read a part at a time is never held.
    path.write_bytes(json.dumps({"rows": ROWS}).encode())
    monkeypatch.setattr(large, "LARGE", 1)
    (contents,) = open_files(path)
    assert len(list(contents.rows)) == len(ROWS)


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
    monkeypatch.setattr(json_text, "_BLOCK", 64)
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


def test_half_a_letter_at_the_end_is_refused_in_large_and_small_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "torn.json"
    path.write_bytes('[{"prompt": "What is it? Größer?",\n "answer": "It is größer."}]'.encode() + b"\xc3")
    for least in (1 << 30, 1):
        monkeypatch.setattr(large, "LARGE", least)
        with pytest.raises(UserError, match=r"torn\.json, line 2: bytes that are not text"):
            [list(contents.rows) for contents in open_files(path)]
