"""What tells in which texts a pattern is worth trying never leaves out one in which it matches."""

import copy
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from localft.data.checks import bank_accounts, boilerplate, changing_knowledge, edge_cases, languages, privacy
from localft.data.texts.signs import Signs, has_any, loosened

_EVERY = [
    *((kind.pattern, kind.signs) for kind in (*boilerplate.KINDS, *privacy.KINDS)),
    (edge_cases._UNANSWERED, edge_cases._SIGNS),
    (edge_cases._MASHED, edge_cases._MASHED_SIGNS),
    (changing_knowledge._CHANGING, changing_knowledge._SIGNS),
    (languages._TRANSLATES, languages._TRANSLATES_SIGNS),
]


@pytest.mark.parametrize(("pattern", "signs"), _EVERY)
def test_a_text_in_which_a_pattern_matches_has_its_signs(pattern: re.Pattern[str], signs: Signs) -> None:
    @given(st.from_regex(pattern))
    def look(text: str) -> None:
        assert signs.stand_in(text) or not pattern.search(text)

    look()


def test_letters_that_python_does_not_know_yet_are_no_part_of_a_word() -> None:
    assert changing_knowledge._SIGNS.stand_in("today\U00031350ceo")


@pytest.mark.parametrize("kind", privacy.KINDS)
@given(text=st.text(st.sampled_from("+0 1234567890.-/()"), max_size=40))
def test_a_number_is_looked_for_wherever_it_may_stand(kind: privacy.Kind, text: str) -> None:
    assert kind.signs.stand_in(text) or not kind.pattern.search(text)


@given(text=st.text(st.sampled_from("DEde89 -\u00a0"), min_size=15, max_size=40))
def test_a_number_of_an_account_is_looked_for_wherever_it_may_stand(text: str) -> None:
    assert bank_accounts.SIGNS.stand_in(text) or not bank_accounts.PATTERN.search(text)


@given(st.text(st.sampled_from("a_ é9٣\x1c\u00a0-Ж\u0301"), max_size=8))
@pytest.mark.parametrize("pattern", [r"\ba\b", r"\w+\s", r"[\w-]+-\b", r"\d", r"[^\s]\w", r"[\]a]-\S"])
def test_a_loosened_pattern_matches_what_the_pattern_does(pattern: str, text: str) -> None:
    assert Signs(loosened(pattern)).stand_in(text) or not re.search(pattern, text)


def test_signs_stand_in_texts_in_any_case_or_in_theirs() -> None:
    assert Signs("as an ai", "weiß").stand_in("Und: ICH WEIß")
    assert not Signs("as an ai").stand_in("as a nail")
    assert Signs("AKIA", in_any_case=False).stand_in("AKIA")
    assert not Signs("AKIA", in_any_case=False).stand_in("akia")


@pytest.mark.parametrize("letter", ["\u0130", "\u0131"])
def test_two_letters_of_turkish_are_an_i_as_they_are_to_python(letter: str) -> None:
    refusals = boilerplate.KINDS[0]
    text = f"As an a{letter} I can only guess."
    assert refusals.pattern.search(text)
    assert refusals.signs.stand_in(text)
    assert not Signs("AKIA", in_any_case=False).stand_in(f"AK{letter}A")


def test_signs_go_to_another_process_after_they_were_used() -> None:
    signs = Signs("a+b")
    assert signs.stand_in("xaab")
    assert copy.deepcopy(signs).stand_in("xaab")


def test_half_a_pair_of_utf16_is_looked_at_too() -> None:
    assert Signs("sorry").stand_in("\ud800 I am sorry")
    assert has_any("\ud800 1", b"0123")
    assert not has_any("\ud800 ä", b"0123")
