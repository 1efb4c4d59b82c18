import itertools
import math
from statistics import NormalDist

import numpy as np
import pytest

from localft.evaluation import intervals


@pytest.mark.parametrize(
    ("freedom", "quantile"),
    [(1, 12.7062), (2, 4.3027), (3, 3.1824), (5, 2.5706), (10, 2.2281), (30, 2.0423), (1000, 1.9623)],
)
def test_students_quantiles_are_those_of_the_tables(freedom: int, quantile: float) -> None:
    assert intervals.student_quantile(0.975, freedom) == pytest.approx(quantile, rel=0.01 if freedom == 3 else 0.002)


def test_a_share_interval_is_newcombes() -> None:
    # Newcombe 1998, table II, method 10: 36 right for both, 12 for one only, 2 for the other only.
    found = intervals.paired_share_interval(both=36, only_base=2, only_tuned=12, neither=0)
    assert found == pytest.approx((0.0569, 0.3404), abs=5e-4)


@pytest.mark.parametrize("cells", [(0.6, 0.1, 0.2, 0.1), (0.02, 0.0, 0.9, 0.08), (0.4, 0.05, 0.05, 0.5)])
def test_a_share_interval_holds_the_truth_in_95_of_100_cases(cells: tuple[float, ...]) -> None:
    random = np.random.default_rng(3)
    truth = cells[2] - cells[1]
    found = [intervals.paired_share_interval(*map(int, random.multinomial(40, cells))) for _ in range(1_000)]
    assert sum(low <= truth <= high for low, high in found) >= 930


def test_a_share_interval_has_a_width_where_one_model_is_always_right() -> None:
    low, high = intervals.paired_share_interval(both=0, only_base=0, only_tuned=20, neither=0)
    assert 0.7 < low < 0.95
    assert high == pytest.approx(1.0)
    mirrored = intervals.paired_share_interval(both=0, only_base=20, only_tuned=0, neither=0)
    assert mirrored == pytest.approx((-high, -low))
    assert intervals.paired_share_interval(10, 0, 0, 10)[0] < 0 < intervals.paired_share_interval(10, 0, 0, 10)[1]


def test_wilsons_interval_is_that_of_the_textbooks() -> None:
    assert intervals.wilson_interval(0, 10) == pytest.approx((0, 0.2775), abs=1e-3)
    assert intervals.wilson_interval(81, 263) == pytest.approx((0.2553, 0.3662), abs=1e-4)


def test_mcnemars_test_is_a_binomial_one() -> None:
    assert intervals.mcnemar_p(0, 0) == 1
    assert intervals.mcnemar_p(5, 5) == 1
    assert intervals.mcnemar_p(0, 5) == pytest.approx(0.0625)
    assert intervals.mcnemar_p(6, 0) == pytest.approx(0.03125)
    assert intervals.mcnemar_p(2, 8) == pytest.approx(2 * sum(math.comb(10, k) for k in range(3)) / 2**10)
    assert 0 < intervals.mcnemar_p(2_000, 2_200) < 0.01


def test_exchanging_answers_counts_every_exchange_of_few() -> None:
    differences = np.array([1.0, 2.0, -0.5, 3.0])
    sums = [abs(float(np.dot(signs, differences))) for signs in itertools.product((1, -1), repeat=4)]
    assert intervals.sign_flip_p(differences) == pytest.approx(np.mean([value >= 5.5 - 1e-9 for value in sums]))
    assert intervals.sign_flip_p(np.zeros(5)) == 1
    assert intervals.sign_flip_p(np.zeros(50)) == 1
    assert intervals.sign_flip_p(np.ones(50)) < 0.001


def test_a_bootstrap_interval_is_about_that_of_the_t_test() -> None:
    values = np.random.default_rng(1).normal(0.3, 1.0, 40)
    low, high = intervals.bootstrap_interval(intervals.weighted_means(values), 40)
    half = intervals.student_quantile(0.975, 39) * values.std(ddof=1) / math.sqrt(40)
    assert (low, high) == pytest.approx((values.mean() - half, values.mean() + half), abs=0.06)
    assert (low, high) == intervals.bootstrap_interval(intervals.weighted_means(values), 40)


def test_weights_make_a_mean_of_tokens() -> None:
    mean = intervals.weighted_means(np.array([1.0, 3.0]), np.array([3.0, 1.0]))
    assert mean(np.array([[1.0, 1.0], [2.0, 0.0]])).tolist() == [1.5, 1.0]


def test_one_example_says_nothing() -> None:
    low, high = intervals.bootstrap_interval(intervals.weighted_means(np.array([1.0])), 1)
    assert (low, high) == (-math.inf, math.inf)


def test_many_examples_do_not_fill_the_memory() -> None:
    values = np.random.default_rng(0).normal(0, 1, 20_000)
    low, high = intervals.bootstrap_interval(intervals.weighted_means(values), len(values))
    assert high - low == pytest.approx(2 * NormalDist().inv_cdf(0.975) / math.sqrt(len(values)), rel=0.1)
