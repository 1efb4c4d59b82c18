"""The six questions: whatever is answered there is one way, with reasons and a first step."""

import itertools

import pytest

from localft.errors import UserError
from localft.planning.advice import QUESTIONS, advise

KEYS = [question.key for question in QUESTIONS]


def answer(**given: str) -> dict[str, str]:
    usual = {"tried": "fails", "missing": "behaviour", "changes": "never", "examples": "some", "same": "yes"}
    return {**usual, "volume": "private", **given}


def test_every_combination_has_an_answer_with_reasons() -> None:
    ways = set()
    for chosen in itertools.product(*([choice.key for choice in question.choices] for question in QUESTIONS)):
        advice = advise(dict(zip(KEYS, chosen, strict=True)))
        assert advice.reasons
        assert advice.first_step
        ways.add(advice.way)
    assert ways == {"prompt", "retrieval", "fine-tune", "both"}


@pytest.mark.parametrize(
    ("given", "way"),
    [
        ({}, "fine-tune"),
        ({"tried": "long", "examples": "many"}, "fine-tune"),
        ({"tried": "works", "volume": "little"}, "prompt"),
        ({"tried": "no", "examples": "few"}, "prompt"),
        ({"missing": "facts", "changes": "often"}, "retrieval"),
        ({"missing": "facts", "changes": "often", "examples": "many"}, "retrieval"),
        ({"missing": "both", "changes": "often"}, "both"),
        ({"missing": "both", "changes": "never"}, "fine-tune"),
    ],
)
def test_the_way_follows_the_answers(given: dict[str, str], way: str) -> None:
    assert advise(answer(**given)).way == way


def test_open_questions_are_named() -> None:
    with pytest.raises(UserError, match="6 questions are still open"):
        advise({})
    with pytest.raises(UserError, match="1 question is"):
        advise(answer(volume="sideways"))
