"""Plans: memory by cause, the micro-batch that fits, the sentence when nothing does; and what is proposed, and why."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from localft.errors import UserError
from localft.hardware import Disk, Gpu, Hardware, Memory
from localft.models.base_model import BaseModel
from localft.models.catalogue import catalogue
from localft.planning.lengths import TokenStats, measure_tokens
from localft.planning.load import Load
from localft.planning.memory import NF4_BYTES_PER_WEIGHT, memory_by_cause
from localft.planning.model_shape import ModelShape, guess_shape, shape_of
from localft.planning.overview import fit_badge, fit_changes, usual_seconds
from localft.planning.plan import ALL_LAYERS, Plan, make_plan
from localft.planning.proposals import plan_recipe
from localft.planning.proposing import PRESETS, propose, propose_values
from localft.planning.recipe import Preset, Recipe, TrainingSettings
from localft.planning.steps import order_steps
from localft.planning.telling import refusal, waiting
from localft.settings import fields
from localft.store import files
from tests.sample_projects import make_project

GIB = 2**30
# In the order of the examples, which says nothing about their lengths.
SPREAD = (*(200, 400, 250, 150) * 247, *(900,) * 11, 1_300)
STATS = TokenStats(train=1_000, validation=100, lengths=SPREAD, longest=1_300, learned=120.0)

LLAMA_8B: dict[str, Any] = {
    "hidden_size": 4096, "intermediate_size": 14336, "num_hidden_layers": 32, "num_attention_heads": 32,
    "num_key_value_heads": 8, "vocab_size": 128256, "tie_word_embeddings": False,
}  # fmt: skip
QWEN3_4B: dict[str, Any] = {
    "hidden_size": 2560, "intermediate_size": 9728, "num_hidden_layers": 36, "num_attention_heads": 32,
    "num_key_value_heads": 8, "head_dim": 128, "vocab_size": 151936, "tie_word_embeddings": True,
}  # fmt: skip


def model(parameters: int, architecture: str = "LlamaForCausalLM", **config: Any) -> BaseModel:
    return BaseModel(
        reference="owner/model",
        origin="hub",
        architecture=architecture,
        parameters=parameters,
        weight_bytes=2 * parameters,
        context_length=32_768,
        files={},
        config=config,
    )


LLAMA, QWEN = model(8_030_261_248, **LLAMA_8B), model(4_022_468_096, "Qwen3ForCausalLM", **QWEN3_4B)


def computer(card: str | None = None, gigabytes: float = 12.0, capability: tuple[int, int] = (8, 6)) -> Hardware:
    total = int(gigabytes * GIB)
    gpus = () if card is None else (Gpu(0, "GPU-0", card, total, int(0.93 * total), capability),)
    memory = Memory(32 * GIB, 24 * GIB, 0)
    return Hardware("Linux", gpus, "580.1", "", memory, Disk(Path(), 10**12, 10**12), 8, 16)


def plan_for(base: BaseModel, hardware: Hardware, **changes: object) -> Plan:
    recipe = Recipe(base_model="owner/model", dataset="d", settings=TrainingSettings.model_validate(changes))
    return make_plan(recipe, base, STATS, hardware)


@pytest.mark.parametrize("base", [LLAMA, QWEN])
@pytest.mark.parametrize(("card", "gigabytes"), [("NVIDIA GeForce RTX 4060", 8.0), ("NVIDIA GeForce RTX 3060", 12.0)])
def test_the_usual_time_is_that_of_the_plan(base: BaseModel, card: str, gigabytes: float) -> None:
    """Where memory asks for recomputing, the time said in Start holds it too."""
    stats = TokenStats(1_000, 0, lengths=(256,) * 64, longest=256, learned=128)
    recipe = Recipe(base_model="owner/model", dataset="d", settings=TrainingSettings(method="qlora", epochs=3))
    hardware = computer(card, gigabytes)
    assert usual_seconds(base, hardware) == make_plan(recipe, base, stats, hardware).seconds


def test_a_published_shape_is_read_to_the_last_weight() -> None:
    shape = shape_of(LLAMA)
    per_layer = sum(inputs * outputs for inputs, outputs in shape.linears)
    assert shape.linear_parameters == 32 * per_layer
    assert (shape.query, shape.key, shape.head_is_tied) == (4096, 1024, False)
    # 24.3 million weights for rank 16 on Llama-3.2-3B and 41.9 on Llama-3.1-8B, as PEFT counts them.
    assert shape.adapter_parameters(16) == 41_943_040


def test_a_nested_configuration_is_read() -> None:
    nested = model(4_300_000_000, "Gemma3ForConditionalGeneration", text_config=QWEN3_4B, model_type="gemma3")
    shape = shape_of(nested)
    assert shape.hidden == 2560
    assert shape.norms == 4
    assert shape.normalises_queries


def test_without_a_configuration_the_size_decides() -> None:
    assert shape_of(model(3_900_000_000)) == guess_shape(3_900_000_000)
    assert guess_shape(3_900_000_000).layers == 36


def test_weights_are_counted_to_the_byte() -> None:
    shape = shape_of(LLAMA)
    load = Load("qlora", "bf16", True, 16, 1, 1024, recomputed=32)
    kept = shape.parameters - shape.linear_parameters
    assert memory_by_cause(shape, load)["weights"] == int(NF4_BYTES_PER_WEIGHT * shape.linear_parameters + 2 * kept)
    assert memory_by_cause(shape, replace(load, method="lora"))["weights"] == 2 * shape.parameters
    full = memory_by_cause(shape, replace(load, method="full"))
    assert full["weights"] + full["gradients"] + full["optimiser"] == 16 * shape.parameters
    assert full["adapter"] == 0


LOADS = st.builds(
    Load,
    method=st.sampled_from(["qlora", "lora", "full"]),
    precision=st.sampled_from(["bf16", "fp16", "fp32"]),
    on_gpu=st.booleans(),
    rank=st.integers(1, 128),
    micro_batch=st.integers(1, 32),
    length=st.integers(32, 8_192),
    recomputed=st.integers(0, 40),
    dropout=st.booleans(),
)
SHAPES = st.sampled_from([shape_of(LLAMA), shape_of(QWEN), guess_shape(600_000_000), guess_shape(3_000_000)])


@given(shape=SHAPES, load=LOADS)
@settings(max_examples=300, deadline=None)
def test_more_of_anything_never_needs_less(shape: ModelShape, load: Load) -> None:
    memory = memory_by_cause(shape, load)
    assert all(value >= 0 for value in memory.values())
    total = sum(memory.values())
    for more in (
        replace(load, micro_batch=load.micro_batch + 1),
        replace(load, length=load.length + 1),
        replace(load, rank=load.rank + 1),
    ):
        assert sum(memory_by_cause(shape, more).values()) >= total
    activations = [
        memory_by_cause(shape, replace(load, recomputed=count))["activations"] for count in range(shape.layers)
    ]
    assert activations == sorted(activations, reverse=True)


@pytest.mark.parametrize(
    ("base", "card", "gigabytes", "method", "fits"),
    [
        (QWEN, "NVIDIA GeForce RTX 4060", 8, "qlora", {"comfortably", "tightly"}),
        (QWEN, "NVIDIA GeForce RTX 4060", 8, "lora", {"no"}),
        (LLAMA, "NVIDIA GeForce RTX 3060", 12, "qlora", {"comfortably", "tightly"}),
        (LLAMA, "NVIDIA GeForce RTX 3060", 12, "lora", {"no"}),
        (LLAMA, "NVIDIA GeForce RTX 4090", 24, "lora", {"comfortably", "tightly"}),
        (LLAMA, "NVIDIA GeForce RTX 4090", 24, "full", {"no"}),
    ],
)
def test_known_pairs_of_model_and_card(base: BaseModel, card: str, gigabytes: int, method: str, fits: set[str]) -> None:
    plan = plan_for(base, computer(card, gigabytes), method=method, rank=16)
    assert plan.fits in fits, plan.memory
    assert plan.total_bytes == sum(plan.memory.values())
    if plan.fits == "no":
        assert plan.advice


@given(
    batch=st.integers(1, 64),
    wanted=st.one_of(st.none(), st.integers(1, 64)),
    length=st.integers(32, 4_096),
    gigabytes=st.sampled_from([4, 6, 8, 12, 16, 24]),
)
@settings(max_examples=150, deadline=None)
def test_the_batch_is_kept_exactly(batch: int, wanted: int | None, length: int, gigabytes: int) -> None:
    hardware = computer("NVIDIA GeForce RTX 3060", gigabytes)
    plan = plan_for(QWEN, hardware, batch_size=batch, micro_batch_size=wanted, max_length=length)
    assert plan.micro_batch_size * plan.accumulation == plan.batch_size == batch
    if wanted is not None:
        assert plan.micro_batch_size <= wanted
    assert plan.steps >= 1
    assert plan.seconds > 0


def test_precision_follows_the_card() -> None:
    assert plan_for(QWEN, computer("NVIDIA GeForce RTX 3060", 12, (8, 6))).precision == "bf16"
    assert plan_for(QWEN, computer("NVIDIA GeForce RTX 2060", 12, (7, 5))).precision == "fp16"
    assert plan_for(model(3_000_000), computer()).precision == "fp32"


def test_memory_alone_decides_what_is_computed_twice() -> None:
    small = plan_for(QWEN, computer("NVIDIA GeForce RTX 4060", 8))
    large = plan_for(model(600_000_000), computer("NVIDIA GeForce RTX 4090", 24))
    assert 0 < small.recomputed_layers < 36, "as many as memory asks for, and no more"
    assert large.recomputed_layers == 0


def test_a_plan_of_version_1_knew_all_layers_or_none(tmp_path: Path) -> None:
    new = plan_for(QWEN, computer("NVIDIA GeForce RTX 4060", 8)).model_dump(mode="json")
    for checkpointing, layers in ((True, ALL_LAYERS), (False, 0)):
        old = {name: value for name, value in new.items() if name != "recomputed_layers"}
        files.write_json(
            tmp_path / "plan.json", {**old, "schema_version": 1, "activation_checkpointing": checkpointing}
        )
        assert Plan.load(tmp_path / "plan.json").recomputed_layers == layers


def test_a_plan_says_where_its_numbers_come_from() -> None:
    plan = plan_for(QWEN, computer("NVIDIA GeForce RTX 3060"))
    assert set(plan.reasons) >= {"precision", "micro_batch_size", "recomputed_layers", "seconds"}
    assert plan.device == "RTX 3060"
    assert plan.watt_hours == pytest.approx(plan.seconds / 3600 * 230)


def test_advice_is_cheaper_than_what_it_replaces() -> None:
    plan = plan_for(LLAMA, computer("NVIDIA GeForce RTX 3060", 12), method="lora")
    assert any("qlora" in sentence for sentence in plan.advice)
    assert len(plan.advice) <= 3


def test_a_run_of_days_on_the_processor_is_told() -> None:
    plan = plan_for(QWEN, computer(), epochs=10)
    assert any("graphics card" in sentence for sentence in plan.notes)
    assert not plan.advice, "it would fit"


def test_badges_agree_with_or_without_a_configuration() -> None:
    hardware = computer("NVIDIA GeForce RTX 3060", 12)
    unknown = LLAMA.model_copy(update={"config": {}})
    assert fit_badge(LLAMA, hardware) == fit_badge(unknown, hardware) == "comfortably"
    assert fit_changes(LLAMA, hardware) == ()
    large = unknown.model_copy(update={"parameters": 32_000_000_000})
    assert fit_badge(large, hardware) == "no"


def test_of_every_catalogue_model_that_does_not_fit_it_is_said_what_would_help() -> None:
    hardware = computer("NVIDIA GeForce RTX 3050", 8)
    words_of = {entry.reference: fit_changes(entry.described(), hardware) for entry in catalogue()}
    badges = {entry.reference: fit_badge(entry.described(), hardware) for entry in catalogue()}
    assert set(badges.values()) == {"comfortably", "tightly", "no"}
    for reference, changes in words_of.items():
        assert bool(changes) == (badges[reference] == "no")
        assert len(changes) <= 3
    nearly, far = words_of["meta-llama/Llama-3.1-8B-Instruct"], words_of["Qwen/Qwen3-14B"]
    assert "rank 8" in nearly[0] and "Close what else uses the card" in nearly[1]
    assert "smaller base model" in far[0] and far[1].endswith("a card of 16 GB has room for it.")


def test_every_preset_proposes_valid_settings_with_a_reason_each() -> None:
    known = {field.name for field in fields(TrainingSettings)}
    for preset in PRESETS:
        for base in (LLAMA, QWEN, model(4_000_000)):
            for count in (3, 40, 400, 4_000, 40_000):
                values = propose_values(replace(STATS, train=count), base, computer(), preset, {})
                assert set(values) <= known
                assert TrainingSettings.model_validate({name: value for name, (value, _) in values.items()})
                assert all(reason.endswith(".") for _, reason in values.values())


def test_presets_differ_in_effort() -> None:
    def epochs(preset: Preset) -> float:
        return float(propose_values(STATS, QWEN, computer(), preset, {})["epochs"][0])

    assert epochs("quick") < epochs("balanced") < epochs("thorough")


def test_rate_epochs_rank_and_batch_follow_the_amount_of_data() -> None:
    names = ("learning_rate", "epochs", "rank", "batch_size")
    few, usual, many = (
        {name: propose_values(replace(STATS, train=count), QWEN, computer(), "balanced", {})[name][0] for name in names}
        for count in (100, 2_000, 40_000)
    )
    assert usual == {"learning_rate": 2e-4, "epochs": 3.0, "rank": 32, "batch_size": 16}
    for name in ("learning_rate", "rank", "batch_size"):
        assert few[name] < usual[name] < many[name]
    assert few["epochs"] > usual["epochs"] > many["epochs"]


def test_the_rate_follows_the_batch_and_the_method_one_has_chosen() -> None:
    def rate(**own: Any) -> float:
        return float(propose_values(STATS, QWEN, computer(), "balanced", own)["learning_rate"][0])

    assert rate(batch_size=64) == pytest.approx(2 * rate(batch_size=16))
    assert rate(method="full") == pytest.approx(rate() / 10)


def test_longer_examples_than_the_model_can_read_are_refused() -> None:
    project = make_project()
    version = next(project.datasets.iterdir()).name
    short = QWEN.model_copy(update={"context_length": 512})
    with pytest.raises(UserError, match="reads at most 512 tokens"):
        propose(project, version, short, computer(), "balanced", {"max_length": 1_024})


@given(rows=st.integers(1, 500), batch=st.integers(1, 64), epochs=st.floats(0.1, 10), often=st.floats(0.1, 20))
@settings(max_examples=200, deadline=None)
def test_the_plan_counts_the_steps_that_the_run_makes(rows: int, batch: int, epochs: float, often: float) -> None:
    changes = {"batch_size": batch, "epochs": epochs, "evaluations_per_epoch": often}
    chosen = TrainingSettings.model_validate(changes)
    recipe = Recipe(base_model="owner/model", dataset="d", settings=chosen)
    plan = make_plan(recipe, QWEN, replace(STATS, train=rows), computer())
    assert plan.steps == len(order_steps([1] * rows, batch, chosen.examples_seen(rows), seed=0, padded=False))
    assert plan.validate_every == chosen.steps_between_validations(rows) >= 1


def test_the_longest_length_comes_from_the_data_and_the_model() -> None:
    assert propose_values(STATS, QWEN, computer(), "balanced", {})["max_length"][0] == 960
    short = QWEN.model_copy(update={"context_length": 512})
    assert propose_values(STATS, short, computer(), "balanced", {})["max_length"][0] == 512


def test_own_values_win_and_are_marked() -> None:
    project = make_project()
    version = next(project.datasets.iterdir()).name
    recipe = propose(project, version, QWEN, computer(), "balanced", {"rank": 8, "epochs": 7})
    assert (recipe.settings.rank, recipe.settings.alpha, recipe.settings.epochs) == (8, 16, 7)
    assert recipe.reasons["rank"] == "Your choice."
    with pytest.raises(UserError, match="did you mean rank"):
        propose(project, version, QWEN, computer(), "balanced", {"ranc": 8})
    with pytest.raises(UserError, match="learning_rate"):
        propose(project, version, QWEN, computer(), "balanced", {"learning_rate": 5})


def test_lengths_are_estimated_before_a_download_and_say_so() -> None:
    project = make_project(train=20)
    stats = measure_tokens(project, next(project.datasets.iterdir()).name, QWEN)
    assert stats.estimated
    assert stats.train == 20
    assert 0 < stats.learned < max(stats.lengths) == stats.longest
    plan = make_plan(Recipe(base_model="x", dataset="d", settings=TrainingSettings()), QWEN, stats, computer())
    assert "not downloaded" in plan.reasons["micro_batch_size"]


def test_the_computers_own_memory_counts_on_a_card() -> None:
    def hardware(available: float, swap: float, system: str = "Linux") -> Hardware:
        memory = Memory(16 * GIB, int(available * GIB), 8 * GIB, int(swap * GIB))
        return replace(computer("NVIDIA RTX A6000", 48.0), memory=memory, system=system)

    roomy = plan_for(LLAMA, hardware(10, 0))
    assert 4 * GIB < roomy.host_bytes < 8 * GIB, "8 B loads on a computer with 16 GB"
    assert roomy.fits == "comfortably"
    assert not roomy.advice
    paged = plan_for(LLAMA, hardware(2, 8))
    assert paged.fits == "tightly"
    assert "of the computer's own memory, and 2.0 GB are free: close other programs." in paged.advice[0]
    none = plan_for(LLAMA, hardware(2, 0, "Windows"))
    assert none.fits == "no"
    assert "page file" in none.advice[0]
    message, hint = refusal(none)
    assert message.startswith("The card has room for this run, and the computer has not: loading takes")
    assert "page file" in hint
    assert fit_badge(LLAMA, hardware(2, 0)) == "no", "a list of models says the same"
    assert "the computer's own memory" in fit_changes(LLAMA, hardware(2, 0))[0]
    assert plan_for(LLAMA, computer()).host_bytes == 0, "on a processor all of it is counted already"


def test_utilisation_is_a_share_of_the_peak_of_a_known_card() -> None:
    known = plan_for(LLAMA, computer("NVIDIA GeForce RTX 4090", 24.0))
    again = 2 * known.recomputed_layers / 32
    products = (4 + again) * shape_of(LLAMA).linear_parameters + 4 * 128256 * 4096
    assert known.flops_per_token == pytest.approx(products, rel=0.02), "attention within 300 tokens is little"
    share = known.utilisation(2_413)
    assert share is not None
    assert share == pytest.approx(2_413 * known.flops_per_token / 165e12)
    assert plan_for(LLAMA, computer("NVIDIA Odd Card", 24.0)).utilisation(2_413) is None
    assert plan_for(LLAMA, computer()).utilisation(10) is None


def test_a_run_behind_others_says_so_and_a_free_card_says_nothing() -> None:
    behind = replace(computer("NVIDIA GeForce RTX 3060"), waits_for=("Training Qwen3-4B", "Serving Tickets"))
    assert waiting(plan_for(QWEN, behind)) == (
        "It waits until Training Qwen3-4B and Serving Tickets have ended or given way; their memory is counted as free."
    )
    assert waiting(plan_for(QWEN, computer("NVIDIA GeForce RTX 3060"))) == ""


def test_a_mixture_of_experts_is_refused_before_anything_is_downloaded() -> None:
    """Also where a recipe is repeated on it; whatever the card, it does not fit."""
    project, hardware = make_project(), computer("NVIDIA GeForce RTX 4090", 24.0)
    base = model(30_500_000_000, "Qwen3MoeForCausalLM", **QWEN3_4B, model_type="qwen3_moe", num_experts=128)
    with pytest.raises(UserError, match="mixture of experts"):
        propose(project, "unread", base, hardware)
    recipe = Recipe(base_model=base.reference, dataset="unread", settings=TrainingSettings())
    with pytest.raises(UserError, match="mixture of experts"):
        plan_recipe(project, base, recipe, hardware)
    small = base.model_copy(update={"parameters": 1_000_000_000})
    assert fit_badge(small, hardware) == "no"
    assert "without experts" in fit_changes(small, hardware)[0]
