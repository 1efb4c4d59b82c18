"""Documents in passages: nothing is lost, nothing is too long, and each knows its place."""

from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from localft.errors import UserError
from localft.synthesis.documents import Place, SourceDocument, read_source
from localft.synthesis.passages import choose_evenly, sentences, split_documents

_SENTENCES = "The form is in the office of the house. It is open from nine to five on each working day of the week. "


def document(text: str, *places: Place, name: str = "manual.md") -> SourceDocument:
    return SourceDocument(name, text, places, len(text), "0")


def write(folder: Path, name: str, content: str | bytes) -> Path:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def test_headings_of_markdown_are_places(tmp_path: Path) -> None:
    text = "# Guide\n\nHello.\n\n```\n# no heading\n```\n\nReturns\n-------\n\n## Cost ##\n\nFree.\n"
    read = read_source(write(tmp_path, "guide.md", text))
    assert [place.name for place in read.places] == ["Guide", "Returns", "Cost"]
    assert [read.text[place.start :].split("\n")[0] for place in read.places] == ["# Guide", "Returns", "## Cost ##"]
    assert (read.bytes, len(read.sha256)) == (len(text), 64)


def test_a_text_file_has_no_headings_and_any_encoding(tmp_path: Path) -> None:
    read = read_source(write(tmp_path, "note.txt", "# no heading\r\ncaf\u00e9 ".encode("cp1252")))
    assert (read.text, read.places) == ("# no heading\ncaf\u00e9 ", ())


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("picture.png", b"\x89PNG", "picture.png is no document"),
        ("empty.txt", b" \n", "empty.txt holds no text"),
        ("zip.txt", b"PK\x03\x04 and so on", "zip.txt is a ZIP archive"),
        ("odd.txt", b"fine\n\x81\xff\xff\n", "odd.txt is not UTF-8 text in line 2"),
    ],
)
def test_what_is_no_document(name: str, content: bytes, says: str, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=says):
        read_source(write(tmp_path, name, content))


def test_a_missing_file_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="There is no file or folder"):
        read_source(tmp_path / "none.txt")


def test_a_passage_ends_at_a_heading_and_keeps_its_place() -> None:
    first, second = f"# One\n\n{_SENTENCES * 4}\n\n", f"# Two\n\n{_SENTENCES * 4}"
    read = document(first + second, Place(0, "One"), Place(len(first), "Two"), Place(len(first) + 9, "page 2", False))
    passages = split_documents([read], 600, 0)
    assert [passage.place for passage in passages] == ["One", "Two"]
    assert [passage.where for passage in passages] == ["manual.md, One", "manual.md, Two"]
    assert all(read.text[one.start : one.end] == one.text == one.text.strip() for one in passages)
    assert [passage.index for passage in passages] == [0, 1]


def test_a_page_that_turns_is_a_place_but_no_end() -> None:
    read = document(_SENTENCES * 3, Place(0, "page 1", False), Place(120, "page 2", False))
    assert [passage.place for passage in split_documents([read], 1_000, 0)] == ["page 1"]
    assert [passage.place for passage in split_documents([read], 200, 0)] == ["page 1", "page 2"]


def test_short_sections_are_put_together() -> None:
    parts = [f"# {number}\n\nA line about number {number} and nothing else here.\n\n" for number in range(6)]
    starts = [sum(map(len, parts[:number])) for number in range(6)]
    read = document("".join(parts), *(Place(start, str(number)) for number, start in enumerate(starts)))
    passages = split_documents([read], 800, 0)
    assert [passage.place for passage in passages] == ["0", "4"]
    assert passages[0].text.count("#") == 4


def test_a_long_paragraph_is_cut_between_sentences_and_repeats_some() -> None:
    numbered = [f"This is the sentence of number {number} in it." for number in range(40)]
    passages = split_documents([document(" ".join(numbered))], 300, 100)
    assert len(passages) > 5
    for before, after in pairwise(passages):
        assert after.start < before.end, "nothing is repeated"
        assert before.end - after.start <= 100
        assert after.text.startswith("This is the sentence")
        assert before.text.endswith("in it.")
    without = split_documents([document(" ".join(numbered))], 300, 0)
    assert all(after.start >= before.end for before, after in pairwise(without))


def test_what_says_too_little_is_left_out() -> None:
    assert split_documents([document("# Contents\n\n1. One")], 500, 0) == []
    chinese = "这是一个关于退货的说明。" * 3
    assert [one.text for one in split_documents([document(chinese)], 500, 0)] == [chinese]


def test_sentences_of_several_scripts() -> None:
    text = 'He said "no." Then he left! 这是。那是。 A line\nanother'
    assert sentences(text) == ['He said "no."', "Then he left!", "这是。", "那是。", "A line", "another"]


def test_passages_are_chosen_from_everywhere() -> None:
    passages = split_documents([document("\n\n".join(f"{_SENTENCES}{number}" for number in range(10)))], 200, 0)
    assert [passage.index for passage in choose_evenly(passages, 3)] == [0, 3, 6]
    assert choose_evenly(passages, 99) == passages


@settings(max_examples=150, deadline=None)
@given(
    st.lists(
        st.one_of(
            st.sampled_from(["\n\n", "\n", " ", ". ", "\u3002", "# Head\n", "\t", "!\u201d "]),
            st.text(max_size=60),
            st.just("a word and more of them here"),
        ),
        max_size=60,
    ).map("".join),
    st.integers(200, 400),
    st.integers(0, 200),
)
def test_nothing_is_lost_and_nothing_is_too_long(text: str, size: int, overlap: int) -> None:
    read = document(f"begin with eight words or more of these {text}")
    passages = split_documents([read], size, overlap)
    covered = {position for one in passages for position in range(one.start, one.end)}
    assert all(len(one.text) <= size and read.text[one.start : one.end] == one.text for one in passages)
    starts = [one.start for one in passages]
    assert starts == sorted(set(starts))
    left_out = [piece for number, piece in enumerate(read.text) if number not in covered and not piece.isspace()]
    assert len(left_out) < len(read.text) or not passages
