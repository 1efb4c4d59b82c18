"""A plan for several cards that learn together: what each has to hold, how much sooner it is, and what it costs."""

from dataclasses import replace

import pytest

from localft.advice import in_app, on_command_line
from localft.cli.main import main
from localft.cli.recipes import plan_sentence
from localft.errors import UserError
from localft.hardware import Hardware
from localft.jobs import holding
from localft.planning.plan import Plan, make_plan
from localft.planning.proposals import Proposal, plan_recipe
from localft.planning.proposing import propose
from localft.planning.recipe import Recipe, TrainingSettings
from localft.planning.sweep import plan_sweep
from localft.planning.telling import of_cards, refusal
from localft.preferences import read_preferences, set_preferences
from localft.training import runs
from localft.training.runs import open_run, prepare_run, resume_run
from localft.ui import flows
from localft.ui.views.train import plan_card
from tests.sample_projects import make_base_model, make_project
from tests.unit.test_planning_plan import LLAMA, QWEN, STATS, computer

ONE = computer("NVIDIA GeForce RTX 3090", 24.0)
TWO = replace(ONE, gpus=ONE.gpus * 2)


def plan_on(hardware: Hardware, cards: int, **changes: object) -> Plan:
    recipe = Recipe(base_model="owner/model", dataset="d", settings=TrainingSettings.model_validate(changes))
    return make_plan(recipe, LLAMA, STATS, hardware, cards=cards)


@pytest.mark.parametrize("method", ["qlora", "lora"])
def test_each_card_holds_all_and_what_it_exchanges(method: str) -> None:
    own: dict[str, object] = {"method": method, "batch_size": 8, "micro_batch_size": 2}
    one, two = (plan_on(TWO, cards, **own) for cards in (1, 2))
    assert (one.cards, two.cards) == (1, 2)
    assert two.memory["gradients"] == 2 * one.memory["gradients"]
    assert two.memory["runtime"] - one.memory["runtime"] == 256 * 2**20
    for cause in ("weights", "adapter", "optimiser"):
        assert two.memory[cause] == one.memory[cause]
    assert two.device_bytes == one.device_bytes, "of each card"
    assert two.host_bytes == 2 * one.host_bytes, "each has a process of its own"
    assert (two.batch_size, two.steps) == (one.batch_size, one.steps), "what is learned stays the same"


def test_two_learn_nearly_twice_as_fast_for_little_more_energy() -> None:
    one, two = (plan_on(TWO, cards, batch_size=16, micro_batch_size=2) for cards in (1, 2))
    assert 1.6 * one.tokens_per_second < two.tokens_per_second <= 2 * one.tokens_per_second
    assert one.seconds / 2 < two.seconds < one.seconds / 1.5
    assert one.watt_hours * 0.9 < two.watt_hours < one.watt_hours * 1.3, "two draw twice as much for half as long"
    shares = [plan.utilisation(plan.tokens_per_second) for plan in (one, two)]
    assert shares[1] is not None and shares[0] is not None and shares[1] <= shares[0], "of the peak of both"


def test_one_example_cannot_be_shared() -> None:
    one, two = (plan_on(TWO, cards, batch_size=1) for cards in (1, 2))
    assert two.tokens_per_second < one.tokens_per_second, "and what is exchanged takes time"
    (told,) = of_cards(two)
    assert on_command_line(told).endswith(
        "together they learn no faster than the first one alone. Learn on that one: --cards 1."
    )
    assert in_app(told).endswith("than the first one alone. Choose one card, in Settings.")


def test_the_weakest_card_decides() -> None:
    small = computer("NVIDIA GeForce RTX 2080 TI", 11.0, capability=(7, 5)).gpus
    mixed = replace(ONE, gpus=ONE.gpus + small)
    alone, together = plan_on(mixed, 1), plan_on(mixed, 2)
    assert alone.device == "RTX 3090" and together.device == "RTX 2080 TI"
    assert together.device_bytes == small[0].free_bytes
    assert (alone.precision, together.precision) == ("bf16", "fp16"), "all compute in the same numbers"
    assert together.tokens_per_second < 2 * alone.tokens_per_second * 54 / 71


@pytest.mark.parametrize("weaker", ["NVIDIA GeForce RTX 3090", "NVIDIA GeForce RTX 3060", "NVIDIA GeForce RTX 3050"])
@pytest.mark.parametrize("batch_size", [1, 2, 16])
def test_how_much_sooner_is_counted_from_the_plan_for_one_card(weaker: str, batch_size: int) -> None:
    """Which has more at once than each of several has, and is the better one where they differ."""
    mixed = replace(ONE, gpus=ONE.gpus + computer(weaker, 12.0).gpus)
    alone, together = (plan_on(mixed, cards, batch_size=batch_size) for cards in (1, 2))
    times = together.tokens_per_second / alone.tokens_per_second
    assert together.times_one == pytest.approx(times)
    words = f"{times:.1f} times as fast" if times >= 1.05 else "no faster than the first one alone"
    assert words in of_cards(together)[0]


def test_validation_is_not_shared_and_takes_as_long_as_on_one_card() -> None:
    """Each card validates all: with as much at once as one that learns alone."""
    few = replace(STATS, train=16, validation=200_000)
    recipe = Recipe(base_model="owner/model", dataset="d", settings=TrainingSettings(batch_size=2, micro_batch_size=2))
    one, two = (make_plan(recipe, LLAMA, few, TWO, cards=cards) for cards in (1, 2))
    assert two.seconds == pytest.approx(one.seconds, rel=0.01)


def test_there_are_never_more_cards_than_there_are() -> None:
    assert plan_on(ONE, 4) == plan_on(ONE, 1)
    assert plan_on(computer(), 4).cards == 1


def test_of_cards_that_are_not_used_is_told_how_they_could_be() -> None:
    assert not of_cards(plan_on(ONE, 1)) and not of_cards(plan_on(computer(), 1))
    (told,) = of_cards(plan_on(TWO, 1))
    assert on_command_line(told) == "The plan is that of one of 2 cards. --cards 2 plans for all of them together."
    assert in_app(told) == "The plan is that of one of 2 cards. Choose how many learn together, in Settings."


def test_on_windows_nothing_is_advised_that_is_refused_there() -> None:
    assert not of_cards(plan_on(replace(TWO, system="Windows"), 1))


def test_command_line_and_app_tell_the_same() -> None:
    recipe = Recipe(base_model="owner/model", dataset="d", settings=TrainingSettings())
    plan = make_plan(recipe, QWEN, STATS, TWO, cards=2)
    card = str(plan_card(plan, recipe, False, read_preferences()))
    assert "that each of 2 cards (RTX 3090) can give" in card
    assert "on each of 2 cards (RTX 3090): " in plan_sentence(Proposal(QWEN, recipe, STATS, plan))
    assert "Each of the 2 cards takes this memory" in card
    one = plan_card(make_plan(recipe, QWEN, STATS, TWO), recipe, False, read_preferences())
    assert "Choose how many learn together, in Settings." in one and "--cards" not in one
    large = plan_on(replace(TWO, gpus=computer("NVIDIA GeForce RTX 3050", 4.0).gpus * 2), 2)
    assert "and each of 2 cards (RTX 3050) has" in refusal(large)[0]


def test_a_run_and_a_sweep_learn_on_the_cards_they_are_planned_for(tmp_path_factory: pytest.TempPathFactory) -> None:
    project, base = make_project(), make_base_model(tmp_path_factory.mktemp("model"))
    version = next(project.datasets.iterdir()).name
    proposal = plan_recipe(project, base, propose(project, version, base, TWO), TWO, cards=2)
    assert proposal.plan.cards == 2
    _, order = prepare_run(project, proposal.recipe, proposal.plan, 1.0)
    assert order.processes == 2
    assert {one.plan.cards for one in plan_sweep(proposal, TWO).proposals} == {2}


def test_a_run_on_several_cards_is_not_resumed_on_fewer(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nor is an option named that `localft resume` does not have."""
    project, base = make_project(), make_base_model(tmp_path_factory.mktemp("model"))
    version = next(project.datasets.iterdir()).name
    proposal = plan_recipe(project, base, propose(project, version, base, TWO), TWO, cards=2)
    folder, order = prepare_run(project, proposal.recipe, proposal.plan, 1.0)
    order.save(folder / "job.json")
    monkeypatch.setattr(runs, "read_hardware", lambda: ONE)
    with pytest.raises(UserError, match="2 graphics cards are asked for, and this computer has 1 ") as told:
        resume_run(open_run(project, folder.name))
    assert told.value.hint.startswith("This run learns on all of them") and "--cards" not in told.value.hint


def test_the_app_plans_for_as_many_as_are_set(tmp_path_factory: pytest.TempPathFactory) -> None:
    project, base = make_project(), make_base_model(tmp_path_factory.mktemp("model"))
    set_preferences({"cards": 2})
    assert flows.prepare(project, base, TWO, "balanced", {}).plan.cards == 2
    with pytest.raises(UserError, match="2 graphics cards are asked for"):
        flows.prepare(project, base, ONE, "balanced", {})


def test_the_command_line_plans_for_as_many_as_are_asked_for(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    project, base = make_project(), make_base_model(tmp_path_factory.mktemp("model"))
    monkeypatch.setattr(holding, "read_hardware", lambda: TWO)
    told = ["plan", project.slug, "--base-model", base.reference]
    assert main([*told, "--cards", "2"]) == 0
    assert "on each of 2 cards (RTX 3090): " in capsys.readouterr().out
    assert main(told) == 0
    assert "The plan is that of one of 2 cards" in capsys.readouterr().out
    assert main([*told, "--cards", "3"]) == 1
    assert "3 graphics cards are asked for" in capsys.readouterr().err
