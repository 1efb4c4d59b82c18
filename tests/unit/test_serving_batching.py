from hypothesis import given
from hypothesis import strategies as st

from localft.serving.batching import plan_batches

LENGTHS = st.lists(st.integers(1, 2_000), max_size=60)


@given(LENGTHS, st.integers(1, 500), st.integers(1, 20_000), st.integers(1, 16))
def test_every_question_is_asked_once_and_no_batch_exceeds_the_budget(
    lengths: list[int], answer: int, budget: int, rows: int
) -> None:
    batches = plan_batches(lengths, answer, budget, rows)
    assert sorted(index for batch in batches for index in batch) == list(range(len(lengths)))
    for batch in batches:
        assert len(batch) <= rows
        assert len(batch) == 1 or len(batch) * (max(lengths[index] for index in batch) + answer) <= budget


def test_questions_of_similar_length_stand_together_and_the_longest_come_first() -> None:
    assert plan_batches([5, 900, 6, 800], 10, 2_000, 2) == [[1, 3], [2, 0]]


def test_a_question_larger_than_the_budget_stands_alone() -> None:
    assert plan_batches([50, 5_000, 40], 10, 1_000, 8) == [[1], [0, 2]]
