"""Texts of turns that people type are read as conversations, and it is said by what these are told apart."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from localft.data.making.reading import read_files
from localft.data.readers.encoding import Lines
from localft.data.readers.pasting import keep_in
from localft.data.readers.typed_turns import read_turns
from localft.data.shapes.chats import ChatChoice
from localft.data.shapes.detecting import Shape

BLOCKS = "User: One?\nAssistant: First.\nMore of it.\n\nUser: Two?\nAssistant: Second.\n"


def talks(text: str) -> list[list[tuple[str, str]]]:
    found = read_turns(Lines([*text.split("\n")], [], []))
    assert found is not None
    assert found.layout is not None
    return [
        [(turn["role"], turn["content"]) for turn in row.values["messages"]]
        for row in found.rows
        if row.values is not None
    ]


@pytest.mark.parametrize(
    ("text", "counts", "says"),
    [
        (BLOCKS, [2, 2], "turns begin with User: and Assistant:, and empty lines part the conversations"),
        (BLOCKS.replace("\n\n", "\n"), [4], "all of it is one conversation"),
        ("Human: One?\n\nAI: First.\n\nHuman: Two?\n\nAI: Second.", [4], "turns begin with Human: and AI:"),
        ("Human: One?\n\nAI: First.\n\n\nHuman: Two?\n\nAI: Second.", [2, 2], "the larger gaps part"),
        (f"{BLOCKS}\n---\n\nUser: Three?\nAssistant: Third.\n***\n", [4, 2], "a line of signs parts"),
        (f"System: Be brief.\n\n{BLOCKS}\nSystem: Be long.\nUser: Three?\nAssistant: So.", [5, 3], "a system prompt"),
        ("**User:** One?\n**Assistant:** First.", [2], "turns begin with User: and Assistant:"),
        ("user：One?\nassistant：First.", [2], "turns begin with user: and assistant:"),
    ],
)
def test_conversations_are_told_apart(text: str, counts: list[int], says: str) -> None:
    found = read_turns(Lines([*text.split("\n")], [], []))
    assert found is not None
    assert found.layout is not None
    assert says in found.layout.reason
    assert [len(talk) for talk in talks(text)] == counts


def test_what_stands_in_a_turn_stays_in_it() -> None:
    text = "User: It fails.\nSystem: Windows 11\nHuman: no mark here\n---\nand on\nAssistant: See:\n\n- a\n---\n"
    assert talks(text) == [
        [
            ("user", "It fails.\nSystem: Windows 11\nHuman: no mark here\n---\nand on"),
            ("assistant", "See:\n\n- a"),
        ]
    ]


@pytest.mark.parametrize(
    "text", ["Assistant: First.\nUser: One?", "User: only asked", "A play.\n\nUser: One?\nAssistant: First.", "", "\n"]
)
def test_other_texts_are_none(text: str) -> None:
    assert read_turns(Lines([*text.split("\n")], [], [])) is None


@pytest.mark.parametrize("name", ["a.txt", "a.md", "a"])
def test_files_of_turns_are_read_so_and_can_be_had_as_documents(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_text(BLOCKS, encoding="utf-8")
    found = read_files([path])
    assert [source.shape for source in found.sources] == [Shape.TRANSCRIPTS]
    assert [one.answer for one in found.examples] == ["First.\nMore of it.", "Second."]
    assert [one.row for one in found.examples] == [1, 5]
    if name.endswith("t"):
        assert all(one.plain for one in read_files([path], chat=ChatChoice(taken_as="document")).examples)


def test_a_last_question_is_set_aside_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text(f"{BLOCKS}\nUser: Three?\n", encoding="utf-8")
    found = read_files([path])
    assert len(found.examples) == 2
    assert [(row.row, row.kind) for row in found.set_aside] == [(8, "too few messages")]


def test_pasted_turns_are_text(tmp_path: Path) -> None:
    assert keep_in(tmp_path, b"User: One, two?\nAssistant: First, second.\n").suffix == ".txt"


@given(
    st.lists(st.sampled_from(["User: a", "Assistant: b", "System: c", "", "---", "text", "AI: d", ":"]), max_size=12)
)
def test_no_word_is_lost_whatever_is_typed(lines: list[str]) -> None:
    found = read_turns(Lines([*lines], [], []))
    if found is None:
        return
    said = [
        word for row in found.rows if row.values for turn in row.values["messages"] for word in turn["content"].split()
    ]
    assert [said.count(word) for word in ("a", "b", "d")] == [
        sum(word in line.split() for line in lines) for word in ("a", "b", "d")
    ]
