"""What is chosen so that a run fits, how it is told, and what is advised where it does not."""

from dataclasses import replace
from typing import Any

import pytest

from localft import words
from localft.models.base_model import BaseModel
from localft.models.catalogue import catalogue
from localft.planning.load import Load
from localft.planning.memory import memory_by_cause
from localft.planning.model_shape import shape_of
from localft.planning.plan import Plan, make_plan
from localft.planning.recipe import Recipe, TrainingSettings
from tests.unit.test_planning_plan import LLAMA, LLAMA_8B, QWEN, QWEN3_4B, STATS, computer, model, plan_for

LARGER: dict[str, Any] = {"hidden_size": 8192, "intermediate_size": 28672, "num_hidden_layers": 80}
LLAMA_70B = model(70_550_000_000, "LlamaForCausalLM", **LLAMA_8B | LARGER)


@pytest.mark.parametrize(
    "changes", [{"method": "qlora", "micro_batch_size": 1}, {"method": "lora"}, {"method": "full"}]
)
def test_advice_names_no_setting_as_it_is_already(changes: dict[str, object]) -> None:
    """And says of a change that is not enough that it is not."""
    plan = plan_for(LLAMA_70B, computer("NVIDIA GeForce RTX 4090", 24.0), rank=64, **changes)
    assert plan.fits == "no"
    *found, smaller = plan.advice
    assert smaller.startswith("Choose a smaller base model")
    assert found
    assert not [sentence for sentence in found if "micro-batch" in sentence], "one example is as little as there is"
    assert any("Choose qlora" in sentence for sentence in found) == (changes["method"] != "qlora")
    assert all("still too much" in sentence for sentence in found)


def test_where_no_change_is_enough_all_of_them_may_be() -> None:
    """What is said to fit does."""
    hardware = computer("NVIDIA GeForce RTX 4060", 8.0)
    plan = plan_for(LLAMA, hardware, method="lora", rank=128)
    together = next(sentence for sentence in plan.advice if "together" in sentence)
    assert "rank 8" in together and "512 tokens" in together
    small = {"method": "qlora", "rank": 8, "max_length": 512, "micro_batch_size": 1}
    assert plan_for(LLAMA, hardware, **small).fits != "no"


def test_where_prompts_are_cut_a_larger_part_is_learned_and_advice_counts_it() -> None:
    """Shorter examples make more logits for each of their tokens: what is said to fit does, on cards of any size."""
    stats, advised = replace(STATS, learned_share=0.2), 0
    for tenths in range(30, 60):
        hardware = computer("NVIDIA GeForce RTX 3050", tenths / 10)
        own: dict[str, Any] = {"method": "lora", "max_length": 1_300, "dropout": 0.05}
        recipe = Recipe(base_model="owner/model", dataset="d", settings=TrainingSettings.model_validate(own))
        together = [one for one in make_plan(recipe, QWEN, stats, hardware).advice if "together" in one]
        small = own | {"method": "qlora", "rank": 8, "max_length": 650, "micro_batch_size": 1}
        least = recipe.model_copy(update={"settings": TrainingSettings.model_validate(small)})
        advised += len(together)
        assert not together or make_plan(least, QWEN, stats, hardware).fits != "no", together
    assert advised


@pytest.mark.parametrize("gigabytes", [14.0, 16.0])
def test_of_pairs_cut_shorter_no_more_is_said_to_be_needed_than_a_plan_then_needs(gigabytes: float) -> None:
    """The two longest answers seldom stand in one pair, and few pairs of a step are as long as the longest."""
    rising = range(100, 1_300, 11)
    lengths = tuple(length for pair in zip(rising, reversed(rising), strict=True) for length in pair)
    stats = replace(STATS, lengths=lengths, longest=max(lengths))
    own: dict[str, Any] = {"objective": "dpo", "rank": 64, "dropout": 0.05, "max_length": 1_300, "micro_batch_size": 16}

    def planned(max_length: int) -> Plan:
        settings = TrainingSettings.model_validate(own | {"max_length": max_length})
        recipe = Recipe(base_model="owner/model", dataset="d", settings=settings)
        return make_plan(recipe, QWEN, stats, computer("NVIDIA GeForce RTX 3060", gigabytes))

    before, after = planned(1_300), planned(649)
    told = next(sentence for sentence in before.advice if sentence.startswith("Limit examples to 649 tokens: "))
    assert ("still too much" in told) == (after.fits == "no") == (gigabytes == 14.0)
    assert after.fits != "no" or f": {words.memory(after.total_bytes)} instead of " in told


def test_a_run_that_fits_needs_no_advice() -> None:
    """However little is left of the card: its memory is there to be used."""
    plan = plan_for(QWEN, computer("NVIDIA GeForce RTX 4060", 8))
    assert plan.fits == "tightly" and not plan.advice


@pytest.mark.parametrize(("base", "gigabytes", "length"), [(QWEN, 8, 1_024), (LLAMA, 12, 1_300), (LLAMA, 24, 4_096)])
def test_no_layer_is_computed_twice_that_the_card_could_keep(base: BaseModel, gigabytes: int, length: int) -> None:
    """But on Windows room is left, since a driver that runs out of memory does not say so."""
    hardware = computer("NVIDIA GeForce RTX 4090", gigabytes)
    stats = replace(STATS, lengths=(length,) * 64, longest=length)
    recipe = Recipe(base_model="x", dataset="d", settings=TrainingSettings(max_length=length, method="qlora"))
    plan = make_plan(recipe, base, stats, hardware)
    shape, free = shape_of(base), hardware.gpus[0].free_bytes
    load = Load(
        "qlora", "bf16", True, 16, plan.micro_batch_size, length, 0, budget=plan.micro_batch_tokens,
        attends_at_once=True, learned_share=stats.learned_share,
    )  # fmt: skip

    def total(recomputed: int) -> int:
        return sum(memory_by_cause(shape, replace(load, recomputed=recomputed)).values())

    assert plan.total_bytes == total(plan.recomputed_layers) <= 0.97 * free
    assert all(total(fewer) > 0.97 * free for fewer in range(plan.recomputed_layers))
    careful = make_plan(recipe, base, stats, replace(hardware, system="Windows"))
    assert careful.total_bytes <= 0.85 * free or careful.recomputed_layers == shape.layers


def test_layers_with_a_window_are_counted_as_their_type_has_them() -> None:
    """Gemma 3 as published says the window and no pattern; the catalogue says the same as its config.json."""
    text = {**QWEN3_4B, "num_hidden_layers": 34, "sliding_window": 1024, "model_type": "gemma3_text"}
    published = shape_of(model(4_300_000_000, "Gemma3ForConditionalGeneration", text_config=text))
    assert (published.window, published.sliding_layers) == (1024, 29)
    two: dict[str, Any] = QWEN3_4B | {"num_hidden_layers": 26, "sliding_window": 4096}
    assert shape_of(model(2_600_000_000, "Gemma2ForCausalLM", **two)).sliding_layers == 13
    known = {entry.reference: shape_of(entry.described()) for entry in catalogue()}
    assert (known["google/gemma-3-4b-it"].window, known["google/gemma-3-4b-it"].sliding_layers) == (1024, 29)
    assert (known["google/gemma-3-1b-it"].window, known["google/gemma-3-1b-it"].sliding_layers) == (512, 22)
    assert known["meta-llama/Llama-3.1-8B-Instruct"].window == 0
