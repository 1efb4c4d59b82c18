"""Questions that ask the same in nearly the same words are found where their answers clearly differ, long ones too."""

from pathlib import Path

import pytest

from localft.data.checks.finding import Finding
from localft.data.checks.opposite_answers import asked_words, clearly_differ
from localft.data.texts.runs import Texts, view
from tests.unit.test_data_checking import check, clean

YES = "You may send anything back within thirty days of its arrival, and we return the whole price to your account."
NO = "Goods are never taken back under any circumstances whatsoever, since each piece is made to order by hand for you."
ASKED = (
    "My blue jacket came too small yesterday, can I send it back to the shop in Bonn and get my money "
    "returned for it, or would you rather send me another one that fits, without any costs for the parcel?"
)


def near(folder: Path, *pairs: tuple[str, str]) -> list[Finding]:
    rows = [*clean(), *({"prompt": prompt, "completion": answer} for prompt, answer in pairs)]
    return [one for one in check(folder, rows).findings if one.check == "near contradictions"]


@pytest.mark.parametrize(
    "again",
    [
        ASKED.replace("small yesterday,", "small, yesterday"),
        ASKED.upper(),
        f"Hello, {ASKED}",
        f"{ASKED} Please!",
        ASKED.replace("My blue jacket came too small yesterday,", "Yesterday my blue jacket came too small,"),
    ],
)
@pytest.mark.parametrize(("one", "other"), [(YES, NO), ("yes", "no")])
def test_the_same_question_in_nearly_the_same_words_is_answered_in_one_way(
    one: str, other: str, again: str, tmp_path: Path
) -> None:
    rows = [*clean(), {"prompt": ASKED, "completion": one}, {"prompt": again, "completion": other}]
    report = check(tmp_path, rows)
    [finding] = [one for one in report.findings if one.check in {"contradictions", "near contradictions"}]
    assert (finding.severity, finding.count, {row.row for row in finding.rows}) == ("warning", 2, {61, 62})
    assert "worth a look" in report.sentence


@pytest.mark.parametrize(
    "other",
    [
        ASKED.replace("Bonn", "Rome"),
        ASKED.replace("blue", "red"),
        ASKED.replace("blue", "2"),
        ASKED.replace("small", "large"),
    ],
)
def test_another_word_asks_something_else(other: str, tmp_path: Path) -> None:
    assert near(tmp_path, (ASKED, YES), (other, NO)) == []


def test_there_and_back_is_not_the_same(tmp_path: Path) -> None:
    there = "How long does the slow night train with beds and breakfast on board usually take to get me from {} to {}?"
    assert near(tmp_path, (there.format("Bonn", "Rome"), YES), (there.format("Rome", "Bonn"), NO)) == []


def test_a_sign_asks_something_else(tmp_path: Path) -> None:
    sum_of = "Say in one long sentence for a small child of six years what comes out as the result of this: 2 {} 2?"
    assert near(tmp_path, (sum_of.format("+"), YES), (sum_of.format("*"), NO)) == []


def test_what_clearly_differs_is_shown_pair_by_pair(tmp_path: Path) -> None:
    other = "Where in the old harbour of the town can my sister moor her wooden boat during the whole of next winter?"
    pairs = [(ASKED, YES), (other, NO), (f"{ASKED} Thanks", NO), (f"{other} Thanks", YES)]
    [finding] = near(tmp_path, *pairs)
    rows = [row.row for row in finding.rows]
    assert sorted(map(sorted, (rows[:2], rows[2:]))) == [[61, 63], [62, 64]]


@pytest.mark.parametrize(
    ("one", "other", "differ"),
    [
        (YES, NO, True),
        (YES, YES.replace("thirty", "about thirty"), False),
        (YES, YES.replace("You may", "You may not"), True),
        ("It takes 3 days until it is there.", "It takes 5 days until it is there.", True),
        ("It takes 3 days until it is there.", "It takes 3 days, at most 5, until it is there.", False),
    ],
)
def test_answers_differ_by_words_numbers_or_a_no(one: str, other: str, differ: bool) -> None:
    assert clearly_differ(one, other) == clearly_differ(other, one) == differ


def test_questions_about_one_long_text_each_are_a_task_and_no_contradictions(tmp_path: Path) -> None:
    texts = [" ".join(f"word{n} of text {text}" for n in range(40)) for text in range(4)]
    about = [
        {"prompt": f"What is thing {n}? {text}", "completion": f"It is answer {n} of {number}."}
        for number, text in enumerate(texts)
        for n in range(15)
    ]
    assert not {one.check for one in check(tmp_path, about).findings} & {"contradictions", "near contradictions"}


def asked(text: str) -> bytes:
    return asked_words(view(Texts([text]).words, "u4"))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Hi, how do I reset the router please?", "How do I reset router"),
        ("reset how do i the router", "How do I reset the router?"),
        ("thanks", "please"),
        ("a train from Rome to Paris", "train to Paris from Rome"),
    ],
)
def test_what_asks_the_same(one: str, other: str) -> None:
    assert asked(one) == asked(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("a train from Rome to Paris", "a train from Paris to Rome"),
        ("reset the router", "reset the router router"),
        ("reset", "resets"),
        ("", "reset"),
    ],
)
def test_what_asks_something_else(one: str, other: str) -> None:
    assert asked(one) != asked(other)
