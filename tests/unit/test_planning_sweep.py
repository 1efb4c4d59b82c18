"""The grid of a sweep: which values are tried, what follows from them, and what is refused."""

import pytest

from localft.errors import UserError
from localft.hardware import read_hardware
from localft.models.find import find_model
from localft.planning.proposals import plan_recipe
from localft.planning.proposing import OWN_CHOICE, propose
from localft.planning.recipe import Recipe, TrainingSettings
from localft.planning.sweep import MOST_RUNS, TRIED, grid, plan_sweep, read_learning_rates, read_ranks
from tests.sample_projects import make_project


def recipe(reasons: dict[str, str] | None = None, **settings: object) -> Recipe:
    chosen = TrainingSettings.model_validate({"rank": 16, "alpha": 32, "learning_rate": 2e-4, **settings})
    return Recipe(base_model="starter", dataset="d", settings=chosen, reasons=reasons or {"epochs": "Few examples."})


def values(recipes: list[Recipe]) -> list[tuple[int, float]]:
    return [(one.settings.rank, one.settings.learning_rate) for one in recipes]


def test_the_usual_grid_lies_around_the_proposal() -> None:
    assert values(grid(recipe())) == [(rank, rate) for rank in (8, 16, 32) for rate in (6.7e-5, 2e-4, 6e-4)]


def test_at_the_ends_of_their_ranges_the_values_stay_inside_and_none_is_tried_twice() -> None:
    tried = values(grid(recipe(rank=1, alpha=2, learning_rate=0.1)))
    assert tried == [(rank, rate) for rank in (1, 2) for rate in (0.033, 0.1)]
    assert {one for one, _ in values(grid(recipe(rank=512, alpha=1024)))} == {256, 512}


def test_given_values_are_tried_in_rising_order_and_once() -> None:
    assert values(grid(recipe(), [32, 8, 8], [1e-4])) == [(8, 1e-4), (32, 1e-4)]


def test_all_else_is_as_proposed_and_the_reasons_say_so() -> None:
    first = recipe()
    for one in grid(first, [8, 16], [1e-4]):
        assert one.reasons == {
            "epochs": "Few examples.",
            "rank": TRIED,
            "learning_rate": TRIED,
            "alpha": "Twice the rank, as usual.",
        }
        changed = {"rank": 16, "alpha": 32, "learning_rate": 2e-4}
        assert one.settings.model_copy(update=changed) == first.settings
        assert one.settings.alpha == 2 * one.settings.rank
        assert (one.base_model, one.dataset, one.preset) == (first.base_model, first.dataset, first.preset)


@pytest.mark.parametrize(
    "own", [recipe(alpha=7), recipe(reasons={"alpha": OWN_CHOICE}), recipe(reasons={"alpha": "As in it."}, alpha=16)]
)
def test_an_alpha_of_the_persons_own_is_kept(own: Recipe) -> None:
    tried = grid(own, [8, 32], [1e-4])
    assert {one.settings.alpha for one in tried} == {own.settings.alpha}
    assert all(one.reasons.get("alpha") == own.reasons.get("alpha") for one in tried)


def test_what_the_person_has_set_by_hand_is_not_varied() -> None:
    assert values(grid(recipe({"rank": OWN_CHOICE}))) == [(16, 6.7e-5), (16, 2e-4), (16, 6e-4)]
    assert values(grid(recipe({"learning_rate": OWN_CHOICE}), [4, 8])) == [(4, 2e-4), (8, 2e-4)]
    with pytest.raises(UserError, match="One run alone"):
        grid(recipe({"rank": OWN_CHOICE, "learning_rate": OWN_CHOICE}))


def test_where_all_weights_are_trained_only_rates_are_tried() -> None:
    tried = grid(recipe(method="full", learning_rate=2e-5))
    assert [one.settings.learning_rate for one in tried] == [6.7e-6, 2e-5, 6e-5]
    assert {(one.settings.rank, one.settings.alpha) for one in tried} == {(16, 32)}
    assert all("rank" not in one.reasons for one in tried)
    with pytest.raises(UserError, match="no rank to try"):
        grid(recipe(method="full"), [8, 16])


def test_a_sweep_is_small() -> None:
    rates = [1e-5 * number for number in range(1, MOST_RUNS + 1)]
    assert len(grid(recipe(), [8], rates)) == MOST_RUNS
    with pytest.raises(UserError, match="1 rank with 13 learning rates are 13 runs, and a sweep has at most 12"):
        grid(recipe(), [8], [*rates, 0.01])


@pytest.mark.parametrize(("ranks", "rates"), [([0, 8], []), ([8, 513], []), ([], [0.0, 1e-4]), ([], [1.0, 1e-4])])
def test_values_out_of_range_are_refused(ranks: list[int], rates: list[float]) -> None:
    with pytest.raises(UserError, match="the settings of the sweep"):
        grid(recipe(), ranks, rates)


def test_lists_are_read_as_people_write_them() -> None:
    assert read_ranks(" 8, 16;32 ") == [8, 16, 32]
    assert read_learning_rates("1e-4,0.0002 ,") == [1e-4, 2e-4]
    assert read_ranks(" ") == read_learning_rates("") == []
    with pytest.raises(UserError, match=r'"8\.5" is not a whole number'):
        read_ranks("8.5")
    with pytest.raises(UserError, match='"fast" is not a number'):
        read_learning_rates("1e-4 fast")
    for word in ("nan", "inf"):
        with pytest.raises(UserError, match="the settings of the sweep"):
            grid(recipe(), [], [*read_learning_rates(word), 1e-4])


def test_the_whole_takes_as_long_as_its_plans_together() -> None:
    project, base, hardware = make_project(), find_model("starter"), read_hardware()
    version = next(project.datasets.iterdir()).name
    proposal = plan_recipe(project, base, propose(project, version, base, hardware), hardware)
    planned = plan_sweep(proposal, hardware, [8, 256], [1e-3, 2e-3])
    plans = [one.plan for one in planned.proposals]
    assert planned.seconds == pytest.approx(sum(plan.seconds for plan in plans))
    assert plans[2].memory["adapter"] > plans[0].memory["adapter"], "each is planned with its own rank"
    assert planned.sentence.startswith(
        "4 runs, one after the other: rank 8 and 256 with learning rate 0.001 and 0.002; about "
    )


def test_runs_that_nothing_could_compare_are_not_planned() -> None:
    project, base, hardware = make_project(validation=0), find_model("starter"), read_hardware()
    version = next(project.datasets.iterdir()).name
    proposal = plan_recipe(project, base, propose(project, version, base, hardware), hardware)
    with pytest.raises(UserError, match="held out for validation") as refused:
        plan_sweep(proposal, hardware)
    assert "--ratios" in refused.value.hint
