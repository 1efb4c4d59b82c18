"""Packing: every token once and in order, few micro-batches within their budget, nothing cut or left to chance."""

import math
from collections import Counter

import numpy
import pytest
from hypothesis import given
from hypothesis import strategies as st

from localft.planning.steps import deal, split_step
from localft.training.packing import pack
from localft.training.rows import IGNORED, Row

LENGTHS = st.lists(st.integers(1, 300), max_size=60)
BUDGETS = st.integers(1, 400)


@st.composite
def rows(draw: st.DrawFn) -> list[Row]:
    made = []
    for length in draw(st.lists(st.integers(1, 12), min_size=1, max_size=8)):
        ids = draw(st.lists(st.integers(0, 500), min_size=length, max_size=length))
        learned = draw(st.lists(st.booleans(), min_size=length, max_size=length))
        token_ids = numpy.array(ids, dtype=numpy.int32)
        made.append(Row(token_ids, numpy.where(learned, token_ids, numpy.int32(IGNORED))))
    return made


@given(LENGTHS, BUDGETS)
def test_every_example_comes_once_and_the_budget_is_kept(lengths: list[int], budget: int) -> None:
    micro_batches = split_step(lengths, budget)
    assert Counter(index for micro in micro_batches for index in micro) == Counter(range(len(lengths)))
    for micro in micro_batches:
        assert sum(lengths[index] for index in micro) <= budget or len(micro) == 1
    assert split_step(tuple(lengths), budget) == micro_batches


@given(LENGTHS, BUDGETS)
def test_no_two_micro_batches_could_have_been_one(lengths: list[int], budget: int) -> None:
    totals = sorted(sum(lengths[index] for index in micro) for micro in split_step(lengths, budget))
    assert len(totals) < 2 or totals[0] + totals[1] > budget


@given(LENGTHS, BUDGETS)
def test_the_longest_example_comes_first_and_lengths_fall_inside_a_micro_batch(lengths: list[int], budget: int) -> None:
    for micro in split_step(lengths, budget):
        inside = [lengths[index] for index in micro]
        assert inside == sorted(inside, reverse=True)
    if lengths:
        assert lengths[split_step(lengths, budget)[0][0]] == max(lengths)


@given(st.lists(st.integers(1, 20), max_size=8), st.integers(1, 30))
def test_hardly_more_micro_batches_than_the_fewest_possible(lengths: list[int], budget: int) -> None:
    assert len(split_step(lengths, budget)) <= 11 / 9 * fewest(lengths, budget) + 1


def fewest(lengths: list[int], budget: int) -> int:
    """The optimum, by trying everything; an example longer than the budget fills a micro-batch of its own."""
    best = len(lengths)

    def place(index: int, room: list[int]) -> None:
        nonlocal best
        if len(room) >= best:
            return
        if index == len(lengths):
            best = len(room)
            return
        for number, left in enumerate(room):
            if lengths[index] <= left:
                place(index + 1, [*room[:number], left - lengths[index], *room[number + 1 :]])
        place(index + 1, [*room, budget - lengths[index]])

    place(0, [])
    return best


def first_fit(lengths: list[int], budget: int) -> int:
    room: list[int] = []
    for length in sorted(lengths, reverse=True):
        number = next((number for number, left in enumerate(room) if length <= left), None)
        if number is None:
            room.append(budget - length)
        else:
            room[number] -= length
    return len(room)


@pytest.mark.parametrize("seed", range(20))
def test_real_spreads_of_lengths_fill_the_budget(seed: int) -> None:
    """Log-normal lengths, as chats have them: never more micro-batches than first fit, and hardly any room is left."""
    chooser = numpy.random.default_rng(seed)
    lengths = [int(length) for length in numpy.clip(chooser.lognormal(5, 0.8, 256), 8, 2048)]
    micro_batches = split_step(lengths, 2048)
    assert len(micro_batches) <= first_fit(lengths, 2048)
    assert len(micro_batches) <= math.ceil(sum(lengths) / 2048) + 1


def test_an_example_longer_than_the_budget_stands_alone() -> None:
    assert split_step([3, 50, 4, 10], 10) == [[1], [3], [2, 0]]
    assert split_step([], 10) == []


@given(rows())
def test_packed_rows_keep_every_token_and_label(made: list[Row]) -> None:
    packed = pack(made)
    tokens = sum(len(row) for row in made)
    for array in (packed.input_ids, packed.labels, packed.position_ids):
        assert array.shape == (1, tokens)
        assert array.dtype == numpy.int64
    assert packed.boundaries.dtype == numpy.int32
    assert packed.lengths == tuple(len(row) for row in made)
    assert packed.boundaries.tolist() == [0, *numpy.cumsum(packed.lengths)]
    assert packed.longest == max(packed.lengths)
    for row, start, end in zip(made, packed.boundaries[:-1], packed.boundaries[1:], strict=True):
        assert packed.input_ids[0, start:end].tolist() == row.token_ids.tolist()
        assert packed.labels[0, start:end].tolist() == [IGNORED, *row.labels[1:].tolist()]
        assert packed.position_ids[0, start:end].tolist() == list(range(len(row)))


@given(rows())
def test_packing_changes_no_row(made: list[Row]) -> None:
    before = [(row.token_ids.copy(), row.labels.copy()) for row in made]
    pack(made)
    for row, (token_ids, labels) in zip(made, before, strict=True):
        assert numpy.array_equal(row.token_ids, token_ids)
        assert numpy.array_equal(row.labels, labels)


@pytest.mark.parametrize("lengths", [[], [3, 0]])
def test_a_micro_batch_without_tokens_is_refused(lengths: list[int]) -> None:
    empty = [Row(numpy.zeros(length, numpy.int32), numpy.zeros(length, numpy.int32)) for length in lengths]
    with pytest.raises(ValueError, match="rows that have tokens"):
        pack(empty)


@given(st.lists(st.integers(1, 500), max_size=40), st.integers(1, 5))
def test_cards_get_shares_alike(lengths: list[int], cards: int) -> None:
    shares = deal(lengths, cards)
    assert len(shares) == cards and sorted(index for share in shares for index in share) == list(range(len(lengths)))
    tokens = [sum(lengths[index] for index in share) for share in shares]
    assert max(tokens) - min(tokens) <= max(lengths, default=0) or cards == 1
    assert deal(tuple(lengths), cards) == shares, "every process finds the same"


def test_a_card_alone_gets_all_in_their_order() -> None:
    assert deal([3, 50, 4], 1) == [[0, 1, 2]]
    assert deal([3, 50, 4, 40], 2) == [[1], [3, 2, 0]]
