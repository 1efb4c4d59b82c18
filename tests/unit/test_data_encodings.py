"""Texts in the encodings that were used before UTF-8 are read as they were written, and a note says as what."""

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from localft.cli.main import main
from localft.data.making.reading import ReadResult, read_files
from localft.data.readers import recoding
from localft.data.readers.guessing import called
from localft.data.shapes.chats import ChatChoice
from localft.errors import UserError
from localft.store.projects import create_project
from tests.sentences_of_languages import ENCODINGS, SENTENCES

WRITTEN = [(language, encoding) for language, encodings in ENCODINGS.items() for encoding in encodings]
CALLED = {
    "big5": "Big5",
    "cp866": "CP866",
    "euc_jp": "EUC-JP",
    "euc_kr": "EUC-KR",
    "gb18030": "GB18030",
    "iso8859_2": "ISO-8859-2",
    "koi8_r": "KOI8-R",
    "mac_roman": "Mac Roman",
    "shift_jis": "Shift JIS",
    **{f"cp{number}": f"Windows-{number}" for number in range(1250, 1255)},
}


def table(sentences: list[str]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(
        [("prompt", "answer"), *((f"Say {n}", s) for n, s in enumerate(sentences))]
    )
    return text.getvalue()


def lines(sentences: list[str]) -> str:
    rows = ({"prompt": f"Say {number}", "completion": said} for number, said in enumerate(sentences))
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


def array(sentences: list[str]) -> str:
    return json.dumps([json.loads(line) for line in lines(sentences).splitlines()], ensure_ascii=False)


def read(tmp_path: Path, content: bytes, suffix: str) -> ReadResult:
    path = tmp_path / f"a{suffix}"
    path.write_bytes(content)
    return read_files([path])


@pytest.mark.parametrize(("suffix", "write"), [(".csv", table), (".jsonl", lines), (".json", array)])
@pytest.mark.parametrize(("language", "encoding"), WRITTEN)
def test_rows_of_any_encoding_are_read_as_written(
    language: str, encoding: str, suffix: str, write: Callable[[list[str]], str], tmp_path: Path
) -> None:
    result = read(tmp_path, write(SENTENCES[language]).encode(encoding), suffix)
    assert [one.answer for one in result.examples] == SENTENCES[language]
    assert not result.set_aside
    (note,) = result.notes
    assert note.startswith(f"a{suffix} is not UTF-8; it was read as {CALLED[encoding]}: “")
    word = note.split("“")[1].split("”")[0]
    assert not word.isascii()
    assert any(word in sentence for sentence in SENTENCES[language])


@pytest.mark.parametrize(("language", "encoding"), WRITTEN)
def test_text_of_any_encoding_is_read_as_written(language: str, encoding: str, tmp_path: Path) -> None:
    text = "\n".join(SENTENCES[language])
    result = read(tmp_path, text.encode(encoding), ".txt")
    assert "\n".join(one.answer for one in result.examples) == text
    assert any(f"read as {CALLED[encoding]}: “" in note for note in result.notes)


@pytest.mark.parametrize("count", [1, 2, 3])
@pytest.mark.parametrize(
    "language", ["German", "French", "Spanish", "Polish", "Czech", "Russian", "Japanese", "Korean"]
)
def test_a_few_sentences_are_enough_for_the_encoding_of_windows(language: str, count: int, tmp_path: Path) -> None:
    said = SENTENCES[language][:count]
    result = read(tmp_path, table(said).encode(ENCODINGS[language][0]), ".csv")
    assert [one.answer for one in result.examples] == said


def test_english_with_curly_quotation_marks_is_western(tmp_path: Path) -> None:
    said = ["I don’t know.", "“Yes” — she said…", "It’s five o’clock."] * 10
    result = read(tmp_path, table(said).encode("cp1252"), ".csv")
    assert [one.answer for one in result.examples] == said
    assert "read as Windows-1252: “don’t”" in result.notes[0]


@pytest.mark.parametrize(("suffix", "write"), [(".csv", table), (".jsonl", lines)])
@pytest.mark.parametrize("language", SENTENCES)
def test_damaged_utf8_stays_utf8_and_loses_only_the_damaged_rows(
    language: str, suffix: str, write: Callable[[list[str]], str], tmp_path: Path
) -> None:
    content = write(SENTENCES[language]).encode().replace(b"Say 3", b"Say \xe9\xff").replace(b"Say 7", b"Say \x9f")
    result = read(tmp_path, content, suffix)
    said = [sentence for number, sentence in enumerate(SENTENCES[language]) if number not in {3, 7}]
    assert [one.answer for one in result.examples] == said
    first = 5 if suffix == ".csv" else 4
    assert [(one.row, one.kind) for one in result.set_aside] == [(first, "undecodable"), (first + 4, "undecodable")]
    assert not any("read as" in note for note in result.notes)


def test_a_line_that_the_encoding_does_not_have_is_set_aside(tmp_path: Path) -> None:
    content = table(SENTENCES["Russian"]).encode("cp1251").replace(b"Say 3", b"Say \x98")
    result = read(tmp_path, content, ".csv")
    assert len(result.examples) == len(SENTENCES["Russian"]) - 1
    assert [(one.row, one.kind) for one in result.set_aside] == [(5, "undecodable")]


def test_what_begins_with_a_mark_is_never_taken_for_something_else(tmp_path: Path) -> None:
    content = b"\xef\xbb\xbf" + table(SENTENCES["German"]).encode("cp1252")
    with pytest.raises(UserError, match="bytes that are not text in its encoding"):
        read(tmp_path, content, ".csv")


def test_only_the_first_words_of_a_long_file_are_looked_at(tmp_path: Path) -> None:
    plain = lines(["nothing beyond ASCII here"] * 3_000)
    result = read(tmp_path, (plain + lines(SENTENCES["Czech"])).encode("cp1250"), ".jsonl")
    assert [one.answer for one in result.examples][-10:] == SENTENCES["Czech"]


@pytest.mark.parametrize("language", ["German", "Russian", "Japanese"])
def test_a_word_without_end_among_others_is_no_trouble(language: str, tmp_path: Path) -> None:
    said = [*SENTENCES[language], "A" * 2_000_000 + SENTENCES[language][0]]
    result = read(tmp_path, lines(said).encode(ENCODINGS[language][0]), ".jsonl")
    assert [one.answer for one in result.examples] == said


@pytest.mark.parametrize(("suffix", "write"), [(".csv", table), (".jsonl", lines), (".json", array)])
def test_the_encoding_may_be_told(suffix: str, write: Callable[[list[str]], str], tmp_path: Path) -> None:
    path = tmp_path / f"a{suffix}"
    path.write_bytes(write(["İstanbul şehrinde"]).encode("cp1254"))
    result = read_files([path], chat=ChatChoice(encoding="cp1254"))
    assert [one.answer for one in result.examples] == ["İstanbul şehrinde"]
    assert result.notes == [f"a{suffix} was read as Windows-1254, as you said."]


def test_an_encoding_that_is_not_or_does_not_fit_is_told(tmp_path: Path) -> None:
    for name in ("cp9999", "base64", "undefined", "unicode_escape", "raw_unicode_escape", "idna", "charmap", "a\0b"):
        with pytest.raises(UserError, match="no encoding"):
            ChatChoice(encoding=name)
    for name in ("", " "):
        with pytest.raises(UserError, match="encoding without a name"):
            ChatChoice(encoding=name)
    path = tmp_path / "a.csv"
    path.write_bytes(table(SENTENCES["Russian"]).encode("cp1251"))
    with pytest.raises(UserError, match=r"a\.csv is not EUC-JP text: of [0-9]+ lines with letters beyond ASCII"):
        read_files([path], chat=ChatChoice(encoding="euc_jp"))


def test_the_command_line_tells_the_encoding(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(table(SENTENCES["Turkish"][:2]).encode("cp1254"))
    create_project("turkish")
    assert main(["data", "import", "turkish", str(path), "--encoding", "cp1254", "--dry-run"]) == 0
    assert "read as Windows-1254, as you said" in " ".join(capsys.readouterr().out.split())
    assert main(["data", "import", "turkish", str(path), "--encoding", "cp9999"]) != 0
    assert "no encoding 'cp9999'" in capsys.readouterr().err


@pytest.mark.parametrize("encoding", ["utf-8", "ascii", "cp1250"])
@pytest.mark.parametrize(("suffix", "write"), [(".csv", table), (".jsonl", lines)])
def test_a_line_that_is_not_in_the_told_encoding_is_set_aside(
    suffix: str, write: Callable[[list[str]], str], encoding: str, tmp_path: Path
) -> None:
    said = {"ascii": [f"Plain words number {number} of them" for number in range(9)]}.get(
        encoding, SENTENCES["Czech"][:9]
    )
    content = write(said).encode(encoding).replace(said[4].encode(encoding), b"\x81 is no letter here \xe8")
    (tmp_path / f"a{suffix}").write_bytes(content)
    result = read_files([tmp_path / f"a{suffix}"], chat=ChatChoice(encoding=encoding))
    assert [one.answer for one in result.examples] == [*said[:4], *said[5:]]
    assert [(one.row, one.kind) for one in result.set_aside] == [(6 if suffix == ".csv" else 5, "undecodable")]
    assert [note for note in result.notes if "read as" in note] == [
        f"a{suffix} was read as {called(encoding)}, as you said."
    ]


@pytest.mark.parametrize(("name", "encoding", "bad"), [("a.json", "utf-8", b"\x81"), ("a.txt", "utf-16-le", b"\0\xd8")])
def test_what_is_no_lines_is_refused_with_the_line(name: str, encoding: str, bad: bytes, tmp_path: Path) -> None:
    said = '[\n{"prompt": "What is it?",\n"answer": "~"}]'.encode(encoding).replace("~".encode(encoding), bad)
    (tmp_path / name).write_bytes(said)
    with pytest.raises(UserError, match=rf"{name}, line 3"):
        read_files([tmp_path / name], chat=ChatChoice(encoding=encoding))


@pytest.mark.parametrize("encoding", ["utf-8", "cp932", "euc_jp", "gb18030"])
@pytest.mark.parametrize("chunk", [1, 7, 64, 1 << 20])
def test_a_file_is_the_same_text_however_it_is_divided(
    encoding: str, chunk: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recoding, "_CHUNK", chunk)
    said = SENTENCES["Japanese"]
    content = lines(said).encode(encoding).replace(said[4].encode(encoding), b"\x81")
    (tmp_path / "a.jsonl").write_bytes(content)
    result = read_files([tmp_path / "a.jsonl"], chat=ChatChoice(encoding=encoding))
    assert [one.answer for one in result.examples] == [*said[:4], *said[5:]]
    assert [(one.row, one.kind) for one in result.set_aside] == [(5, "undecodable")]
