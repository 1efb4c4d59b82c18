"""Documents in passages: nothing is lost, nothing is too long, and each knows its place."""

from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from localft.data.readers.documents import Document, Part
from localft.synthesis.passages import choose_evenly, sentences, split_documents

_SENTENCES = "The form is in the office of the house. It is open from nine to five on each working day of the week. "


def document(text: str, *parts: Part) -> Document:
    return Document("Manual", text, parts, (), "manual.md", len(text), "0")


def test_a_passage_ends_at_a_heading_and_keeps_its_place() -> None:
    first, second = f"# One\n\n{_SENTENCES * 4}\n\n", f"# Two\n\n{_SENTENCES * 4}"
    read = document(first + second, Part(0, "One"), Part(len(first), "Two"))
    passages = split_documents([read], 600, 0)
    assert [passage.place for passage in passages] == ["One", "Two"]
    assert [passage.where for passage in passages] == ["manual.md, One", "manual.md, Two"]
    assert all(read.text[one.start : one.end] == one.text == one.text.strip() for one in passages)
    assert [passage.index for passage in passages] == [0, 1]


def test_a_page_that_turns_is_a_place_but_no_end() -> None:
    read = document(_SENTENCES * 3, Part(0, "page 1"), Part(120, "page 2"))
    assert [passage.place for passage in split_documents([read], 1_000, 0)] == ["pages 1 to 2"]
    assert [passage.place for passage in split_documents([read], 200, 0)] == ["pages 1 to 2", "page 2"]


def test_short_sections_are_put_together() -> None:
    parts = [f"# {number}\n\nA line about number {number} and nothing else here.\n\n" for number in range(6)]
    starts = [sum(map(len, parts[:number])) for number in range(6)]
    read = document("".join(parts), *(Part(start, str(number)) for number, start in enumerate(starts)))
    passages = split_documents([read], 800, 0)
    assert [passage.place for passage in passages] == ["0 to 3", "4 to 5"]
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


def test_a_row_of_full_stops_is_gone_through_once() -> None:
    # Gone through from each of them, it would take hours.
    dots = "." * 1_000_000
    assert sentences(f"One.{dots} Two") == [f"One.{dots}", "Two"]
    assert sentences(dots) == [dots]


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
