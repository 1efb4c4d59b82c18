"""Plans learn from earlier runs: the rate of the newest ones that are alike, whatever else stands in the file."""

import math
from dataclasses import replace
from pathlib import Path

import pytest

from localft.hardware import Gpu, read_hardware
from localft.models.base_model import STARTER
from localft.models.find import find_model
from localft.planning.experience import Correction, note, recall
from localft.planning.lengths import TokenStats
from localft.planning.memory import STEP
from localft.planning.plan import make_plan
from localft.planning.recipe import Recipe, TrainingSettings
from localft.store import files

STATS = TokenStats(1_000, 100, lengths=(*(200, 400, 250, 150) * 247, *(900,) * 11, 1_300), longest=1_300, learned=120.0)

SOUND = {"formula": 2, "device": "card", "base_model": "model", "method": "qlora", "speed": 1}


@pytest.fixture(autouse=True)
def used(home: Path) -> None:
    """Where a run has been, there is a home."""
    home.mkdir()


def test_without_earlier_runs_nothing_is_corrected(home: Path) -> None:
    assert recall().correction("card", "model", "qlora") == Correction()
    assert not (home / "experience.jsonl").exists()


def test_the_newest_runs_of_the_same_model_count_first() -> None:
    for speed in (4.5, 4.5, 2.0, 2.0, 1.5, 2.5, 4.0):
        note("card", "model", "qlora", speed, 60)
    note("card", "other", "qlora", 0.3, 60)
    note("other card", "model", "qlora", 0.3, 60)
    assert recall().correction("card", "model", "qlora") == Correction(2.0, 5, same_model=True)


def test_else_those_of_other_models_on_this_device_count() -> None:
    note("card", "other", "lora", 0.5, 60)
    note("card", "another", "qlora", 0.7, 60)
    assert recall().correction("card", "model", "qlora") == Correction(0.6, 2)
    assert recall().correction("new card", "model", "qlora") == Correction()


def test_one_odd_run_does_not_spoil_all_plans() -> None:
    note("card", "model", "qlora", 0.001, 60)
    assert recall().correction("card", "model", "qlora").speed == 0.2


def test_short_runs_teach_nothing(home: Path) -> None:
    note("card", "model", "qlora", 3.0, 2.0)
    note("card", "model", "qlora", 0.0, 60.0)
    assert not (home / "experience.jsonl").exists()


@pytest.mark.parametrize(
    "line",
    [
        {},
        SOUND | {"speed": None},
        SOUND | {"speed": "fast"},
        SOUND | {"speed": -1},
        SOUND | {"speed": math.inf},
        SOUND | {"device": ["card"]},
        SOUND | {"formula": 0},
        SOUND | {"memory": 9},
        SOUND | {"memory": "much"},
    ],
)
def test_damaged_lines_are_passed_over(home: Path, line: dict[str, object]) -> None:
    note("card", "model", "qlora", 2.0, 60)
    files.append_line(home / "experience.jsonl", line)
    with (home / "experience.jsonl").open("ab") as file:
        file.write(b'\xff{"device": torn')
    assert recall().correction("card", "model", "qlora") == Correction(2.0, 1, same_model=True)


def test_a_plan_is_corrected_and_says_so() -> None:
    model, hardware = find_model(STARTER), read_hardware()
    recipe = Recipe(base_model=model.reference, dataset="", settings=TrainingSettings(method="qlora"))
    before = make_plan(recipe, model, STATS, hardware)
    assert "not measured on this computer" in before.reasons["seconds"]
    note(before.device, model.reference, "qlora", 0.5, 60)
    after = make_plan(recipe, model, STATS, hardware, recall())
    assert after.speed_correction == 0.5
    assert after.tokens_per_second == pytest.approx(before.tokens_per_second / 2)
    assert after.seconds > 1.5 * before.seconds - 20
    assert "then 2.00 times as long, as 1 earlier run like this one on this computer took" in after.reasons["seconds"]


def test_of_memory_the_most_of_the_same_model_counts() -> None:
    for memory in (None, 0.9, 1.3, 1.1):
        note("card", "model", "qlora", 1.0, 60, memory)
    note("card", "other", "qlora", 1.0, 60, 1.9)
    assert recall().correction("card", "model", "qlora").memory == 1.3
    assert recall().correction("card", "model", "lora").memory == 1.0, "of another method nothing is known"


def test_a_plan_for_a_card_is_corrected_by_the_memory_that_was_measured() -> None:
    model = find_model(STARTER)
    total = 8 * 2**30
    card = Gpu(0, "GPU-0", "NVIDIA GeForce RTX 4060", total, total, (8, 9))
    hardware = replace(read_hardware(), gpus=(card,))
    recipe = Recipe(base_model=model.reference, dataset="", settings=TrainingSettings(method="qlora"))
    before = make_plan(recipe, model, STATS, hardware)
    note(before.device, model.reference, "qlora", 1.0, 60, 1.5)
    after = make_plan(recipe, model, STATS, hardware, recall())
    assert (after.micro_batch_size, after.recomputed_layers) == (before.micro_batch_size, before.recomputed_layers)
    for cause, predicted in before.memory.items():
        assert after.memory[cause] == pytest.approx(predicted * (1.5 if cause in STEP else 1), abs=1), cause
    assert after.total_bytes == sum(after.memory.values())
    assert "1.50 times the memory" in after.reasons["micro_batch_size"]
