"""A question is the same whatever stands around it; a longer text that holds it word for word asks it as well."""

import pytest

from localft.data.texts.containing import holding, says_enough
from localft.data.texts.forewords import without_forewords
from localft.data.texts.normalising import words_in
from localft.data.texts.runs import Texts

QUESTION = "Who wrote Faust?"


@pytest.mark.parametrize(
    "asked",
    [
        "Answer the question: Who wrote Faust?",
        "Q: Who wrote Faust?",
        "Q: Who wrote Faust? A:",
        "Question: who wrote Faust?\nAnswer:",
        "Please answer: Who wrote Faust? Answer briefly.",
        "Hello! I have a question. Could you tell me who wrote Faust? Thanks in advance!",
        "Beantworte bitte die folgende Frage: Who wrote Faust? Antworte kurz.",
        "请回答：Who wrote Faust？谢谢",
    ],
)
def test_what_asks_nothing_is_left_out_around_a_question(asked: str) -> None:
    assert without_forewords(words_in(asked)) == words_in(QUESTION)


@pytest.mark.parametrize("asked", ["Hello", "Please answer the question", "Tell me", "Is this vitamin A", "Thanks", ""])
def test_something_is_always_left(asked: str) -> None:
    said = words_in(asked)
    assert (without_forewords(said) != "") == (said != "")
    assert without_forewords(words_in("Is this vitamin A")) == "is this vitamin a"


def test_a_text_is_found_where_it_stands_as_a_whole_within_another() -> None:
    wanted = ["when does jupiter rise tonight", "how far is it from here"]
    texts = Texts([
        "Ask when does Jupiter rise, tonight?",
        "When does Jupiter rise",
        "tonight of all nights",
        "It is far from here. How far is it from here? When does Jupiter rise tonight?",
        "",
        "when does jupiter rise tonight",
    ])  # fmt: skip
    assert sorted(holding(texts, wanted)) == [(0, 0), (0, 3), (0, 5), (1, 3)]
    assert list(holding(Texts(), wanted)) == []
    assert list(holding(texts, [])) == []


def test_only_what_says_enough_is_looked_for() -> None:
    assert not says_enough("can you help me")
    assert says_enough("can you help me here")
    assert says_enough(words_in("法国的首都是哪一座城市？"))
    assert not says_enough(words_in("你好吗？"))


def test_some_of_many_texts_are_the_same_texts() -> None:
    said = ["one two three four", "", "five", "six seven eight nine ten"]
    import numpy

    some = Texts(said).chosen(numpy.array([3, 1]))
    alone = Texts([said[3], said[1]])
    assert (some.words, some.lengths, some.digests) == (alone.words, alone.lengths, alone.digests)
