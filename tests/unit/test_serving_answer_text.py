import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from localft.models.thinking import split_thinking
from localft.serving.answer_text import AnswerText, TokenText

PIECES = st.lists(
    st.one_of(
        st.sampled_from(["<think>", "</think>", "<thi", "nk>", "</th", "\n", "\n\n", " ", "STOP", "ST", "OP"]),
        st.text(max_size=6),
    ),
    max_size=12,
)


def whole(pieces: list[str], stop: tuple[str, ...] = (), opened: bool = False) -> AnswerText:
    answer = AnswerText(stop, opened)
    shown = [answer.push(piece) for piece in pieces] + [answer.finish()]
    assert "".join(delta.text for delta in shown if delta) == answer.text
    assert "".join(delta.thinking for delta in shown if delta) == answer.thinking
    return answer


@given(PIECES)
def test_streamed_text_is_what_splitting_the_whole_gives(pieces: list[str]) -> None:
    answer = whole(pieces)
    assert (answer.text, answer.thinking) == split_thinking("".join(pieces), opened=False)


@given(PIECES)
def test_the_cut_does_not_depend_on_the_pieces(pieces: list[str]) -> None:
    text = "".join(pieces)
    streamed, at_once = whole(pieces, ("STOP",)), whole([text], ("STOP",))
    assert (streamed.text, streamed.thinking) == (at_once.text, at_once.thinking)
    assert streamed.text == split_thinking(text, opened=False)[0].partition("STOP")[0]


def test_a_prompt_that_opened_the_thinking_is_gone_on_with() -> None:
    answer = whole(["\nLet me ", "see.\n<", "/think>", "\n\n", "Paris"], opened=True)
    assert (answer.text, answer.thinking) == ("Paris", "Let me see.")


def test_thinking_that_is_never_closed_leaves_no_answer() -> None:
    assert whole(["<think>", "hm\n"]).text == ""
    assert whole(["<think>", "hm\n"]).thinking == "hm"


def test_stop_texts_are_not_looked_for_in_the_thinking() -> None:
    answer = whole(["<think>a STOP b</think>", "c STOP d"], ("STOP",))
    assert (answer.text, answer.thinking, answer.stopped) == ("c ", "a STOP b", True)


def test_the_first_of_several_stop_texts_ends_the_answer() -> None:
    assert whole(["one two three"], ("three", "two")).text == "one "


def test_what_may_be_the_beginning_of_a_stop_text_is_held_back() -> None:
    answer = AnswerText(("###",))
    first = answer.push("a #")
    assert first is not None
    assert first.text == "a "
    second = answer.push("b")
    assert second is not None
    assert second.text == "#b"


@given(st.text(max_size=40))
def test_characters_of_several_tokens_come_whole(text: str) -> None:
    def decode(ids: list[int] | tuple[int, ...]) -> str:
        return bytes(ids).decode("utf-8", errors="replace")

    tokens = TokenText(lambda ids: decode(list(ids)))
    pieces = [tokens.push(byte) for byte in text.encode("utf-8")] + [tokens.finish()]
    assert "".join(pieces) == text
    if "\ufffd" not in text:
        assert not any("\ufffd" in piece for piece in pieces)


def test_broken_bytes_at_the_end_are_shown_as_such() -> None:
    tokens = TokenText(lambda ids: bytes(ids).decode("utf-8", errors="replace"))
    assert tokens.push(0xC3) == ""
    assert tokens.finish() == "\ufffd"


@pytest.mark.parametrize("text", ['{"a": 1}', "x" * 1000])
def test_plain_text_passes_unchanged(text: str) -> None:
    assert whole([text]).text == text
    assert json.dumps(whole(list(text)).text) == json.dumps(text)
