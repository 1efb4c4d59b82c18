"""Splitting what a model thinks from what it answers."""

import pytest

from localft.models.thinking import join_thinking, split_thinking


@pytest.mark.parametrize(
    ("text", "answer", "thinking"),
    [
        ("Paris", "Paris", ""),
        ("<think>\nhm\n</think>\n\nParis", "Paris", "hm"),
        ("  <think>a</think>Paris\n", "Paris\n", "a"),
        ("<think>\n\n</think>\n\nParis", "Paris", ""),
        ("<think>never closed", "", "never closed"),
        ("hm\n</think>\n\nParis", "Paris", "hm"),
        ("Use <think> in HTML", "Use <think> in HTML", ""),
        ("", "", ""),
    ],
)
def test_an_answer_and_its_thinking_are_told_apart(text: str, answer: str, thinking: str) -> None:
    assert split_thinking(text) == (answer, thinking)


def test_a_lone_closing_tag_in_an_example_is_part_of_the_answer() -> None:
    assert split_thinking("write </think> here", opened=False) == ("write </think> here", "")


def test_joining_undoes_splitting() -> None:
    assert split_thinking(join_thinking("Paris", "hm")) == ("Paris", "hm")
    assert join_thinking("Paris", "") == "Paris"
