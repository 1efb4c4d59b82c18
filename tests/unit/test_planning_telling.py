"""What a person is told of a plan, on the card of the app and in the sentence of the command line."""

from dataclasses import replace

import pytest

from localft.cli.main import main
from localft.cli.recipes import plan_sentence
from localft.hardware import Hardware
from localft.jobs import holding
from localft.models.catalogue import catalogue
from localft.planning.overview import fit_changes
from localft.planning.plan import make_plan
from localft.planning.proposals import Proposal
from localft.planning.recipe import Recipe, TrainingSettings
from localft.planning.telling import energy
from localft.preferences import read_preferences
from localft.ui.views.train import plan_card
from tests.unit.test_planning_plan import QWEN, STATS, computer


def proposal(hardware: Hardware) -> Proposal:
    recipe = Recipe(base_model="owner/model", dataset="d", settings=TrainingSettings())
    return Proposal(QWEN, recipe, STATS, make_plan(recipe, QWEN, STATS, hardware))


@pytest.mark.parametrize(("watt_hours", "words"), [(0.42, "0.42 Wh"), (340.0, "340 Wh"), (1_240.0, "1.2 kWh")])
def test_energy_reads_as_it_is_billed(watt_hours: float, words: str) -> None:
    assert energy(watt_hours) == words


def test_both_tell_rate_and_energy() -> None:
    planned = proposal(computer("NVIDIA GeForce RTX 3060"))
    rate, used = f"{planned.plan.tokens_per_second:,.0f} tokens/s", energy(planned.plan.watt_hours)
    for text in (plan_sentence(planned), str(plan_card(planned.plan, planned.recipe, False, read_preferences()))):
        assert rate in text
        assert used in text
        assert "waits until" not in text


def test_both_tell_that_a_run_waits() -> None:
    behind = proposal(replace(computer("NVIDIA GeForce RTX 3060"), waits_for=("Training Qwen3-4B",)))
    for text in (plan_sentence(behind), str(plan_card(behind.plan, behind.recipe, False, read_preferences()))):
        assert "It waits until Training Qwen3-4B has ended or given way; its memory is counted as free." in text


def test_the_list_of_models_tells_what_would_help(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    hardware = computer("NVIDIA GeForce RTX 3050", 8)
    monkeypatch.setattr(holding, "read_hardware", lambda: hardware)
    assert main(["models"]) == 0
    printed = capsys.readouterr().out
    for entry in catalogue():
        changes = fit_changes(entry.described(), hardware)
        assert (f"  {entry.reference}: " in printed) == bool(changes)
        assert " ".join(changes) in printed
