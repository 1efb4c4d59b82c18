"""Plans know how full micro-batches are, and how long the longest example is."""

import json
import random

import pytest

from localft.data.making.importing import import_files
from localft.models.base_model import STARTER
from localft.models.find import find_model
from localft.planning.filling import Lengths, fill
from localft.planning.lengths import TokenStats, measure_tokens
from localft.planning.plan import make_plan
from localft.planning.recipe import Recipe, TrainingSettings
from localft.planning.steps import order_steps, split_step
from localft.store.projects import create_project
from tests.unit.test_planning_plan import QWEN, computer


@pytest.mark.parametrize("gigabytes", [8.0, 12.0, 16.0])
@pytest.mark.parametrize(("sigma", "longest"), [(0.0, 252), (0.9, 4_000)])
def test_a_plan_has_room_for_what_its_steps_ask_for_and_no_more(gigabytes: float, sigma: float, longest: int) -> None:
    """A step has few of the longest examples: memory goes to layers that need not be computed twice."""
    chooser = random.Random(0)
    lengths = tuple(min(longest, round(100 * chooser.lognormvariate(0, sigma or 0.1))) for _ in range(1_000))
    lengths = (*lengths[:-1], longest)
    stats = TokenStats(1_000, 0, lengths=lengths, longest=longest, learned=50.0)
    chosen = TrainingSettings(method="qlora", max_length=4_096, batch_size=16)
    recipe = Recipe(base_model="owner/model", dataset="d", settings=chosen)
    plan = make_plan(recipe, QWEN, stats, computer("NVIDIA GeForce RTX 3060", gigabytes))
    budget = plan.micro_batch_tokens
    assert budget is not None
    assert longest <= budget <= plan.micro_batch_size * longest
    steps = order_steps(lengths, 16, chosen.examples_seen(1_000), chosen.seed, padded=False)
    tokens = [[lengths[index] for index in step] for step in steps]
    parts = [[sum(step[index] for index in part) for part in split_step(step, budget)] for step in tokens]
    assert max(map(max, parts)) == budget, "the largest micro-batch is as large as was planned"
    if sigma == 0.0:
        assert plan.micro_batch_size == (16 if gigabytes > 8 else 4), "less at once, rather than most layers twice"
        assert gigabytes < 16 or plan.recomputed_layers == 0
        assert gigabytes == 8 or max(map(len, parts)) == 1, "a whole step at once"


@pytest.mark.parametrize("at_once", [1, 4, 16])
def test_two_cards_do_a_step_in_little_more_than_half_the_time(at_once: int) -> None:
    """However uneven the examples are, each has about half of their tokens."""
    chooser = random.Random(0)
    units = [round(100 * chooser.lognormvariate(0, 0.9)) for _ in range(2_000)]
    settings = TrainingSettings(batch_size=16)
    lengths = Lengths(units, max(units), sum(units) / len(units), 200.0)
    assert fill(lengths, settings, at_once).side_by_side == 1.0
    assert 1.9 < fill(lengths, settings, at_once, 2).side_by_side <= 2.0


def test_the_longest_of_many_examples_is_found_though_a_sample_is_measured() -> None:
    project = create_project("Many")
    rows = [{"prompt": f"Question {number}", "completion": f"Answer {number}"} for number in range(5_100)]
    rows[3334]["completion"] = "A very long one. " * 400
    path = project.folder / "rows.jsonl"
    path.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    version = import_files(project, [path], division="chance").version
    stats = measure_tokens(project, version.id, find_model(STARTER))
    assert len(stats.lengths) <= 2_000
    assert max(stats.lengths) < 1_000 < stats.longest
