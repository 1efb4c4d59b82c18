"""What each maximum length cuts, and what it costs on a card."""

import pytest

from localft.data.checks.token_lengths import TokenLengths, cuts
from localft.planning.fitting import FITS
from localft.planning.length_costs import length_costs, longest_that_fits
from localft.ui.views.data import lengths as lengths_view
from tests.unit.test_planning_plan import GIB, LLAMA, computer


def measured(*each: int | None) -> TokenLengths:
    known = [length for length in each if length is not None]
    return TokenLengths([], 0, 0, max(known, default=0), 0, 1_024, (), list(each), [], sum(known), 0)


def test_what_is_cut_is_counted_up_to_the_length_that_cuts_nothing() -> None:
    found = cuts(measured(100, 300, 700, None, 1_500))
    assert [(one.max_length, one.cut, one.lost) for one in found] == [
        (256, 3, 44 + 444 + 1_244),
        (512, 2, 188 + 988),
        (1_024, 1, 476),
        (2_048, 0, 0),
    ]
    assert [one.max_length for one in cuts(measured(10**6))] == [256, 512, 1_024, 2_048, 4_096, 8_192]
    assert [(one.max_length, one.cut) for one in cuts(measured())] == [(256, 0)]


def test_longer_needs_more_memory_and_is_weighed_against_the_card() -> None:
    costs = length_costs(measured(200, 900, 12_000), LLAMA, computer("RTX 3060", 8))
    assert [cost.max_length for cost in costs] == [256, 512, 1_024, 2_048, 4_096, 8_192]
    assert [cost.bytes for cost in costs] == sorted({cost.bytes for cost in costs})
    assert FITS.index(costs[0].fit) < FITS.index(costs[-1].fit)
    assert costs[-1].lost_share == pytest.approx((12_000 - 8_192) / 13_100)
    best = longest_that_fits(costs)
    assert best is not None
    assert best.fit != "no"
    assert all(cost.fit == "no" for cost in costs if cost.max_length > best.max_length)


def test_no_length_is_offered_that_the_model_cannot_read() -> None:
    short = LLAMA.model_copy(update={"context_length": 2_048})
    assert [cost.max_length for cost in length_costs(measured(9_000), short, computer("RTX 3060", 24))][-1] == 2_048


def test_a_length_that_nobody_reaches_costs_what_the_longest_costs() -> None:
    costs = length_costs(measured(300), LLAMA, computer("RTX 3060", 24))
    assert [cost.max_length for cost in costs] == [256, 512]
    same = length_costs(measured(500), LLAMA, computer("RTX 3060", 24))
    assert costs[1].bytes < same[1].bytes


def test_nothing_fits_a_card_that_is_too_small() -> None:
    costs = length_costs(measured(300), LLAMA, computer("RTX 3060", 2))
    assert longest_that_fits(costs) is None


def test_the_app_shows_them_as_a_table() -> None:
    lengths = measured(200, 900, 3_000)
    costs = length_costs(lengths, LLAMA, computer("RTX 3060", 24))
    shown = str(lengths_view(lengths, costs))
    assert "1,024" in shown
    assert f"{costs[0].bytes / GIB:.1f} GB" in shown
    assert "4,096" in shown
    assert "8,192" not in shown
