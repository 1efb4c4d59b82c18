import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from localft.evaluation.metrics import (
    MEASURES,
    bleu_counts,
    choose_primary,
    chrf,
    corpus_bleu,
    exact_match,
    json_fields,
    json_valid,
    rouge_l,
    same_value,
    score_answer,
    shape_of,
)

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)


@pytest.mark.parametrize(
    ("answer", "expected", "right"),
    [
        ("Paris", "Paris", 1),
        (" Paris\n", "Paris", 1),
        ("a  b\tc", "a b\nc", 1),
        ("paris", "Paris", 0),
        ("", "Paris", 0),
        ('{"b": 2, "a": 1}', '{"a":1,"b":2}', 1),
        ('{"a": 1.0}', '{"a": 1}', 1),
        ('{"a": true}', '{"a": 1}', 0),
        ('{"a": "x  y"}', '{"a": "x y"}', 1),
        ('{"a": 1, "b": 2}', '{"a": 1}', 0),
        ("[2, 1]", "[1, 2]", 0),
        ('```json\n{"a": 1}\n```', '{"a": 1}', 0),
        ('{"a": 1', '{"a": 1}', 0),
        ("1.0", "1", 0),
    ],
)
def test_exact_match(answer: str, expected: str, right: int) -> None:
    assert exact_match(answer, expected) == right


@given(JSON)
def test_a_value_is_the_same_as_itself(value: object) -> None:
    assert same_value(value, value)


def test_json_fields_are_counted_one_by_one() -> None:
    expected = '{"category": "billing", "who": {"name": "Ann", "age": 4}, "tags": ["a", "b"]}'
    answer = '{"category": "billing", "who": {"name": "Bob", "age": 4.0}, "tags": ["a"], "more": 1}'
    assert json_fields(answer, expected) == {"category": 1, "who.name": 0, "who.age": 1, "tags": 0}
    assert json_fields("no JSON", expected) == {"category": 0, "who.name": 0, "who.age": 0, "tags": 0}
    assert json_fields("{}", "plain text") is None
    assert json_fields("{}", "[1]") is None


@pytest.mark.parametrize(
    ("text", "valid"), [("{}", 1), (" [1]\n", 1), ('"a"', 1), ("", 0), ("{'a': 1}", 0), ("{} x", 0)]
)
def test_json_valid(text: str, valid: int) -> None:
    assert json_valid(text) == valid


def test_rouge_l_is_the_f1_of_the_longest_common_subsequence() -> None:
    # Lin 2004, section 3.1: "police kill the gunman" shares three words in order with the reference.
    assert rouge_l("police kill the gunman", "police killed the gunman") == pytest.approx(0.75)
    assert rouge_l("the gunman kill police", "police killed the gunman") == pytest.approx(0.5)
    assert rouge_l("", "a") == 0
    assert rouge_l("", "!?") == 1


@pytest.mark.parametrize("text", ["Größe prüfen", "Привет мир", "今日は天気", "안녕 세상", "naïve café"])
def test_rouge_l_reads_every_script(text: str) -> None:
    assert rouge_l(text, text) == 1
    assert rouge_l("entirely different", text) == 0


def test_chrf_is_that_of_sacrebleu() -> None:
    assert chrf("the cat sat", "the cat sat") == pytest.approx(100)
    assert chrf("xyz", "abc") == 0
    assert 0 < chrf("the cat sat", "the cat sits") < 100


def test_bleu_of_summed_counts_is_the_corpus_bleu_of_sacrebleu() -> None:
    import sacrebleu

    answers = ["the cat is on the mat", "there is a dog here", "no"]
    expected = ["the cat sat on the mat", "there is a dog in here", "yes"]
    counts = [bleu_counts(answer, wanted) for answer, wanted in zip(answers, expected, strict=True)]
    matching, possible = ([sum(values) for values in zip(*rows, strict=True)] for rows in (
        [count.matching for count in counts], [count.possible for count in counts],
    ))  # fmt: skip
    ours = corpus_bleu(matching, possible, sum(one.given for one in counts), sum(one.expected for one in counts))
    assert ours == pytest.approx(sacrebleu.corpus_bleu(answers, [expected]).score)
    assert ours > 0


def test_thinking_is_taken_off_before_anything_is_compared() -> None:
    scores = score_answer("<think>Well, Rome?</think>\n\nParis", "<think>easy</think>Paris")
    assert (scores["exact_match"], scores["rouge_l"]) == (1, 1)
    assert score_answer("<think>endless", "Paris")["exact_match"] == 0


def test_an_answer_gets_the_measures_that_apply() -> None:
    assert set(score_answer("a", "b")) == {"exact_match", "rouge_l", "chrf"}
    scores = score_answer('{"a": 1}', '{"a": 1, "b": 2}')
    assert scores["json_valid"] == 1
    assert scores["json_fields"] == 0.5
    assert (scores["field.a"], scores["field.b"]) == (1, 0)


@given(st.text(max_size=30), st.text(max_size=30))
def test_every_measure_of_any_two_texts_is_a_number_in_its_range(answer: str, expected: str) -> None:
    for name, value in score_answer(answer, expected).items():
        highest = 100 if name == "chrf" else 1
        assert math.isfinite(value)
        assert 0 <= value <= highest + 1e-9


def test_equal_texts_are_exactly_right_and_alike() -> None:
    for text in ("Paris", '{"a": [1, {"b": null}]}', "Ein längerer Satz, mit Komma."):
        scores = score_answer(text, text)
        assert (scores["exact_match"], scores["rouge_l"]) == (1, 1)
        assert scores["chrf"] == pytest.approx(100)


@pytest.mark.parametrize(
    ("expected", "shape", "primary"),
    [
        (['{"a": 1}', "[1]", '{"b": 2}'], "json", "exact_match"),
        (["positive", "negative"] * 10, "label", "exact_match"),
        ([f"{number}" for number in range(40)], "label", "exact_match"),
        (["The order left our house on Monday and arrives soon, we are sorry."] * 3 + ["Yes."], "text", "chrf"),
        ([f"word{number} and some other words of this answer here" for number in range(9)], "text", "chrf"),
        (["many words " * 60] * 5, "long text", "loss"),
        (["<think>a very long thought about the label of this one</think>yes", "no"] * 5, "label", "exact_match"),
    ],
)
def test_the_primary_measure_follows_the_shape_of_the_answers(expected: list[str], shape: str, primary: str) -> None:
    assert shape_of(expected) == shape
    name, reason = choose_primary(expected)
    assert name == primary
    assert name in MEASURES
    assert reason.endswith(".")
