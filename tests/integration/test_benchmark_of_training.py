"""The benchmark of training compares like with like: its ways learn the same tokens, all of them, without dropout."""

from pathlib import Path

import pytest

from tests.benchmarks.training import SPREADS, Spread, default_batches, learned_of, prepare, read, recipe_batches
from tests.benchmarks.training import trl_trainer as in_trl


@pytest.mark.parametrize("spread", SPREADS, ids=lambda spread: spread.name)
def test_all_ways_learn_the_same_tokens(spread: Spread, tmp_path: Path) -> None:
    order, data = read(prepare(tmp_path, spread, 8_000))
    assert max(map(len, data.train.rows)) <= 1_024 and data.train.cut == data.train.left_out == 0
    assert order.recipe.settings.dropout == 0.0
    for name, batches in (("recipe", recipe_batches(order, data)), ("defaults", default_batches(order))):
        assert learned_of(in_trl(order, tmp_path / name, batches)) == data.train.learned_tokens
