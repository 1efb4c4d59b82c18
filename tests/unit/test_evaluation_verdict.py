import numpy as np
import pytest

from localft.evaluation.answers import Part
from localft.evaluation.forgetting import describe_forgetting
from localft.evaluation.verdict import judge

# Two models that are alike, told apart at 5 %: more than 123 of 2,000 simulations would happen once in a hundred times.
SIMULATIONS, MOST_FALSE = 2_000, 123


def right(count: int, total: int) -> list[float]:
    return [1.0] * count + [0.0] * (total - count)


def test_a_clear_gain_is_told_in_numbers() -> None:
    verdict = judge("exact_match", right(1, 50), right(46, 50))
    assert verdict.word == "better"
    assert verdict.sentence == (
        "On 50 unseen examples the tuned model answers 92 % exactly right, the base model 2 %: "
        "better by 76 to 95 points."
    )
    assert (verdict.base, verdict.tuned, verdict.difference) == pytest.approx((0.02, 0.92, 0.9))
    assert verdict.p_value < 1e-9
    assert not verdict.few_rows


def test_a_clear_loss_is_told_too() -> None:
    verdict = judge("exact_match", right(46, 50), right(1, 50))
    assert verdict.word == "worse"
    assert (
        "the tuned model answers 2 % exactly right, the base model 92 %: worse by 76 to 95 points." in verdict.sentence
    )


def test_a_difference_that_chance_makes_is_no_evidence() -> None:
    verdict = judge("exact_match", right(25, 50), right(27, 50))
    assert verdict.word == "no evidence"
    assert "no evidence of a difference (it may be " in verdict.sentence
    assert "worse to" in verdict.sentence
    assert "better)." in verdict.sentence


def test_few_examples_say_so() -> None:
    verdict = judge("exact_match", right(0, 4), right(4, 4))
    assert (verdict.word, verdict.few_rows) == ("no evidence", True)
    assert verdict.sentence.endswith("With so few only large differences can be seen.")
    assert judge("exact_match", right(0, 6), right(6, 6)).word == "better"


def test_a_loss_that_falls_is_better() -> None:
    random = np.random.default_rng(0)
    base = random.gamma(2, 1, 40)
    verdict = judge("loss", list(base + 0.5), list(base), sizes=[float(size) for size in random.integers(1, 40, 40)])
    assert verdict.word == "better"
    assert "(loss)" in verdict.sentence
    assert verdict.sentence.endswith("better by 0.50 to 0.50.")
    assert judge("loss", list(base), list(base + 0.5)).word == "worse"


def test_text_is_judged_by_likeness() -> None:
    random = np.random.default_rng(0)
    base = random.uniform(10, 40, 30)
    verdict = judge("chrf", list(base), list(base + random.normal(20, 5, 30)))
    assert verdict.word == "better"
    assert "of 100 points like the expected ones" in verdict.sentence


@pytest.mark.parametrize("split", ["validation", "train", "golden"])
def test_other_splits_are_not_called_unseen(split: Part) -> None:
    assert "unseen" not in judge("exact_match", right(1, 50), right(46, 50), split).sentence


@pytest.mark.parametrize(("count", "said"), [(8, "On 8 golden questions the "), (1, "On 1 golden question the ")])
def test_golden_questions_are_called_so(count: int, said: str) -> None:
    assert judge("exact_match", right(0, count), right(count, count), "golden").sentence.startswith(said)


def test_equal_answers_and_one_example_are_no_evidence() -> None:
    assert judge("chrf", [50.0] * 40, [50.0] * 40).word == "no evidence"
    one = judge("chrf", [10.0], [90.0])
    assert one.word == "no evidence"
    assert "one example says nothing about others" in one.sentence


@pytest.mark.parametrize(("count", "share"), [(10, 0.5), (50, 0.9), (200, 0.3)])
def test_models_that_are_alike_are_rarely_told_apart_by_right_and_wrong(count: int, share: float) -> None:
    random = np.random.default_rng(11)
    false = 0
    for _ in range(SIMULATIONS):
        hard = random.beta(2, 2 * (1 - share) / share, count)
        base, tuned = (random.random(count) < hard for _ in range(2))
        false += judge("exact_match", base.astype(float).tolist(), tuned.astype(float).tolist()).word != "no evidence"
    assert false <= MOST_FALSE


@pytest.mark.parametrize(("primary", "count"), [("chrf", 8), ("chrf", 40), ("loss", 25)])
def test_models_that_are_alike_are_rarely_told_apart_by_a_number(primary: str, count: int) -> None:
    random = np.random.default_rng(12)
    false = 0
    for _ in range(SIMULATIONS):
        # Skewed and of unequal spread, as such measures are: most answers alike, a few far apart.
        level = random.gamma(1, 20, count)
        base, tuned = (level * random.lognormal(0, 0.8, count) for _ in range(2))
        sizes = random.integers(1, 60, count).astype(float).tolist() if primary == "loss" else None
        false += judge(primary, base.tolist(), tuned.tolist(), sizes=sizes).word != "no evidence"
    assert false <= MOST_FALSE


def test_a_real_difference_of_moderate_size_is_found() -> None:
    random = np.random.default_rng(13)
    found = 0
    for _ in range(100):
        base = random.random(100) < 0.5
        tuned = np.where(random.random(100) < 0.5, base, random.random(100) < 0.9)
        found += judge("exact_match", base.astype(float).tolist(), tuned.astype(float).tolist()).word == "better"
    assert found >= 70


@pytest.mark.parametrize(
    ("base", "tuned", "word", "says"),
    [
        (3.0, 3.0, "none", "as sure as"),
        (3.0, 3.05, "none", "5 % less sure than"),
        (3.0, 2.9, "none", "10 % more sure than"),
        (3.0, 3.2, "some", "22 % less sure than"),
        (3.0, 4.0, "clear", "172 % less sure than"),
        (3.0, 90.0, "clear", "many times less sure than"),
    ],
)
def test_forgetting_has_a_word_and_a_sentence(base: float, tuned: float, word: str, says: str) -> None:
    found = describe_forgetting(base, tuned, 1_500)
    assert found.word == word
    assert found.sentence.split(":")[0] in {"No sign of forgetting", "Some forgetting", "Clear forgetting"}
    assert f"on neutral text the tuned model is {says} the base model." in found.sentence


def test_a_model_that_knew_nothing_has_nothing_to_forget() -> None:
    sentence = describe_forgetting(7.4, 7.5, 1_500).sentence
    assert (
        sentence
        == "On neutral text the tuned model is 11 % less sure than the base model, which knows little of it itself."
    )
