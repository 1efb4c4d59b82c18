"""Packed files are read as what is in them, large files of archives from the disk, and bombs are refused."""

import bz2
import gzip
import hashlib
import io
import json
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pyarrow
import pytest

from localft import paths
from localft.data.making import reading
from localft.data.making.reading import are_many, read_files
from localft.data.readers import archive, large, recoding, unpacking
from localft.data.readers.opening import open_files
from localft.data.shapes.chats import ChatChoice
from localft.data.shapes.rows import PartedRows
from localft.errors import Stopped, UserError

ROWS = [{"prompt": f"question {n}", "completion": f"answer {n}"} for n in range(40)]
LINES = "".join(json.dumps(row) + "\n" for row in ROWS).encode()
TABLE = ("prompt,completion\n" + "".join(f"question {n},answer {n}\n" for n in range(40))).encode()


def packed_by_arrow(folder: Path, content: bytes) -> bytes:
    path = folder / "made.zst"
    with pyarrow.CompressedOutputStream(pyarrow.OSFile(str(path), "wb"), "zstd") as stream:
        stream.write(content)
    made = path.read_bytes()
    path.unlink()
    return made


def scratch_folders() -> list[Path]:
    return [one for one in (paths.cache_dir() / "reading").glob("*") if one.is_dir()]


@pytest.mark.parametrize(
    ("inner", "content"), [("rows.jsonl", LINES), ("rows.csv", TABLE), ("rows.json", json.dumps(ROWS).encode())]
)
@pytest.mark.parametrize("ending", [".gz", ".bz2", ".zst", ""])
@pytest.mark.parametrize("is_large", [False, True])
def test_a_packed_file_is_what_is_in_it(
    ending: str, inner: str, content: bytes, is_large: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pack: Callable[[bytes], bytes] = {".bz2": bz2.compress, ".zst": lambda one: packed_by_arrow(tmp_path, one)}.get(
        ending, gzip.compress
    )
    (tmp_path / inner).write_bytes(content)
    plain = read_files([tmp_path / inner])
    path = tmp_path / f"{inner}{ending}"
    path.write_bytes(pack(content))
    if is_large:
        monkeypatch.setattr(large, "LARGE", 1)
        monkeypatch.setattr(reading, "MANY_BYTES", 0)
    read = read_files([path])
    assert [one.model_copy(update={"source": inner}) for one in read.examples] == list(plain.examples)
    assert (read.sources[0].name, read.sources[0].bytes) == (path.name, path.stat().st_size)
    assert read.sources[0].sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    del read
    assert scratch_folders() == []


@pytest.mark.parametrize("is_large", [False, True])
def test_files_of_an_archive_are_read_from_the_disk_where_they_are_large(
    is_large: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "all.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as made:
        for name, content in {"a.jsonl": LINES, "b.csv": TABLE, "c.bin": b"\0\1", "../d.jsonl": LINES}.items():
            made.writestr(name, content)
    small = [(one.name, [row.values for row in one.rows]) for one in open_files(path)]
    if is_large:
        monkeypatch.setattr(large, "LARGE", 1)
        monkeypatch.setattr(archive, "LARGE", 1)
    found = list(open_files(path))
    assert [isinstance(one.rows, PartedRows) for one in found] == [is_large] * 3
    assert [(one.name, [row.values for row in one.rows]) for one in found] == small
    assert [one.name for one in found] == ["all.zip/a.jsonl", "all.zip/b.csv", "all.zip/../d.jsonl"]
    assert "Left out: all.zip/c.bin is of no format that localft reads inside an archive." in [
        note for one in found for note in one.notes
    ]
    del found
    assert scratch_folders() == []
    assert {one.name for one in tmp_path.iterdir()} <= {"all.zip", "home"}


def test_a_bomb_is_refused_on_the_way(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unpacking, "SHRUNK_FROM", 1 << 20)
    path = tmp_path / "bomb.jsonl.gz"
    path.write_bytes(gzip.compress(bytes(8 << 20)))
    with pytest.raises(UserError, match=r"bomb\.jsonl\.gz unpacks to more than 200 times its size"):
        read_files([path])
    monkeypatch.setattr(unpacking, "SHRUNK_FROM", 64 << 20)
    monkeypatch.setattr(unpacking, "MOST_BYTES", 2 << 20)
    with pytest.raises(UserError, match=r"unpacks to 3\.1 MB and more, too much for the disk"):
        read_files([path])
    assert scratch_folders() == []


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("a.jsonl.gz", gzip.compress(LINES)[:-20], "a.jsonl.gz is damaged gzip data"),
        ("a.jsonl.gz", gzip.compress(LINES)[:60] + b"\xff" * 60, "a.jsonl.gz is damaged gzip data"),
        ("a.jsonl.bz2", bz2.compress(LINES)[:-20], "a.jsonl.bz2 is damaged bzip2 data"),
        ("a.jsonl.zst", b"\x28\xb5\x2f\xfd" + b"\xff" * 60, "a.jsonl.zst is damaged Zstandard data"),
        ("a.jsonl.gz", gzip.compress(b""), "a.jsonl.gz is empty"),
        ("a.gz", gzip.compress(gzip.compress(LINES)), "gzip"),
    ],
)
def test_what_cannot_be_unpacked_is_a_sentence(name: str, content: bytes, says: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(UserError, match=says):
        read_files([tmp_path / name])
    assert scratch_folders() == []


def test_unpacking_is_told_and_can_be_stopped(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl.gz"
    path.write_bytes(gzip.compress(LINES))
    told: list[str] = []

    def stop(message: str, done: float, total: float, unit: str) -> None:
        told.append(f"{message}: {done:g} {unit}")
        raise Stopped("Stopped.")

    with pytest.raises(Stopped):
        read_files([path], tell=stop)
    assert told == [f"Unpacking a.jsonl.gz: {len(LINES)} bytes"]
    assert scratch_folders() == []


def test_a_tar_archive_is_refused(tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "a.tar.gz", "w:gz") as made:
        info = tarfile.TarInfo("a.jsonl")
        info.size = len(LINES)
        made.addfile(info, io.BytesIO(LINES))
    with pytest.raises(UserError, match=r"a\.tar\.gz is a TAR archive"):
        read_files([tmp_path / "a.tar.gz"])


def test_packed_files_count_for_what_is_in_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "MANY_BYTES", 5_000)
    for name, content in (("a.jsonl", b"x" * 1_000), ("a.gz", gzip.compress(bytes(range(256)) * 4, 0))):
        (tmp_path / name).write_bytes(content)
    assert [are_many([tmp_path / name]) for name in ("a.jsonl", "a.gz", "none.gz")] == [False, True, False]


WIDE = ("utf-16", "utf-16-be", "utf-16-le", "utf-32")


@pytest.mark.parametrize("encoding", WIDE)
@pytest.mark.parametrize("told", [False, True])
@pytest.mark.parametrize("suffix", [".jsonl", ".csv"])
@pytest.mark.parametrize(("least", "chunk"), [(1 << 30, 1 << 20), (1, 7), (1, 1 << 20)])
def test_of_wide_text_a_damaged_line_is_set_aside(
    encoding: str, told: bool, suffix: str, least: int, chunk: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same whether it is read as a whole or a block at a time, and whether its encoding is found or told."""
    monkeypatch.setattr(large, "LARGE", least)
    monkeypatch.setattr(recoding, "_CHUNK", chunk)
    header = [] if suffix == ".jsonl" else ["prompt,answer"]
    form = '{{"prompt": "q {0}", "answer": "answer {0}"}}' if suffix == ".jsonl" else "q {0},answer {0}"
    said = [form.format(number) for number in range(40)]
    content = "".join(f"{line}\n" for line in [*header, *said]).encode(encoding)
    bare = "utf-32-le" if encoding == "utf-32" else "utf-16-le" if encoding == "utf-16" else encoding
    half = "\ud83d".encode(bare, "surrogatepass")
    for word in ("answer 7", "answer 39"):
        # Half a pair just before the end of its line, and one within it.
        content = content.replace(word.encode(bare), word[:-1].encode(bare) + half)
    content = content.replace("q 20".encode(bare), "q ".encode(bare) + half + "0".encode(bare))
    path = tmp_path / f"wide{suffix}"
    path.write_bytes(content)
    result = read_files([path], chat=ChatChoice(encoding=encoding if told else None))
    bad = [number + 1 + len(header) for number in (7, 20, 39)]
    assert [(row.row, row.kind) for row in result.set_aside] == [(row, "undecodable") for row in bad]
    assert [one.answer for one in result.examples] == [f"answer {n}" for n in range(40) if n not in {7, 20, 39}]
    assert "q 7" in result.set_aside[0].text and "\ufffd" in result.set_aside[0].text


@pytest.mark.parametrize("encoding", WIDE)
@pytest.mark.parametrize("least", [1, 1 << 30])
def test_of_wide_text_that_ends_within_a_letter_the_last_line_is_set_aside(
    encoding: str, least: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(large, "LARGE", least)
    path = tmp_path / "wide.jsonl"
    path.write_bytes(LINES.decode().strip().encode(encoding)[:-1])
    result = read_files([path])
    count = LINES.count(b"\n")
    assert [(row.row, row.kind) for row in result.set_aside] == [(count, "undecodable")]
    assert len(result.examples) == count - 1


@pytest.mark.parametrize("least", [1, 1 << 30])
@pytest.mark.parametrize("name", ["a.json", "a.txt"])
def test_of_wide_text_without_rows_a_damaged_line_is_told(
    name: str, least: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(large, "LARGE", least)
    text = "Some words of a text.\nAnd ~.\n" if name == "a.txt" else '[{"prompt": "q",\n "answer": "~"}]'
    content = text.encode("utf-16").replace("~".encode("utf-16-le"), b"\0\xd8")
    (tmp_path / name).write_bytes(content)
    with pytest.raises(UserError, match=rf"{name}, line 2: bytes that are not text in its encoding"):
        read_files([tmp_path / name])
