"""Files that survive a crash: atomic writes under kill -9, logs with torn lines, locks, names for every system."""

import json
import os
import random
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from localft.errors import UserError
from localft.store import files

REPOSITORY = Path(__file__).parents[2]

_WRITER = """
import sys
from pathlib import Path
from localft.store import files
path, number = Path(sys.argv[1]), 0
while True:
    number += 1
    files.write_json(path, {"number": number, "filling": [number] * 20_000})
"""

_APPENDER = """
import sys
from pathlib import Path
from localft.store import files
for number in range(200):
    files.append_line(Path(sys.argv[1]), {"writer": sys.argv[2], "number": number, "filling": "x" * 3000})
"""


def run(script: str, *arguments: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-c", script, *arguments], cwd=REPOSITORY)


def test_a_file_is_whole_whenever_its_writer_is_killed(tmp_path: Path) -> None:
    path = tmp_path / "record.json"
    chooser = random.Random(1)
    for _ in range(8):
        writer = run(_WRITER, str(path))
        deadline = time.monotonic() + 20
        while not path.exists():
            assert time.monotonic() < deadline
            time.sleep(0.01)
        time.sleep(chooser.uniform(0.0, 0.1))
        writer.kill()
        writer.wait()
        value = json.loads(path.read_text(encoding="utf-8"))
        assert value["filling"] == [value["number"]] * 20_000


def test_a_failed_write_leaves_the_old_content_and_no_litter(tmp_path: Path) -> None:
    path = tmp_path / "record.json"
    files.write_text(path, "old")
    with pytest.raises(TypeError):
        files.write_json(path, {"object": object()})
    with pytest.raises(UnicodeEncodeError):
        files.write_text(path, "lone surrogate \ud800")
    assert path.read_text(encoding="utf-8") == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_line_feeds_are_written_as_they_are(tmp_path: Path) -> None:
    files.write_text(tmp_path / "text", "one\ntwo\r\n")
    assert (tmp_path / "text").read_bytes() == b"one\ntwo\r\n"


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe", b'{"a": 1} x', b"[" * 100_000])
def test_a_damaged_file_is_named(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "record.json").write_bytes(content)
    with pytest.raises(UserError, match=r"record\.json is damaged"):
        files.read_json(tmp_path / "record.json")


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"record\.json is missing"):
        files.read_json(tmp_path / "record.json")


def test_two_writers_of_a_log_never_mix_their_lines(tmp_path: Path) -> None:
    log = tmp_path / "events.jsonl"
    writers = [run(_APPENDER, str(log), name) for name in ("a", "b")]
    assert [writer.wait(60) for writer in writers] == [0, 0]
    lines, offset = files.read_lines(log)
    assert offset == log.stat().st_size
    for name in ("a", "b"):
        assert [line["number"] for line in lines if line["writer"] == name] == list(range(200))


def test_a_line_still_being_written_is_left_for_the_next_look(tmp_path: Path) -> None:
    log = tmp_path / "events.jsonl"
    files.append_line(log, {"number": 1})
    with log.open("ab") as file:
        file.write(b'{"number"')
    first, offset = files.read_lines(log)
    assert first == [{"number": 1}]
    with log.open("ab") as file:
        file.write(b": 2}\n")
    assert files.read_lines(log, offset)[0] == [{"number": 2}]


@given(tear=st.integers(min_value=0, max_value=60))
@settings(max_examples=61, deadline=None)
def test_a_torn_line_spoils_only_itself(tmp_path_factory: pytest.TempPathFactory, tear: int) -> None:
    log = tmp_path_factory.mktemp("log") / "events.jsonl"
    files.append_line(log, {"number": 1, "text": "whole"})
    whole = json.dumps({"number": 2, "nested": {"list": [1, 2]}, "text": "torn"}).encode() + b"\n"
    with log.open("ab") as file:
        file.write(whole[:tear])
    files.append_line(log, {"number": 3})
    numbers = [line["number"] for line in files.read_lines(log)[0]]
    assert numbers in ([1, 3], [1, 2, 3])
    assert files.read_last_lines(log, limit_bytes=30)[-1] == {"number": 3}


def test_a_lock_is_exclusive_and_given_back(tmp_path: Path) -> None:
    with (
        files.locked(tmp_path / ".lock"),
        pytest.raises(UserError, match="another localft"),
        files.locked(tmp_path / ".lock", timeout=0.05),
    ):
        raise AssertionError("two held the lock")
    with files.locked(tmp_path / ".lock", timeout=0.05):
        pass


def test_ids_sort_by_time_and_never_repeat() -> None:
    ids = [files.new_id() for _ in range(200)]
    assert len(set(ids)) == 200
    stamps = [name.rsplit("-", 1)[0] for name in ids]
    assert stamps == sorted(stamps)


def test_the_size_of_a_folder_follows_no_links(tmp_path: Path) -> None:
    (tmp_path / "inner").mkdir()
    (tmp_path / "inner" / "file").write_bytes(b"x" * 100)
    if os.name == "posix":
        (tmp_path / "link").symlink_to(tmp_path / "inner")
        (tmp_path / "file link").symlink_to(tmp_path / "inner" / "file")
    assert files.folder_bytes(tmp_path) == 100


def test_a_folder_whose_filling_fails_is_gone(tmp_path: Path) -> None:
    with files.all_or_nothing(tmp_path / "whole"):
        files.write_text(tmp_path / "whole" / "a", "a")
    with pytest.raises(OSError, match="full"), files.all_or_nothing(tmp_path / "half"):
        files.write_text(tmp_path / "half" / "a", "a")
        raise OSError("full")
    assert [path.name for path in tmp_path.iterdir()] == ["whole"]
